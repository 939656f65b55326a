"""What a validation is given: options, and the evidence in a mirror, in a bucket, or in the store's own files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from ctaudit import key_rings
from ctaudit.chain_reading import Held
from ctaudit.errors import UsageError
from ctaudit.integrity.authenticate import Trust
from ctaudit.integrity.names import Chain
from ctaudit.integrity.verdict import Finding, finding
from ctaudit.inventory import Inventory
from ctaudit.sources import s3_urls
from ctaudit.sources.aws_login import Login
from ctaudit.sources.mirror import KEYS, Mirror
from ctaudit.sources.objects import Objects
from ctaudit.sources.s3_listing import LOGS_AND_DIGESTS, Wanted
from ctaudit.sources.sidecars import Sidecars
from ctaudit.store.layout import Layout

CONNECTIONS = 64
"""To S3, at once."""
_DAY = timedelta(days=1)
"""A log file whose name tells a time lies in the folder of that day, or of one beside it: see `log_name`."""


@dataclass(frozen=True, slots=True)
class Options:
    """What narrows a validation, and what it is given to prove with."""

    trails: tuple[str, ...] = ()
    """Names or ARNs; empty means all, as below."""
    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    expired_before: datetime | None = None
    """Digests older than this may be gone: a lifecycle rule deletes them."""
    public_keys: tuple[str, ...] = ()
    """Files or folders of what `aws cloudtrail list-public-keys` prints."""
    pins: tuple[str, ...] = ()
    """SHA-256 of the public keys that are trusted; empty means all that are given."""
    metadata: str | None = None
    """A folder with sidecars or a manifest file."""
    bucket_map: Mapping[str, str] = field(default_factory=dict)
    """Bucket that digests name -> bucket or folder where its objects lie."""
    login: Login = field(default_factory=Login)
    state: str | None = None
    """File that remembers the last proven digest of each chain."""

    def chooses(self, chain: Chain) -> bool:
        named = not self.trails or any(_is_trail(chain, name) for name in self.trails)
        return named and self.chooses_place(chain.account, chain.region)

    def chooses_place(self, account: str, region: str) -> bool:
        return (not self.accounts or account in self.accounts) and (not self.regions or region in self.regions)

    @property
    def narrow(self) -> bool:
        """Whether anything is left out."""
        return any((self.trails, self.accounts, self.regions, self.since, self.until))


def _is_trail(chain: Chain, name: str) -> bool:
    """Tell whether a name, or an ARN with its home region, is that of the chain's trail.

    The account in the ARN is the trail's owner; an organization's trail has chains of all its accounts.
    """
    if not name.startswith("arn:"):
        return chain.trail == name
    region = name.split(":")[3] if name.count(":") >= 5 else ""
    return (chain.trail, chain.home) == (name.rpartition("/")[2], region)


@dataclass(frozen=True, slots=True)
class Evidence:
    objects: Objects
    keys: tuple[str, ...] = ()
    """Files of public keys that lie in the evidence itself."""
    held: Held | None = None
    findings: tuple[Finding, ...] = ()
    """What is odd about it, before anything is read."""


def open_evidence(source: str | None, layout: Layout, options: Options) -> Evidence:
    """Open the evidence; raises UsageError when there is no such source, StoreError when there is no store to ask."""
    if source is not None and source.startswith("s3://"):
        from ctaudit.sources.s3 import S3

        bucket_map, login = options.bucket_map, options.login
        wanted = _wanted(options)
        return Evidence(S3(source, bucket_map=bucket_map, connections=CONNECTIONS, login=login, wanted=wanted))
    sidecars = Sidecars(options.metadata)
    if source is None:
        from ctaudit.proof_ledger import LedgerFiles

        layout.require()
        files = LedgerFiles(layout)
        if files.in_buckets and next(files.paths(), None) is None:
            raise UsageError(
                "the files of this store lie in S3", f"validate them there: ctaudit validate {files.in_buckets[0]}"
            )
        mirror = Mirror("/", sidecars, options.bucket_map, files.paths())
        return Evidence(mirror, held=files.sha256, findings=files.findings(layout))
    folder = folder_of(source)
    inside = folder / KEYS
    usable = inside.is_dir() and os.access(inside, os.R_OK | os.X_OK) and not options.public_keys
    keys = (str(inside),) if usable else ()
    return Evidence(Mirror(source, sidecars, options.bucket_map), keys)


def _wanted(options: Options) -> Wanted:
    """Return what is listed in S3: of digests all days, since a chain is walked back beyond the span asked about."""
    since = None if options.since is None else (options.since - _DAY).date()
    until = None if options.until is None else (options.until + _DAY).date()
    return Wanted(options.accounts, options.regions, since, until, LOGS_AND_DIGESTS, whole_chains=True)


def folder_of(source: str) -> Path:
    """Return a mirror's folder; raises UsageError when there is none."""
    folder = Path(source)
    if not folder.exists():
        s3_urls.refuse(source)
    if source and folder.is_dir():  # "" would be the folder one stands in: an unset variable of a script
        return folder
    what = "is a file" if source and folder.exists() else "does not exist"
    raise UsageError(f"{source or 'the source'} {what}", "name a folder that mirrors a bucket, or s3://bucket/prefix")


def trust(evidence: Evidence, inventory: Inventory, options: Options, now: datetime) -> tuple[Trust, list[Finding]]:
    """Gather the public keys, and tell what is odd about them."""
    entries, findings = key_rings.from_files((*options.public_keys, *evidence.keys))
    if evidence.objects.online:
        from ctaudit.sources.public_keys import list_public_keys

        regions = sorted({chain.region for chain in inventory.chains() if options.chooses(chain)})
        spans = [(region, *span) for region in regions if (span := inventory.span_of_digests(region))]
        asked, more = key_rings.from_cloudtrail(spans, partial(list_public_keys, options.login), now)
        entries += asked
        findings += more
    if evidence.keys and not options.pins:
        where = f"{evidence.keys[0]}: give your own with --public-keys, or --pin their SHA-256"
        findings.append(finding("key.from_evidence", where, key=evidence.keys[0]))
    ring, oddities = key_rings.ring(entries)
    pins = frozenset(pin.lower() for pin in options.pins)
    return Trust(ring, pins, evidence.objects.online), findings + oddities
