"""`--engine athena`: the same rows as the store's own, one call after the other; what goes wrong is one sentence."""

from __future__ import annotations

import json
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import ctaudit
from ctaudit.engines import athena as engine
from ctaudit.errors import CtauditError, QueryError, QueryLimit, UsageError
from ctaudit.on_athena import Login, OnAthena, Settings, table_name
from tests.cli.processes import COMMAND, PATIENCE, environment, piped
from tests.cloud.athena import TABLE, Athena, page
from tests.cloud.lake import Lake
from tests.cloud.server import Cloud
from tests.conftest import Case
from tests.trail.bucket import Bucket
from tests.trail.company import PAYROLL_BUCKET, PAYROLL_SECRET

pytestmark = pytest.mark.slow

Ask = Callable[[ctaudit.investigate.Store], ctaudit.Table]


LOOKUPS: dict[str, Ask] = {
    "deleted": lambda store: store.who_deleted(PAYROLL_BUCKET),
    "caused": lambda store: store.who_deleted(PAYROLL_SECRET),
    "undone": lambda store: store.who_deleted(f"{PAYROLL_BUCKET}*", undo_at="2026-04-01"),
    "changed": lambda store: store.who_changed("example-*", since="2026-03-09"),
    "pattern": lambda store: store.who_touched("example-*", limit=40),
    "actor": lambda store: store.what_did("platform-admin", until="2026-03-12T06:00:00Z"),
    "failed": lambda store: store.timeline(filters=ctaudit.Filters(outcomes=("failed",)), region="us-east-1"),
    "named": lambda store: store.timeline(filters=ctaudit.Filters(events=("DeleteBucket", "StopLogging"))),
    "cut": lambda store: store.timeline(filters=ctaudit.Filters(services=("iam",)), limit=7),
    "all": lambda store: store.timeline(since="2026-03-11T12:00Z"),
}


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.slow] if name in ("changed", "pattern", "all") else []) for name in LOOKUPS],
)
def test_a_lookup_has_the_rows_of_the_store(name: str, athena: Athena, case: Case, lake: Lake) -> None:
    there, here = LOOKUPS[name](lake(case.store)), LOOKUPS[name](ctaudit.open(case.store))
    assert there.rows == here.rows != []
    assert (there.columns, there.matched) == (here.columns, here.matched)
    assert [note for note in here.notes if note not in there.notes] == []
    assert there.notes[-1].startswith("Athena: ")
    assert there.partial == ()  # what a lake lacks is not known, and a note says that


def test_nothing_found_is_said_without_a_word_on_coverage(athena: Athena, case: Case, lake: Lake) -> None:
    found = lake(case.store).who_deleted("no-such-bucket")
    assert found.rows == []
    assert found.notes[0] == "no deletion found"
    assert "known to a store alone" in found.notes[1]


QUESTIONS = (
    "SELECT eventname, count(*) AS n FROM my_table GROUP BY 1 ORDER BY n DESC, 1",
    "SELECT useridentity.arn, requestparameters.bucketName FROM x WHERE year = '2026' AND month = '3' "
    "AND eventtime >= '2026-03-11' AND eventname = 'DeleteBucket' ORDER BY eventid",
    "SELECT t.eventid, r.arn FROM logs.trail t CROSS JOIN UNNEST(resources) AS u(r) ORDER BY 1, 2",
    "WITH d AS (SELECT * FROM x WHERE errorcode IS NOT NULL AND day = '11') SELECT count(*), max(readonly) FROM d",
    "SELECT eventid FROM x WHERE false",
)


@pytest.mark.parametrize("sql", QUESTIONS)
def test_sql_has_the_rows_of_duckdb(sql: str, athena: Athena, case: Case, lake: Lake) -> None:
    there = lake(case.store).query(sql)
    here = ctaudit.open(case.store).query(sql)
    assert there.rows == here.rows
    assert there.columns == here.columns


def test_a_span_confines_sql_as_it_does_in_the_store(athena: Athena, case: Case, lake: Lake) -> None:
    span: dict[str, Any] = {"since": "2026-03-11T22:00Z", "until": "2026-03-12", "region": "us-east-1"}
    sql = "SELECT count(*) FROM cloudtrail_logs"
    assert lake().query(sql, **span).rows == ctaudit.open(case.store).query(sql, **span).rows != [(0,)]
    assert """"date" >= '2026-03-11' AND eventtime < '2026-03-12T00:00:00Z'""" in athena.sent[0]


