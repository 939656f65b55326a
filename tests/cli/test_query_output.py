"""Where the rows of `query` go: to stdout as they come, or into a file that is whole or not there."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow.ipc
import pyarrow.parquet
import pytest

import ctaudit
from ctaudit.cli.output_file import whole_file
from ctaudit.cli.query_progress import words
from ctaudit.errors import CtauditError, UsageError
from tests.cli.processes import COMMAND, environment, in_shell, on_terminal, piped
from tests.conftest import Ask, Case

pytestmark = pytest.mark.slow

DUCKDB = ("--dialect", "duckdb")
ALL = "SELECT eventid, eventname, readonly, useridentity.arn, resources, record FROM cloudtrail_logs ORDER BY ALL"
TEXTS = {"csv": "csv", "tsv": "tsv", "json": "json", "jsonl": "jsonl", "md": "markdown", "txt": "table"}


@pytest.mark.parametrize("ending", TEXTS)
def test_a_text_file_has_what_stdout_would_have(ending: str, case: Case, ask: Ask, tmp_path: Path) -> None:
    target = tmp_path / f"rows.{ending}"
    done = ask("query", ALL, *DUCKDB, "-o", str(target), "--limit", "2000", folder=case.folder)
    assert (done.code, done.out) == (3, "")
    assert f"2,000 rows written to {target}" in done.err
    printed = ask("query", ALL, *DUCKDB, "--format", TEXTS[ending], "--limit", "2000", folder=case.folder)
    assert target.read_bytes() == printed.out.encode()
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize(("ending", "read"), [
    ("parquet", pyarrow.parquet.read_table),
    ("arrow", lambda path: pyarrow.ipc.open_file(path).read_all()),
    ("feather", lambda path: pyarrow.ipc.open_file(path).read_all()),
])  # fmt: skip
def test_a_columnar_file_has_the_same_rows(
    ending: str, read: Callable[[Path], Any], case: Case, ask: Ask, tmp_path: Path
) -> None:
    target = tmp_path / f"rows.{ending}"
    assert ask("query", ALL, *DUCKDB, "-o", str(target), folder=case.folder).code == 3
    rows = [tuple(row.values()) for row in read(target).to_pylist()]
    assert rows == ctaudit.open(case.store).query(ALL, dialect="duckdb").rows


def test_parquet_keeps_duckdbs_types_where_it_has_them(case: Case, ask: Ask, tmp_path: Path) -> None:
    kept = "1::TINYINT AS a, 1.5::DECIMAL(9,2) AS b, DATE '2026-01-31' AS c, TIMESTAMPTZ '2026-01-31 00:00Z' AS d"
    lost = "INTERVAL 1 DAY AS f, 7::HUGEINT AS g, [INTERVAL 1 DAY] AS h, 'x'::ENUM('x') AS i, union_value(k := 1) AS j"
    target = tmp_path / "types.parquet"
    assert (
        ask(
            "query",
            f"SELECT {kept}, [1] AS e, {lost}, NULL AS k, 1 AS a",
            *DUCKDB,
            "-o",
            str(target),
            folder=case.folder,
        ).code
        == 3
    )
    table = pyarrow.parquet.read_table(target)
    found = {field.name: str(field.type) for field in table.schema}
    assert len(found) == 12
    assert [found[name] for name in "abcd"] == ["int8", "decimal128(9, 2)", "date32[day]", "timestamp[us, tz=UTC]"]
    assert [found[name] for name in "fghij"] == ["string", "decimal128(38, 0)", "string", "string", "string"]
    assert table.to_pylist()[0] | {"c": 0, "d": 0, "b": 0} == {
        "a": 1, "b": 0, "c": 0, "d": 0, "e": [1], "f": "1 day", "g": 7, "h": '["1 day"]', "i": "x", "j": '{"k":1}',
        "k": None, "a_1": 1,
    }  # fmt: skip
    assert pyarrow.parquet.ParquetFile(target).metadata.row_group(0).column(0).compression == "ZSTD"


def test_no_row_is_a_file_with_a_header(case: Case, ask: Ask, tmp_path: Path) -> None:
    for ending in ("csv", "parquet", "arrow"):
        target = tmp_path / f"none.{ending}"
        done = ask("query", "SELECT 1 AS x WHERE false", "-o", str(target), "--fail-empty", folder=case.folder)
        assert done.code == 1
        assert "0 rows written" in done.err
        assert target.stat().st_size
    assert pyarrow.parquet.read_table(tmp_path / "none.parquet").schema.names == ["x"]


def test_a_limit_holds_in_a_columnar_file(case: Case, ask: Ask, tmp_path: Path) -> None:
    for rows in (1, 1000, 1001, 4000):
        target = tmp_path / "rows.parquet"
        done = ask("query", ALL, *DUCKDB, "-o", str(target), "--limit", str(rows), "--force", folder=case.folder)
        assert f"only the first {rows} rows are shown" in done.err
        assert pyarrow.parquet.read_table(target).num_rows == rows


REFUSED = {
    "a file that is there": (["-o", "there.csv"], "is there already"),
    "a folder": (["-o", "folder", "--format", "csv"], "is a folder"),
    "a folder, by force": (["-o", "folder", "--format", "csv", "--force"], "is a folder"),
    "a device": (["-o", "/dev/null", "--format", "csv", "--force"], "is no regular file"),
    "a link to nothing": (["-o", "link.csv"], "is there already"),
    "no ending": (["-o", "rows"], "tells no format"),
    "an unknown ending": (["-o", "rows.xlsx"], "tells no format"),
    "Parquet on stdout": (["--format", "parquet"], "not to stdout"),
    "Parquet of a plan": (["--format", "parquet", "--explain"], "not to stdout"),
    "a plan in a file": (["--explain", "-o", "plan.json"], "not written into a file"),
    "force without a file": (["--force"], "--force"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_written_is_refused(what: str, case: Case, ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "there.csv").write_text("mine")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link.csv").symlink_to(tmp_path / "nowhere")
    before = sorted(tmp_path.iterdir())
    given, sentence = REFUSED[what]
    done = ask("query", "SELECT 1", "--store", str(case.store), *given, folder=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert sentence in done.err
    assert sorted(tmp_path.iterdir()) == before
    assert (tmp_path / "there.csv").read_text() == "mine"


def test_force_replaces_a_file_only_by_a_whole_one(case: Case, ask: Ask, tmp_path: Path) -> None:
    target = tmp_path / "rows.csv"
    target.write_text("mine")
    late = "SELECT CASE WHEN range = 150000 THEN 'x'::INTEGER ELSE range END FROM range(200000)"
    done = ask("query", late, *DUCKDB, "--store", str(case.store), "-o", str(target), "--force", folder=tmp_path)
    assert done.code == 2
    assert target.read_text() == "mine"
    assert ask("query", "SELECT 1", "--store", str(case.store), "-o", str(target), "--force", folder=tmp_path).code == 3
    assert target.read_text() == "_col0\n1\n"
    assert list(tmp_path.iterdir()) == [target]


def test_trouble_with_the_disk_leaves_nothing(tmp_path: Path) -> None:
    nowhere, target = tmp_path / "none" / "rows.csv", tmp_path / "rows.csv"
    with pytest.raises(CtauditError, match=r"cannot write .*none/rows.csv"), whole_file(nowhere, force=False):
        pytest.fail("there is no such folder")
    with pytest.raises(CtauditError, match="No space left"), whole_file(target, force=False) as file:
        fill(file)
    with pytest.raises(UsageError, match="is there already"), whole_file(target, force=False) as file:
        target.write_text("put there meanwhile")
    assert target.read_text() == "put there meanwhile"
    assert list(tmp_path.iterdir()) == [target]


def fill(disk: BinaryIO) -> None:
    disk.write(b"half")
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("ending", ["csv", "parquet", "arrow"])
def test_a_file_that_outgrows_its_limit_is_not_left_there(ending: str, case: Case, tmp_path: Path) -> None:
    line = f"ulimit -f 20; ctaudit query 'FROM cloudtrail_logs' --store {case.store} -o rows.{ending}"
    done = in_shell(line, folder=tmp_path)
    assert done.code == 4
    assert done.err == f"ctaudit: cannot write rows.{ending}: File too large\n"
    assert list(tmp_path.iterdir()) == []


# Rows as they come


def test_rows_come_before_the_last_one_is_known(case: Case) -> None:
    with subprocess.Popen(
        [*COMMAND, "query", "FROM range(100000000000)", *DUCKDB, "--format", "csv", "--store", str(case.store)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(5000)]
        process.stdout.close()
        _, err = process.communicate(timeout=30)
    assert lines[:2] == [b"range\n", b"0\n"]
    assert process.returncode == 3
    assert err.startswith(b"incomplete: ")  # no count: nobody knows it


@pytest.mark.parametrize("form", ["csv", "tsv", "json", "jsonl", "markdown"])
def test_a_closed_pipe_ends_quietly(form: str, case: Case) -> None:
    done = in_shell(
        f"ctaudit query 'FROM range(100000000000)' --dialect duckdb --format {form} | head -n 3", folder=case.folder
    )
    assert len(done.out.splitlines()) == 3
    assert done.err.startswith("incomplete: ")
    assert done.err.count("\n") == 1


def test_an_error_after_the_first_rows_shows_in_the_exit_code(case: Case) -> None:
    # DuckDB works ahead by a buffer of 1 MB, and several threads do: the faulty row lies 90 MB behind the first ones.
    wide = "lpad(range::VARCHAR, 100, '0')"
    late = f"SELECT CASE WHEN range = 900000 THEN ('x'::INTEGER)::VARCHAR ELSE {wide} END AS x FROM range(1000000)"
    done = piped("query", late, *DUCKDB, "--format", "csv", folder=case.folder)
    assert done.code == 2
    assert done.out.startswith(f"x\n{'0' * 100}\n{'0' * 99}1\n")
    assert "Could not convert string 'x'" in done.err


_PEAK = """
import re, sys
from pathlib import Path
from ctaudit.cli.main import run
code = run(sys.argv[1:])
used = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())
print(code, used[1], file=sys.stderr)
__import__("os")._exit(0)
"""
ROWS = 2_000_000
WIDE = (
    "SELECT range AS n, md5(range::VARCHAR) AS a, 'arn:aws:iam::111122223333:role/' || range AS b, range % 7 = 0 AS c, "
    "range / 8 AS d, repeat('y', 50) AS e FROM range({rows})"
)
BOUND = 200
"""MB that a process may take for the rows of a query, however many there are: it takes 70 for the first one."""


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["csv", "json", "parquet", "arrow"])
def test_millions_of_rows_take_no_more_memory_than_some(ending: str, case: Case, tmp_path: Path) -> None:
    target = tmp_path / f"rows.{ending}"
    words = ["query", WIDE.format(rows=ROWS), *DUCKDB, "--store", str(case.store), "--output", str(target)]
    done = subprocess.run(
        [sys.executable, "-c", _PEAK, *words],
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
        env=environment(),
    )
    code, used = done.stderr.splitlines()[-1].split()
    assert code == "3"
    assert count(target) == ROWS
    assert int(used) / 1024 < BOUND + (200 if ending in ("parquet", "arrow") else 0)  # Arrow and a row group


def count(path: Path) -> int:
    if path.suffix == ".parquet":
        return int(pyarrow.parquet.ParquetFile(path).metadata.num_rows)
    if path.suffix == ".arrow":
        with pyarrow.ipc.open_file(path) as file:
            return sum(file.get_batch(each).num_rows for each in range(file.num_record_batches))
    with path.open("rb") as file:
        lines = sum(1 for _ in file)
    return lines - {".csv": 1, ".tsv": 1, ".json": 2, ".jsonl": 0}[path.suffix]


def test_what_was_written_in_pieces_is_read_whole(case: Case, ask: Ask, tmp_path: Path) -> None:
    for ending in ("csv", "json"):
        target = tmp_path / f"rows.{ending}"
        assert ask("query", "FROM range(12345)", *DUCKDB, "-o", str(target), "-q", folder=case.folder).code == 3
        text = target.read_text()
        rows = json.loads(text) if ending == "json" else list(csv.DictReader(text.splitlines()))
        assert [int(row["range"]) for row in rows] == list(range(12345))


# How far it is


@pytest.mark.slow
def test_progress_shows_on_a_terminal_and_is_gone_at_the_end(case: Case, tmp_path: Path) -> None:
    slow = "SELECT range, sleepy FROM range(600000), (SELECT 1 AS sleepy)"
    done = on_terminal("query", slow, *DUCKDB, "-o", tmp_path / "rows.csv", "--limit", "0", folder=case.folder)
    assert done.code == 3
    assert re.search(r"\r\x1b\[K[\d,]+ rows( +\d+ %)?  0:0\d", done.err)
    assert "\r\x1b[K600,000 rows written to" in done.err


@pytest.mark.slow
def test_no_progress_where_nobody_sees_it(case: Case, tmp_path: Path) -> None:
    slow = "SELECT count(*) FROM range(40000) a, range(8000) b WHERE hash(a.range, b.range) = 7"
    assert "\r" not in piped("query", slow, *DUCKDB, "-o", tmp_path / "1.csv", folder=case.folder).err
    done = on_terminal("query", slow, *DUCKDB, "-o", tmp_path / "2.csv", "-q", folder=case.folder)
    assert "\r" not in done.err


@pytest.mark.parametrize(("rows", "percent", "seconds", "said"), [
    (0, None, 1.5, "running  0:01"),
    (0, 12.7, 61, "running  13 %  1:01"),
    (1234567, None, 3599, "1,234,567 rows  59:59"),
    (5, 0.0, 2, "5 rows  0:02"),
])  # fmt: skip
def test_the_words_of_progress(rows: int, percent: float | None, seconds: float, said: str) -> None:
    assert words(rows, percent, seconds) == said
