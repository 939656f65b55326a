"""Prove the logs: digest chains found in a mirror, a bucket or the store's own ledger, and a verdict on every file."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from ctaudit import key_rings, times
from ctaudit.chain_reading import Held, Reader
from ctaudit.errors import UsageError
from ctaudit.fault import Fault
from ctaudit.integrity import checkpoint as state
from ctaudit.integrity.asked import Asked
from ctaudit.integrity.authenticate import Trust
from ctaudit.integrity.names import Chain
from ctaudit.integrity.signature import PublicKey
from ctaudit.integrity.verdict import Finding, Severity, finding, order, spelled
from ctaudit.inventory import Inventory
from ctaudit.processors import processors
from ctaudit.progress import Progress, Silent, Step
from ctaudit.restarts import explain
from ctaudit.sources.mirror import Mirror
from ctaudit.sources.objects import Objects
from ctaudit.sources.sidecars import Sidecars
from ctaudit.state_file import read_state, write_state
from ctaudit.store.layout import Layout
from ctaudit.validation import ChainTally, FileVerdict, Hearers, Validation, about_listing

if TYPE_CHECKING:
    from ctaudit.proof_ledger import ProofLedger

_CONNECTIONS = 64
_DELIVERY = timedelta(hours=2)
"""A digest is delivered within this long after its window ends."""
_LAGS = timedelta(hours=1)
"""A chain that ends this much before another one of the same trail has lost its end."""
_MOST_HINTS = 8


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
    state: str | None = None
    """File that remembers the last proven digest of each chain."""

    def chooses(self, chain: Chain) -> bool:
        names = {name.rpartition("/")[2] for name in self.trails}
        return (not names or chain.trail in names) and self.chooses_place(chain.account, chain.region)

    def chooses_place(self, account: str, region: str) -> bool:
        return (not self.accounts or account in self.accounts) and (not self.regions or region in self.regions)

    @property
    def narrow(self) -> bool:
        """Whether anything is left out."""
        return any((self.trails, self.accounts, self.regions, self.since, self.until))


_ALL = Options()


@dataclass(frozen=True, slots=True)
class Report:
    """What a validation found."""

    chains: tuple[ChainTally, ...]
    findings: tuple[Finding, ...]
    """The worst first."""
    keys: tuple[PublicKey, ...]
    """The public keys that proved something."""
    notes: tuple[str, ...] = ()
    recorded: bool = False
    """Whether the store now knows the verdicts."""

    @property
    def worst(self) -> Severity | None:
        return max((found.severity for found in self.findings), default=None)


@dataclass(frozen=True, slots=True)
class _Evidence:
    objects: Objects
    keys: tuple[str, ...] = ()
    """Files of public keys that lie in the evidence itself."""
    held: Held | None = None


def validate(
    source: str | None,
    store: str | os.PathLike[str],
    options: Options = _ALL,
    *,
    now: datetime,
    jobs: int | None = None,
    progress: Progress | None = None,
    told: Callable[[FileVerdict], None] | None = None,
) -> Report:
    """Prove all logs in `source`, or, when it is None, those that the store knows; tell of everything found.

    Args:
        source: a folder that mirrors a bucket, or `s3://bucket/prefix`.
        store: the store's folder; when there is a store, it is given the verdicts.
        options: what narrows the validation, and what it proves with.
        now: the time, to tell which digests ought to be there.
        jobs: threads; None means one for each processor, or 64 connections.
        progress: told of every step.
        told: called with the verdict on each file.

    Raises UsageError when there is no such source, StoreError when the store cannot be read or written.
    """
    layout = Layout(Path(store).absolute())
    evidence = _evidence(source, layout, options)
    before = read_state(options.state) if options.state else {}
    threads = jobs or (_CONNECTIONS if evidence.objects.online else processors())
    with closing(Inventory()) as inventory, closing(Reader(evidence.objects, threads, evidence.held)) as reader:
        ledger = _ledger(layout, now)
        listing = _fill(inventory, evidence.objects)
        hearers = Hearers(_steps(progress or Silent(), inventory), told, ledger.add if ledger else None)
        trust, about_keys = _trust(evidence, inventory, options, now)
        asked = _asked(evidence, options, now, certain=all(found.code == "listing.outside" for found in listing))
        run = Validation(inventory, reader, trust, asked, before, hearers)
        for found in (*listing, *about_keys):
            run.findings.add(found)
        _places(run, inventory, options)
        _across(run, inventory, evidence.objects, options, before)
        if ledger:
            ledger.finish(run.accounted, run.asked, whole=source is None and not options.narrow)
    if options.state:
        write_state(options.state, state.newer(before, run.checkpoints))
    return _report(run, recorded=ledger is not None, notes=_notes(evidence, options))


def _evidence(source: str | None, layout: Layout, options: Options) -> _Evidence:
    if source is not None and source.startswith("s3://"):
        from ctaudit.sources.s3 import S3

        return _Evidence(S3(source, bucket_map=options.bucket_map, connections=_CONNECTIONS))
    sidecars = Sidecars(options.metadata)
    if source is None:
        from ctaudit.proof_ledger import LedgerFiles

        layout.require()
        files = LedgerFiles(layout)
        return _Evidence(Mirror("/", sidecars, options.bucket_map, files.paths()), held=files.sha256)
    if not os.path.isdir(source):
        what = "is a file" if os.path.exists(source) else "does not exist"
        raise UsageError(f"{source} {what}", "name a folder that mirrors a bucket, or s3://bucket/prefix")
    inside = os.path.join(source, key_rings.FOLDER)
    keys = (inside,) if os.path.isdir(inside) and not options.public_keys else ()
    return _Evidence(Mirror(source, sidecars, options.bucket_map), keys)


def _ledger(layout: Layout, now: datetime) -> ProofLedger | None:
    """Open the store for the verdicts, if there is one; else its libraries, slow to load, are not needed."""
    if not layout.catalog.is_file():
        return None
    from ctaudit.proof_ledger import ProofLedger

    return ProofLedger(layout, times.format_utc(now))


def _fill(inventory: Inventory, objects: Objects) -> list[Finding]:
    """Note all objects; what could not be listed is a finding, and the rest goes on."""
    faults: list[Finding] = []
    for found in objects.find():
        if isinstance(found, Fault):
            faults.append(about_listing(found))
        else:
            inventory.add(found)
    inventory.settle()
    return faults


def _trust(evidence: _Evidence, inventory: Inventory, options: Options, now: datetime) -> tuple[Trust, list[Finding]]:
    """Gather the public keys, and tell what is odd about them."""
    entries, findings = key_rings.from_files((*options.public_keys, *evidence.keys))
    if evidence.objects.online:
        from ctaudit.sources.public_keys import list_public_keys

        regions = sorted({chain.region for chain in inventory.chains() if options.chooses(chain)})
        spans = [(region, *span) for region in regions if (span := inventory.span_of_digests(region))]
        asked, more = key_rings.from_cloudtrail(spans, list_public_keys, now)
        entries += asked
        findings += more
    ring, oddities = key_rings.ring(entries)
    pins = frozenset(pin.lower() for pin in options.pins)
    return Trust(ring, pins, evidence.objects.online), findings + oddities


def _asked(evidence: _Evidence, options: Options, now: datetime, *, certain: bool) -> Asked:
    """Say up to when there ought to be digests: in the bucket itself nearly up to now, in a copy nobody knows."""
    due = min(options.until or now, now - _DELIVERY) if evidence.objects.online else options.until
    return Asked(options.since, options.until, due, options.expired_before, certain)


def _places(run: Validation, inventory: Inventory, options: Options) -> None:
    """Validate one account and region after the other: those that have digests, and those that only have logs."""
    by_place = {
        place: list(chains)
        for place, chains in groupby(inventory.chains(), key=lambda chain: (chain.account, chain.region))
    }
    for account, region in sorted({*by_place, *inventory.places()}):
        if options.chooses_place(account, region):
            chains = by_place.get((account, region), [])
            chosen = [chain for chain in chains if options.chooses(chain)]
            if chosen or not (chains or options.trails):
                run.place(account, region, chains, chosen)


def _across(run: Validation, inventory: Inventory, objects: Objects, options: Options, before: state.State) -> None:
    """Tell what only shows when all chains are known."""
    for restart, has_logs in run.restarts:
        run.tell(explain(restart, has_logs, inventory, objects))
    if run.asked.due is None:
        _compare_ends(run)
    proven = dict(run.checkpoints)
    for chain, point in before.items():
        at = state.end_of(point)
        in_span = run.asked.touches((at - _LAGS, at))
        if options.chooses(chain) and in_span and chain not in run.seen_checkpoints:
            run.tell(state.gone(chain, point))
            last = state.end_of(proven[chain]) if chain in proven else None
            detail = f"up to {spelled(last) or 'nothing'}; an earlier run had proven digests up to {point.end}"
            run.tell(finding("coverage.tail", detail, severity=Severity.FAILED, chain=chain, span=(last, at)))
    if not run.tallies:
        run.tell(finding("coverage.nothing_found", _hint(inventory)))


def _compare_ends(run: Validation) -> None:
    """Tell of chains that end before others of the same trail: nobody said up to when there ought to be digests."""
    ends: dict[tuple[str, str], datetime] = {}
    for tally in run.tallies:
        trail = tally.chain.trail, tally.chain.home
        if tally.spans and not tally.chain.backfill:
            ends[trail] = max(tally.spans[-1][1], ends.get(trail, tally.spans[-1][1]))
    for tally in run.tallies:
        end = ends.get((tally.chain.trail, tally.chain.home))
        if end and tally.spans and not tally.chain.backfill and tally.spans[-1][1] + _LAGS <= end:
            last = tally.spans[-1][1]
            detail = f"up to {spelled(last)}; other digests of the same trail go on to {spelled(end)}"
            run.tell(finding("coverage.tail", detail, chain=tally.chain, span=(last, end)))


def _hint(inventory: Inventory) -> str:
    """Say what there is, when nothing is there of what was asked for."""
    there = [str(chain) for chain in inventory.chains()]
    if not there:
        digests, logs = inventory.counts()
        return f"{logs} log files and {digests} digests lie there"
    more = f", and {len(there) - _MOST_HINTS} more" if len(there) > _MOST_HINTS else ""
    return f"there is {'; '.join(there[:_MOST_HINTS])}{more}"


def _steps(progress: Progress, inventory: Inventory) -> Callable[[int, int], None]:
    total = sum(inventory.counts())

    def step(digests: int, logs: int) -> None:
        progress.update(Step(files=digests + logs, files_total=total, events=None))

    return step


def _notes(evidence: _Evidence, options: Options) -> tuple[str, ...]:
    if evidence.keys and not options.pins:
        return (
            f"the public keys were read from the evidence itself, {evidence.keys[0]}: who can write there can replace "
            "them and the digests together; give your own with --public-keys, or --pin their SHA-256",
        )
    return ()


def _report(run: Validation, recorded: bool, notes: tuple[str, ...]) -> Report:
    findings = sorted(run.findings.kept, key=order)
    if run.findings.more:
        findings.append(finding("findings.more", f"{run.findings.more} more", count=run.findings.more))
    keys = tuple(run.keys[sha256] for sha256 in sorted(run.keys))
    return Report(tuple(run.tallies), tuple(findings), keys, notes, recorded)
