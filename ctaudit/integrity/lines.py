"""One line of a chain: digests that follow one another, from the newest one walked so far."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from ctaudit.integrity.asked import Asked
from ctaudit.integrity.coverage import HOUR, Window
from ctaudit.integrity.digest import Previous
from ctaudit.integrity.loaded import Judged, Loaded, Status
from ctaudit.integrity.names import Chain, base_name, digest_name
from ctaudit.integrity.verdict import Finding, Severity, finding


@dataclass(frozen=True, slots=True)
class Restart:
    """Logging stopped and began again: the span between, and the last digest before it."""

    window: Window
    before: Loaded
    """Without what it says: it is read again when it is asked."""
    sha256: str | None
    """Of its content, when it is proven; None when it is not."""


@dataclass(slots=True, eq=False)
class Line:
    last: Judged
    pointer: Previous | None
    """The predecessor that the last digest names, when it can be one."""
    seen: list[Window] = field(default_factory=list)
    proven: list[Window] = field(default_factory=list)
    """Windows of its proven digests, newest first."""
    told: list[Window] = field(default_factory=list)
    """Holes that were told already, by their own name."""

    @property
    def root(self) -> str:
        return self.last.loaded.root

    @property
    def began(self) -> bool:
        """Whether the last digest says that logging began with it."""
        digest = self.last.digest
        return self.last.status is not Status.FAILED and digest is not None and digest.previous is None

    @property
    def low(self) -> datetime:
        return self.last.loaded.window[0]


class Pointers:
    """Lines by the digest that each points to; found at once, since in a hostile copy very many point to one."""

    def __init__(self) -> None:
        self._lines: dict[tuple[str, str | None], dict[Line, None]] = {}
        """By name and SHA-256, and once more by name and None, whatever the content."""

    def point(self, line: Line, pointer: Previous | None) -> None:
        """Let a line point to another digest than before, or to none."""
        for index in _indexes(line.pointer):
            del self._lines[index][line]
            if not self._lines[index]:
                del self._lines[index]
        line.pointer = pointer
        for index in _indexes(pointer):
            self._lines.setdefault(index, {})[line] = None

    def to(self, key: str, sha256: str | None = None) -> Iterable[Line]:
        """Return the lines that point to a digest of this name, wherever it lies, and of this content if one is given.

        Those that did so first come first.
        """
        return self._lines.get((base_name(key), sha256), ())


def _indexes(pointer: Previous | None) -> tuple[tuple[str, str | None], ...]:
    if pointer is None:
        return ()
    name = base_name(pointer.location.key)
    return (name, None), (name, pointer.sha256)


def missing(chain: Chain, asked: Asked, judged: Judged, pointer: Previous) -> Finding:
    """Tell that the predecessor which a digest names is not there."""
    named = digest_name(pointer.location.key)
    end = named.end if named else judged.loaded.window[0]
    own = judged.digest.location.bucket if judged.digest else None
    why = ""
    if pointer.location.bucket != own:
        why = f"; it lay in the bucket {pointer.location.bucket}, which may not be at hand"
    elif asked.expired_before is not None and end <= asked.expired_before:
        why = "; it is older than what is kept by rule"
    return finding(
        "digest.missing",
        f"{judged.loaded.key} names it, with its hash{why}",
        severity=Severity.INCOMPLETE if why else None,
        key=pointer.location.key,
        chain=chain,
        span=(end - HOUR, end),
        expected=pointer.sha256,
        proven_by=judged.evidence,
    )
