"""A trail in memory: takes records, delivers log files, cuts signed hourly digests; and can be broken on purpose."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise

from tests.trail.bucket import Bucket
from tests.trail.delivery import Batch, batches
from tests.trail.digests import DELIVERY_LAG, Document, LogEntry, compose, link, store
from tests.trail.ids import Ids
from tests.trail.packing import gzipped, minified, unpacked
from tests.trail.principals import Record
from tests.trail.signing import SigningKey, demo_keys

HOUR = timedelta(hours=1)


@dataclass(slots=True)
class Trail:
    name: str = "example-org-trail"
    home: str = "us-east-1"
    organization: str | None = None
    prefix: str = ""
    """Key prefix in the bucket, ending in `/` when there is one."""
    bucket: Bucket = field(default_factory=lambda: Bucket("example-org-cloudtrail-logs"))
    keys: Mapping[str, SigningKey] = field(default_factory=demo_keys)
    """The signing key of each region: digests are signed by the region that they speak of, not by the home region."""
    logs: dict[tuple[str, str], list[LogEntry]] = field(default_factory=dict)
    """What was delivered, by account and region: the memory from which digests are cut."""
    newest: dict[tuple[str, str], str] = field(default_factory=dict)
    """The newest digest of each chain."""

    @property
    def root(self) -> str:
        return f"{self.prefix}AWSLogs/{self.organization}/" if self.organization else f"{self.prefix}AWSLogs/"

    def arn(self, account: str) -> str:
        """Name the trail as the account that owns it does."""
        return f"arn:aws:cloudtrail:{self.home}:{account}:trail/{self.name}"

    def deliver(self, records: Iterable[Record]) -> list[Batch]:
        """Put log files of these records into the bucket."""
        delivered = batches(records)
        for batch in delivered:
            self.put_log(batch)
        return delivered

    def put_log(self, batch: Batch) -> str:
        """Put one log file; only those of the folder `CloudTrail` are listed in digests. Returns its key."""
        content = minified({"Records": list(batch.records)})
        key = batch.key(self.root)
        self.bucket.put(key, gzipped(content), batch.delivered)
        if batch.folder == "CloudTrail":
            entry = LogEntry(key, hashlib.sha256(content).hexdigest(), *batch.times, batch.delivered)
            self.logs.setdefault((batch.account, batch.region), []).append(entry)
        return key

    def digest_key(self, account: str, region: str, end: datetime, *, backfill: bool = False) -> str:
        name = f"{account}_CloudTrail-Digest_{region}_{self.name}_{self.home}_{end:%Y%m%dT%H%M%SZ}"
        folder = f"{self.root}{account}/CloudTrail-Digest/{region}/{end:%Y/%m/%d}"
        return f"{folder}/{name}{'_backfill' if backfill else ''}.json.gz"

    def cut_digest(self, account: str, region: str, start: datetime, end: datetime, *, restart: bool = False) -> str:
        """Cut one digest of the logs delivered in [start, end), linked to the newest one unless `restart`."""
        chain = account, region
        entries = [entry for entry in self.logs.get(chain, ()) if start <= entry.delivered < end]
        listed = Ids(f"digest/{account}/{region}/{end}").shuffled(entries)
        key = self.digest_key(account, region, end)
        document = compose(self.bucket, key, account, self.keys[region].fingerprint, (start, end), listed)
        if chain in self.newest and not restart:
            link(document, self.bucket, self.newest[chain])
        self.newest[chain] = store(self.bucket, document, self.keys[region], end + DELIVERY_LAG)
        return key

    def cut_digests(self, start: datetime, end: datetime, chains: Iterable[tuple[str, str]]) -> None:
        """Cut every hour's digest of each chain (account, region), empty hours too."""
        for account, region in chains:
            for hour in range(int((end - start) / HOUR)):
                self.cut_digest(account, region, start + hour * HOUR, start + (hour + 1) * HOUR)

    def cut_backfill(self, account: str, region: str, start: datetime, end: datetime, generated: datetime) -> str:
        """Cut an unchained backfill digest of logs that the hour's own digest does not list."""
        known = {entry["s3Object"] for key in self.digests(account, region) for entry in self.document(key)["logFiles"]}
        entries = [entry for entry in self.logs.get((account, region), ()) if entry.key not in known]
        key = self.digest_key(account, region, end, backfill=True)
        document = compose(self.bucket, key, account, self.keys[region].fingerprint, (start, end), entries)
        times = {"backfill-generation-timestamp": generated.strftime("%Y-%m-%dT%H:%M:%SZ")}
        return store(self.bucket, document, self.keys[region], generated, **times)

    def digests(self, account: str, region: str) -> list[str]:
        """The keys of one chain's digests, oldest first."""
        return self.bucket.keys(f"/{account}/CloudTrail-Digest/{region}/")

    def log_keys(self, account: str = "", region: str = "") -> list[str]:
        """The keys of log files, of one account or region or of all."""
        return [
            key
            for key in self.bucket.keys("/CloudTrail/")
            if f"/{account}" in key and (not region or f"/CloudTrail/{region}/" in key)
        ]

    def document(self, key: str) -> Document:
        """Read a digest as it lies in the bucket."""
        content: Document = json.loads(unpacked(self.bucket.bodies[key]))
        return content

    def records(self, key: str) -> list[Record]:
        """Read a log file as it lies in the bucket."""
        content: list[Record] = json.loads(unpacked(self.bucket.bodies[key]))["Records"]
        return content

    def edit_log(self, key: str, change: Callable[[list[Record]], Sequence[Record]]) -> None:
        """Rewrite a log file with other records, as somebody who can write to the bucket would."""
        content = minified({"Records": list(change(self.records(key)))})
        self.bucket.put(key, gzipped(content), self.bucket.modified[key], self.bucket.metadata[key])

    def edit_digest(self, key: str, change: Callable[[Document], object], *, signed: bool = False) -> None:
        """Change a digest; `signed` with the service's own key, as only AWS (or who holds that key) could."""
        document = self.document(key)
        change(document)
        at, metadata = self.bucket.modified[key], dict(self.bucket.metadata[key])
        if signed:
            region = key.split("/CloudTrail-Digest/")[1].split("/")[0]
            kept = {name: value for name, value in metadata.items() if not name.startswith("signature")}
            store(self.bucket, document, self.keys[region], at, **kept)
        else:
            self.bucket.put(key, gzipped(minified(document)), at, metadata)

    def withhold(self, digest: str) -> None:
        """Remove a digest together with the log files that it lists, so that nothing tells of its hour."""
        for entry in self.document(digest)["logFiles"]:
            self.bucket.remove(entry["s3Object"])
        self.bucket.remove(digest)

    def relink(self, account: str, region: str, after: str = "") -> None:
        """Sign a chain anew from its oldest digest on, each linked to its predecessor as that lies there now.

        With `after`, that digest and those before it stay as they are.
        """
        for previous, key in pairwise(key for key in self.digests(account, region) if key >= after):
            self.edit_digest(key, partial(link, bucket=self.bucket, previous=previous), signed=True)
