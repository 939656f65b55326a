"""One validation: every chain walked, its logs compared, what no digest lists looked for, all findings gathered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from ctaudit import limits
from ctaudit.chain_reading import Compared, Reader, locate_logs
from ctaudit.fault import Fault
from ctaudit.integrity import checkpoint as state
from ctaudit.integrity import coverage
from ctaudit.integrity.asked import Asked
from ctaudit.integrity.authenticate import Trust
from ctaudit.integrity.chain import ChainWalk
from ctaudit.integrity.checkpoint import Checkpoint
from ctaudit.integrity.digest import LogEntry
from ctaudit.integrity.lines import Restart
from ctaudit.integrity.loaded import Judged, Status
from ctaudit.integrity.names import Chain, base_name, log_name
from ctaudit.integrity.signature import PublicKey
from ctaudit.integrity.unlisted import MINUTE, Account, Why, why
from ctaudit.integrity.verdict import KINDS, Finding, Severity, finding
from ctaudit.inventory import Inventory
from ctaudit.sources.objects import Object
from ctaudit.tallies import ChainTally, FileVerdict, Findings, Hearers, Listed

_AFTER = timedelta(hours=3)
"""Digests this long after the span asked about are looked at, too: the next one holds the signature of the last."""

_OF_ABSENCE = frozenset(
    ("digest.missing", "log.unlisted", "coverage.no_digests", "coverage.tail", "coverage.restart_gap", "state.rollback")
)
"""Verdicts that rest on something not being there."""


class Validation:
    """The work on one inventory; `place` does one account and region after the other."""

    def __init__(
        self, inventory: Inventory, reader: Reader, trust: Trust, asked: Asked, before: state.State, hearers: Hearers
    ) -> None:
        self._inventory = inventory
        self._reader = reader
        self._trust = trust
        self.asked = asked
        self._before = before
        self._hearers = hearers
        self.findings = Findings()
        self.tallies: list[ChainTally] = []
        self.restarts: list[tuple[Restart, bool]] = []
        """With each, whether log files lie in the span between."""
        self.checkpoints: list[tuple[Chain, Checkpoint]] = []
        self.keys: dict[str, PublicKey] = {}
        """The keys that proved something, by SHA-256."""
        self.held = 0
        """Log files that are not at their place, and known by the hash they had when they were ingested."""
        self.unlisted_names: set[str] = set()
        """Last parts of the keys of logs that were slipped in."""
        self.accounted: dict[tuple[str, str], Account] = {}
        """By account and region, what all trails' digests account for."""
        self.seen_checkpoints: set[Chain] = set()
        """Chains of which the digest of the last checkpoint is there, whatever its content is now."""
        self._done = [0, 0]

    def place(self, account: str, region: str, chains: Sequence[Chain], chosen: Sequence[Chain]) -> None:
        """Validate the `chosen` chains of one account and region; the others tell only which logs they list."""
        walks = [ChainWalk(chain, self._trust, self.asked) for chain in chains]
        tallies = {chain: ChainTally(chain) for chain in chosen}
        for walk in walks:
            self._walk(walk, tallies.get(walk.chain))
        ends = [walk.newest_end for walk in walks if walk.newest_end is not None]
        proven = coverage.merge(window for walk in walks if not walk.chain.backfill for window in walk.proven)
        self.accounted[account, region] = Account(proven, max(ends, default=None))
        for walk in walks:
            if walk.chain in tallies:
                self._finish(walk, tallies[walk.chain])
        self._unlisted(account, region, list(tallies.values()))
        self._inventory.forget_listed()
        self.tallies += tallies.values()

    def _walk(self, walk: ChainWalk, tally: ChainTally | None) -> None:
        """Walk a chain; where it goes on outside of what was listed, that is listed, too."""
        at: Object | None = None
        while (at := self._walk_on(walk, tally, at)) is not None:
            pass
        for compared in self._reader.compared(all_of_them=True):
            assert tally is not None  # only the logs of a chosen chain are compared
            self._note_logs(compared, tally)
            self._hearers.step(*self._done)

    def _walk_on(self, walk: ChainWalk, tally: ChainTally | None, after: Object | None) -> Object | None:
        """Walk from the newest digest, or the one before `after`, to where more was listed, or None at the end."""
        until = self.asked.until + _AFTER if self.asked.until else None
        for found, loaded in self._reader.digests(self._inventory.digests(walk.chain, until, after)):
            if walk.enough(loaded.name):
                break
            step = walk.step(loaded)
            if tally is not None:
                for each in step.findings:
                    self.tell(each, tally)
            if tally is not None and step.reported:
                self._note_digest(found, step.judged, tally)
                self._compare(found, step.judged, tally)
            elif step.judged.proven:  # the word of others, which nobody is told about, would hide what was slipped in
                self._inventory.mark_listed(locate_logs(self._reader.objects, found, step.judged))
                self._tell_listed(step.judged, whole=False)
            if self._list_beyond(step.judged):
                return found
        return None

    def _list_beyond(self, judged: Judged) -> bool:
        """List where the predecessor lies when that was not listed: trails move to other prefixes and buckets."""
        digest = judged.digest
        if digest is None or digest.previous is None or not judged.proven:
            return False
        wanted = digest.previous.location
        more = self._reader.objects.beyond((wanted.bucket, wanted.key))
        if more is None:
            return False
        self._add(more, self._inventory.add_digest)
        return True

    def _add(self, more: Iterable[Object | Fault], add: Callable[[Object], None]) -> None:
        for found in more:
            if isinstance(found, Fault):
                self.asked = replace(self.asked, certain=False)
                self.tell(about_listing(found))
            else:
                add(found)
        self._inventory.settle()

    def _note_digest(self, found: Object, judged: Judged, tally: ChainTally) -> None:
        tally.digests += 1
        self._done[0] += 1
        if judged.proven:
            tally.digests_proven += 1
            coverage.add(tally.spans, judged.loaded.window)
            if tally.chain.region == tally.chain.home:  # only there does a log tell why a trail stopped
                self._inventory.mark_proven(found, judged.loaded.name)
            if judged.key is not None:
                self.keys[judged.key.sha256] = judged.key
        before = self._before.get(tally.chain)
        if before is not None and state.is_digest_of(before, judged):
            self.seen_checkpoints.add(tally.chain)
            if changed := state.replaced(tally.chain, before, judged):
                self.tell(changed, tally)
        reason = judged.proof.value if judged.proof else (judged.findings[0].sentence if judged.findings else "")
        self._tell_file(FileVerdict("digest", judged.loaded.key, judged.status.value, reason))

    def _compare(self, found: Object, judged: Judged, tally: ChainTally) -> None:
        """Have a digest's logs compared; those of a digest that is known to be false are not: what for?"""
        entries = judged.digest.logs if judged.digest else ()
        tally.logs += len(entries)
        if judged.status is Status.FAILED:
            tally.unproven += len(entries)
            self._inventory.mark_listed(locate_logs(self._reader.objects, found, judged))
            for entry in entries if self._hearers.file else ():
                self._tell_file(FileVerdict("log", entry.location.key, Status.UNPROVEN.value, judged.evidence))
        elif entries:
            self._reader.compare(found, judged, entries)
        self._tell_listed(judged, whole=True)
        for compared in self._reader.compared():
            self._note_logs(compared, tally)
        self._hearers.step(*self._done)

    def _tell_listed(self, judged: Judged, *, whole: bool) -> None:
        """Tell which logs a digest lists: all, or those of the span asked about when the digest lies outside of it."""
        if self._hearers.listed is None or judged.digest is None:
            return
        entries: Sequence[LogEntry] = judged.digest.logs
        if not whole:
            named = ((entry, log_name(entry.location.key)) for entry in entries)
            entries = [each for each, name in named if name and self.asked.touches((name.time, name.time + MINUTE))]
        if entries:
            self._hearers.listed([Listed(entry, judged) for entry in entries])

    def _tell_file(self, verdict: FileVerdict) -> None:
        if self._hearers.file:
            self._hearers.file(verdict)

    def _note_logs(self, compared: Compared, tally: ChainTally) -> None:
        self._inventory.mark_listed(compared.places)
        self.held += compared.held
        self._done[1] += len(compared.verdicts)
        for verdict in compared.verdicts:
            if verdict.status is Status.PROVEN:
                tally.proven += 1
            elif verdict.status is Status.FAILED:
                tally.failed += 1
            else:
                tally.unproven += 1
            if verdict.finding:
                self.tell(verdict.finding, tally)
            if self._hearers.file:
                reason = verdict.finding.sentence if verdict.finding else compared.judged.evidence
                self._tell_file(FileVerdict("log", verdict.entry.location.key, verdict.status.value, reason))

    def _finish(self, walk: ChainWalk, tally: ChainTally) -> None:
        tally.spans = coverage.merge(tally.spans)
        for each in walk.finish():
            self.tell(each, tally)
        for restart in walk.restarts:
            if not self.asked.touches(restart.window):
                continue
            since, until = restart.window
            # Whether it is an honest one is told by log files and other regions that nobody asked about, too.
            self._add(self._reader.objects.around(walk.chain.account, since, until), self._inventory.add)
            unlisted = self._inventory.unlisted(walk.chain.account, walk.chain.region, since, until)
            self.restarts.append((restart, next(unlisted, None) is not None))
        if walk.newest is not None:
            self.checkpoints.append((walk.chain, state.checkpoint(walk.newest)))

    def _unlisted(self, account: str, region: str, tallies: Sequence[ChainTally]) -> None:
        """Tell of log files that no digest lists; those of one kind that nobody can be blamed for together."""
        known = self.accounted[account, region]
        others: dict[Why, list[tuple[str, datetime]]] = {Why.PENDING: [], Why.UNDIGESTED: []}
        counts, unlisted = dict.fromkeys(others, 0), 0
        tally = tallies[0] if tallies else None
        for key, name in self._inventory.unlisted(account, region, self.asked.since, self.asked.until):
            reason = why(name.time, known)
            self._tell_file(FileVerdict("log", key, reason.value.removeprefix("log."), KINDS[reason.value][1]))
            if reason is Why.UNLISTED:
                unlisted += 1
                self.unlisted_names.add(base_name(key))
                span = (name.time, name.time + MINUTE)
                chain = tally.chain if tally else None
                self.tell(finding("log.unlisted", key=key, chain=chain, span=span), tally)
                continue
            counts[reason] += 1
            seen = others[reason]
            seen[limits.FINDING_SAMPLES :] = [(key, name.time)]  # the first few, and the last
        if tally:
            tally.unlisted, tally.pending = unlisted, counts[Why.PENDING]
            tally.undigested = counts[Why.UNDIGESTED]
        for reason, seen in others.items():
            if seen:
                code = reason.value if tallies else "coverage.no_digests"
                self.tell(_several(code, account, region, tally, counts[reason], seen), tally)

    def tell(self, found: Finding, tally: ChainTally | None = None) -> None:
        if not self.asked.certain and found.severity is Severity.FAILED and found.code in _OF_ABSENCE:
            found = replace(found, severity=Severity.INCOMPLETE, sentence=f"{found.sentence}; not all could be listed")
        self.findings.add(found)
        tally = tally or next((each for each in self.tallies if each.chain == found.chain), None)
        if tally and found.code.startswith("coverage."):
            tally.gaps += 1
        if tally and found.severity > Severity.INFO and (tally.worst is None or found.severity > tally.worst.severity):
            tally.worst = found


def about_listing(fault: Fault) -> Finding:
    """Make the finding of what could not, or must not, be listed."""
    code = "listing.outside" if fault.kind == "file.outside" else "listing.unreadable"
    return finding(code, f"{fault.path} {fault.reason}", key=fault.path)


def _several(
    code: str, account: str, region: str, tally: ChainTally | None, count: int, seen: Sequence[tuple[str, datetime]]
) -> Finding:
    """Make one finding of several log files of which only some are named."""
    files = "1 log file" if count == 1 else f"{count} log files"
    detail = f"{files} of account {account}, region {region}, such as {seen[0][0]}"
    if code == "coverage.no_digests":
        detail += "; name a folder or prefix that holds CloudTrail-Digest as well as CloudTrail"
    return finding(
        code,
        detail,
        key=seen[0][0] if count == 1 else None,
        chain=tally.chain if tally else None,
        span=(seen[0][1], seen[-1][1] + MINUTE),
        count=count,
        samples=tuple(key for key, _ in seen),
    )
