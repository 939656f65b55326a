"""A lake in S3: what lies below a prefix, and files that take the place of others, many at once."""

from __future__ import annotations

import contextlib
import tempfile
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from ctaudit.errors import CtauditError
from ctaudit.sources.aws_login import Login
from ctaudit.sources.lake_folder import MANIFEST, MAX_MANIFEST_BYTES, OWN
from ctaudit.sources.objects import Unavailable
from ctaudit.sources.pace import Pace
from ctaudit.sources.s3_errors import classified
from ctaudit.sources.s3_urls import split_url
from ctaudit.sources.s3_ways import Ways, connect

_CONNECTIONS = 8
_WAITING = 32
"""Partitions that lie on this machine, whole, and are not in the bucket yet."""
_MOST_DELETED = 1000
"""Keys that one request can name."""


class LakeBucket:
    def __init__(self, url: str, login: Login, sse_kms: str | None) -> None:
        self.name = url
        self._bucket, prefix = split_url(url)
        self._prefix = f"{prefix.rstrip('/')}/" if prefix.strip("/") else ""
        self._pace = Pace(_CONNECTIONS)
        self._ways: Ways = connect(login, _CONNECTIONS, self._pace)
        encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": sse_kms} if sse_kms else {}
        self._also = {**self._ways.also, **encryption}
        self._pool: ThreadPoolExecutor | None = None
        self._under_way: deque[Future[None]] = deque()

    @contextlib.contextmanager
    def opened(self, *, change: bool) -> Iterator[Path]:
        with (
            tempfile.TemporaryDirectory(prefix="ctaudit-lake-") as folder,
            ThreadPoolExecutor(_CONNECTIONS, "ctaudit-lake") as pool,
        ):
            self._pool = pool
            try:
                yield Path(folder)
            finally:
                pool.shutdown(cancel_futures=True)
                self._under_way.clear()

    def files(self) -> Iterator[tuple[str, int]]:
        own = f"{self._prefix}{OWN}/"
        try:
            pages = self._ways.client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self._bucket, Prefix=self._prefix, **self._ways.also):
                for entry in page.get("Contents", ()):
                    key: str = entry["Key"]
                    if not key.startswith(own) and not key.endswith("/"):
                        yield key.removeprefix(self._prefix), entry["Size"]
        except Exception as error:
            raise self._trouble(error, "cannot be listed") from error

    def manifest(self) -> bytes | None:
        try:
            said = self._ways.client.get_object(Bucket=self._bucket, Key=f"{self._prefix}{MANIFEST}", **self._ways.also)
            content: bytes = said["Body"].read(MAX_MANIFEST_BYTES + 1)
            return content
        except Exception as error:
            if getattr(error, "response", {}).get("Error", {}).get("Code") == "NoSuchKey":
                return None
            raise self._trouble(error, "cannot be read") from error

    def write_manifest(self, content: bytes) -> None:
        try:
            self._ways.client.put_object(
                Bucket=self._bucket, Key=f"{self._prefix}{MANIFEST}", Body=content, **self._also
            )
        except Exception as error:
            raise self._trouble(error, "cannot be written") from error

    def exchange(self, folder: str, new: Sequence[tuple[Path, str]], old: Sequence[str]) -> None:
        assert self._pool is not None  # the lake is open
        self._under_way.append(self._pool.submit(self._exchange, f"{self._prefix}{folder}/", new, old))
        while len(self._under_way) > _WAITING:
            self._under_way.popleft().result()

    def settle(self) -> None:
        while self._under_way:
            self._under_way.popleft().result()

    def _exchange(self, place: str, new: Sequence[tuple[Path, str]], old: Sequence[str]) -> None:
        from boto3.s3.transfer import TransferConfig

        client = self._ways.client
        try:
            with self._pace.turn():
                for path, name in new:  # one thread for each partition is enough of them; large files go in parts
                    alone = TransferConfig(use_threads=False)
                    client.upload_file(str(path), self._bucket, f"{place}{name}", ExtraArgs=self._also, Config=alone)
                    path.unlink()
                if new:
                    new[0][0].parent.rmdir()
                for start in range(0, len(old), _MOST_DELETED):
                    keys = [{"Key": f"{place}{name}"} for name in old[start : start + _MOST_DELETED]]
                    asked = {"Objects": keys, "Quiet": True}
                    said = client.delete_objects(Bucket=self._bucket, Delete=asked, **self._ways.also)
                    _check_deleted(said)
        except Exception as error:
            raise self._trouble(error, "cannot be written") from error

    def _trouble(self, error: Exception, what: str) -> CtauditError:
        cause = error.__cause__ or error.__context__ if type(error).__name__ == "S3UploadFailedError" else error
        found = classified(cause if isinstance(cause, Exception) else error)
        if isinstance(found, CtauditError):
            return found
        reason = found.reason if isinstance(found, Unavailable) else type(error).__name__
        return CtauditError(
            f"the lake {self.name} {what}: {reason}",
            "it needs s3:ListBucket, s3:GetObject, s3:PutObject and s3:DeleteObject; the next export goes on from here",
        )


def _check_deleted(said: dict[str, Any]) -> None:
    """S3 answers with success and tells in it what it did not delete."""
    errors = said.get("Errors", ())
    if errors:
        code = str(errors[0].get("Code", ""))
        reason = "AWS refuses to delete replaced files" if code == "AccessDenied" else "replaced files were not deleted"
        raise Unavailable("denied" if code == "AccessDenied" else "network", f"{reason} ({code})")
