"""Verdicts on their way into the store: in batches while a validation runs, for every stored content at its end.

Without a store nothing is kept. Memory is that of one batch.
"""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Iterator, Sequence

from ctaudit import limits, times
from ctaudit.integrity.coverage import HOUR, clip
from ctaudit.integrity.loaded import Status
from ctaudit.integrity.names import base_name, log_name
from ctaudit.integrity.unlisted import MINUTE
from ctaudit.integrity.verdict import Finding, Severity, finding, spelled
from ctaudit.sources.files import path_of, shown
from ctaudit.store import proofs
from ctaudit.store.layout import Layout
from ctaudit.tallies import Listed
from ctaudit.validation import Validation

_BATCH = 20_000
_MOST_GAPS = 1000
_PACKED_ANEW = re.compile(r"(?:\.zst|\.bz2)?(?:#member\d+)?$")
"""What a content's path has behind the name that AWS gave the file."""
_WORTH = {Status.PROVEN: "proven", Status.UNPROVEN: "unproven", Status.FAILED: "void", Status.UNREAD: "void"}


class ProofLedger:
    """Takes what digests list, and gives the store's contents their verdicts."""

    def __init__(self, layout: Layout, validated: str, keys: frozenset[str] = frozenset()) -> None:
        """Write into the store at `layout`; `validated` is the time of the validation, RFC 3339, and `keys` the
        SHA-256 of the public keys it trusts.

        Raises StoreError when it cannot be written: better before the work than after it.
        """
        self._layout = layout
        self._validated = validated
        self._keys = keys
        self._run = proofs.begin(layout)
        self._waiting: list[proofs.Listing] = []
        self._buckets: set[str] = set()

    def add(self, listed: Sequence[Listed]) -> None:
        self._waiting += map(self._listing, listed)
        if len(self._waiting) >= _BATCH:
            self._flush()

    def _listing(self, listed: Listed) -> proofs.Listing:
        judged, entry = listed.judged, listed.entry
        key = entry.location.key
        if judged.proven:
            self._buckets.add(entry.location.bucket)
        return proofs.Listing(
            key,
            base_name(key),
            entry.sha256,
            _WORTH[judged.status],
            judged.name.encode(errors="backslashreplace").decode(),
            judged.digest.sha256 if judged.digest else "",
            judged.proof.value if judged.proof else None,
            judged.key.sha256 if judged.key else None,
            self._validated,
            self._run,
        )

    def _flush(self) -> None:
        if self._waiting:
            proofs.record(self._layout, self._waiting, self._keys)
            self._waiting = []

    def finish(self, run: Validation, *, whole: bool) -> None:
        """Give every content its verdict; `whole` says that all the store's evidence was looked at, not some of it."""
        self._flush()
        gaps = [_gap(found) for found in run.findings.kept if _is_gap(found)][:_MOST_GAPS]
        asked = run.asked
        proofs.replace_gaps(self._layout, list(run.accounted), spelled(asked.since), spelled(asked.until), gaps)
        self._store_windows(run)
        proofs.note_buckets(self._layout, self._buckets)
        proofs.settle_all(self._layout)
        for page in proofs.unjudged(self._layout):
            verdicts = [(file_id, word) for file_id, path in page if (word := _judge(path, run, whole))]
            if verdicts:
                proofs.judge(self._layout, verdicts)

    def _store_windows(self, run: Validation) -> None:
        since, until = run.asked.since, run.asked.until
        windows = {
            place: [
                (times.format_utc(part[0]), times.format_utc(part[1]))
                for window in account.proven
                if (part := clip(window, since, until)) is not None
            ]
            for place, account in run.accounted.items()
            if account.newest is not None  # without any digest there is no word to replace an earlier one
        }
        proofs.replace_windows(self._layout, windows, spelled(since), spelled(until), keep=not self._keys)


def _is_gap(found: Finding) -> bool:
    """Tell whether a finding means that events may be missing from every answer about its account, region and span."""
    known = found.code in ("log.missing", "digest.missing") or found.code.startswith("coverage.")
    return known and found.chain is not None and found.severity >= Severity.INCOMPLETE


