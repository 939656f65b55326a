"""`ctaudit validate --compat awscli`: what `aws cloudtrail validate-logs` would say, of S3 or of a folder.

Scripts that read the AWS CLI's output and exit code go on working. Times are the caller's: the AWS CLI drops the zone
of a time that it is given, and `ctaudit` does not.
"""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from ctaudit import key_rings, limits
from ctaudit.errors import CtauditError, UsageError
from ctaudit.evidence import folder_of
from ctaudit.fault import Fault
from ctaudit.integrity import signature
from ctaudit.integrity.names import Chain, DigestName, digest_name
from ctaudit.integrity.packed import inspect
from ctaudit.integrity.reference import Request, Validation
from ctaudit.integrity.reference_checks import Delivery, NotThere, Refused
from ctaudit.sources import trails
from ctaudit.sources.aws_login import Login
from ctaudit.sources.mirror import KEYS, Mirror
from ctaudit.sources.objects import PASSING, Object, Unavailable
from ctaudit.sources.public_keys import list_public_keys
from ctaudit.sources.s3 import S3
from ctaudit.sources.s3_urls import split_url
from ctaudit.sources.sidecars import Sidecars

_LOGS_FOLDER = re.compile(r"(?:^|/)AWSLogs(?:/.*)?$", re.DOTALL)
_NO_BUCKET = "unknown"
"""Stands for the bucket when a folder holds no digest of the trail: then nothing is asked of it."""


def validate_like_awscli(
    source: str | None,
    trail_arn: str,
    start: datetime,
    end: datetime,
    *,
    account_id: str | None = None,
    region: str | None = None,
    verbose: bool = False,
    public_keys: Sequence[bytes] = (),
    metadata: str | None = None,
    login: Login | None = None,
) -> Validation:
    """Prepare a run: iterating over it gives (stream, text) pieces, and then it has an `exit_code`: 0, 1 or 255.

    Args:
        source: `s3://BUCKET[/PREFIX]`, a folder that mirrors a bucket, or None: DescribeTrails is asked where.
        trail_arn: the trail; its name, home region and account are taken from it.
        start: the first moment of the span, in UTC.
        end: the last moment of it.
        account_id: the member account when the trail is an organization's.
        region: whose digests are validated; None: the trail's home region.
        verbose: a line for each valid file, too.
        public_keys: what `aws cloudtrail list-public-keys` prints, instead of asking AWS; a folder may also have it
            in the folder `public-keys` beside `AWSLogs`.
        metadata: a folder or a manifest with the metadata of digests, for a folder.
        login: how to log in to AWS; None: as the AWS CLI does.

    Raises UsageError when the source, the keys or the metadata cannot be read. Long because each argument is told.
    """
    folder = None if source is None or source.startswith("s3://") else folder_of(source)
    keys = _given_keys(public_keys or (() if folder is None else _keys_beside(folder)))
    home, account, name = _parts(trail_arn)
    where = region or home
    bucket = prefix = None
    evidence: _Online | _Copy
    if folder is None:
        bucket, prefix = (None, None) if source is None else split_url(source)
        evidence = _Online(S3(source or f"s3://{_NO_BUCKET}", login=login or Login()), where, keys)
    else:
        evidence = _Copy(
            Mirror(str(folder), Sidecars(metadata), {}),
            Chain(account_id or account, where, name, home),
            keys,
        )
    above = _LOGS_FOLDER.sub("", prefix or "").rstrip("/") or None
    return Validation(Request(trail_arn, start, end, bucket, above, account_id, region, verbose), evidence)


def _parts(arn: str) -> tuple[str, str, str]:
    """Return home region, account and name; what is no ARN is told by the run itself."""
    parts = [*arn.split(":"), "", "", "", "", ""]
    return parts[3], parts[4], arn.rpartition("/")[2]


def _keys_beside(folder: Path) -> list[bytes]:
    inside = folder / KEYS
    return key_rings.key_texts([str(inside)]) if inside.is_dir() else []


def _given_keys(texts: Iterable[bytes]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for text in texts:
        try:
            entries = signature.key_entries(text)
        except signature.BadKeys as error:
            raise UsageError(f"a file of public keys {error}") from error
        for entry in entries:
            named, value = (entry.get(name, entry.get(name.lower())) for name in ("Fingerprint", "Value"))
            if isinstance(named, str) and isinstance(value, str):
                found[named] = _decoded(value)
    return found


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text)
    except ValueError:
        return b""  # a key that cannot be loaded


