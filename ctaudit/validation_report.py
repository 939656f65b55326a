"""A validation's report as tables and as one document: its keys are a contract with scripts, new ones come last."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ctaudit.integrity.verdict import Severity, spelled
from ctaudit.table import Column, Table, Value
from ctaudit.tallies import ChainTally
from ctaudit.validate import Report

_SEVERITIES = {"failed": "red", "error": "red", "incomplete": "yellow", "warning": "yellow", "info": "dim"}
_WORDS = {Severity.FAILED: "failed", Severity.ERROR: "error", Severity.INCOMPLETE: "incomplete"}

_CHAINS = (
    Column("trail", 2),
    Column("account", 0),
    Column("region", 0),
    Column("digests", 1, right=True),
    Column("digests_proven", 3, right=True),
    Column("logs", 0, right=True),
    Column("proven", 0, right=True),
    Column("failed", 0, right=True),
    Column("unproven", 0, right=True),
    Column("pending", 4, right=True),
    Column("from", 3),
    Column("until", 3),
    Column("gaps", 2, right=True),
    Column("worst", 0),
)
_FINDINGS = (
    Column("severity", 0, styles=_SEVERITIES),
    Column("code", 0),
    Column("account", 3),
    Column("region", 3),
    Column("trail", 5),
    Column("from", 4),
    Column("until", 4),
    Column("object", 2),
    Column("sentence", 0),
    Column("expected", 7),
    Column("found", 7),
    Column("proven_by", 6),
    Column("count", 6, right=True),
    Column("samples", 8),
)


def verdict(report: Report, *, strict: bool = False) -> str:
    """Return `proven`, `failed`, `error` or `incomplete`: what it all comes to; `strict` takes warnings as failures."""
    worst = report.worst
    if strict and any(found.severity is Severity.WARNING for found in report.findings):
        return "failed"
    return "proven" if worst is None or worst < Severity.INCOMPLETE else _WORDS[worst]


def chain_table(report: Report) -> Table:
    """Return one row for each chain."""
    rows = [tuple(_chain(tally).values()) for tally in report.chains]
    return Table(_CHAINS, [row[: len(_CHAINS)] for row in rows], len(rows))


def finding_table(report: Report) -> Table:
    """Return one row for each finding, the worst first."""
    rows = [tuple(_values(found.content().values())) for found in report.findings]
    return Table(_FINDINGS, rows, len(rows))


def content(report: Report, verdict: str) -> dict[str, Any]:
    """Return everything, for JSON."""
    return {
        "verdict": verdict,
        "chains": [
            _chain(tally) | {"spans": [list(map(spelled, span)) for span in tally.spans]} for tally in report.chains
        ],
        "findings": [found.content() for found in report.findings],
        "public_keys": [{"fingerprint": key.fingerprint, "sha256": key.sha256} for key in report.keys],
        "recorded": report.recorded,
    }


def summary(report: Report, verdict: str) -> str:
    """Return one sentence that says what the whole comes to."""
    counts = {name: sum(getattr(tally, name) for tally in report.chains) for name in _COUNTED}
    graves = {severity: sum(found.severity is severity for found in report.findings) for severity in Severity}
    told = ", ".join(f"{count:,} {severity.word}" for severity, count in sorted(graves.items(), reverse=True) if count)
    gaps = "gap" if counts["gaps"] == 1 else "gaps"
    named = {"unlisted": "slipped in", "undigested": "without a digest", "pending": "too young for one", "gaps": gaps}
    beside = "".join(f", {counts[name]:,} {words}" for name, words in named.items() if counts[name])
    return (
        f"{verdict}: {counts['digests_proven']:,} of {counts['digests']:,} digests and {counts['proven']:,} of "
        f"{counts['logs']:,} log files proven, {counts['failed']:,} failed, {counts['unproven']:,} unproven"
        f"{beside}; findings: {told or 'none'}"
    )


_COUNTED = (
    *("digests", "digests_proven", "logs", "proven", "failed", "unproven"),
    *("unlisted", "undigested", "pending", "gaps"),
)


def _chain(tally: ChainTally) -> dict[str, Value]:
    chain = tally.chain
    return {
        "trail": f"{chain.trail} (backfill)" if chain.backfill else chain.trail,
        "account": chain.account,
        "region": chain.region,
        "digests": tally.digests,
        "digests_proven": tally.digests_proven,
        "logs": tally.logs,
        "proven": tally.proven,
        "failed": tally.failed,
        "unproven": tally.unproven,
        "pending": tally.pending,
        "from": spelled(tally.spans[0][0]) if tally.spans else None,
        "until": spelled(tally.spans[-1][1]) if tally.spans else None,
        "gaps": tally.gaps,
        "worst": tally.worst.code if tally.worst else None,
        "home": chain.home,
        "unlisted": tally.unlisted,
        "undigested": tally.undigested,
    }


def _values(values: Iterable[object]) -> Iterable[Value]:
    for value in values:
        assert value is None or isinstance(value, str | int | list)
        yield value
