"""The report of `ctaudit coverage`: rows of hours, the events that changed logging, strips, and what must be said."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ctaudit.coverage import Survey, survey
from ctaudit.engines import duck
from ctaudit.queries import coverage_words, hours, logging_changes
from ctaudit.queries.coverage import BUSY, LATE, Judged, Place, State, Stretch, days, share, stretches
from ctaudit.query import Span
from ctaudit.store.holdings import unread
from ctaudit.store.hour_counts import Counts
from ctaudit.store.hours import Reach
from ctaudit.store.layout import Layout
from ctaudit.table import Column, Shade, Strips, Table, Value

BY = ("span", "hour", "day")
"""What a row is about: hours of one state joined, each hour, or each day."""

_STATES = {"gap": "red", "silent": "yellow", "proven": "green"}
_COLUMNS = (
    Column("account", 0, named_by="account_name"),
    Column("region", 0),
    Column("since", 0),
    Column("until", 0),
    Column("state", 0, styles=_STATES),
    Column("hours", 2, right=True),
    Column("files", 3, right=True),
    Column("events", 3, right=True),
    Column("first_delivery", 5),
    Column("last_delivery", 4),
    Column("late", 4, right=True),
    Column("note", 1),
    Column("account_name", 9),
)
_SHADES = {
    "g": Shade("gap", "!", "!", "red"),
    "s": Shade("silent", ".", ".", "yellow"),
    "c": Shade("covered", "▓", "+"),
    "p": Shade("proven", "█", "#", "green"),
}
_NAMED = 5


@dataclass(frozen=True, slots=True)
class Report:
    """Which hours the logs speak for."""

    spans: Table
    """One row for each stretch of hours of an account and region; what must be said beside it."""
    changes: Table
    """The events that changed what is logged, or what becomes of the logs."""
    strips: Strips
    content: Mapping[str, Any]
    """All of it but the strips, for JSON."""


def report(layout: Layout, span: Span, by: str = "span", limit: int | None = None) -> Report:
    """Return which hours of the span the logs speak for; `limit` cuts the rows of hours alone."""
    found = survey(layout, span, late=LATE)
    buckets = found.spoken.buckets
    hits = duck.answer(layout, logging_changes.changes(Span(span.since, span.until, span.accounts)), None).hits
    changes, left_out = logging_changes.rows(hits, buckets)
    rows = [row for place, judged in found.places.items() for row in _rows(found, place, judged, by)]
    notes = (*_notes(found), *_left_out(left_out, len(changes) - len(changes[:limit])))
    spans = Table(_COLUMNS, rows[:limit], len(rows), notes, _partial(found))
    table = Table(logging_changes.COLUMNS, changes[:limit], len(changes))
    return Report(spans, table, _strips(found), _content(found, spans, table))


def _rows(found: Survey, place: Place, judged: Judged, by: str) -> Iterator[tuple[Value, ...]]:
    tally = _Tally(found.spoken.counts.get(place, {}), found.within.first)
    reach = found.spoken.places.get(place, Reach())
    if by == "day":
        for start, end, counts in days(judged, found.within):
            worst = next(state for state in State if counts[state])
            told = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
            mixed = told if counts[worst] < end - start else None
            yield _row(found, place, Stretch(start, end, worst), tally.of(start, end), mixed)
        return
    for stretch in stretches(judged):
        step = 1 if by == "hour" else stretch.hours
        for start in range(stretch.start, stretch.end, step):
            part = Stretch(start, start + step, stretch.state, stretch.causes)
            counts_of = tally.of(part.start, part.end)
            yield _row(found, place, part, counts_of, _note(part, counts_of, reach, found.within.count))


def _row(found: Survey, place: Place, part: Stretch, counts: Counts, note: str | None) -> tuple[Value, ...]:
    return (
        place[0] or None,
        place[1] or None,
        found.within.at(part.start),
        found.within.at(part.end),
        part.state.value,
        part.hours,
        counts.files,
        counts.events,
        counts.first,
        counts.last,
        counts.late,
        note,
        found.spoken.names.get(place[0]),
    )


class _Tally:
    """Adds up what the hours of an account and region have."""

    def __init__(self, counts: Mapping[int, Counts], first: int) -> None:
        self._counts = counts
        self._first = first
        self._hours = sorted(counts)

    def of(self, start: int, end: int) -> Counts:
        """Return what the hours from `start` on, before `end`, have together."""
        low, high = (bisect_left(self._hours, self._first + bit) for bit in (start, end))
        each = [self._counts[hour] for hour in self._hours[low:high]]
        return Counts(
            sum(one.events for one in each),
            sum(one.files for one in each),
            min((one.first for one in each if one.first), default=None),
            max((one.last for one in each if one.last), default=None),
            sum(one.late for one in each),
        )


def _note(part: Stretch, counts: Counts, reach: Reach, asked: int) -> str | None:
    """Say why a stretch has its state."""
    if part.state is State.GAP:
        return "; ".join(part.causes)
    if part.state is State.SILENT:
        return _about_silence(part, reach, asked)
    if counts.files or counts.events:
        return None
    if part.state is State.PROVEN:
        return "digests prove that nothing was delivered"
    return "digests list no log file"


def _about_silence(part: Stretch, reach: Reach, asked: int) -> str:
    """Say what silence may mean there: a region that is hardly ever idle has a hole."""
    if reach.last_heard is None:
        return "the store has no file of it at all"
    known = (reach.end or 0) - (reach.first or 0)
    usual = share(reach.active, known)
    if part.hours == asked:
        return f"no file; the last one heard of is of {hours.text_of(reach.last_heard)[:13]}:00Z"
    told = f"there are events in {coverage_words.number(usual)} % of its hours"
    return f"a hole: {told}" if usual >= BUSY * 100 else f"quiet, or a hole: {told}"


def _notes(found: Survey) -> tuple[str, ...]:
    notes = [coverage_words.sentence(found.places, found.within, found.spoken.names)] if found.asked else []
    late = sum(one.late for each in found.spoken.counts.values() for one in each.values())
    if late:
        files = "1 log file was" if late == 1 else f"{late:,} log files were"
        notes.append(f"{files} delivered an hour or more after the oldest event in it, see the column late")
    if silent := _silent_regions(found):
        named = "; ".join(silent[:_NAMED])
        more = f"; and {len(silent) - _NAMED:,} more" if len(silent) > _NAMED else ""
        notes.append(f"silent regions: {named}{more}")
    return tuple(notes)


def _silent_regions(found: Survey) -> list[str]:
    """Name the regions without a file in the span of which there was one before, or is one of the account's others."""
    heard = {
        place: any(one.files or one.events for one in found.spoken.counts.get(place, {}).values())
        for place in found.places
    }
    accounts = {account for (account, _), any_file in heard.items() if any_file}
    named: list[str] = []
    for place, any_file in heard.items():
        last = found.spoken.places.get(place, Reach()).last_heard
        proven = found.places[place].spoken == found.within.count
        if place[1] and not any_file and not proven and (last is not None or place[0] in accounts):
            before = f" (last heard of {hours.text_of(last)[:13]}:00Z)" if last is not None else ""
            account = coverage_words.called(place[0], found.spoken.names)
            named.append(f"{account} {place[1]}{before}")
    return named