def test_a_limit_leaves_rows_behind_and_says_so(athena: Athena, lake: Lake) -> None:
    found = lake().query("SELECT eventid FROM x ORDER BY 1", limit=5)
    assert len(found.rows) == 5
    assert "only the first 5 rows are shown; --limit 0 shows all" in found.notes


def test_names_of_accounts_come_from_the_store(athena: Athena, case: Case, tmp_path: Path, lake: Lake) -> None:
    with pytest.raises(UsageError, match="no store that knows names"):
        lake(tmp_path / "none").timeline(account="prod")
    assert lake(tmp_path / "none").who_deleted(PAYROLL_BUCKET).rows


def test_an_event_is_not_shown_with_all_its_places(athena: Athena, lake: Lake) -> None:
    with pytest.raises(UsageError, match="all its places"):
        lake().show("x")
    assert not athena.calls


# What is asked of AWS


def test_one_call_follows_the_other(athena: Athena, lake: Lake) -> None:
    athena.states = [{"Status": {"State": "QUEUED"}}, {"Status": {"State": "RUNNING"}}]
    lake(workgroup="audit", output_location="s3://results/x/", reuse_minutes=60).query("SELECT count(*) FROM x")
    assert [name for name, _ in athena.asked] == [
        *("StartQueryExecution", "GetQueryExecution", "GetQueryExecution", "GetQueryExecution", "GetQueryResults")
    ]
    started = athena.asked[0][1]
    assert len(started.pop("ClientRequestToken")) >= 32
    assert started == {
        "QueryString": 'SELECT COUNT(*) AS "_col0" FROM "security"."lake" AS "x"',
        "QueryExecutionContext": {"Catalog": "AwsDataCatalog", "Database": "security"},
        "WorkGroup": "audit",
        "ResultConfiguration": {"OutputLocation": "s3://results/x/"},
        "ResultReuseConfiguration": {"ResultReuseByAgeConfiguration": {"Enabled": True, "MaxAgeInMinutes": 60}},
    }


def test_pages_are_read_to_the_last(athena: Athena, case: Case, lake: Lake) -> None:
    found = lake().query("SELECT eventid FROM x ORDER BY 1")
    total = ctaudit.open(case.store).query("SELECT count(*) FROM cloudtrail_logs").rows[0][0]
    assert len(found.rows) == total
    assert int(str(total)) > 2000
    assert athena.calls["GetQueryResults"] == len(found.rows) // 1000 + 1  # the first line of the first page is no row
    assert {asked["MaxResults"] for name, asked in athena.asked if name == "GetQueryResults"} == {1000}


def test_null_is_not_empty_text_and_numbers_are_numbers(athena: Athena, lake: Lake) -> None:
    names, kinds = ["a", "a", "n", "x", "d", "b", "l"], ["varchar", "varchar", "bigint", "double", "decimal"]
    lines: list[list[str | None]] = [
        [*names],
        ["", None, "7", "0.5", "12", "true", "[x, y]"],
        ["a", "b", None, "NaN", "3", "false", None],
    ]
    first = page(names, [*kinds, "boolean", "array"], lines, NextToken="1")
    athena.canned = [first, page(names, [*kinds, "boolean", "array"], [[*names[:2], "1", "2", "3", "true", "z"]])]
    found = lake().query("SELECT 1")
    assert found.rows == [
        ("", None, 7, 0.5, 12, True, "[x, y]"),
        ("a", "b", None, None, 3, False, None),
        ("a", "a", 1, 2.0, 3, True, "z"),  # only the first page has the names of the columns
    ]
    assert [column.name for column in found.columns] == ["a", "a_1", "n", "x", "d", "b", "l"]
    assert [column.right for column in found.columns] == [False, False, True, True, True, False, False]


def test_pages_in_a_circle_are_an_error(athena: Athena, lake: Lake) -> None:
    athena.canned = [page(["a"], ["varchar"], [["a"], ["1"]], NextToken="0")]
    with pytest.raises(CtauditError, match="same page again and again"):
        lake().query("SELECT 1")


