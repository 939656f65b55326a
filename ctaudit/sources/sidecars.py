"""Metadata of digests that was saved beside a copy: `X.meta.json` as `aws s3api head-object` prints it, or a manifest.

`aws s3 sync` keeps the bytes of an object and not its metadata, where a digest's signature stands.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Mapping
from typing import Any

import orjson

from ctaudit import limits
from ctaudit.errors import UsageError

SUFFIX = ".meta.json"


class Sidecars:
    """Looks for the metadata of a file: beside it, or in what was named."""

    def __init__(self, named: str | None = None) -> None:
        """Take what `--metadata` names: a folder laid out as the mirror, or a manifest with one JSON object a line.

        Raises UsageError when there is no such thing, or when it cannot be read.
        """
        self._folder = named if named and os.path.isdir(named) else None
        self._manifest = _Manifest(named) if named and not self._folder else None

    def of(self, place: str, key: str) -> Mapping[str, str] | None:
        """Return the metadata of the file at `place`, which lies at `key` below the mirror; None when none was saved.

        What was saved but cannot be read is as good as not saved: nothing is proven by it.
        """
        if self._manifest is not None and (found := self._manifest.of(key)) is not None:
            return found
        if self._folder is not None and (found := _read(os.path.join(self._folder, f"{key}{SUFFIX}"))) is not None:
            return found
        return _read(f"{place}{SUFFIX}")


def _read(path: str) -> Mapping[str, str] | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError):
        return None
    try:
        text = os.read(descriptor, limits.MAX_SIDECAR_BYTES + 1)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return None if len(text) > limits.MAX_SIDECAR_BYTES else parse_metadata(text)


def parse_metadata(text: bytes) -> dict[str, str] | None:
    """Read what `head-object` prints, or the inner object `Metadata` alone; None when it is neither."""
    try:
        content = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return _metadata(content)


def _metadata(content: Any) -> dict[str, str] | None:
    if not isinstance(content, dict):
        return None
    inner = next((content[name] for name in ("Metadata", "metadata") if name in content), content)
    if not isinstance(inner, dict):
        return None
    return {str(name).lower(): value for name, value in inner.items() if isinstance(value, str)}


class _Manifest:
    """Lines `{"bucket": …, "key": …, "metadata": {…}}` of a manifest, in a temporary file: there may be millions."""

    def __init__(self, path: str) -> None:
        self._lock = threading.Lock()
        self._connection = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._connection.execute("CREATE TABLE saved (name TEXT PRIMARY KEY, key TEXT, metadata TEXT) WITHOUT ROWID")
        try:
            with open(path, "rb") as file:
                while line := file.readline(limits.MAX_SIDECAR_BYTES):
                    self._add(line)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise UsageError(
                f"cannot read the metadata in {path}: {reason}", "name a folder or a JSONL file"
            ) from error

    def _add(self, line: bytes) -> None:
        try:
            content = orjson.loads(line)
        except orjson.JSONDecodeError:
            return
        key = content.get("key", content.get("Key")) if isinstance(content, dict) else None
        metadata = _metadata(content)
        if isinstance(key, str) and metadata is not None and "\0" not in key:
            values = (key.rpartition("/")[2], key, orjson.dumps(metadata).decode())
            self._connection.execute("INSERT OR REPLACE INTO saved VALUES (?, ?, ?)", values)

    def of(self, key: str) -> Mapping[str, str] | None:
        """Return the metadata of the object whose key the path `key` is, or ends with, or is the end of."""
        with self._lock:
            row = self._connection.execute(
                "SELECT key, metadata FROM saved WHERE name = ?", [key.rpartition("/")[2]]
            ).fetchone()
        if row is None or not (row[0] == key or row[0].endswith(f"/{key}") or key.endswith(f"/{row[0]}")):
            return None
        found: dict[str, str] = orjson.loads(row[1])
        return found
