"""An S3 bucket in memory: object bodies, their user metadata and times, and what an intruder can do to them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any


@dataclass(slots=True)
class Bucket:
    name: str
    bodies: dict[str, bytes] = field(default_factory=dict)
    metadata: dict[str, dict[str, str]] = field(default_factory=dict)
    """User metadata without the `x-amz-meta-` prefix; only digests have any."""
    modified: dict[str, datetime] = field(default_factory=dict)

    def put(self, key: str, body: bytes, at: datetime, metadata: dict[str, str] | None = None) -> None:
        """Write an object whole, as S3 does: an overwrite also loses the old metadata."""
        self.bodies[key] = body
        self.modified[key] = at
        self.metadata[key] = dict(metadata or {})

    def keys(self, containing: str = "") -> list[str]:
        """List keys in S3's order (UTF-8 bytes), those with `containing` in them."""
        return sorted((key for key in self.bodies if containing in key), key=str.encode)

    def remove(self, key: str) -> None:
        """Withhold an object: it is gone, nothing else is told."""
        del self.bodies[key], self.modified[key], self.metadata[key]

    def move(self, key: str, to: str) -> None:
        """Put an object under another key, with its metadata."""
        self.put(to, self.bodies[key], self.modified[key], self.metadata[key])
        self.remove(key)

    def copy(self, key: str, to: str) -> None:
        self.put(to, self.bodies[key], self.modified[key], self.metadata[key])

    def cut(self, key: str, length: int) -> None:
        """Keep the first `length` bytes of an object; all but the last ones when it is negative."""
        self.bodies[key] = self.bodies[key][:length]

    def rewrite(self, key: str, body: bytes) -> None:
        """Put other bytes in an object's place and leave its times and metadata as they were."""
        self.bodies[key] = body

    def flip(self, key: str, position: int) -> None:
        """Flip the lowest bit of one byte; a negative position counts from the end."""
        body = bytearray(self.bodies[key])
        body[position] ^= 1
        self.bodies[key] = bytes(body)

    def append(self, key: str, more: bytes) -> None:
        self.bodies[key] += more

    def snapshot(self) -> Bucket:
        """Return the bucket as it is now, to remember it by."""
        kept = {key: dict(metadata) for key, metadata in self.metadata.items()}
        return Bucket(self.name, dict(self.bodies), kept, dict(self.modified))

    def renamed(self, name: str) -> Bucket:
        """Return a copy of all objects in a bucket of another name, as replication makes one."""
        return replace(self.snapshot(), name=name)

    def head(self, key: str) -> dict[str, Any]:
        """Describe an object in the shape that `aws s3api head-object` prints."""
        body = self.bodies[key]
        return {
            "AcceptRanges": "bytes",
            "LastModified": self.modified[key].strftime("%Y-%m-%dT%H:%M:%S+00:00"),
            "ContentLength": len(body),
            "ETag": f'"{hashlib.md5(body).hexdigest()}"',
            "ContentEncoding": "gzip",
            "ContentType": "application/json",
            "ServerSideEncryption": "AES256",
            "Metadata": dict(self.metadata[key]),
        }
