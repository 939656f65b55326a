"""Objects in S3: listed below a prefix, and read whole even when a connection breaks off in the middle.

boto3 asks and signs; it follows a bucket into its own region, whichever that is. Ask from one object of the class for
all threads: its connections are shared.
"""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import UTC
from typing import Any

from ctaudit.errors import UsageError
from ctaudit.fault import Fault
from ctaudit.sources.objects import Fetched, Locator, Object, Unavailable
from ctaudit.sources.s3_errors import classified
from ctaudit.sources.s3_quick import Quick

_CHUNK = 1024 * 1024
_ATTEMPTS = 4
"""For one body; each request is tried again several times by boto3 besides."""
_FIRST_PAUSE = 0.2
_READ_TIMEOUT = 60.0
"""Seconds without a byte."""
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]", re.ASCII)
_DEFAULT_REGION = "us-east-1"
_LEGACY_REGIONS = {None: _DEFAULT_REGION, "": _DEFAULT_REGION, "EU": "eu-west-1"}
"""What GetBucketLocation says of the oldest region, and of buckets made in Ireland long ago."""


class S3:
    """Objects of a bucket below a prefix, and those that digests name in other buckets."""

    online = True

    def __init__(self, url: str, *, bucket_map: Mapping[str, str] | None = None, connections: int = 64) -> None:
        self.bucket, self.prefix = split_url(url)
        self._map = dict(bucket_map or {})
        self._beyond: set[tuple[str, str]] = set()
        self._known_as = next((old for old, new in self._map.items() if new == self.bucket), self.bucket)
        self._connections = connections
        self._lock = threading.Lock()
        self._made: tuple[Any, Quick] | None = None

    def find(self) -> Iterator[Object | Fault]:
        """Yield every object but the markers of folders, whose keys end in `/`.

        Raises CtauditError when there are no credentials: then nothing can be asked at all.
        """
        return self._list(self.bucket, self._listed_prefix(), self._known_as)

    def _list(self, bucket: str, prefix: str, known_as: str) -> Iterator[Object | Fault]:
        try:
            for page in self.pages("list_objects_v2", Bucket=bucket, Prefix=prefix):
                for entry in page.get("Contents", ()):
                    if not (key := entry["Key"]).endswith("/"):
                        modified = entry["LastModified"].astimezone(UTC)
                        yield Object(key, f"s3://{bucket}/{key}", entry["Size"], known_as, modified)
        except Unavailable as trouble:
            reason = f"cannot be listed: {trouble.reason}; what lies there is not looked at"
            yield Fault(f"s3://{bucket}/{prefix}", None, f"s3.{trouble.kind.replace('-', '_')}", reason)

    def pages(self, operation: str, **asked: Any) -> Iterator[dict[str, Any]]:
        """Yield the pages of a listing; raises Unavailable, whose cause is AWS's answer."""
        client, _ = self._ways()
        try:
            yield from client.get_paginator(operation).paginate(**asked)
        except Exception as error:
            raise classified(error) from error

    def locator(self, near: Object, own: tuple[str, str]) -> Locator:
        return lambda bucket, key: f"s3://{self._map.get(bucket, bucket)}/{key}"

    def beyond(self, wanted: tuple[str, str]) -> Iterator[Object | Fault] | None:
        """List the folder of a region's digests in another bucket, or outside of the prefix."""
        bucket, key = self._map.get(wanted[0], wanted[0]), wanted[1]
        if bucket == self.bucket and key.startswith(self._listed_prefix()):
            return None
        folder = "/".join(key.split("/")[:-4])  # without the day's three folders and the name
        if (bucket, folder) in self._beyond or not _BUCKET.fullmatch(bucket):
            return None
        self._beyond.add((bucket, folder))
        return self._list(bucket, f"{folder}/", wanted[0])

    def fetch(self, place: str, *, metadata: bool = False) -> Fetched:
        bucket, _, key = place.removeprefix("s3://").partition("/")
        body = _Body(*self._ways(), *_checked(bucket, key))
        first = body.read()
        return Fetched(body.chunks(first), body.metadata)

    def location(self, bucket: str) -> str:
        """Return a bucket's region; raises Unavailable."""
        try:
            said = self._ways()[0].get_bucket_location(Bucket=bucket).get("LocationConstraint")
        except Exception as error:
            raise classified(error) from error
        return str(_LEGACY_REGIONS.get(said, said))

    def _ways(self) -> tuple[Any, Quick]:
        """Return boto3's client, made at the first call and shared by all threads, and the short way beside it."""
        with self._lock:
            if self._made is None:
                self._made = _connect(self._connections)
            return self._made

    def _listed_prefix(self) -> str:
        # A prefix is a folder here: `logs` must not take in `logs-of-another-trail`.
        whole = not self.prefix or self.prefix.endswith(("/", ".json", ".json.gz"))
        return self.prefix if whole else f"{self.prefix}/"