def _gap(found: Finding) -> proofs.Gap:
    assert found.chain is not None  # it is a gap
    start, end = found.span
    early = start - HOUR if start and found.code.endswith(".missing") else start  # events are older than their delivery
    since, until = spelled(early), spelled(end)
    return proofs.Gap(found.chain.account, found.chain.region, since, until, found.code, found.key, found.sentence)


def _judge(path: str, run: Validation, whole: bool) -> str | None:
    """Return the verdict on a content that no digest lists, or None when nothing was looked at that could list it."""
    key = _PACKED_ANEW.sub("", path)
    name = log_name(key)
    if base_name(key) in run.unlisted_names:
        return "unlisted"
    looked = name is not None and (name.account, name.region) in run.accounted
    looked = looked and name is not None and run.asked.touches((name.time, name.time + MINUTE))
    return "unproven" if looked or whole else None


class LedgerFiles:
    """The digests and logs that the store knows, by path, and the hash that each had when it was ingested.

    Logs from archives, from standard input or packed anew lie at no place that a digest could name: they are known by
    their name, which is unique, and by that hash.
    """

    def __init__(self, layout: Layout) -> None:
        self._lock = threading.Lock()
        self._connection = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._connection.execute("CREATE TABLE held (path TEXT PRIMARY KEY, sha256 TEXT) WITHOUT ROWID")
        self._connection.executemany("INSERT OR IGNORE INTO held VALUES (?, ?)", proofs.files(layout))
        self._buckets = proofs.buckets(layout)
        self._connection.execute(
            "CREATE TABLE copies (name TEXT, sha256 TEXT, PRIMARY KEY (name, sha256)) WITHOUT ROWID"
        )
        self._connection.executemany("INSERT OR IGNORE INTO copies VALUES (?, ?)", proofs.copies(layout))

    @staticmethod
    def findings(layout: Layout) -> tuple[Finding, ...]:
        """Tell of what the store knows and what does not lie among its files."""
        found: list[Finding] = []
        if elsewhere := proofs.digests_elsewhere(layout):
            samples = tuple(elsewhere[: limits.FINDING_SAMPLES])
            detail = f"{len(elsewhere)} of them, such as {samples[0]}"
            found.append(finding("digest.elsewhere", detail, count=len(elsewhere), samples=samples))
        if buckets := proofs.buckets(layout):
            told = ", ".join(f"ctaudit validate {bucket}" for bucket in buckets[: limits.FINDING_SAMPLES])
            found.append(finding("log.in_bucket", told, count=len(buckets), samples=buckets[: limits.FINDING_SAMPLES]))
        return tuple(found)

    @property
    def in_buckets(self) -> tuple[str, ...]:
        """The buckets that files were read from: they are none of `paths`."""
        return self._buckets

    def paths(self) -> Iterator[str]:
        after = ""
        while True:
            with self._lock:
                page = self._connection.execute(
                    "SELECT path FROM held WHERE path > ? AND path NOT LIKE 's3://%' ORDER BY path LIMIT 5000", [after]
                ).fetchall()
            if not page:
                return
            yield from (path_of(path) for (path,) in page)
            after = page[-1][0]

    def sha256(self, path: str, wanted: str) -> str | None:
        """Return the hash of a file's content as it was ingested; None when it never was. Safe in several threads.

        When it lay nowhere else than in archives and the like, it is the copy with the hash that is `wanted`, if any.
        """
        names = (shown(path), shown(path.removesuffix(".gz")))
        with self._lock:
            row = self._connection.execute("SELECT sha256 FROM held WHERE path IN (?, ?)", names).fetchone()
            row = (
                row
                or self._connection.execute(
                    "SELECT sha256 FROM copies WHERE name = ? ORDER BY sha256 = ? DESC LIMIT 1",
                    (base_name(path), wanted),
                ).fetchone()
            )
        return None if row is None else str(row[0])
