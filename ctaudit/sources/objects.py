"""Objects of a bucket, wherever they lie, in S3 or in a folder that mirrors it: what every such source can do.

A source opens evidence read-only and knows nothing of what is in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ctaudit.fault import Fault
from ctaudit.sources.left_out import LeftOut


@dataclass(frozen=True, slots=True)
class Object:
    key: str
    """The S3 key; in a mirror the path below its root, which may be the end of a key or begin above the bucket."""
    place: str
    """Where it lies: `s3://bucket/key` or an absolute path. What `fetch` takes, and what a reader is told."""
    size: int
    """Bytes as they lie, packed."""
    bucket: str | None = None
    """The bucket, by the name that digests know it by; None in a mirror, which does not tell."""
    modified: datetime | None = None
    """UTC; when S3 says it was last written. None in a mirror: a copy has times of its own."""


@dataclass(frozen=True, slots=True)
class Fetched:
    chunks: Iterable[bytes]
    """The body as it lies; raises Unavailable when the reading breaks off."""
    metadata: Mapping[str, str] | None
    """User metadata (`signature`, `signature-algorithm` …), names in lower case; None when it was not saved."""
    tag: str = ""
    """S3's entity tag of what is read; empty in a mirror."""


PASSING = ("network", "service")
"""Kinds of trouble that another attempt may not meet."""
UNREACHED = (*PASSING, "denied", "no_bucket", "no_queue")
"""Ends of the kinds of faults that tell of a source which could not be reached at all."""


class Unavailable(Exception):
    """An object could not be read: trouble with the reading, which says nothing of the object's integrity."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(kind, reason)  # both, so that it can be sent between processes
        self.kind = kind
        """`missing` (there is no such object: S3 is sure), `no-bucket`, `denied`, `kms`, `archived`, `outside` (a path
        that leads out of the mirror), `elsewhere` (a bucket the mirror does not have), `network` (there was no
        answer), `service` (AWS itself failed or was overloaded) or `unreadable`."""
        self.reason = reason
        """What happened, fit to follow "cannot be read: "."""

    def fault_kind(self, source: str = "s3") -> str:
        """Return the kind of the fault that this is when evidence is read from a kind of source."""
        return f"{source}.{self.kind.replace('-', '_')}"


Locator = Callable[[str, str], str]
"""Bucket and key -> the place of that object, to be given to `fetch`. Raises Unavailable (`outside`, `elsewhere`)."""


class Objects(Protocol):
    online: bool
    """Whether the objects themselves are read, with their metadata, or a copy of them."""

    @property
    def bytes_read(self) -> int:
        """Bytes that came over the network, so far."""
        ...

    def find(self) -> Iterator[Object | LeftOut | Fault]:
        """Yield every object that may be a digest or a log file, and a fault for what cannot be listed.

        Where folders tell what lies in them, those that nobody asked about are not looked into.
        """
        ...

    def why_nothing(self) -> str:
        """Say, in words that follow others, why there is nothing at all."""
        ...

    def around(self, account: str, since: datetime, until: datetime) -> Iterator[Object | Fault]:
        """List what of an account, in a span, `find` did not look into; what was listed so before is not told again."""
        ...

    def locator(self, near: Object, own: tuple[str, str]) -> Locator:
        """Return what tells the places of the objects that one digest names.

        `near` is that digest as it lies, `own` the (bucket, key) that it states for itself: in a mirror the two
        together tell how keys become paths.
        """
        ...

    def beyond(self, wanted: tuple[str, str]) -> Iterator[Object | Fault] | None:
        """List the folder of a digest that another one names, when it lies outside of what `find` yields.

        `wanted` is its (bucket, key). None when it lies inside, or was listed by an earlier call.
        """
        ...

    def fetch(self, place: str, *, metadata: bool = False) -> Fetched:
        """Open the object at `place`; its metadata is looked for when asked. Safe to call from several threads.

        Raises Unavailable.
        """
        ...
