"""Answer `anomalies`: what is unusual, as rows and cards, of which some may be known, suppressed or not asked for."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ctaudit import given
from ctaudit.anomalies.anomaly import Severity
from ctaudit.anomalies.ground import DAY, HISTORY_DAYS, HOUR, Ground
from ctaudit.anomaly_memory import Memory, recall
from ctaudit.anomaly_report import FALSE_DISCOVERIES, Found, Judged, find, kinds
from ctaudit.anomaly_table import COLUMNS, PARAMETERS, card, row
from ctaudit.anomaly_words import moment, number
from ctaudit.cards import Card
from ctaudit.errors import UsageError
from ctaudit.query import Answer, Span
from ctaudit.store.layout import Layout
from ctaudit.suppressions import Suppression, without
from ctaudit.table import Document, Table, Value

Beside = Callable[[Answer, Span, str], tuple[tuple[str, ...], tuple[str, ...]]]
"""Says what must be said beside an answer of a span, and what makes it partial; the text is for an empty one."""
NOTHING = "nothing unusual was found"
SEVERITIES = tuple(each.word for each in Severity)
_PLACES = 10
"""Accounts and regions whose history `--explain` tells."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which anomalies are reported."""

    least: Severity = Severity.LOW
    kinds: tuple[str, ...] = ()
    """Kinds or families; empty means all."""
    suppressions: tuple[Suppression, ...] = ()
    now: str = ""
    """When suppressions must still hold."""
    explain: bool = False
    new: bool = False
    """Whether those are left out that an earlier run reported."""
    geoip: tuple[Path, ...] = ()
    """Databases that tell where addresses are."""

    def found(self, layout: Layout, span: Span) -> Found:
        """Return all that is unusual in a span."""
        if not self.geoip:
            return find(layout, span)
        from ctaudit.sources.geoip import locator  # only where there is a database

        return find(layout, span, locator(self.geoip))


@dataclass(frozen=True, slots=True)
class Anomalies:
    """What is unusual."""

    table: Table
    """A row for each anomaly, the worst first."""
    cards: tuple[Card, ...]
    """What a terminal and a picture show of each row."""
    memory: Memory = field(repr=False)
    """What is known once these were told."""


def wanted(options: Mapping[str, Any]) -> tuple[Wanted, dict[str, Any]]:
    """Return what was asked for, checked, and the options that are left: those of a span.

    Options: `min_severity`: `low`, `medium` or `high`; `kind`: kinds or families; `suppressions`, and `now`, a time, at
    which they must hold; `explain` adds what the numbers were computed with; `since_last_run` leaves out what an
    earlier run reported; `geoip`: databases of MaxMind's format. Raises UsageError.
    """
    rest = dict(options)
    least = rest.pop("min_severity", SEVERITIES[0])
    if least not in SEVERITIES:
        raise UsageError(f"'{least}' is no severity", f"there are {', '.join(SEVERITIES)}")
    names, known = tuple(rest.pop("kind", ())), kinds()
    for name in names:
        if not any(_is(each, name) for each in known):
            raise UsageError(f"there is no kind of anomaly '{name}'", f"there are {', '.join(known)}" if known else "")
    suppressions, now = tuple(rest.pop("suppressions", ())), given.time("now", rest.pop("now", None))
    if suppressions and now is None:
        raise UsageError("now must be given where there are suppressions, since they end")
    flags = bool(rest.pop("explain", False)), bool(rest.pop("since_last_run", False))
    geoip = tuple(Path(each) for each in rest.pop("geoip", ()))
    return Wanted(Severity[least.upper()], names, suppressions, now or "", *flags, geoip), rest


def anomalies(layout: Layout, options: Mapping[str, Any], limit: int | None, beside: Beside) -> Anomalies:
    """Return what is unusual; options are those of `wanted`, and a span."""
    asked, span = _asked(layout, options)
    found = asked.found(layout, span)
    kept, notes = without(_chosen(found.anomalies, asked), asked.suppressions, asked.now)
    memory = recall(layout) if asked.new else Memory()
    if asked.new:
        fresh = memory.new(kept)
        notes = (*notes, *_before(len(kept) - len(fresh), memory))
        kept = fresh
    shown = kept[:limit]
    rows, cards, said = _told(layout, shown, asked.explain)
    columns = (*COLUMNS, PARAMETERS) if asked.explain else COLUMNS
    more, partial = beside(found.answer, found.span, NOTHING)
    notes = (*found.notes, *notes, *said, *(_explained(found) if asked.explain else ()), *more)
    table = Table(columns, rows, len(kept), notes, (*_unspoken(found.ground), *partial), found=bool(rows))
    until = moment(found.ground.until) if found.ground.hours > 0 else None
    return Anomalies(table, tuple(cards), memory.with_those(shown, until))


