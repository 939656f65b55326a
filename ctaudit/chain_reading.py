"""Digests read ahead and logs compared behind, in threads and in bounded number, while a chain is walked.

Inflating and hashing let other threads run, so threads use all processors; and network reads only wait.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from ctaudit import limits
from ctaudit.integrity.digest import LogEntry
from ctaudit.integrity.loaded import Judged, Loaded, Metadata, load
from ctaudit.integrity.logs import LogVerdict, compare, unread
from ctaudit.integrity.names import DigestName
from ctaudit.integrity.packed import Packed, Packing, inspect
from ctaudit.sources.objects import Object, Objects, Unavailable

_AHEAD = 4
"""Digests read ahead, and shares of logs not yet compared, for each thread."""
_SHARE = 25
"""Logs compared by one task."""

Held = Callable[[str], str | None]
"""Tells the SHA-256 that a file which is not at its place any more had when it was ingested."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What became of some of the logs that one digest lists."""

    judged: Judged
    places: tuple[str, ...]
    """Where they lie or ought to lie."""
    verdicts: tuple[LogVerdict, ...]


class Reader:
    def __init__(self, objects: Objects, threads: int, held: Held | None = None) -> None:
        self.objects = objects
        self._pool = ThreadPoolExecutor(threads, "ctaudit-read")
        self._most = _AHEAD * threads
        self._held = held
        self._waiting: deque[Future[Compared]] = deque()

    def digests(self, chosen: Iterable[tuple[Object, DigestName]]) -> Iterator[tuple[Object, Loaded]]:
        """Yield digests in the order of `chosen`, some of them read ahead."""
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
        for at in range(0, len(entries), _SHARE):
            share = entries[at : at + _SHARE]
            self._waiting.append(self._pool.submit(compare_logs, self.objects, found, judged, share, self._held))

    def compared(self, *, all_of_them: bool = False) -> Iterator[Compared]:
        """Yield what is compared, in the order it was asked for; waits until few enough are left."""
        while len(self._waiting) > (0 if all_of_them else self._most):
            yield self._waiting.popleft().result()

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)


def load_digest(objects: Objects, found: Object, name: DigestName) -> Loaded:
    """Read one digest with its metadata; what went wrong is in what is returned."""
    try:
        fetched = objects.fetch(found.place, metadata=True)
        metadata = None if fetched.metadata is None else Metadata.of(fetched.metadata)
        return load(found.key, found.place, name, found.bucket, fetched.chunks, metadata)
    except Unavailable as error:
        missing = error.kind == "missing" and objects.online
        return Loaded(found.key, found.place, name, found.bucket, trouble=error.reason, missing=missing)


def compare_logs(
    objects: Objects, found: Object, judged: Judged, entries: Sequence[LogEntry], held: Held | None
) -> Compared:
    """Compare logs with their entries in one digest."""
    places, verdicts = [], []
    digest = judged.digest
    assert digest is not None  # it lists them
    locate = objects.locator(found, (digest.location.bucket, digest.location.key))
    for entry in entries:
        try:
            place = locate(entry.location.bucket, entry.location.key)
            places.append(place)
            packed = _inspect(objects, place, held)
            verdicts.append(compare(entry, packed, judged, online=objects.online))
        except Unavailable as error:
            verdicts.append(unread(entry, judged, error.kind, error.reason))
    return Compared(judged, tuple(places), tuple(verdicts))


def _inspect(objects: Objects, place: str, held: Held | None) -> Packed:
    try:
        return inspect(objects.fetch(place).chunks, limits.MAX_UNPACKED_BYTES)
    except Unavailable as error:
        known = held(place) if held is not None and error.kind == "missing" else None
        if known is None:
            raise
        return Packed(Packing.GZIP, known, 0)  # gone from its place, but ingested: what was stored is what was hashed


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