def test_what_was_scanned_is_told_with_its_price(athena: Athena, lake: Lake) -> None:
    athena.scanned = 3 * 1024**4
    assert "3 TB scanned in 321 ms, about 15 USD at 5 USD per TB" in lake().query("SELECT 1").notes[-1]
    athena.scanned = 5
    assert "5 bytes scanned in 321 ms, about 0.000048 USD" in lake().query("SELECT 1").notes[-1]
    athena.scanned, reused = 0, {"DataScannedInBytes": 0, "ResultReuseInformation": {"ReusedPreviousResult": True}}
    athena.states = [{"Statistics": reused}]
    assert (
        "1 query, 1 answered by an earlier result, 0 bytes scanned in 0 ms, about 0 USD"
        in (lake(reuse_minutes=5).query("SELECT 1").notes[-1])
    )


def test_moto_is_asked_as_aws_is(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    def lake(**settings: Any) -> OnAthena:
        return OnAthena(Settings(table_name(TABLE), **settings), Login())

    monkeypatch.setattr(engine, "FIRST_PAUSE", 0.01)
    for name, value in (cloud.environment | {"AWS_ENDPOINT_URL_ATHENA": cloud.s3_url}).items():
        monkeypatch.setenv(name, value)
    info = [{"Name": "n", "Label": "n", "Type": "bigint"}]
    rows = [{"Data": [{"VarCharValue": text}]} for text in ("n", "41", "1")]
    _queue(cloud, {"results": [{"rows": rows, "column_info": info}], "region": "us-east-1"})
    assert lake(output_location="s3://results/").query("SELECT record AS n FROM x").rows == [(41,), (1,)]
    with pytest.raises(CtauditError, match="WorkGroup does not exist"):
        lake(workgroup="nobodys").query("SELECT 1")


def _queue(cloud: Cloud, results: dict[str, Any]) -> None:
    cloud.put(Bucket("results"))
    url = f"{cloud.s3_url}/moto-api/static/athena/query-results"
    request = urllib.request.Request(url, json.dumps(results).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 201


# What goes wrong


DENIED = "User: arn:aws:iam::111122223333:user/x is not authorized to perform: glue:GetTable on resource: y"
REFUSALS: dict[str, tuple[str, tuple[str, str], str, str]] = {
    "start": ("StartQueryExecution", ("AccessDeniedException", "no"), "AWS refuses access", "athena:Start"),
    "named": ("StartQueryExecution", ("AccessDeniedException", DENIED), "AWS refuses access", "glue:GetTable"),
    "look": ("GetQueryExecution", ("AccessDeniedException", "no"), "AWS refuses access", "was stopped in Athena"),
    "read": ("GetQueryResults", ("AccessDeniedException", "no"), "AWS refuses access", "athena:GetQueryResults"),
    "expired": ("StartQueryExecution", ("ExpiredTokenException", "no"), "credentials have expired", ""),
    "workgroup": ("StartQueryExecution", ("InvalidRequestException", "WorkGroup x is not found."), "is not found", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_names_what_is_lacking(name: str, athena: Athena, lake: Lake) -> None:
    operation, error, said, advice = REFUSALS[name]
    athena.errors[operation] = [error]
    with pytest.raises(CtauditError) as caught:
        lake().query("SELECT 1")
    assert said in caught.value.message
    assert operation in caught.value.message
    assert advice in caught.value.advice
    assert (len(athena.stopped) == 1) is (name == "look")  # nobody would see its end


def test_without_a_login_or_a_region_nothing_is_asked(athena: Athena, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    with pytest.raises(CtauditError, match="no AWS region is set"):
        OnAthena(Settings(table_name(TABLE)), Login())
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with pytest.raises(CtauditError, match="no usable AWS credentials"):
        OnAthena(Settings(table_name(TABLE)), Login())
    with pytest.raises(CtauditError, match="no AWS profile"):
        OnAthena(Settings(table_name(TABLE)), Login(profile="nobodys"))


def test_too_many_requests_are_asked_again_and_start_one_query(athena: Athena, lake: Lake) -> None:
    athena.errors["StartQueryExecution"] = [("TooManyRequestsException", "Rate exceeded")]
    athena.errors["GetQueryExecution"] = [("ThrottlingException", "Rate exceeded")]
    assert lake().query("SELECT 1 AS x").rows == [(1,)]
    assert athena.calls["StartQueryExecution"] == athena.calls["GetQueryExecution"] == 2
    assert len({asked["ClientRequestToken"] for name, asked in athena.asked if name == "StartQueryExecution"}) == 1


FAILURES: dict[str, tuple[str, dict[str, Any], type[CtauditError], str, str]] = {
    "column": (
        "COLUMN_NOT_FOUND: line 1:8: Column 'extra' cannot be resolved",
        {"ErrorCategory": 2}, QueryError, "Column 'extra' cannot be resolved", "ctaudit export ddl",
    ),
    "table": ("TABLE_NOT_FOUND: line 1:15", {"ErrorCategory": 2}, QueryError, "TABLE_NOT_FOUND", "--table"),
    "types": (
        "TYPE_MISMATCH: Cannot apply operator: varchar < timestamp(3)",
        {"ErrorCategory": 2}, QueryError, "varchar < timestamp", "from_iso8601_timestamp",
    ),
    "s3": (
        "Access Denied (Service: Amazon S3; Status Code: 403)",
        {"ErrorCategory": 2}, CtauditError, "the query failed in Athena: Access Denied", "s3:GetObject",
    ),
    "kms": ("not authorized to perform kms:Decrypt", {}, CtauditError, "kms:Decrypt", "kms:Decrypt"),
    "system": ("GENERIC_INTERNAL_ERROR", {"ErrorCategory": 1, "Retryable": True}, CtauditError, "GENERIC", "ask again"),
    "silent": ("", {}, CtauditError, "does not say why", ""),
    "long": ("x y\n" * 1000, {}, CtauditError, "x y x y", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", FAILURES)
def test_a_failed_query_is_one_sentence(name: str, athena: Athena, lake: Lake) -> None:
    reason, detail, kind, said, advice = FAILURES[name]
    athena.states = [{"Status": {"State": "FAILED", "StateChangeReason": reason, "AthenaError": detail}}]
    with pytest.raises(CtauditError) as caught:
        lake().query("SELECT 1")
    assert type(caught.value) is kind
    assert said in caught.value.message
    assert advice in caught.value.advice
    assert len(caught.value.message) < 400
    assert "\n" not in caught.value.message
    assert not athena.stopped


def test_a_cancelled_query_says_by_whom(athena: Athena, lake: Lake) -> None:
    athena.states = [{"Status": {"State": "CANCELLED", "StateChangeReason": "Query exhausted, bytes scanned limit"}}]
    with pytest.raises(QueryLimit, match=r"limit of the workgroup primary: 11\.8 MB were scanned"):
        lake().query("SELECT 1")
    athena.states = [{"Status": {"State": "CANCELLED"}}]
    with pytest.raises(CtauditError, match="somebody cancelled the query in Athena, which does not say why"):
        lake().query("SELECT 1")


def test_sql_that_athena_would_not_take_is_not_sent(athena: Athena, lake: Lake) -> None:
    long = f"SELECT 1 FROM x WHERE eventname IN ({', '.join(repr(str(n)) for n in range(40_000))})"
    for sql in (long, "DROP TABLE x", "SELECT 1; SELECT 2", "SELECT element_at(requestparameters, 'x') FROM y"):
        with pytest.raises(UsageError):
            lake().query(sql)
    for dialect in ("duckdb", "lake"):
        with pytest.raises(UsageError, match="in its own SQL"):
            lake().query("SELECT 1", dialect=dialect)
    assert not athena.calls


@pytest.mark.parametrize("name", ["x", "a.b.c.d", 'a."b', "a.", "a.b\n", "..", "a.b`"])
def test_a_table_is_named_plainly(name: str) -> None:
    with pytest.raises(UsageError, match="is no table of Athena"):
        table_name(name)


# Stopping


RUNNING = {"Status": {"State": "RUNNING"}}


def test_a_query_out_of_time_is_stopped(athena: Athena, lake: Lake) -> None:
    athena.stays = RUNNING
    with pytest.raises(QueryLimit, match="needs more time") as caught:
        lake(timeout=0.2).query("SELECT 1")
    assert athena.stopped == list(athena.begun.values())
    assert "was stopped in Athena" in caught.value.advice


def test_a_query_that_cannot_be_stopped_is_said_to_go_on(athena: Athena, lake: Lake) -> None:
    athena.stays = RUNNING
    athena.errors["StopQueryExecution"] = [("AccessDeniedException", "no")]
    with pytest.raises(QueryLimit) as caught:
        lake(timeout=0.1).query("SELECT 1")
    assert f"{next(iter(athena.begun.values()))} could not be stopped" in caught.value.advice


def test_a_query_is_stopped_when_it_has_scanned_its_share(athena: Athena, lake: Lake) -> None:
    athena.stays, athena.cutoff, athena.scanned = RUNNING, 1000, 2000
    with pytest.raises(QueryLimit, match="came to --max-scan 1000 bytes: 2 KB were scanned until then"):
        lake(max_scan=1000).query("SELECT 1 FROM x")
    assert len(athena.stopped) == 1


class Interrupting:
    """AWS, while Ctrl-C is pressed in the middle of an operation."""

    def __init__(self, at: str, times: int = 1) -> None:
        self.at, self.times = at, times
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, operation: str, **asked: Any) -> dict[str, Any]:
        self.asked.append((operation, asked))
        if operation == self.at and self.times:
            self.times -= 1
            raise KeyboardInterrupt
        return {"QueryExecutionId": "q-1", "QueryExecution": {"Status": {"State": "RUNNING"}}}

    def sizes(self, bucket: str, prefix: str, after: str = "") -> Iterator[tuple[str, int]]:
        raise AssertionError


@pytest.mark.parametrize("at", ["start_query_execution", "get_query_execution"])
def test_ctrl_c_stops_the_query_wherever_it_comes(at: str) -> None:
    aws = Interrupting(at)
    asked = engine.Athena(aws, Settings(table_name(TABLE)))
    with pytest.raises(ctaudit.errors.Interrupted, match="the query was stopped in Athena"):
        asked.ask("SELECT 1")
    assert aws.asked[-1] == ("stop_query_execution", {"QueryExecutionId": "q-1"})
    tokens = {call["ClientRequestToken"] for name, call in aws.asked if name == "start_query_execution"}
    assert len(tokens) == 1


def test_ctrl_c_pressed_twice_still_stops_the_query() -> None:
    aws = Interrupting("stop_query_execution")

    def sleep(seconds: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(ctaudit.errors.Interrupted, match="the query was stopped in Athena"):
        engine.Athena(aws, Settings(table_name(TABLE)), sleep).ask("SELECT 1")
    assert [name for name, _ in aws.asked[-2:]] == ["stop_query_execution"] * 2


def test_ctrl_c_on_the_command_stops_the_query_there(athena: Athena, tmp_path: Path) -> None:
    athena.stays = RUNNING
    words = [*COMMAND, "who-deleted", "x", "--engine", "athena", "--table", TABLE]
    with subprocess.Popen(
        words, cwd=tmp_path, env=environment(), stderr=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        patience = time.monotonic() + PATIENCE
        while not athena.calls["GetQueryExecution"] and time.monotonic() < patience:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (130, b"")
    assert b"interrupted; the query was stopped in Athena" in err
    assert athena.stopped == list(athena.begun.values())


# The command


def test_the_command_prints_rows_and_says_what_they_cost(athena: Athena, case: Case, tmp_path: Path) -> None:
    chosen = ("--engine", "athena", "--table", TABLE, "--max-scan", "1GB")
    athena.cutoff = 10_000_000
    done = piped("who-deleted", PAYROLL_BUCKET, *chosen, "--format", "csv", folder=tmp_path)
    assert (done.code, len(done.out.splitlines())) == (0, 1 + len(ctaudit.open(case.store).who_deleted(PAYROLL_BUCKET)))
    assert 'the answer is that of "security"."lake" in Athena' in done.err
    assert "--max-scan: the workgroup's own limit stops each query at 9.5 MB" in done.err
    # Two for the rows, and as many for each call that handed credentials on, back to who is behind them.
    assert "Athena: 6 queries" in done.err, done.err


MISUSED = {
    ("who-deleted", "x", "--engine", "athena"): "needs the lake's table",
    ("who-deleted", "x", "--table", "a.b"): "--table belongs to --engine athena",
    ("timeline", "--profile", "x"): "--profile belongs to --engine athena",
    ("timeline", "--engine", "athena", "--table", "a.b", "--max-scan", "lots"): "is no size",
    ("timeline", "--engine", "athena", "--table", "a.b", "--reuse", "30s"): "1m to 7d old",
    ("timeline", "--engine", "athena", "--table", "a.b", "--output-location", "/tmp"): "no place in S3",
    ("what-did", "x", "--engine", "athena", "--table", "ab"): "is no table of Athena",
    ("query", "SELECT 1", "--engine", "athena", "--table", "a.b", "--memory", "1GB"): "--memory belongs to",
}


@pytest.mark.parametrize("words", MISUSED)
def test_options_that_do_not_fit_are_refused(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    from ctaudit.cli.main import run

    assert run(words) == 2
    assert MISUSED[words] in capsys.readouterr().err
