"""One object's body, read whole even when a connection breaks off in the middle."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from typing import Any

from ctaudit.sources.objects import Unavailable
from ctaudit.sources.s3_errors import classified
from ctaudit.sources.s3_ways import Ways

_CHUNK = 1024 * 1024
_ATTEMPTS = 4
"""For one body; each request is tried again several times by boto3 besides."""
_FIRST_PAUSE = 0.2


def whole(said: dict[str, Any]) -> dict[str, Any]:
    """Return what GetObject says; raises Unavailable when it is what something else than S3 says, such as a proxy."""
    for name in ("ETag", "ContentLength", "LastModified"):
        if name not in said:
            said["Body"].close()
            raise Unavailable("service", f"what came is no answer of S3, it has no {name}")
    return said


class Body:
    """One object's body, read in order; where the connection breaks off it is taken up again.

    A later part must be of the same object: it is asked for under the condition that the entity tag is still the same.
    """

    def __init__(self, ways: Ways, bucket: str, key: str, version: str | None = None) -> None:
        self._client = ways.client
        self._quick = ways.quick if version is None else None
        self._also = ways.also if version is None else {**ways.also, "VersionId": version}
        self._place = bucket, key
        self._stream: Any = None
        self._read = 0
        self._size = 0
        self._failures = 0
        self.tag = ""
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
        elif self._quick and not self._failures and (answer := self._quick.get(bucket, key)):
            self._stream, self._size, self.tag = answer.stream, answer.size, answer.tag
            self.metadata = dict(answer.metadata)
        else:
            said = whole(self._client.get_object(Bucket=bucket, Key=key, **self._also))
            if self._quick:
                self._quick.learn(bucket, key)
            self._stream, self._size, self.tag = said["Body"], said["ContentLength"], said["ETag"]
            self.metadata = {name.lower(): value for name, value in said.get("Metadata", {}).items()}

    def _rest(self, bucket: str, key: str) -> Any:
        rest = f"bytes={self._read}-"
        said = self._client.get_object(Bucket=bucket, Key=key, Range=rest, IfMatch=self.tag, **self._also)
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
