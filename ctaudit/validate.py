"""Prove the logs: digest chains found in a mirror, a bucket or the store's own ledger, and a verdict on every file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from ctaudit import account_names, times
from ctaudit.chain_reading import Reader
from ctaudit.evidence import CONNECTIONS, Evidence, Options, open_evidence, trust
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
from ctaudit.sources.left_out import LeftOut, Others
from ctaudit.sources.objects import Objects
from ctaudit.state_file import read_state, write_state
from ctaudit.store.layout import Layout
from ctaudit.tallies import ChainTally, FileVerdict, Hearers
from ctaudit.validation import Validation, about_listing

if TYPE_CHECKING:
    from ctaudit.proof_ledger import ProofLedger

_DELIVERY = timedelta(hours=3)
"""A digest is delivered within two hours after its window of one hour ends."""
_LAGS = timedelta(hours=1)
"""A chain that ends this much before another one of the same trail has lost its end."""
_MOST_HINTS = 8
_TOLD = 500
"""Objects between two words on how many were found."""
_UNLISTED = ("listing.unreadable", "digest.elsewhere")
"""What is not among what was listed may be there all the same."""


_ALL = Options()


@dataclass(frozen=True, slots=True)
class Report:
    """What a validation found."""

    chains: tuple[ChainTally, ...]
    findings: tuple[Finding, ...]
    """The worst first."""
    keys: tuple[PublicKey, ...]
    """The public keys that proved something."""
    recorded: bool = False
    """Whether the store now knows the verdicts."""

    @property
    def worst(self) -> Severity | None:
        return max((found.severity for found in self.findings), default=None)


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
        jobs: processes, or connections to S3; None means one for each processor, or 64 connections.
        progress: told of every step.
        told: called with the verdict on each file.

    Raises UsageError when there is no such source, StoreError when the store cannot be read or written.
    """
    layout, options = _opened(store, options)
    evidence = open_evidence(source, layout, options)
    before = read_state(options.state) if options.state else {}
    if options.state:
        write_state(options.state, before)  # that it cannot be written is told before the work, not after it
    jobs = jobs or (CONNECTIONS if evidence.objects.online else processors())
    with closing(Inventory()) as inventory:
        listing = _fill(inventory, evidence.objects, told_of := progress or Silent())
        with closing(Reader(evidence.objects, jobs, inventory.counts()[1], evidence.held)) as reader:
            trusted, about_keys = trust(evidence, inventory, options, now)
            ledger = _ledger(layout, now, trusted)
            hearers = Hearers(_steps(told_of, inventory, evidence.objects), told, ledger.add if ledger else None)
            run = Validation(inventory, reader, trusted, _asked(evidence, options, now, listing), before, hearers)
            for found in (*listing, *evidence.findings, *about_keys):
                run.findings.add(found)
            _places(run, inventory, options)
        _across(run, inventory, evidence.objects, options, before)
        if ledger:
            ledger.finish(run, whole=source is None and not options.narrow)
    if options.state:
        write_state(options.state, state.newer(before, run.checkpoints))
    return _report(run, recorded=ledger is not None)


def _ledger(layout: Layout, now: datetime, trusted: Trust) -> ProofLedger | None:
    """Open the store for the verdicts, if there is one; else its libraries, slow to load, are not needed."""
    if not layout.catalog.is_file():
        return None
    from ctaudit.proof_ledger import ProofLedger

    keys = frozenset(key.sha256 for key in trusted.ring.keys.values())
    if trusted.pins:
        keys &= trusted.pins
    return ProofLedger(layout, times.format_utc(now), keys)


def _fill(inventory: Inventory, objects: Objects, progress: Progress) -> list[Finding]:
    """Note all objects; what could not be listed is a finding, and the rest goes on."""
    faults: list[Finding] = []
    for number, found in enumerate(objects.find()):
        if number % _TOLD == 0:
            progress.update(Step(listed=number, events=None))
        if isinstance(found, Fault):
            faults.append(about_listing(found))
        elif isinstance(found, LeftOut):
            inventory.left_out.add(found)
        else:
            inventory.add(found)
    inventory.settle()
    for code, (count, samples) in sorted(inventory.strange.items()):
        faults.append(finding(code, samples[0], count=count, samples=samples))
    return faults


