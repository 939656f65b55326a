"""What a validation counts, keeps and tells while it goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from ctaudit import limits
from ctaudit.integrity.coverage import Window
from ctaudit.integrity.digest import LogEntry
from ctaudit.integrity.loaded import Judged
from ctaudit.integrity.names import Chain
from ctaudit.integrity.verdict import Finding, Severity


@dataclass(slots=True)
class ChainTally:
    """What a validation found of one chain; the row of the summary."""

    chain: Chain
    digests: int = 0
    digests_proven: int = 0
    logs: int = 0
    """Log files that its digests list."""
    proven: int = 0
    failed: int = 0
    unproven: int = 0
    """Nothing wrong with them, but their digest is not proven, or they could not be read."""
    pending: int = 0
    """Log files that lie there and are too young for a digest."""
    gaps: int = 0
    """Spans that no proven digest accounts for."""
    unlisted: int = 0
    """Log files of its account and region that lie there and that no digest lists, though one ought to."""
    undigested: int = 0
    """Log files of its account and region that no proven digest covers."""
    spans: list[Window] = field(default_factory=list)
    """What its proven digests account for, merged."""
    worst: Finding | None = None


@dataclass(frozen=True, slots=True)
class FileVerdict:
    """What became of one file, for whoever wants to hear of each."""

    kind: str
    """`digest` or `log`."""
    key: str
    status: str
    """`proven`, `unproven`, `failed` or `unread`."""
    reason: str


@dataclass(frozen=True, slots=True)
class Listed:
    """What one digest says of one log file: the store joins it to the events by hash and by name."""

    entry: LogEntry
    judged: Judged


@dataclass(slots=True)
class Hearers:
    """Who is told while the work goes on."""

    step: Callable[[int, int], None]
    """Called with how many digests and how many logs are done."""
    file: Callable[[FileVerdict], None] | None = None
    listed: Callable[[Sequence[Listed]], None] | None = None


class Findings:
    """Findings in bounded number: the gravest are kept when there are too many."""

    def __init__(self) -> None:
        self._together: dict[tuple[str, Chain | None], Finding] = {}
        self._kept: dict[Severity, list[Finding]] = {severity: [] for severity in Severity}
        self._count = 0
        self.more = 0

    def add(self, found: Finding) -> None:
        if found.code in _TOGETHER:
            first = self._together.get((found.code, found.chain))
            self._together[found.code, found.chain] = _joined(first, found)
            return
        self._kept[found.severity].append(found)
        self._count += 1
        if self._count > limits.MAX_FINDINGS:
            next(kept for _, kept in sorted(self._kept.items()) if kept).pop()
            self._count -= 1
            self.more += 1

    @property
    def kept(self) -> list[Finding]:
        """All that were kept, in no order."""
        return [*self._together.values(), *(found for kept in self._kept.values() for found in kept)]


_TOGETHER = frozenset(("digest.key_unknown", "key.not_pinned", "digest.unverifiable"))
"""What is lacking for one digest is lacking for thousands, by one cause: such findings of a chain are told as one."""


def _joined(first: Finding | None, found: Finding) -> Finding:
    """Make one finding of two of a kind: the first one's words, the span of both, a count and some of the objects."""
    if first is None:
        return replace(found, samples=(found.key,) if found.key else ())
    starts = [start for start, _ in (first.span, found.span) if start is not None]
    ends = [end for _, end in (first.span, found.span) if end is not None]
    full = len(first.samples) >= limits.FINDING_SAMPLES
    samples = first.samples if full or not found.key else (*first.samples, found.key)
    span = (min(starts, default=None), max(ends, default=None))
    return replace(first, key=None, span=span, count=first.count + 1, samples=samples)
