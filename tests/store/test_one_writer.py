"""Writers of the catalog take turns, readers wait for none of them, and a write that ends badly leaves no trace."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import cast

import duckdb
import pytest

import ctaudit
from ctaudit.errors import StoreBusy, StoreError
from ctaudit.store import catalog, embedded, lock
from ctaudit.store.layout import Layout
from tests.cli.evidence import event
from tests.cli.processes import environment
from tests.store.stores import CATALOG, put, select

_WRITE = """
import sys
from pathlib import Path
from ctaudit.store import catalog
from ctaudit.store.layout import Layout
for number in range(10):
    with catalog.writing(Layout(Path(sys.argv[1]))) as connection:
        connection.execute("INSERT INTO log_buckets VALUES (?)", [f"{sys.argv[2]}-{number}"])
"""


@pytest.fixture
def store(tmp_path: Path) -> Path:
    ctaudit.ingest(tmp_path / "store", [str(put(tmp_path / "log.json", [event(0)]))], jobs=1)
    return tmp_path / "store"


def files(store: Path) -> set[str]:
    return {path.name for path in store.iterdir() if path.is_file()}


def test_no_writer_undoes_what_another_wrote(store: Path) -> None:
    words = [sys.executable, "-c", _WRITE, str(store)]
    writers = [subprocess.Popen([*words, str(number)], env=environment()) for number in range(3)]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    assert len(select(store, "FROM log_buckets")) == 30


def test_readers_and_a_writer_do_not_wait_for_each_other(store: Path) -> None:
    with catalog.reading(Layout(store)) as before:
        started = time.monotonic()
        with catalog.writing(Layout(store)) as connection:
            connection.execute("INSERT INTO log_buckets VALUES ('new')")
            with catalog.reading(Layout(store)) as meanwhile:
                assert meanwhile.execute("FROM log_buckets").fetchall() == []
        assert time.monotonic() - started < 5
        assert before.execute("FROM log_buckets").fetchall() == [], "a reader keeps the catalog that it opened"
    assert select(store, "FROM log_buckets") == [("new",)]


def test_who_does_not_get_a_turn_in_time_says_so(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "_WAIT_SECONDS", 0.3)
    with lock.turn(Layout(store)):
        with pytest.raises(StoreBusy, match="writing the catalog"), catalog.writing(Layout(store)):
            pass
        assert select(store, "SELECT count(*) FROM contents") == [(1,)], "readers need no turn"


def test_a_write_that_fails_leaves_the_catalog_and_no_file(store: Path) -> None:
    before, there = (store / CATALOG).read_bytes(), files(store)
    with pytest.raises(StoreError), catalog.writing(Layout(store)) as connection:
        connection.execute("INSERT INTO log_buckets VALUES ('new'); INSERT INTO nothing VALUES (1)")
    assert (store / CATALOG).read_bytes() == before
    assert files(store) == there


def test_what_a_killed_program_left_in_duckdbs_log_is_kept(store: Path) -> None:
    script = f"""
import duckdb, os
connection = duckdb.connect({str(store / CATALOG)!r})
connection.execute("INSERT INTO log_buckets VALUES ('theirs')")
os.kill(os.getpid(), 9)
"""
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -9
    assert f"{CATALOG}.wal" in files(store)
    with catalog.writing(Layout(store)) as connection:
        connection.execute("INSERT INTO log_buckets VALUES ('ours')")
    assert f"{CATALOG}.wal" not in files(store)
    assert select(store, "FROM log_buckets ORDER BY ALL") == [("ours",), ("theirs",)]


def test_duckdb_writes_blocks_anew_that_are_in_force(tmp_path: Path) -> None:
    """Why a catalog is copied before it is changed: when this fails, DuckDB has mended it, and the copy can go."""
    path = tmp_path / "plain.duckdb"
    first_block = slice(3 * 4096, 3 * 4096 + 256 * 1024)
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE t AS FROM range(1000)")
    before = path.read_bytes()[first_block]
    with duckdb.connect(str(path)) as connection:
        connection.execute("INSERT INTO t FROM range(1000)")
    assert path.read_bytes()[first_block] != before


@pytest.mark.parametrize("torn", [False, True])
def test_a_catalog_replaced_while_it_is_opened_is_opened_again(store: Path, tmp_path: Path, torn: bool) -> None:
    """DuckDB opens it for its header and again for its blocks; whether a commit comes between the two is luck."""
    later = tmp_path / "later"
    shutil.copytree(store, later)
    with catalog.writing(Layout(later)) as connection:
        connection.execute("INSERT INTO log_buckets VALUES ('new')")

    class Overtaken:
        """A connection that a commit overtakes at the first opening."""

        def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
            self._connection, self.opened = connection, 0

        def execute(self, sql: str) -> duckdb.DuckDBPyConnection:
            done = self._connection.execute(sql)
            if sql.startswith("ATTACH"):
                self.opened += 1
                if self.opened == 1:
                    (later / CATALOG).replace(store / CATALOG)
                    if torn:
                        self._connection.execute("DETACH catalog")
                        raise duckdb.IOException("IO Error: Could not read enough bytes from file")
            return done

    with embedded.engine() as connection:
        overtaken = Overtaken(connection)
        with catalog.attached(cast("duckdb.DuckDBPyConnection", overtaken), Layout(store)):
            assert connection.execute("FROM log_buckets").fetchall() == [("new",)]
    assert overtaken.opened == 2


def test_a_damaged_catalog_is_told_of_at_once(store: Path) -> None:
    (store / CATALOG).write_bytes((store / CATALOG).read_bytes()[:20_000])
    with pytest.raises(StoreError, match="cannot be opened"), catalog.reading(Layout(store)):
        pass
