"""`ingest --engine spark`: whatever happens to executors, the store is the one that an ingest here would have made."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import pytest

import ctaudit
from ctaudit.engines import spark_session
from ctaudit.errors import StoreError, UsageError
from ctaudit.sources.aws_login import Login
from ctaudit.spark_shares import Serve, Spark
from tests.cli.processes import piped
from tests.conftest import SAMPLE
from tests.spark.dying import FLAG
from tests.spark.running import CLUSTER, needs_spark, run
from tests.store.stores import left_overs, select, told

LEDGER = (
    "SELECT path, file, file_id, size, changed_ns FROM paths ORDER BY ALL",
    "SELECT file_id, sha256, kind, bytes, records, events, refused, faults FROM contents ORDER BY ALL",
    "SELECT * FROM faults ORDER BY ALL",
    "SELECT * FROM refused ORDER BY ALL",
    "SELECT * FROM duplicates ORDER BY ALL",
    "SELECT key FROM meta WHERE starts_with(key, 'unfinished:')",
)


def same(store: Path, local: Path) -> None:
    """Assert that two stores hold the same, row by row, and know the same of their files."""
    assert told(store) == told(local)
    for sql in LEDGER:
        assert select(store, sql) == select(local, sql), sql
    assert left_overs(store) == set()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with evidence of all kinds, the sample and worse, and the store that it makes here: `local`."""
    folder = tmp_path_factory.mktemp("spark")
    evidence = folder / "evidence"
    shutil.copytree(SAMPLE / "AWSLogs", evidence / "AWSLogs")
    whole = next(path for path in sorted(evidence.rglob("*_CloudTrail_*.json.gz")) if path.stat().st_size > 3000)
    (evidence / "copy_CloudTrail_.json.gz").write_bytes(whole.read_bytes())
    (evidence / "cut_CloudTrail_.json.gz").write_bytes(whole.read_bytes()[:2000])
    (evidence / "none_CloudTrail_.json.gz").write_bytes(gzip.compress(b'{"Records": [{"eventName": 1, ', mtime=0))
    (evidence / "odd\udcff_CloudTrail_.json").write_bytes(b"\x00\x01\x02 no log at all")
    ctaudit.ingest(folder / "local", [str(evidence)], jobs=1)
    return folder


@needs_spark
@pytest.mark.slow
def test_two_workers_make_the_same_store(folder: Path) -> None:
    words = ("ingest", "evidence", "--store", "cluster", "--engine", "spark", "--master", CLUSTER)
    done = run(*words, folder=folder)
    assert done.code == 3, done.err
    assert "4 faulty" in done.err.splitlines()[-1]
    assert "WARN" not in done.err
    assert "ERROR" not in done.err
    assert done.out == ""
    same(folder / "cluster", folder / "local")
    segments = select(folder / "cluster", "SELECT DISTINCT date FROM segments")
    assert len(segments) > 1, "one share alone shows nothing"


@needs_spark
@pytest.mark.slow
def test_a_share_whose_worker_was_killed_is_done_again_and_nothing_is_doubled(folder: Path) -> None:
    words = ("ingest", "evidence", "--store", "died", "--engine", "spark", "--master", CLUSTER)
    code = "from tests.spark.dying import main; main()"
    done = run(*words, folder=folder, env={FLAG: str(folder / "flag")}, code=code)
    assert (folder / "flag").exists(), "nobody died"
    assert done.code == 3, done.err
    same(folder / "died", folder / "local")


def test_an_executor_that_does_not_see_the_store_says_so(tmp_path: Path) -> None:
    from array import array

    with pytest.raises(StoreError, match="does not see the store"):
        Serve(str(tmp_path / "nowhere"), array("q"), None, Login())(b"")


def test_no_credentials_are_sent_to_executors() -> None:
    from ctaudit.sources.s3 import S3
    from ctaudit.spark_shares import _without_keys

    login = Login("auditor", external_id="secret", endpoint_url="http://localhost", made=object())
    assert _without_keys(S3("s3://bucket/logs", login=login)) == (
        "s3://bucket",
        Login("auditor", endpoint_url="http://localhost"),
    )


@needs_spark
def test_a_role_is_refused() -> None:
    with pytest.raises(UsageError, match="take on no role"):
        Spark().check(Login(role_arn="arn:aws:iam::111122223333:role/audit"))


@pytest.mark.parametrize("master", ["", "local[", "http://head:7077", "spark://", "local[2] --conf x=y"])
def test_what_is_no_master_is_refused(master: str) -> None:
    with pytest.raises(UsageError, match="no master of Spark"):
        spark_session.check(master)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--master", "yarn"], "--master belongs to --engine spark"),
        (["--engine", "spark", "--jobs", "2"], "--engine spark reads once"),
        (["--engine", "spark", "--follow"], "--engine spark reads once"),
        (["--engine", "spark", "--master", "nonsense"], "no master of Spark"),
    ],
)
def test_what_does_not_go_together_is_refused(words: list[str], said: str, tmp_path: Path) -> None:
    done = piped("ingest", "evidence", *words, folder=tmp_path)
    assert (done.code, said in done.err) == (2, True), done.err
    assert not (tmp_path / "ctaudit-store").exists()


def test_a_machine_without_java_is_told(tmp_path: Path) -> None:
    done = piped("ingest", "evidence", "--engine", "spark", env={"JAVA_HOME": str(tmp_path)}, folder=tmp_path)
    assert done.code == 2
    assert "Spark" in done.err
    assert "Java" in done.err or "pip install 'ctaudit[spark]'" in done.err


@needs_spark
@pytest.mark.slow
def test_ctrl_c_leaves_a_store_that_the_next_ingest_completes(folder: Path) -> None:
    words = ("ingest", "evidence", "--store", "stopped", "--engine", "spark", "--master", "local[2]")
    done = run(*words, folder=folder, stop_when=lambda: any((folder / "stopped").glob("events/date=2026*/*")))
    assert done.code == 130, done.err
    assert done.err.splitlines()[-1] == "ctaudit: interrupted"
    again = piped("ingest", "evidence", "--store", "stopped", "--jobs", "1", folder=folder)
    assert again.code == 3, again.err
    same(folder / "stopped", folder / "local")
