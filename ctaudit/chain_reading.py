"""Digests read in order and the logs they list compared behind, in bounded number, while a chain is walked."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from ctaudit.integrity.digest import LogEntry
from ctaudit.integrity.loaded import Judged, Loaded, Metadata, Status, load
from ctaudit.integrity.logs import LogVerdict, compare, unread
from ctaudit.integrity.names import DigestName
from ctaudit.integrity.packed import Packed, Packing
from ctaudit.log_hashing import Hasher, InProcesses, InThreads, Outcome, Outcomes
from ctaudit.sources.objects import Object, Objects, Unavailable

_AHEAD = 4
"""Digests read ahead over the network, and shares of logs not yet compared, for each thread or process."""
_SHARE = {True: 4, False: 100}
"""Logs compared by one task, online or not: over the network the waiting is the work."""
_MANY = 1000
"""Log files from which on processes are worth the third of a second that they take to start."""

Held = Callable[[str, str], str | None]
"""Tells the SHA-256 that a file which is not at its place had when it was ingested, the second one if a copy had it."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What became of some of the logs that one digest lists."""

    judged: Judged
    places: tuple[str, ...]
    """Where they lie or ought to lie."""
    verdicts: tuple[LogVerdict, ...]
    held: int = 0
    """How many of them are not at their place and known by the hash they had when they were ingested."""


@dataclass(frozen=True, slots=True)
class _Share:
    """Logs that one digest lists, each with its place or why it has none."""

    judged: Judged
    entries: Sequence[LogEntry]
    places: Sequence[str | Unavailable]


class Reader:
    def __init__(self, objects: Objects, jobs: int, logs: int, held: Held | None = None) -> None:
        """Read with `jobs` threads, or processes when there are many of the `logs` on disk."""
        self.objects = objects
        self._pool = ThreadPoolExecutor(jobs, "ctaudit-read") if objects.online else None
        many = not objects.online and jobs > 1 and logs >= _MANY
        self._hasher: Hasher = InProcesses(jobs) if many else InThreads(objects.fetch, jobs if objects.online else 1)
        self._most = _AHEAD * jobs
        self._share = _SHARE[objects.online]
        self._held = held
        self._gathered: list[_Share] = []
        self._given: dict[int, list[_Share]] = {}
        self._number = 0

    def digests(self, chosen: Iterable[tuple[Object, DigestName]]) -> Iterator[tuple[Object, Loaded]]:
        """Yield digests in the order of `chosen`; over the network some are read ahead."""
        if self._pool is None:
            yield from ((found, load_digest(self.objects, found, name)) for found, name in chosen)
            return
        ahead: deque[tuple[Object, Future[Loaded]]] = deque()
        for found, name in chosen:
            ahead.append((found, self._pool.submit(load_digest, self.objects, found, name)))
            if len(ahead) > self._most:
                first, future = ahead.popleft()
                yield first, future.result()
        for first, future in ahead:
            yield first, future.result()

    def compare(self, found: Object, judged: Judged, entries: Sequence[LogEntry]) -> None:
        """Have the logs that a digest lists compared; `compared` gives what came of it."""
        digest = judged.digest
        assert digest is not None  # it lists them
        locate = self.objects.locator(found, (digest.location.bucket, digest.location.key))
        for at in range(0, len(entries), self._share):
            share = entries[at : at + self._share]
            places = [_place(locate, entry) for entry in share]
            self._gathered.append(_Share(judged, share, places))
            if sum(len(each.entries) for each in self._gathered) >= self._share:
                self._give()

    def _give(self) -> None:
        shares, self._gathered = self._gathered, []
        wanted = [
            (place, entry.sha256)
            for share in shares
            for entry, place in zip(share.entries, share.places, strict=True)
            if isinstance(place, str)
        ]
        self._number += 1
        self._given[self._number] = shares
        self._hasher.give(self._number, wanted)

    def compared(self, *, all_of_them: bool = False) -> Iterator[Compared]:
        """Yield what is compared; waits until few enough are left, or none."""
        if all_of_them and self._gathered:
            self._give()
        while len(self._given) > (0 if all_of_them else self._most):
            for number, outcomes in self._hasher.take():
                yield from self._judge(self._given.pop(number), outcomes)

    def _judge(self, shares: Sequence[_Share], outcomes: Outcomes) -> Iterator[Compared]:
        left = iter(outcomes)
        for share in shares:
            verdicts, held = [], 0
            for entry, place in zip(share.entries, share.places, strict=True):
                outcome = next(left) if isinstance(place, str) else place
                known = self._known(place, entry.sha256, outcome)
                held += known is not None
                verdicts.append(_verdict(entry, known or outcome, share.judged, online=self.objects.online))
            places = tuple(place for place in share.places if isinstance(place, str))
            yield Compared(share.judged, places, tuple(verdicts), held)

    def _known(self, place: str | Unavailable, wanted: str, outcome: Outcome) -> Packed | None:
        """Return a log that is not there as it was when it was ingested: what is stored is what was hashed then."""
        if self._held is None or not isinstance(place, str):
            return None
        gone = isinstance(outcome, Unavailable) and outcome.kind == "missing"
        sha256 = self._held(place, wanted) if gone else None
        return None if sha256 is None else Packed(Packing.GZIP, sha256, 0)

    def close(self) -> None:
        self._hasher.close()
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)


def _place(locate: Callable[[str, str], str], entry: LogEntry) -> str | Unavailable:
    try:
        return locate(entry.location.bucket, entry.location.key)
    except Unavailable as error:
        return error


def _verdict(entry: LogEntry, outcome: Outcome, judged: Judged, *, online: bool) -> LogVerdict:
    if outcome is None:
        return LogVerdict(entry, Status.PROVEN if judged.proven else Status.UNPROVEN)
    if isinstance(outcome, Unavailable):
        return unread(entry, judged, outcome.kind, outcome.reason)
    return compare(entry, outcome, judged, online=online)


def load_digest(objects: Objects, found: Object, name: DigestName) -> Loaded:
    """Read one digest with its metadata; what went wrong is in what is returned."""
    try:
        fetched = objects.fetch(found.place, metadata=True)
        metadata = None if fetched.metadata is None else Metadata.of(fetched.metadata)
        return load(found.key, found.place, name, found.bucket, fetched.chunks, metadata)
    except Unavailable as error:
        missing = error.kind == "missing" and objects.online
        return Loaded(found.key, found.place, name, found.bucket, trouble=error.reason, missing=missing)


def locate_logs(objects: Objects, found: Object, judged: Judged) -> Iterator[str]:
    """Yield where the logs that a digest lists lie or ought to lie, without reading them."""
    digest = judged.digest
    if digest is None:
        return
    locate = objects.locator(found, (digest.location.bucket, digest.location.key))
    for entry in digest.logs:
        try:
            yield locate(entry.location.bucket, entry.location.key)
        except Unavailable:
            continue
