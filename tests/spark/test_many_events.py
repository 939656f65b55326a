"""The lookups and SQL by Spark on 300,000 events: the rows that the store gives, in every column."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import ctaudit
from ctaudit import Filters
from ctaudit.export import Into, export_lake
from ctaudit.on_spark import OnSpark
from ctaudit.table import Table
from tests.spark.running import SETTINGS, needs_spark

pytestmark = [needs_spark, pytest.mark.slow]

EVENTS = 300_000
_CORPUS = Path(__file__).parents[2] / "benchmarks" / "corpus.py"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("many")
    written = [sys.executable, str(_CORPUS), str(folder / "logs"), "--events", str(EVENTS), "--files", "600"]
    subprocess.run(written, check=True, stdout=subprocess.DEVNULL)
    summary = ctaudit.ingest(folder / "store", [str(folder / "logs")])
    assert summary.events == EVENTS
    return folder / "store"


@pytest.fixture(scope="module")
def spark(store: Path) -> Iterator[OnSpark]:
    lake = store.parent / "lake"
    export_lake(store, Into(str(lake), ("date",)), now=datetime(2026, 4, 1, tzinfo=UTC))
    opened = OnSpark(str(lake), "local[2]", store, settings=SETTINGS)
    yield opened
    opened.close()


LOOKUPS: dict[str, tuple[str, tuple[str, ...], dict[str, Any]]] = {
    "a bucket's end": ("who_deleted", ("finance-ledger-archive",), {}),
    "whatever happened to a kind of things": ("who_touched", ("mobile-staging-*",), {"limit": 200}),
    "what was created on a day": ("timeline", (), {"since": "2026-01-12", "until": "2026-01-13", "limit": 500}),
    "a role's failures": (
        "what_did",
        ("search-deploy-role",),
        {"filters": Filters(outcomes=("failed",)), "limit": 300},
    ),
    "a role, counted by who is behind it": ("what_did", ("portal-node-role",), {"by": "origin", "since": "2026-01-20"}),
    "an account's changes": (
        "timeline",
        (),
        {"account": "222233334444", "filters": Filters(writes=True), "limit": 300},
    ),
}
SQL = {
    "by service and error": "SELECT eventsource, errorcode, count(*) AS n FROM t GROUP BY 1, 2 ORDER BY n DESC, 1, 2",
    "by hour": (
        "SELECT date_format(date_trunc('hour', from_iso8601_timestamp(eventtime)), '%Y-%m-%d %H') AS hour, count(*)"
        " AS n FROM t WHERE eventtime >= '2026-01-05' AND eventtime < '2026-01-08' GROUP BY 1 ORDER BY 1"
    ),
    "parameters": (
        "SELECT json_extract_scalar(requestparameters, '$.bucketName') AS bucket, count(DISTINCT sourceipaddress) AS n"
        " FROM t WHERE eventsource = 's3.amazonaws.com' GROUP BY 1 ORDER BY n DESC, 1 LIMIT 50"
    ),
}


@pytest.mark.parametrize("name", LOOKUPS)
def test_a_lookup_has_the_stores_rows(name: str, spark: OnSpark, store: Path) -> None:
    question, words, options = LOOKUPS[name]
    there, here = (getattr(each, question)(*words, **options) for each in (spark, ctaudit.open(store)))
    assert isinstance(here, Table)
    assert here.rows
    assert (there.rows, there.matched) == (here.rows, here.matched)


@pytest.mark.parametrize("name", SQL)
def test_sql_has_the_stores_rows(name: str, spark: OnSpark, store: Path) -> None:
    there, here = spark.query(SQL[name]), ctaudit.open(store).query(SQL[name])
    assert here.rows
    assert there.rows == here.rows