def _left_out(others: int, more: int) -> tuple[str, ...]:
    """Say which events that changed logging, or may have, are not shown."""
    notes: list[str] = []
    if others:
        told = "1 change of a bucket is" if others == 1 else f"{others:,} changes of buckets are"
        notes.append(f"{told} not shown: digests and calls on trails name other buckets as the place of logs")
    if more:
        notes.append(f"{more:,} more events that changed logging are not shown; --limit 0 shows all")
    return tuple(notes)


def _partial(found: Survey) -> tuple[str, ...]:
    totals = found.spoken.totals
    sentences = [*unread(totals.faults, totals.unfinished)]
    if not found.asked:
        ends = totals.first_time, totals.last_time
        return (*sentences, coverage_words.nothing_asked(*ends))
    gap, silent = (sum(each.count(state) for each in found.places.values()) for state in (State.GAP, State.SILENT))
    if gap or silent:
        counted = "1 hour is a gap" if gap == 1 else f"{gap:,} hours are gaps"
        told = f"of the {found.asked:,} hours asked for {counted} and {silent:,} silent"
        digests = any(known.windows for known in found.spoken.known.values())
        advice = "" if digests or not silent else "; digests tell what was quiet, see: ctaudit validate"
        sentences.append(f"{told}{advice}")
    if undated := found.spoken.totals.undated:
        sentences.append(f"{undated:,} events have no usable time, so they speak for no hour")
    return tuple(sentences)


def _strips(found: Survey) -> Strips:
    letters = {State.GAP: "g", State.SILENT: "s", State.COVERED: "c", State.PROVEN: "p"}
    cells = tuple(
        "".join(letters[stretch.state] * stretch.hours for stretch in stretches(judged))
        for judged in found.places.values()
    )
    # The name stands last: where a label is cut, account and region must be left.
    labels = tuple(" ".join(filter(None, (*place, found.spoken.names.get(place[0])))) for place in found.places)
    return Strips(labels, cells, _SHADES, tuple(map(found.within.at, range(found.within.count))), "hour")


def _content(found: Survey, spans: Table, changes: Table) -> dict[str, Any]:
    counts = {state.value: sum(each.count(state) for each in found.places.values()) for state in State}
    return {
        "since": found.within.at(0) if found.within.count else None,
        "until": found.within.at(found.within.count) if found.within.count else None,
        "hours": {"asked": found.asked, **counts},
        "percent_covered": share(found.covered, found.asked) if found.asked else None,
        "percent_proven": share(counts["proven"], found.asked) if found.asked else None,
        "spans": spans.records(),
        "logging_changes": changes.records(),
    }
