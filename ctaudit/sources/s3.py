"""Objects in S3: listed below a prefix, and read whole even when a connection breaks off in the middle.

boto3 asks and signs; it follows a bucket into its own region, whichever that is. Ask from one object of the class for
all threads: its connections are shared.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ctaudit.fault import Fault
from ctaudit.sources import aws_login, s3_listing
from ctaudit.sources.aws_login import Keys, Login
from ctaudit.sources.left_out import LeftOut
from ctaudit.sources.objects import Fetched, Locator, Object, Unavailable
from ctaudit.sources.pace import Pace
from ctaudit.sources.s3_body import Body, whole
from ctaudit.sources.s3_errors import classified
from ctaudit.sources.s3_listing import LOGS_AND_DIGESTS, Passed, Wanted
from ctaudit.sources.s3_urls import SCHEME, is_bucket_name, split_url
from ctaudit.sources.s3_ways import DEFAULT_REGION, Ways, connect

_GLOB = re.compile(r"[*?\[]")
_SHOWN = 5
_LEGACY_REGIONS = {None: DEFAULT_REGION, "": DEFAULT_REGION, "EU": "eu-west-1"}
"""What GetBucketLocation says of the oldest region, and of buckets made in Ireland long ago."""


_OWN = Login()
"""Whatever boto3 finds by itself."""
_DAY = timedelta(days=1)
_ALL = Wanted(kinds=LOGS_AND_DIGESTS)


class S3:
    """Objects of a bucket below a prefix, and those that digests name in other buckets."""

    online = True

    def __init__(
        self,
        url: str,
        *,
        bucket_map: Mapping[str, str] | None = None,
        connections: int = 64,
        login: Login = _OWN,
        wanted: Wanted = _ALL,
    ) -> None:
        """Log in with `login` at the first call; `wanted` says what `find` has to find."""
        self.bucket, self.prefix = split_url(url)
        self._wanted = wanted
        self.login = login
        self._map = dict(bucket_map or {})
        self._beyond: set[tuple[str, str]] = set()
        self._around: set[str] = set()
        """Folders that were listed when somebody asked what lies around."""
        self._known_as = next((old for old, new in self._map.items() if new == self.bucket), self.bucket)
        self._connections = connections
        self.pace = Pace(connections)
        """Kept by who reads many objects at once."""
        self.bytes_read = 0
        self._lock = threading.Lock()
        self._made: Ways | None = None

    def find(self) -> Iterator[Object | LeftOut | Fault]:
        """Yield every object that is wanted, in no order, but the markers of folders, whose keys end in `/`.

        Raises CtauditError when there are no credentials: then nothing can be asked at all.
        """
        return self._list(self.bucket, self.prefix, self._known_as, self._wanted)

    def _list(self, bucket: str, prefix: str, known_as: str, wanted: Wanted) -> Iterator[Object | LeftOut | Fault]:
        for entry in s3_listing.find(self, bucket, prefix, wanted):
            if isinstance(entry, dict):
                key, modified = entry["Key"], entry["LastModified"].astimezone(UTC)
                yield Object(key, f"s3://{bucket}/{key}", entry["Size"], known_as, modified)
            elif not isinstance(entry, Passed):
                yield entry

    def pages(self, operation: str, **asked: Any) -> Iterator[dict[str, Any]]:
        """Yield the pages of a listing; raises Unavailable, whose cause is AWS's answer."""
        ways = self._ways()
        try:
            yield from ways.client.get_paginator(operation).paginate(**asked, **ways.also)
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
        if (bucket, folder) in self._beyond or not is_bucket_name(bucket):
            return None
        self._beyond.add((bucket, folder))
        return _objects(self._list(bucket, f"{folder}/", wanted[0], _ALL))

    def around(self, account: str, since: datetime, until: datetime) -> Iterator[Object | Fault]:
        if not self._wanted.narrow:
            return
        days = (since - _DAY).date(), (until + _DAY).date()
        wanted = Wanted((account,), since=days[0], until=days[1], kinds=LOGS_AND_DIGESTS)
        before = frozenset(self._around)
        for found in _objects(self._list(self.bucket, self.prefix, self._known_as, wanted)):
            if isinstance(found, Fault):
                yield found
            elif (folder := found.key.rpartition("/")[0]) not in before:
                self._around.add(folder)
                if not s3_listing.is_wanted(found.key, self._wanted):
                    yield found

    def why_nothing(self) -> str:
        """Say why there is nothing below the prefix, and what there is instead; one more listing is asked for."""
        if not self.prefix:
            return f"the bucket {self.bucket} is empty"
        why = f"there is no object below {SCHEME}{self.bucket}/{self.prefix}"
        if _GLOB.search(self.prefix):
            why += ", which is a prefix and no pattern; choose with --account, --region, --since and --until instead"
        try:
            page = next(self.pages("list_objects_v2", Bucket=self.bucket, Delimiter="/"), {})
        except Unavailable:
            return why
        found = [each["Prefix"] for each in page.get("CommonPrefixes", ())]
        if found:
            why += f"; the bucket has {', '.join(found[:_SHOWN])}" + (" and more" if len(found) > _SHOWN else "")
        return why

    def fetch(self, place: str, *, metadata: bool = False, version: str | None = None) -> Fetched:
        bucket, _, key = place.removeprefix("s3://").partition("/")
        body = Body(self._ways(), *_checked(bucket, key), version)
        first = body.read()
        return Fetched(self._counted(body.chunks(first)), body.metadata, body.tag)

    def _counted(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            with self._lock:
                self.bytes_read += len(chunk)
            yield chunk

    def describe(self, bucket: str, key: str, version: str | None = None) -> dict[str, Any]:
        """Return what GetObject says of an object, with its `Body`, by boto3 alone; raises Unavailable."""
        ways = self._ways()
        bucket, key = _checked(bucket, key)
        which = {} if version is None else {"VersionId": version}
        try:
            return whole(ways.client.get_object(Bucket=bucket, Key=key, **which, **ways.also))
        except Exception as error:
            raise classified(error) from error

    def location(self, bucket: str) -> str:
        """Return a bucket's region; raises Unavailable."""
        try:
            said = self._ways().client.get_bucket_location(Bucket=bucket).get("LocationConstraint")
        except Exception as error:
            raise classified(error) from error
        return str(_LEGACY_REGIONS.get(said, said))

    def restore(self, bucket: str, key: str, tier: str, days: int) -> bool:
        """Ask for a copy of an archived object for some days; False when that was under way. Raises Unavailable."""
        ways = self._ways()
        asked = {"Days": days, "GlacierJobParameters": {"Tier": tier}}
        try:
            ways.client.restore_object(Bucket=bucket, Key=key, RestoreRequest=asked, **ways.also)
        except Exception as error:
            code = getattr(error, "response", {}).get("Error", {}).get("Code")
            if code == "RestoreAlreadyInProgress":
                return False
            raise classified(error) from error
        return True

    def keys(self) -> Keys:
        """Return the credentials as they are now, to be lent; raises CtauditError when there are none."""
        credentials = self._ways().credentials
        try:
            return aws_login.keys_of(credentials)
        except Exception as error:
            raise classified(error) from error

    def lend(self, keys: Keys) -> None:
        """Go on with these credentials; not while objects are being read."""
        with self._lock:
            if self._made is None:
                self.login = replace(self.login, lent=keys)
            else:
                made = self._made.credentials
                made.access_key, made.secret_key, made.token = keys.access_key, keys.secret_key, keys.token

    def _ways(self) -> Ways:
        """Return the ways to S3, made at the first call and shared by all threads."""
        with self._lock:
            if self._made is None:
                self._made = connect(self.login, self._connections, self.pace)
            return self._made

    def _listed_prefix(self) -> str:
        # A prefix is a folder here: `logs` must not take in `logs-of-another-trail`.
        whole = not self.prefix or self.prefix.endswith(("/", ".json", ".json.gz"))
        return self.prefix if whole else f"{self.prefix}/"


def _objects(found: Iterator[Object | LeftOut | Fault]) -> Iterator[Object | Fault]:
    return (each for each in found if not isinstance(each, LeftOut))


def _checked(bucket: str, key: str) -> tuple[str, str]:
    """Let through names of buckets alone: boto3 would also take an ARN, which leads to anybody's access point."""
    if not is_bucket_name(bucket):
        raise Unavailable("no-bucket", "no bucket can have this name")
    if not key:
        raise Unavailable("missing", "there is no such object: it has no key")
    if not {".", ".."}.isdisjoint(key.split("/")):
        # HTTP clients tidy such a path up, and would ask for another object.
        raise Unavailable("unreadable", "its key has the folder `.` or `..` in it")
    return bucket, key
