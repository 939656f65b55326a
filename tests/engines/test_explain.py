"""What `--explain` tells: what would be read, and less of it the more a question narrows; nothing is run."""

from __future__ import annotations

import json
import time
from typing import Any

import pyarrow.parquet as parquet
import pytest

from ctaudit import asking
from ctaudit.engines.athena_cost import charged
from ctaudit.engines.athena_cost import usd as price
from ctaudit.engines.sql import Bounds, Question
from ctaudit.errors import QueryError
from ctaudit.query import Span
from ctaudit.store.layout import Layout
from tests.conftest import Ask, Case
from tests.trail.company import PRODUCTION

WHOLE = Span()
NIGHT = Span(since="2026-03-11T00:00:00Z")


def explained(case: Case, sql: str, span: Span = WHOLE, within: Span = WHOLE) -> dict[str, Any]:
    question = Question(sql, within=within)
    return dict(asking.explained(Layout(case.store), question, span, Bounds()).content)


def stored(case: Case, *columns: str) -> int:
    """Add up by ourselves what some columns take in all segments."""
    found = 0
    for path in case.store.glob("events/date=2026*/*.parquet"):
        metadata = parquet.ParquetFile(path).metadata
        for group in map(metadata.row_group, range(metadata.num_row_groups)):
            for column in map(group.column, range(group.num_columns)):
                if any(
                    column.path_in_schema == name or column.path_in_schema.startswith(f"{name}.") for name in columns
                ):
                    found += column.total_compressed_size
    return found


def test_bytes_are_those_of_the_columns_read(case: Case) -> None:
    told = explained(case, "SELECT eventname, count(*) FROM cloudtrail_logs GROUP BY ALL")
    assert told["bytes"]["scanned_at_most"] == stored(case, "eventname")
    assert told["scans"][0]["columns"] == ["eventname"]
    assert told["bytes"]["scanned_at_most"] < told["bytes"]["after_pruning"] / 10


def test_a_part_of_a_nested_column_is_told_as_that_part(case: Case) -> None:
    told = explained(case, "SELECT useridentity.arn FROM cloudtrail_logs WHERE useridentity.type = 'Root'")
    assert told["scans"][0]["columns"] == ["useridentity.arn", "useridentity.type"]
    assert told["bytes"]["scanned_at_most"] == stored(case, "useridentity.arn", "useridentity.type")


def test_what_the_conditions_name_is_read_too_and_texts_are_no_columns(case: Case) -> None:
    told = explained(case, "SELECT count(*) FROM cloudtrail_logs WHERE eventname = 'requestparameters eventid'")
    assert told["scans"][0]["columns"] == ["eventname"]
    assert "requestparameters eventid" in told["scans"][0]["filters"][0]


def test_each_reading_of_the_events_counts(case: Case) -> None:
    once = explained(case, "SELECT eventid FROM cloudtrail_logs")
    twice = explained(case, "SELECT a.eventid FROM cloudtrail_logs a JOIN cloudtrail_logs b USING (eventid)")
    assert len(twice["scans"]) == 2
    assert twice["bytes"]["scanned_at_most"] == 2 * once["bytes"]["scanned_at_most"]
    assert explained(case, "SELECT 1")["scans"] == []


def test_the_span_prunes_segments_and_partitions(case: Case) -> None:
    told = explained(case, "SELECT eventid FROM cloudtrail_logs", NIGHT)
    assert told["segments"]["store"] == 3
    assert told["segments"]["after_pruning"] == told["segments"]["read"] == 1
    assert 0 < told["partitions"]["after_pruning"] < told["partitions"]["store"]
    assert 0 < told["rows"]["scanned_at_most"] < told["rows"]["store"]
    assert told["span"]["since"] == "2026-03-11T00:00:00Z"


def test_a_derived_span_prunes_alike_and_is_told(case: Case) -> None:
    asked = explained(case, "SELECT eventid FROM cloudtrail_logs", NIGHT)
    derived = explained(case, "SELECT eventid FROM cloudtrail_logs", within=NIGHT)
    for key in ("partitions", "segments", "rows", "bytes"):
        assert derived[key] == asked[key]
    assert derived["derived_span"]["since"] == "2026-03-11T00:00:00Z"
    assert derived["span"]["since"] is None


def test_a_condition_on_the_date_passes_over_segments(case: Case) -> None:
    told = explained(case, "SELECT eventid FROM cloudtrail_logs WHERE date = '2026-03-10'")
    assert told["segments"] == {"store": 3, "after_pruning": 3, "read": 1}
    assert 0 < told["bytes"]["scanned_at_most"] < stored(case, "eventid", "file_id")


