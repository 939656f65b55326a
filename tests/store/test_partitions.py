"""Partitions: account × region × date, counted rightly, and used to read no more than a question needs."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

import ctaudit
from ctaudit.query import Span
from ctaudit.store import reader
from ctaudit.store.layout import Layout
from tests.cli.evidence import event
from tests.conftest import Case
from tests.store.stores import put, select
from tests.trail.company import ACCOUNTS, PRODUCTION, REGIONS

pytestmark = pytest.mark.slow

GROUPED = """
  SELECT account, region, date, count(*), min(eventtime), max(eventtime) FROM cloudtrail_logs
  GROUP BY ALL ORDER BY account, region, date
"""


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of events that lack a time, an account, a region, or all of these."""
    folder = tmp_path_factory.mktemp("odd")
    lacks: list[dict[str, str | None]] = [{}, {"eventTime": "soon"}, {"recipientAccountId": None}, {"awsRegion": None}]
    everything = {key: value for lack in lacks for key, value in lack.items()}
    later: dict[str, str | None] = {"eventTime": "2026-02-05T00:00:00Z"}
    wanted = [*lacks, everything, later, {**later, **lacks[2]}]
    records = [event(number, **fields) for number, fields in enumerate(wanted)]
    put(folder / "odd.json", records)
    ctaudit.ingest(folder / "store", [str(folder / "odd.json")], jobs=1)
    return folder / "store"


def partitions(store: Path) -> list[tuple[object, ...]]:
    table = ctaudit.open(store).partitions()
    names = ("account", "region", "date", "rows", "first_time", "last_time")
    return [tuple(row[name] for name in names) for row in table]


def test_the_table_is_what_grouping_the_events_gives(case: Case) -> None:
    assert partitions(case.store) == select(case.store, GROUPED)
    assert len(partitions(case.store)) == len(ACCOUNTS) * len(REGIONS) * 3


def test_the_table_of_odd_events_too(odd: Path) -> None:
    assert partitions(odd) == select(odd, GROUPED)
    assert (None, None, "unknown", 1, None, None) in partitions(odd)


def test_bytes_are_shared_out_without_loss(case: Case) -> None:
    shares = sum(row["bytes"] for row in ctaudit.open(case.store).partitions())  # type: ignore[misc]
    files = sum(path.stat().st_size for path in case.store.glob("events/date=2026*/*.parquet"))
    assert abs(shares - files) <= len(partitions(case.store))


def test_the_catalog_has_the_table_for_anyone(odd: Path) -> None:
    shown = "SELECT account, region, date, rows, first_time, last_time FROM partitions ORDER BY account, region, date"
    assert select(odd, shown) == partitions(odd)


SPANS = {
    "all": Span(),
    "a day": Span("2026-03-10T00:00:00Z", "2026-03-11T00:00:00Z"),
    "an hour": Span("2026-03-11T01:00:00Z", "2026-03-11T02:00:00Z"),
    "from a moment on": Span(since="2026-03-11T03:00:00Z"),
    "until a moment": Span(until="2026-03-09T00:00:01Z"),
    "an account": Span(accounts=(PRODUCTION,)),
    "a region of a day": Span("2026-03-10T00:00:00Z", "2026-03-11T00:00:00Z", regions=("eu-west-1",)),
    "nothing": Span("2031-01-01T00:00:00Z"),
    "nobody": Span(accounts=("000000000000",)),
}
FEWER = {"a day", "an hour", "from a moment on", "until a moment", "a region of a day", "nothing", "nobody"}


@pytest.mark.parametrize("name", SPANS)
def test_a_span_reads_every_segment_it_needs_and_few_others(name: str, case: Case) -> None:
    span = SPANS[name]
    with duckdb.connect() as connection:
        snapshot = reader.snapshot(connection, Layout(case.store), span)
    everything = {str(path) for path in case.store.glob("events/date=2026*/*.parquet")}
    needed = {path for path in everything if rows_in(path, span)}
    chosen = set(snapshot.segments) & everything
    assert needed <= chosen
    assert (chosen < everything) == (name in FEWER)
    if needed:
        assert snapshot.events >= sum(rows_in(path, span) for path in needed)


def rows_in(path: str, span: Span) -> int:
    """Count the rows of a span in one segment, row by row."""
    tests = ["true"]
    tests += [f"eventtime >= '{span.since}'"] * (span.since is not None)
    tests += [f"eventtime < '{span.until}'"] * (span.until is not None)
    tests += [f"account IN {(*span.accounts, '')}"] * bool(span.accounts)
    tests += [f"awsregion IN {(*span.regions, '')}"] * bool(span.regions)
    with duckdb.connect() as connection:
        row = connection.execute(f"SELECT count(*) FROM '{path}' WHERE {' AND '.join(tests)}").fetchone()
    assert row is not None
    return int(row[0])


def test_every_event_name_of_a_span_is_known_before_a_segment_is_read(case: Case) -> None:
    with duckdb.connect() as connection:
        names = reader.snapshot(connection, Layout(case.store), Span()).names
    asked = "SELECT DISTINCT eventsource, eventname, readonly::BOOLEAN FROM cloudtrail_logs"
    assert set(names) == set(select(case.store, asked))


def test_events_that_a_filter_cannot_judge_are_told(odd: Path) -> None:
    store = ctaudit.open(odd)

    def left_out(**span: str) -> tuple[str, ...]:
        return store.timeline(**span).partial  # type: ignore[arg-type]

    unjudged = "events have {}, so the filter could not judge them"
    assert left_out() == ()
    assert left_out(since="2026-02-01") == (f"2 {unjudged.format('no usable time')}",)
    assert left_out(account="111122223333") == (f"3 {unjudged.format('no account')}",)
    assert left_out(region="eu-west-1") == (f"2 {unjudged.format('no region')}",)


def test_events_that_fail_the_other_filters_anyway_are_not_told(odd: Path) -> None:
    """Of the three without an account one is of February 5th, one of the 3rd, and one has no time either."""
    partial = ctaudit.open(odd).timeline(since="2026-02-04", until="2026-02-06", account="111122223333").partial
    unjudged = "events have {}, so the filter could not judge them"
    assert partial == (f"2 {unjudged.format('no usable time')}", f"2 {unjudged.format('no account')}")


def test_events_without_a_place_are_found_when_nothing_is_asked_of_it(odd: Path) -> None:
    table = ctaudit.open(odd).timeline()
    assert len(table) == 7
    assert [row["time"] for row in table][-2:] == [None, None]
    assert {(row["account"], row["region"]) for row in table} >= {(None, None), (None, "eu-west-1")}
