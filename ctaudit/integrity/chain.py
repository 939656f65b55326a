"""The chain of one trail in one account and region, walked from its newest digest to its oldest.

That way each digest is met after the one that vouches for it. All digests that there are are walked, not only those
that others point to, so what lies off the chain is seen, too, and nothing is held but the last digest of each line.
A chain has more than one line when its digests moved to another prefix or bucket, or when two trails of one name share
a bucket: which line a digest belongs to is told by who points to it, else by where it lies.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from ctaudit.integrity import coverage
from ctaudit.integrity.asked import Asked
from ctaudit.integrity.authenticate import Trust, agrees, authenticate
from ctaudit.integrity.coverage import HOUR, Window, digests_in
from ctaudit.integrity.digest import Previous
from ctaudit.integrity.loaded import Judged, Loaded, Status
from ctaudit.integrity.names import Chain, DigestName, base_name, digest_name
from ctaudit.integrity.verdict import Finding, Severity, finding, spelled

_MOST_RESTARTS = 200
"""Of one chain, kept to be explained: each holds a digest."""


@dataclass(frozen=True, slots=True)
class Step:
    judged: Judged
    findings: tuple[Finding, ...]
    """Of the digest, and of what is missing before it; none when it lies outside what was asked."""
    reported: bool
    """Whether it lies in what was asked; else it was only looked at for what it knows of others."""


@dataclass(frozen=True, slots=True)
class Restart:
    """Logging stopped and began again: the span between, and the last digest before it."""

    window: Window
    before: Judged


@dataclass(slots=True)
class _Line:
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


class ChainWalk:
    def __init__(self, chain: Chain, trust: Trust, asked: Asked) -> None:
        self.chain = chain
        self._trust = trust
        self._asked = asked
        self._lines: list[_Line] = []
        self._by_root: dict[str, _Line] = {}
        self._by_name: dict[str, list[_Line]] = {}
        """Lines by the name of the digest that they point to."""
        self.restarts: list[Restart] = []
        self.newest: Judged | None = None
        """The newest digest that is proven."""
        self.strays: list[tuple[Judged, Previous]] = []
        """Digests, of a backfill chain, that name one of another chain as their predecessor."""

    def enough(self, name: DigestName) -> bool:
        """Tell whether what was asked is answered before this digest, the next older one, is read."""
        since = self._asked.since
        return since is not None and name.end <= since and all(line.low <= since for line in self._lines)

    def step(self, loaded: Loaded) -> Step:
        """Judge the next older digest."""
        line = self._line_of(loaded)
        before: list[Finding] = []
        successor = line.last if line and self._points_to(line, loaded) else None
        judged = authenticate(loaded, successor, self._trust)
        off = line is not None and successor is None and self._lies_off(line, loaded)
        if off and judged.status is not Status.FAILED:
            judged = self._orphan(judged)
        elif line is not None and successor is None and not off:
            before = list(self._break(line, judged))
        elif successor is not None:
            assert line is not None  # the successor is its last
            before = list(self._temporal_gap(line, judged))
        judged = self._checked_pointer(judged)
        if line is None:
            self._lines.append(line := _Line(judged, None))
            self._by_root[loaded.root] = line
        self._note(line, judged)
        if not off or not line.last.proven:
            self._follow(line, judged)
        reported = self._asked.touches(loaded.window)
        findings = tuple(found for found in before if self._concerns(found))
        return Step(judged, findings + (judged.findings if reported else ()), reported)

    def _line_of(self, loaded: Loaded) -> _Line | None:
        """Return the line that a digest continues: the one that lies where it does, else one that points to it.

        Two copies of a trail in one mirror are two lines, though each digest of the one points to the other's, too.
        """
        beside = self._by_root.get(loaded.root)
        if beside is not None and self._points_to(beside, loaded):
            return beside
        named = self._by_name.get(base_name(loaded.key), ())
        return next((line for line in named if self._points_to(line, loaded)), None) or beside

    @staticmethod
    def _points_to(line: _Line, loaded: Loaded) -> bool:
        return line.pointer is not None and agrees(loaded.key, line.pointer.location.key)

    @staticmethod
    def _lies_off(line: _Line, loaded: Loaded) -> bool:
        """Tell whether a digest is newer than the one that the line goes on with."""
        named = digest_name(line.pointer.location.key) if line.pointer else None
        return named is not None and line.last.status is not Status.FAILED and loaded.name.end > named.end

    @staticmethod
    def _orphan(judged: Judged) -> Judged:
        loaded = judged.loaded
        found = finding("digest.orphan", key=loaded.key, chain=loaded.name.chain, span=loaded.window)
        return replace(judged, findings=(*judged.findings, found))

    def _break(self, line: _Line, judged: Judged) -> Iterator[Finding]:
        """Tell why the line does not lead to the next older digest: it began anew, or what it names is gone."""
        if line.began:
            window = judged.loaded.window[1], line.low
            if not self.chain.backfill and judged.status is not Status.FAILED and window[0] < window[1]:
                line.told.append(window)
                yield from self._restart(Restart(window, judged))
        elif line.pointer is not None and line.last.status is not Status.FAILED:
            yield self._missing(line.last, line.pointer)

    def _restart(self, restart: Restart) -> Iterator[Finding]:
        """Keep a restart to be explained later; of very many the rest is told as it is."""
        if len(self.restarts) < _MOST_RESTARTS:
            self.restarts.append(restart)
        else:
            yield finding("coverage.restart_gap", "not looked into", chain=self.chain, span=restart.window)

    def _missing(self, judged: Judged, pointer: Previous) -> Finding:
        named = digest_name(pointer.location.key)
        end = named.end if named else judged.loaded.window[0]
        own = judged.digest.location.bucket if judged.digest else None
        why = ""
        if pointer.location.bucket != own:
            why = f"; it lay in the bucket {pointer.location.bucket}, which may not be at hand"
        elif self._asked.expired_before is not None and end <= self._asked.expired_before:
            why = "; it is older than what is kept by rule"
        return finding(
            "digest.missing",
            f"{judged.loaded.key} names it, with its hash{why}",
            severity=Severity.INCOMPLETE if why else None,
            key=pointer.location.key,
            chain=self.chain,
            span=(end - HOUR, end),
            expected=pointer.sha256,
            proven_by=judged.evidence,
        )

    def _temporal_gap(self, line: _Line, judged: Judged) -> Iterator[Finding]:
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
        if named is not None and named.chain == replace(self.chain, backfill=False) and self.chain.backfill:
            self.strays.append((judged, digest.previous))
            return judged
        code, detail = None, ""
        if named is None or named.chain != self.chain:
            code, detail = "digest.field_mismatch", f"it names {key} as its predecessor, which is none of its trail"
        elif named.end >= digest.end:
            code, detail = "digest.cycle", f"it names {key}"
        if code is None:
            return judged
        found = finding(
            code, detail, key=judged.loaded.key, chain=self.chain, span=(digest.start, digest.end), found=key
        )
        return replace(judged, status=Status.FAILED, proof=None, findings=(*judged.findings, found))

    def _follow(self, line: _Line, judged: Judged) -> None:
        digest = judged.digest
        pointer = digest.previous if digest else None
        named = digest_name(pointer.location.key) if pointer else None
        if named is None or named.chain != self.chain or (digest is not None and named.end >= digest.end):
            pointer = None
        if line.pointer is not None:
            self._by_name[base_name(line.pointer.location.key)].remove(line)
        if pointer is not None:
            self._by_name.setdefault(base_name(pointer.location.key), []).append(line)
        if self._by_root.get(line.root) is line:
            del self._by_root[line.root]
        line.last, line.pointer = judged, pointer
        self._by_root[line.root] = line

    def _note(self, line: _Line, judged: Judged) -> None:
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
        """Tell what is left when no older digest is there: ends that are cut off, and spans without a proof."""
        since = self._asked.since
        dangling = [line for line in self._lines if line.pointer and line.last.status is not Status.FAILED]
        for line in dangling:
            assert line.pointer is not None  # chosen so
            if since is not None and line.low > since:
                yield self._missing(line.last, line.pointer)
            elif since is None:
                yield self._cut(line)
        if not self.chain.backfill:
            for line in self._lines:
                yield from self._holes(line)
            if not self._lines:
                detail = "none of the chain's digests lies in what was asked"
                yield finding("coverage.missing", detail, chain=self.chain, span=(since, self._asked.due))

    def _cut(self, line: _Line) -> Finding:
        assert line.pointer is not None  # it is cut before the digest it names
        detail = f"the chain goes on before {spelled(line.low)}, with {line.pointer.location.key}, which is not here"
        return finding(
            "coverage.head", detail, key=line.pointer.location.key, chain=self.chain, span=(None, line.low),
            expected=line.pointer.sha256, proven_by=line.last.evidence,
        )  # fmt: skip

    def _holes(self, line: _Line) -> Iterator[Finding]:
        windows, seen = coverage.merge(line.proven), coverage.merge(line.seen)
        low = self._asked.since or seen[0][0]
        high = self._asked.due or seen[-1][1]
        if low >= high:
            return
        if not windows:
            yield self._hole("coverage.missing", (low, high))
            return
        if low < windows[0][0]:
            began = line.began and line.low == windows[0][0]
            yield self._hole("coverage.head" if began else "coverage.missing", (low, min(high, windows[0][0])))
        for hole in coverage.without((windows[0][0], windows[-1][1]), windows):
            for part in coverage.without(hole, line.told):
                if clipped := coverage.clip(part, low, high):
                    yield self._hole("coverage.missing", clipped)
        if windows[-1][1] < high:
            yield self._hole("coverage.tail", (max(low, windows[-1][1]), high))

    def _hole(self, code: str, window: Window) -> Finding:
        detail = f"{spelled(window[0])} to {spelled(window[1])}, {digests_in(window)}"
        return finding(code, detail, chain=self.chain, span=window)
