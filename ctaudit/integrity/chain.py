"""The chain of one trail in one account and region, walked from its newest digest to its oldest.

That way each digest is met after the one that vouches for it. All digests that there are are walked, not only those
that others point to, so what lies off the chain is seen, too, and nothing is held but the last digest of each line.
A chain has more than one line when its digests moved to another prefix or bucket, or when two trails of one name share
a bucket: which line a digest belongs to is told by who points to it, else by where it lies.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from ctaudit.integrity import coverage
from ctaudit.integrity.asked import Asked
from ctaudit.integrity.authenticate import Trust, agrees, authenticate
from ctaudit.integrity.chain_ends import tell_ends
from ctaudit.integrity.coverage import Window, digests_in
from ctaudit.integrity.lines import Line, Pointers, Restart, missing
from ctaudit.integrity.loaded import Judged, Loaded, Status
from ctaudit.integrity.names import Chain, DigestName, base_name, digest_name
from ctaudit.integrity.verdict import Finding, finding, spelled

_MOST_RESTARTS = 200
"""Of one chain, kept to be explained: each holds a digest."""


@dataclass(frozen=True, slots=True)
class Step:
    judged: Judged
    findings: tuple[Finding, ...]
    """Of the digest, and of what is missing before it; none when it lies outside what was asked."""
    reported: bool
    """Whether it lies in what was asked; else it was only looked at for what it knows of others."""


class ChainWalk:
    def __init__(self, chain: Chain, trust: Trust, asked: Asked) -> None:
        self.chain = chain
        self._trust = trust
        self._asked = asked
        self._lines: list[Line] = []
        self._by_root: dict[str, Line] = {}
        self._pointers = Pointers()
        self._hour: datetime | None = None
        self._same_hour: dict[str, Judged] = {}
        self.restarts: list[Restart] = []
        self.newest: Judged | None = None
        """The newest digest that is proven."""

    def enough(self, name: DigestName) -> bool:
        """Tell whether what was asked is answered before this digest, the next older one, is read."""
        since = self._asked.since
        return since is not None and name.end <= since and all(line.low <= since for line in self._lines)

    def step(self, loaded: Loaded) -> Step:
        """Judge the next older digest."""
        if (copy := self._copy(loaded)) is not None:
            return copy
        line = self._line_of(loaded)
        before: list[Finding] = []
        successor = line.last if line and self._points_to(line, loaded) else None
        judged = authenticate(loaded, successor, self._trust)
        off = line is not None and successor is None and self._lies_off(line, loaded)
        if off and judged.status is not Status.FAILED and not self.chain.backfill:
            judged = self._orphan(judged)
        elif line is not None and successor is None and not off:
            before = list(self._break(line, judged))
        elif successor is not None:
            assert line is not None  # the successor is its last
            before = list(self._temporal_gap(line, judged))
        judged = self._checked_pointer(judged)
        if line is None:
            self._lines.append(line := Line(judged, None))
            self._by_root[loaded.root] = line
        self._note(line, judged)
        if not off or not line.last.proven:
            self._follow(line, judged)
        self._satisfy(judged)
        if loaded.digest is not None:
            self._same_hour[loaded.digest.sha256] = judged
        reported = self._asked.touches(loaded.window)
        findings = tuple(found for found in before if self._concerns(found))
        return Step(judged, findings + (judged.findings if reported else ()), reported)

    def _copy(self, loaded: Loaded) -> Step | None:
        """Return what is known of a digest that lies there twice: the chain goes on from the one met first.

        Digests are met in the order of their ends, so only those of one hour need be remembered.
        """
        if self._hour != loaded.name.end:
            self._hour = loaded.name.end
            self._same_hour.clear()
        first = self._same_hour.get(loaded.digest.sha256) if loaded.digest else None
        if first is None or base_name(first.loaded.key) != base_name(loaded.key):
            return None
        judged = replace(first, loaded=loaded, findings=())
        if (line := self._by_root.get(loaded.root)) is not None:
            self._follow(line, judged)
        return Step(judged, (), self._asked.touches(loaded.window))

    def _satisfy(self, judged: Judged) -> None:
        """Take back the pointers of other lines to a digest that is there: it lies with another line's."""
        if judged.digest is None:
            return
        for line in tuple(self._pointers.to(judged.loaded.key, judged.digest.sha256)):
            if line.last is not judged:
                self._pointers.point(line, None)

    def _line_of(self, loaded: Loaded) -> Line | None:
        """Return the line that a digest continues: the one that lies where it does, else one that points to it.

        Two copies of a trail in one mirror are two lines, though each digest of the one points to the other's, too.
        """
        beside = self._by_root.get(loaded.root)
        if beside is not None and self._points_to(beside, loaded):
            return beside
        named = self._pointers.to(loaded.key)
        return next((line for line in named if self._points_to(line, loaded)), None) or beside

    @staticmethod
    def _points_to(line: Line, loaded: Loaded) -> bool:
        return line.pointer is not None and agrees(loaded.key, line.pointer.location.key)

    @staticmethod
    def _lies_off(line: Line, loaded: Loaded) -> bool:
        """Tell whether a digest is newer than the one that the line goes on with."""
        named = digest_name(line.pointer.location.key) if line.pointer else None
        return named is not None and line.last.status is not Status.FAILED and loaded.name.end > named.end

    @staticmethod
    def _orphan(judged: Judged) -> Judged:
        loaded = judged.loaded
        found = finding("digest.orphan", key=loaded.key, chain=loaded.name.chain, span=loaded.window)
        return replace(judged, findings=(*judged.findings, found))

    def _break(self, line: Line, judged: Judged) -> Iterator[Finding]:
        """Tell why the line does not lead to the next older digest: it began anew, or what it names is gone."""
        if line.began:
            window = judged.loaded.window[1], line.low
            if not self.chain.backfill and judged.status is not Status.FAILED and window[0] < window[1]:
                line.told.append(window)
                sha256 = judged.digest.sha256 if judged.digest and judged.proven else None
                yield from self._restart(Restart(window, replace(judged.loaded, digest=None), sha256))
        elif line.pointer is not None and line.last.status is not Status.FAILED:
            yield missing(self.chain, self._asked, line.last, line.pointer)

    def _restart(self, restart: Restart) -> Iterator[Finding]:
        """Keep a restart to be explained later; of very many the rest is told as it is."""
        if len(self.restarts) < _MOST_RESTARTS:
            self.restarts.append(restart)
        else:
            yield finding("coverage.restart_gap", "not looked into", chain=self.chain, span=restart.window)

    def _temporal_gap(self, line: Line, judged: Judged) -> Iterator[Finding]:
        successor = line.last
        window = judged.loaded.window[1], successor.loaded.window[0]
        known_false = Status.FAILED in (judged.status, successor.status)
        if self.chain.backfill or known_false or window[0] >= window[1]:
            return
        line.told.append(window)
        detail = f"{spelled(window[0])} to {spelled(window[1])}, {digests_in(window)}"
        yield finding(
            "coverage.temporal_gap", detail, key=successor.loaded.key, chain=self.chain, span=window,
            proven_by=successor.evidence,
        )  # fmt: skip

    def _checked_pointer(self, judged: Judged) -> Judged:
        """Refuse a predecessor that cannot be one: itself, a later digest, or one of another trail."""
        digest = judged.digest
        if digest is None or digest.previous is None or judged.status is Status.FAILED:
            return judged
        key = digest.previous.location.key
        named = digest_name(key)
        kin = named is not None and replace(named.chain, backfill=self.chain.backfill) == self.chain
        if named is None or not kin:
            code, detail = "digest.field_mismatch", f"it names {key} as its predecessor, which is none of its trail"
        elif self.chain.backfill or named.chain.backfill or named.end < digest.end:
            return judged  # AWS does not say how backfill digests are linked
        else:
            code, detail = "digest.cycle", f"it names {key}"
        found = finding(
            code, detail, key=judged.loaded.key, chain=self.chain, span=(digest.start, digest.end), found=key
        )
        return replace(judged, status=Status.FAILED, proof=None, findings=(*judged.findings, found))

    def _follow(self, line: Line, judged: Judged) -> None:
        digest = judged.digest
        pointer = digest.previous if digest else None
        named = digest_name(pointer.location.key) if pointer else None
        if named is None or named.chain != self.chain or (digest is not None and named.end >= digest.end):
            pointer = None
        self._pointers.point(line, pointer)
        if self._by_root.get(line.root) is line:
            del self._by_root[line.root]
        line.last = judged
        self._by_root[line.root] = line

    def _note(self, line: Line, judged: Judged) -> None:
        window = judged.loaded.window
        coverage.add(line.seen, window)
        if judged.proven:
            coverage.add(line.proven, window)
            if self.newest is None or window[1] > self.newest.loaded.window[1]:
                self.newest = judged

    @property
    def proven(self) -> list[Window]:
        """Spans of proven digests, merged."""
        return coverage.merge(window for line in self._lines for window in line.proven)

    @property
    def newest_end(self) -> datetime | None:
        """The end of the newest digest of all, proven or not."""
        return max((window[1] for line in self._lines for window in line.seen), default=None)

    def _concerns(self, found: Finding) -> bool:
        start, end = found.span
        return start is None or end is None or self._asked.touches((start, end))

    def finish(self) -> Iterator[Finding]:
        """Tell what is left when no older digest is there."""
        yield from tell_ends(self.chain, self._lines, self._asked)