def split_url(url: str) -> tuple[str, str]:
    """Split `s3://bucket/prefix`; raises UsageError."""
    scheme, _, rest = url.partition("://")
    bucket, _, prefix = rest.partition("/")
    if scheme.lower() != "s3" or not _BUCKET.fullmatch(bucket):
        raise UsageError(f"'{url}' names no bucket", "give s3://BUCKET or s3://BUCKET/PREFIX")
    return bucket, prefix.lstrip("/")


def _checked(bucket: str, key: str) -> tuple[str, str]:
    """Let through names of buckets alone: boto3 would also take an ARN, which leads to anybody's access point."""
    if not _BUCKET.fullmatch(bucket):
        raise Unavailable("no-bucket", "no bucket can have this name")
    if not key:
        raise Unavailable("missing", "there is no such object: it has no key")
    if not {".", ".."}.isdisjoint(key.split("/")):
        # HTTP clients tidy such a path up, and would ask for another object.
        raise Unavailable("unreadable", "its key has the folder `.` or `..` in it")
    return bucket, key


def _connect(connections: int) -> tuple[Any, Quick]:
    import boto3
    from botocore.config import Config

    config = Config(
        retries={"mode": "standard", "max_attempts": 5},
        max_pool_connections=connections,
        connect_timeout=10,
        read_timeout=_READ_TIMEOUT,
    )
    try:
        session = boto3.Session()
        client = session.client("s3", region_name=session.region_name or _DEFAULT_REGION, config=config)
        return client, Quick(client, session.get_credentials())
    except Exception as error:
        raise classified(error) from error


class _Body:
    """One object's body, read in order; where the connection breaks off it is taken up again.

    A later part must be of the same object: it is asked for under the condition that the entity tag is still the same.
    """

    def __init__(self, client: Any, quick: Quick, bucket: str, key: str) -> None:
        self._client = client
        self._quick = quick
        self._place = bucket, key
        self._stream: Any = None
        self._read = 0
        self._size = 0
        self._failures = 0
        self._tag = ""
        self.metadata: dict[str, str] = {}

    def read(self) -> bytes:
        """Return the next chunk, empty at the end; raises Unavailable."""
        while True:
            try:
                if self._stream is None:
                    self._open()
                chunk: bytes = self._stream.read(_CHUNK)
                if self._read + len(chunk) == self._size and chunk:
                    # Only reading on to the end compares the checksum and frees the connection.
                    self._stream.read(1)
            except Exception as error:
                self._failed(error)
                continue
            self._read += len(chunk)
            if not chunk or self._read == self._size:
                self._stream.close()
            return chunk

    def chunks(self, first: bytes) -> Iterator[bytes]:
        chunk = first
        try:
            while chunk:
                yield chunk
                chunk = b"" if self._read >= self._size else self.read()
        finally:
            if self._stream is not None:
                self._stream.close()

    def _open(self) -> None:
        bucket, key = self._place
        if self._read:
            self._stream = self._rest(bucket, key)
        elif not self._failures and (answer := self._quick.get(bucket, key)):
            self._stream, self._size, self._tag = answer.stream, answer.size, answer.tag
            self.metadata = dict(answer.metadata)
        else:
            said = self._client.get_object(Bucket=bucket, Key=key)
            self._quick.learn(bucket, key)
            self._stream, self._size, self._tag = said["Body"], said["ContentLength"], said["ETag"]
            self.metadata = {name.lower(): value for name, value in said.get("Metadata", {}).items()}

    def _rest(self, bucket: str, key: str) -> Any:
        said = self._client.get_object(Bucket=bucket, Key=key, Range=f"bytes={self._read}-", IfMatch=self._tag)
        if not said.get("ContentRange", "").startswith(f"bytes {self._read}-"):
            raise Unavailable("network", "the connection broke off, and the rest of it cannot be had")
        return said["Body"]

    def _failed(self, error: Exception) -> None:
        """Prepare another attempt, or raise Unavailable: boto3 has tried all else often enough."""
        opened = self._stream is not None
        if opened:
            self._stream.close()
        self._stream = None
        self._failures += 1
        if not opened or self._failures >= _ATTEMPTS:
            raise classified(error) from error
        time.sleep(_FIRST_PAUSE * 2 ** (self._failures - 1) * random.uniform(0.5, 1.0))  # noqa: S311  (no secret)