PRUNED = [
    ("SELECT eventid FROM cloudtrail_logs WHERE eventtime >= '2026-03-11' ORDER BY ALL", NIGHT),
    ("SELECT count(*) FROM cloudtrail_logs WHERE date = '2026-03-09'", Span(until="2026-03-10T00:00:00Z")),
    (
        f"SELECT region, count(*) FROM cloudtrail_logs WHERE account = '{PRODUCTION}' GROUP BY ALL ORDER BY ALL",
        Span(accounts=(PRODUCTION,)),
    ),
    (
        "SELECT max(eventtime), count(*) FROM cloudtrail_logs WHERE region = 'eu-central-1' AND date > '2026-03-10'",
        Span(since="2026-03-11T00:00:00Z", regions=("eu-central-1",)),
    ),
    ("SELECT count(*) FROM cloudtrail_logs WHERE eventtime > '2030'", Span(since="2030-01-01T00:00:00Z")),
]


@pytest.mark.parametrize(("sql", "within"), PRUNED)
def test_a_derived_span_changes_no_row_and_no_word_beside(sql: str, within: Span, case: Case) -> None:
    whole = asking.table(Layout(case.store), Question(sql), WHOLE, Bounds())
    pruned = asking.table(Layout(case.store), Question(sql, within=within), WHOLE, Bounds())
    assert pruned == whole


def test_a_derived_span_opens_no_segment_outside_it(case: Case) -> None:
    """The view itself is left as it is, so a count of all rows shows which segments are behind it."""
    counted = Question("SELECT DISTINCT date FROM cloudtrail_logs", within=NIGHT)
    assert asking.table(Layout(case.store), counted, WHOLE, Bounds()).rows == [("2026-03-11",)]


def test_our_own_setup_is_run_before_the_sandbox_is_shut(case: Case) -> None:
    question = Question(
        "SELECT twice(n) FROM lake",
        setup=("CREATE VIEW lake AS SELECT count(*) AS n FROM cloudtrail_logs", "CREATE MACRO twice(x) AS x * 2"),
        relations=frozenset(["lake"]),
    )
    doubled = Question("SELECT 2 * count(*) FROM cloudtrail_logs")
    expected = asking.table(Layout(case.store), doubled, WHOLE, Bounds()).rows
    assert asking.table(Layout(case.store), question, WHOLE, Bounds()).rows == expected


def test_nothing_is_run(case: Case, ask: Ask) -> None:
    begun = time.monotonic()
    endless = "SELECT count(*) FROM cloudtrail_logs, range(100000000000), range(100000000000)"
    done = ask("query", endless, "--dialect", "duckdb", "--explain", "--format", "json", folder=case.folder)
    assert time.monotonic() - begun < 5
    assert json.loads(done.out)["sql"] == endless


def test_what_may_not_run_is_not_explained(case: Case) -> None:
    for sql in ("FROM read_text('/etc/passwd')", "SELECT nosuch FROM cloudtrail_logs", "SELECT 1; SELECT 2", ""):
        with pytest.raises(QueryError):
            explained(case, sql)


def test_the_command_tells_it_as_text_and_json(case: Case, ask: Ask) -> None:
    asked = ("query", "SELECT eventid FROM cloudtrail_logs", "--explain")
    text = ask(*asked, folder=case.folder)
    assert text.code == 3  # the sample has a damaged file
    assert "bytes.scanned_at_most" in text.out
    assert "prices vary" in text.out
    document = json.loads(ask(*asked, "--format", "json", folder=case.folder).out)
    assert list(document) == [
        *("sql", "dialect", "span", "derived_span", "partitions", "segments", "rows", "bytes", "scans", "athena"),
    ]  # fmt: skip
    assert document["athena"]["bytes_charged"] == charged(0)
    assert document["dialect"] == "athena"


@pytest.mark.parametrize(("scanned", "usd"), [
    (0, 0.000048),
    (10 * 1024**2, 0.000048),
    (10 * 1024**2 + 1, 0.000052),
    (1024**3, 0.004883),
    (1024**4, 5.0),
    (3 * 1024**4, 15.0),
])  # fmt: skip
def test_the_price_is_by_the_megabyte_with_ten_at_least(scanned: int, usd: float) -> None:
    assert price(charged(scanned)) == usd