class _Online:
    """What AWS answers, its errors in the words in which boto3, and so the AWS CLI, says them."""

    def __init__(self, s3: S3, region: str, keys: Mapping[str, bytes]) -> None:
        self._s3 = s3
        self._region = region
        self._keys = keys
        self._located: set[str] = set()

    def trail(self, arn: str) -> Delivery | None:
        with _aws_words():
            found = trails.find_trail(self._s3.login, self._region, arn)
        return Delivery(found.bucket, found.prefix, found.organization) if found else None

    def organization(self) -> str:
        with _aws_words():
            return trails.organization_id(self._s3.login, self._region)

    def keys(self, bucket: str, prefix: str, after: str) -> Iterator[str]:
        with _aws_words():
            self._locate(bucket)
            for page in self._s3.pages("list_objects", Bucket=bucket, Prefix=prefix, Marker=after):
                yield from (entry["Key"] for entry in page.get("Contents", ()))

    def get(self, bucket: str, key: str, *, metadata: bool) -> tuple[Iterable[bytes], Mapping[str, str]]:
        with _aws_words():
            self._locate(bucket)
            found = self._s3.fetch(f"s3://{bucket}/{key}", metadata=metadata)
        return found.chunks, found.metadata or {}

    def public_keys(self, start: datetime, end: datetime) -> Mapping[str, bytes]:
        if self._keys:
            return self._keys
        with _aws_words():
            found = list_public_keys(self._s3.login, self._region, start, end)
            return {entry["Fingerprint"]: entry["Value"] for entry in found}

    def _locate(self, bucket: str) -> None:
        """Ask where the bucket is, as the AWS CLI does first: from a bucket that is not there comes another error."""
        if bucket not in self._located:
            self._s3.location(bucket)
            self._located.add(bucket)


@contextmanager
def _aws_words() -> Iterator[None]:
    try:
        yield
    except (Unavailable, CtauditError) as error:
        if isinstance(error, Unavailable) and error.kind == "missing":
            raise NotThere from error
        words = str(error.__cause__ or error)
        if isinstance(error, Unavailable) and error.kind in PASSING:
            raise ConnectionError(words) from error
        raise Refused(words) from error


class _Copy:
    """A folder that mirrors a bucket: it is laid out as its own digests say, and takes the place of every bucket.

    The AWS CLI knows no such thing: what would be asked of AWS is taken from the digests that lie there.
    """

    def __init__(self, mirror: Mirror, chain: Chain, keys: Mapping[str, bytes]) -> None:
        self._mirror = mirror
        self._chain = chain
        self._keys = keys
        self._near: Object | None = None
        self._own = (_NO_BUCKET, "")
        self._found: list[str] = []

    def trail(self, arn: str) -> Delivery:
        """Tell bucket, prefix and organization from the newest digest of the trail that can be read."""
        name = self._orient()
        if name is None:
            return Delivery(_NO_BUCKET, None, organization=False)
        prefix = _LOGS_FOLDER.sub("", name.root.rstrip("/"))
        return Delivery(self._own[0], prefix or None, name.organization is not None)

    def organization(self) -> str:
        name = digest_name(self._own[1])
        return (name.organization if name else None) or ""

    def keys(self, bucket: str, prefix: str, after: str) -> Iterable[str]:
        return sorted((key for key in self._found if key.startswith(prefix) and key > after), key=os.fsencode)

    def get(self, bucket: str, key: str, *, metadata: bool) -> tuple[Iterable[bytes], Mapping[str, str]]:
        place = f"s3://{bucket}/{key}"
        if self._near is None:
            raise NotThere
        try:
            found = self._mirror.fetch(self._mirror.locator(self._near, self._own)(bucket, key), metadata=metadata)
        except Unavailable as error:
            if error.kind == "missing":
                raise NotThere from error
            raise Refused(f"{place} cannot be read: {error.reason}") from error
        if metadata and found.metadata is None:
            # Its signature may well be good: to call it invalid would be a false alarm.
            raise Refused(f"the metadata of {place} was not saved with the copy, and so not its signature")
        return found.chunks, found.metadata or {}

    def public_keys(self, start: datetime, end: datetime) -> Mapping[str, bytes]:
        return self._keys

    def _orient(self) -> DigestName | None:
        mine: list[tuple[DigestName, Object]] = []
        others: list[Object] = []
        for item in self._mirror.find():
            if isinstance(item, Fault):
                raise Refused(f"{item.path} {item.reason}")
            name = digest_name(item.key)
            if name and (name.chain.account, name.chain.region) == (self._chain.account, self._chain.region):
                others.append(item)
                if (name.chain.trail, name.chain.home) == (self._chain.trail, self._chain.home):
                    mine.append((name, item))
        for _, lying in sorted(mine, key=lambda pair: pair[0].end, reverse=True):
            own = self._stated(lying)
            name = digest_name(own[1])
            cut, added = _shift(lying.key, own[1])
            if name is not None and cut is not None:
                self._near, self._own = lying, own
                self._found = [added + item.key[len(cut) :] for item in others if item.key.startswith(cut)]
                return name
        return None

    def _stated(self, lying: Object) -> tuple[str, str]:
        """Return the bucket and key that a digest states for itself, empty when it cannot be read."""
        try:
            chunks = self._mirror.fetch(lying.place).chunks
            fields = json.loads(inspect(chunks, limits.MAX_DIGEST_BYTES, keep=True).content or b"")
        except (Unavailable, ValueError, RecursionError):
            return "", ""
        bucket, key = (
            (fields.get(name) for name in ("digestS3Bucket", "digestS3Object"))
            if isinstance(fields, dict)
            else ("", "")
        )
        return (bucket, key) if isinstance(bucket, str) and isinstance(key, str) else ("", "")


def _shift(path: str, key: str) -> tuple[str | None, str]:
    """Tell what paths have before the key, and keys before the path; None when the two do not fit."""
    if key and path.endswith(key):
        return path.removesuffix(key), ""
    return ("", key.removesuffix(path)) if key.endswith(path) else (None, "")