def insights(layout: Layout, options: Mapping[str, Any], beside: Beside) -> Document:
    """Return those of the anomalies that AWS would call Insights as a log file of CloudTrail's Insights events."""
    from ctaudit.anomaly_insights import events

    asked, span = _asked(layout, options)
    found = asked.found(layout, span)
    kept, notes = without(_chosen(found.anomalies, asked), asked.suppressions, asked.now)
    records = events(layout, [(each.anomaly, each.q) for each in kept], found.ground)
    more, partial = beside(found.answer, found.span, NOTHING)
    return Document({"Records": records}, (*found.notes, *notes, *more), (*_unspoken(found.ground), *partial))


def agreement(layout: Layout, options: Mapping[str, Any], beside: Beside) -> Table:
    """Return CloudTrail's own Insights in the logs beside our anomalies of the same kind."""
    from ctaudit.anomaly_insights import compared

    asked, span = _asked(layout, options)
    found = asked.found(layout, span)
    table = compared(layout, [each.anomaly for each in found.anomalies], span)
    more, partial = beside(found.answer, found.span, NOTHING)
    notes = (*found.notes, *table.notes, *more)
    return replace(table, notes=notes, partial=(*_unspoken(found.ground), *partial))


def _asked(layout: Layout, options: Mapping[str, Any]) -> tuple[Wanted, Span]:
    asked, span = wanted(options)
    return asked, given.span_of(layout, **span)


def _chosen(found: Sequence[Judged], asked: Wanted) -> list[Judged]:
    return [
        each
        for each in found
        if each.anomaly.severity >= asked.least
        and (not asked.kinds or any(_is(each.anomaly.kind, name) for name in asked.kinds))
    ]


def _is(kind: str, name: str) -> bool:
    return kind == name or kind.startswith(f"{name}.")


def _told(
    layout: Layout, shown: Sequence[Judged], explain: bool
) -> tuple[list[tuple[Value, ...]], list[Card], tuple[str, ...]]:
    """Return the rows and cards of anomalies, and what must be said of them."""
    if not shown:
        return [], [], ()
    from ctaudit.anomaly_samples import samples  # only where there is something to tell

    beside, said = samples(layout, [each.anomaly for each in shown])
    pairs, known = list(zip(shown, beside, strict=True)), kinds()
    rows = [row(each, sample, known, explain=explain) for each, sample in pairs]
    cards = [card(each, sample, known, explain=explain) for each, sample in pairs]
    return rows, cards, (*said, *_behind([sample.origins for sample in beside]))


def _behind(origins: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Say who stands behind most of several anomalies, and how to go on from there."""
    counts = Counter(origin for each in origins for origin in each)
    most = sorted(counts.items(), key=lambda each: (-each[1], each[0]))[:1]
    return tuple(
        f"{origin} stands behind calls of {count:,} of these {len(origins):,} anomalies; what else it made possible: "
        f"ctaudit blast-radius {shlex.quote(origin)}"
        for origin, count in most
        if count > 1
    )


def _before(count: int, memory: Memory) -> tuple[str, ...]:
    if not count:
        return ()
    them = "1 anomaly was" if count == 1 else f"{count:,} anomalies were"
    return (f"{them} reported by an earlier run, the last one until {memory.until or '?'}, and not told again",)


def _unspoken(known: Ground) -> tuple[str, ...]:
    """Say so when no log speaks for any hour that was to be judged: that nothing was found says nothing then."""
    if not known.covered:
        return ()  # a store without events, or without the account: the answer says so
    first = max(0, known.since // HOUR - known.first_hour)
    if any(bool(np.any(mask[first:])) for mask in known.covered.values()):
        return ()
    return ("the logs speak for no hour of the time that was to be judged",)


def _explained(found: Found) -> tuple[str, ...]:
    """Say what stands behind the numbers: tests, false discoveries, history, parameters of the families."""
    tests = "1 test was" if found.tests == 1 else f"{found.tests:,} tests were"
    notes = [
        f"{tests} made; of all that is found, {FALSE_DISCOVERIES:.0%} may be chance (false-discovery rate, "
        "Benjamini-Hochberg, each family with the same share; q is the rate at which an anomaly is still found)"
    ]
    places = sorted(found.ground.covered)
    for account, region in places[:_PLACES]:
        days = found.ground.history_days((account, region), found.ground.since)
        later = found.ground.history_days((account, region), found.ground.until)
        notes.append(
            f"history of {account or '?'} {region or '?'}: {days:.1f} of {HISTORY_DAYS} days before the first moment "
            f"judged, {later:.1f} before the last"
        )
    if len(places) > _PLACES:
        notes.append(f"and of {len(places) - _PLACES:,} more accounts and regions")
    judged = (found.ground.until - found.ground.since) / DAY
    notes.append(f"judged: {moment(found.ground.since)} to {moment(found.ground.until)}, {judged:.1f} days")
    for family, parameters in found.parameters.items():
        told = ", ".join(f"{name} {_spelled(value)}" for name, value in parameters.items())
        notes.append(f"{family}: {told or 'no parameters'}")
    return tuple(notes)


def _spelled(value: Value) -> str:
    return f"{number(value)}" if isinstance(value, float) else f"{value}"
