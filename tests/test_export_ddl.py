"""`export ddl`: the statements for the store at hand, and a real Spark that reads a lake by them."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import click
import duckdb
import pytest

import ctaudit
from ctaudit.cli.export import ddl
from ctaudit.export import Into, export_lake
from ctaudit.export_ddl import ENGINES, export_ddl
from tests.cli.evidence import event
from tests.cli.processes import Done, piped
from tests.store.stores import put, select

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LOCATION = ("--location", "s3://my-lake/events/")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ddl")
    odd = [{}, {"awsRegion": "x'y", "recipientAccountId": "012345678901"}, {"eventTime": "?"}]
    put(folder / "logs" / "1.json", [event(number, **fields) for number, fields in enumerate(odd)])
    ctaudit.ingest(folder / "store", [str(folder / "logs")], jobs=1)
    return folder


def run(folder: Path, *words: str) -> Done:
    return piped("export", "ddl", "--store", "store", *words, folder=folder)


def test_the_statements_are_on_stdout_and_what_they_do_not_reach_on_stderr(folder: Path) -> None:
    done = run(folder, "--for", "athena", "--table", "security.trail", *LOCATION)
    assert done.code == 0
    assert "CREATE EXTERNAL TABLE security.trail (\n" in done.out
    assert "'projection.account.values'='012345678901,111122223333'" in done.out
    assert "LOCATION 's3://my-lake/events/'\n" in done.out
    assert "CREATE OR REPLACE VIEW security.trail_logs AS\n" in done.out
    assert done.err.splitlines() == [
        "Athena takes one statement at a time",
        "new accounts and regions are not seen until the table is made anew with them",
        "projection does not reach what lies in: date=unknown, region=x'y",
    ]


def test_glue_gets_json_and_spark_may_read_a_folder(folder: Path) -> None:
    assert json.loads(run(folder, "--for", "glue", *LOCATION).out)["TableInput"]["Name"] == "cloudtrail"
    done = run(folder, "--for", "spark", "--location", "/data/lake", "--partition-by", "date", "--quiet")
    assert "LOCATION '/data/lake/'" in done.out
    assert done.err == ""


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("--for", "hive", *LOCATION), "'hive' is not one of"),
        (("--for", "athena", "--location", "/data/lake"), "is no place that athena can read a lake from"),
        (("--for", "athena", "--location", "s3://my-lake/x'y"), "is no place"),
        (("--for", "spark", "--location", "s3a://my-lake/${date}"), "is no place"),
        (("--for", "spark", "--location", "relative"), "is no place"),
        (("--for", "athena", "--table", "trail", *LOCATION), "'trail' is no name of a table"),
        (("--for", "athena", "--table", "a.b; DROP", *LOCATION), "is no name of a table"),
        (("--for", "athena", "--partition-by", "hour", *LOCATION), "'hour' is no way to lay out a lake"),
    ],
)
def test_what_would_be_no_statement_is_refused(words: tuple[str, ...], what: str, folder: Path) -> None:
    done = run(folder, *words)
    assert (done.code, done.out) == (2, "")
    assert what in done.err


def test_the_command_offers_the_engines_there_are(folder: Path) -> None:
    (kinds,) = (param.type for param in ddl.params if param.name == "target")
    assert isinstance(kinds, click.Choice)
    assert list(kinds.choices) == list(ENGINES)
    for engine in ENGINES:
        assert "cloudtrail" in export_ddl(folder / "store", engine, LOCATION[1], now=NOW).text


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # pyspark's own
def test_a_real_spark_reads_the_lake_by_them(folder: Path, tmp_path: Path) -> None:
    sql = pytest.importorskip("pyspark.sql", reason="pyspark is not installed")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java, and there is none")
    lake = tmp_path / "lake"
    export_lake(folder / "store", Into(str(lake)), now=NOW)
    builder = sql.SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
    spark = builder.config("spark.sql.warehouse.dir", str(tmp_path / "warehouse")).getOrCreate()
    try:
        for statement in export_ddl(folder / "store", "spark", str(lake), now=NOW).text.split(";")[:-1]:
            spark.sql(statement)
        asked = "SELECT eventid, useridentity.arn, account, region, `date`, record, eventjson FROM ctaudit.cloudtrail"
        rows = sorted(map(repr, map(tuple, spark.sql(asked).collect())))
        ours = "SELECT eventid, useridentity.arn, account, region, date, record, eventjson FROM cloudtrail_logs"
        assert rows == sorted(map(repr, select(folder / "store", ours)))
        days = spark.sql(
            "SELECT year, month, day, timestamp FROM ctaudit.cloudtrail_logs WHERE account = '012345678901'"
        )
        assert [tuple(row) for row in days.collect()] == [("2026", "02", "03", "2026/02/03")]
    finally:
        spark.stop()


def test_duckdb_reads_the_lake_by_the_same_names(folder: Path, tmp_path: Path) -> None:
    export_lake(folder / "store", Into(str(tmp_path / "lake"), ("date",)), now=NOW)
    source = f"read_parquet('{tmp_path}/lake/**/*.parquet', hive_partitioning = true, hive_types = {{'date': VARCHAR}})"
    with duckdb.connect() as connection:
        names = [row[0] for row in connection.execute(f"DESCRIBE FROM {source}").fetchall()]
    text = export_ddl(folder / "store", "athena", "s3://my-lake", now=NOW, partition_by=("date",)).text
    listed = text.partition("EXTERNAL TABLE")[2].partition("\n)")[0]
    assert names == [*(line.split()[0].strip("`") for line in listed.splitlines()[1:]), "date"]