def _asked(evidence: Evidence, options: Options, now: datetime, listing: Sequence[Finding]) -> Asked:
    """Say up to when there ought to be digests: in the bucket itself nearly up to now, in a copy nobody knows."""
    due = min(options.until or now, now - _DELIVERY) if evidence.objects.online else options.until
    certain = not any(found.code in _UNLISTED for found in (*listing, *evidence.findings))
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
    if run.held:
        run.tell(finding("log.held", f"{run.held} of them", count=run.held))
    for restart, has_logs in run.restarts:
        run.tell(explain(restart, has_logs, inventory, objects))
    if run.asked.due is None:
        _compare_ends(run, inventory)
    proven = dict(run.checkpoints)
    for chain, point in before.items():
        at = state.end_of(point)
        due = (options.since is None or at > options.since) and (options.until is None or at <= options.until)
        if options.chooses(chain) and due and chain not in run.seen_checkpoints:
            expired = options.expired_before is not None and at <= options.expired_before
            severity = Severity.INCOMPLETE if expired else Severity.FAILED
            run.tell(replace(state.gone(chain, point), severity=severity))
            last = state.end_of(proven[chain]) if chain in proven else None
            now = f"they go up to {spelled(last)}" if last else "none is proven"
            detail = f"{now}; an earlier run had proven digests up to {point.end}"
            run.tell(finding("coverage.tail", detail, severity=severity, chain=chain, span=(last, at)))
    unmatched = list(_unmatched(inventory, options))
    for what in unmatched or ([""] if not run.tallies else []):
        hint = _hint(inventory) or (objects.why_nothing() if run.asked.certain else "")
        run.tell(finding("coverage.nothing_found", f"{what}{hint}"))


def _opened(store: str | os.PathLike[str], options: Options) -> tuple[Layout, Options]:
    """Return where the store lies, and the options with accounts by their ids where it knows them by name."""
    layout = Layout(Path(store).absolute())
    return layout, replace(options, accounts=account_names.numbers(layout, options.accounts))


def _unmatched(inventory: Inventory, options: Options) -> Iterator[str]:
    """Yield what was asked for by name and is nowhere: the rest of the answer must not stand for it."""
    chains = inventory.chains()
    apart = list(_unmatched_apart(chains, inventory.left_out, options))
    yield from apart
    if not apart and chains and not any(map(options.chooses, chains)):
        yield "nothing is there of what was asked for, taken together; "


def _unmatched_apart(chains: Sequence[Chain], left_out: Others, options: Options) -> Iterator[str]:
    """Yield each name of which nothing is there; where others were left out, it may lie among them."""
    where = " in what was listed" if left_out.accounts or left_out.regions else ""
    for name in options.trails:
        if not any(replace(options, trails=(name,), accounts=(), regions=()).chooses(chain) for chain in chains):
            yield f"nothing is there of the trail {name}{where}; "
    for account in options.accounts:
        if all(chain.account != account for chain in chains):
            yield f"nothing is there of the account {account}{where}; "
    for region in options.regions:
        if all(chain.region != region for chain in chains):
            yield f"nothing is there of the region {region}{where}; "


def _compare_ends(run: Validation, inventory: Inventory) -> None:
    """Tell of chains that end before others of the same trail: nobody said up to when there ought to be digests.

    Those others count even if nobody asked about them.
    """
    told = {found.chain for found in run.findings.kept if found.code == "coverage.tail"}
    for tally in run.tallies:
        end = None if tally.chain in told else inventory.newest_end(tally.chain)
        if end and tally.spans and not tally.chain.backfill and tally.spans[-1][1] + _LAGS <= end:
            last = tally.spans[-1][1]
            detail = f"up to {spelled(last)}; other digests of the same trail go on to {spelled(end)}"
            run.tell(finding("coverage.tail", detail, chain=tally.chain, span=(last, end)))


def _hint(inventory: Inventory) -> str:
    """Say what there is, when nothing is there of what was asked for; empty when there is nothing at all."""
    there = [str(chain) for chain in inventory.chains()]
    others = f"; left out were {inventory.left_out}" if inventory.left_out else ""
    if not there:
        digests, logs = inventory.counts()
        if not (digests or logs or others):
            return ""
        return f"{logs} log files and {digests} digests lie there{others}"
    more = f", and {len(there) - _MOST_HINTS} more" if len(there) > _MOST_HINTS else ""
    return f"there is {'; '.join(there[:_MOST_HINTS])}{more}{others}"


def _steps(progress: Progress, inventory: Inventory, objects: Objects) -> Callable[[int, int], None]:
    total = sum(inventory.counts())

    def step(digests: int, logs: int) -> None:
        progress.update(Step(files=digests + logs, files_total=total, events=None, bytes=objects.bytes_read))

    return step


def _report(run: Validation, recorded: bool) -> Report:
    findings = sorted(run.findings.kept, key=order)
    if run.findings.more:
        findings.append(finding("findings.more", f"{run.findings.more} more", count=run.findings.more))
    keys = tuple(run.keys[sha256] for sha256 in sorted(run.keys))
    return Report(tuple(run.tallies), tuple(findings), keys, recorded)
