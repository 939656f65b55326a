"""The catalog of a store: which segments, files and faults there are; opened for milliseconds at a time."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from ctaudit.errors import StoreBusy, StoreError
from ctaudit.store import embedded, lock, unfinished
from ctaudit.store.layout import STORE_VERSION, Layout, sync
from ctaudit.store.schema import SCHEMA
from ctaudit.store.unfinished import Unfinished
from ctaudit.store.views import quote

_HELD = ("set lock on", "Unique file handle conflict")
"""What DuckDB says of a catalog that another program has open for writing, and of one that another thread has."""
_WAIT_SECONDS = 20.0
"""How long to wait for a catalog that another program holds."""


@dataclass(frozen=True, slots=True)
class Totals:
    """What a store holds, in numbers."""

    events: int
    segments: int
    bytes: int
    files: int
    faults: int
    duplicates: int
    conflicts: int
    first_time: str | None
    last_time: str | None
    undated: int
    """Events without a usable time."""
    altered: int
    """Log files that were overwritten or deleted in their bucket."""
    unfinished: Unfinished = ()
    """Ingests that have not come to their end."""


@contextlib.contextmanager
def reading(layout: Layout) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a connection on which the catalog is open for reading."""
    layout.require()
    with embedded.engine() as connection, attached(connection, layout):
        yield connection


@contextlib.contextmanager
def attached(connection: duckdb.DuckDBPyConnection, layout: Layout) -> Iterator[None]:
    """Open the catalog for reading on an in-memory connection, as its default database, while the block runs.

    Raises StoreError when the catalog is missing, foreign, newer or damaged. Attaching costs a tenth of connecting.
    """
    layout.require()
    _attach(connection, layout.catalog)
    try:
        with _explained(layout.catalog):
            connection.execute("USE catalog")
            _check_version(connection, layout)
            yield
    finally:
        _close(connection)


def _attach(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Open the catalog for reading, again when a commit replaced it meanwhile.

    DuckDB opens the file twice, for its header and then for its blocks: the header of one state would be read with the
    blocks of another.
    """
    deadline = time.monotonic() + _WAIT_SECONDS
    attach = f"ATTACH {quote(str(path))} AS catalog (READ_ONLY)"
    while True:
        before = _which(path)
        try:
            _retry(path, lambda: connection.execute(attach), deadline)
        except StoreError:
            if _which(path) == before or time.monotonic() > deadline:
                raise
            continue
        if _which(path) == before:
            return
        connection.execute("DETACH catalog")
        lock.pause()


def _which(path: Path) -> tuple[int, ...]:
    """Return what tells a file from the one that takes its place; the number alone may be used again."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


@contextlib.contextmanager
def writing(layout: Layout) -> Iterator[duckdb.DuckDBPyConnection]:
    """Change the catalog in one transaction, on a copy that takes its place when the block ends.

    When the block raises, the catalog is as before. Changing the file itself would not do: at a checkpoint DuckDB
    writes blocks anew that are still in force (2.0 does so with block 0 each time), and a process that is killed in
    mid-write leaves a catalog that nobody can open. Readers keep the file that they have opened.
    """
    layout.require()
    with lock.turn(layout):
        if layout.log_of(layout.catalog).exists():
            _settle_log(layout)
        with _replacing(layout):
            shutil.copy(layout.catalog, layout.unborn)
            with _opened(layout.unborn, layout.catalog) as connection:
                _check_version(connection, layout)
                connection.execute("BEGIN")
                yield connection
                _finish(connection)


@contextlib.contextmanager
def created(layout: Layout) -> Iterator[duckdb.DuckDBPyConnection]:
    """Make a new catalog where there is none, to be filled while the block runs; then it is put in place whole."""
    with lock.turn(layout), _replacing(layout), _opened(layout.unborn, layout.catalog) as connection:
        connection.execute("BEGIN")
        connection.execute(SCHEMA)
        connection.execute("INSERT INTO meta VALUES ('ctaudit', 'store'), ('version', ?)", [str(STORE_VERSION)])
        yield connection
        _finish(connection)


@contextlib.contextmanager
def _replacing(layout: Layout) -> Iterator[None]:
    """Let the file that the block writes take the catalog's place; when it raises nothing is left of it."""
    _clear(layout)  # of a writer that was killed
    try:
        yield
        sync(layout.unborn)
        layout.unborn.replace(layout.catalog)
        sync(layout.root)
    except OSError as error:
        raise _explain(layout.catalog, error.strerror or str(error)) from error
    finally:
        _clear(layout)


def _clear(layout: Layout) -> None:
    for left_over in (layout.unborn, layout.log_of(layout.unborn)):
        left_over.unlink(missing_ok=True)


def _finish(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("COMMIT")
    connection.execute("CHECKPOINT")  # on a full disk this fails aloud, where closing would fail in silence


def _settle_log(layout: Layout) -> None:
    """Have DuckDB write into the catalog what another program, a duckdb shell that was killed, left in its log."""
    with _opened(layout.catalog, layout.catalog) as connection:
        connection.execute("CHECKPOINT")


def _close(connection: duckdb.DuckDBPyConnection) -> None:
    """Close the catalog: what a block that raised has begun is rolled back."""
    with contextlib.suppress(duckdb.Error):
        connection.execute("ROLLBACK")
    with contextlib.suppress(duckdb.Error):  # after damage DuckDB refuses these too, and the damage is told
        connection.execute("USE memory")
        connection.execute("DETACH catalog")


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn DuckDB's trouble with the catalog into a StoreError; damage may show only when a table is read."""
    try:
        yield
    except (duckdb.InterruptException, duckdb.OutOfMemoryException):
        raise
    except duckdb.Error as error:
        raise _explain(path, str(error)) from error


def totals(connection: duckdb.DuckDBPyConnection) -> Totals:
    row = connection.execute(
        """SELECT coalesce(sum(rows), 0)::BIGINT, count(*), coalesce(sum(bytes), 0)::BIGINT,
                  (SELECT count(*) FROM contents), (SELECT count(*) FROM faults WHERE NOT starts_with(kind, 'log.')),
                  (SELECT count(*) FROM duplicates), (SELECT count(DISTINCT eventid) FROM conflicts),
                  (SELECT min(first_time) FROM segment_partitions), (SELECT max(last_time) FROM segment_partitions),
                  coalesce(sum(rows) FILTER (date = 'unknown'), 0)::BIGINT,
                  (SELECT count(DISTINCT path) FROM faults WHERE starts_with(kind, 'log.'))
           FROM segments"""
    ).fetchone()
    assert row is not None  # an aggregate without GROUP BY always has one row
    return Totals(*(*row, unfinished.found(connection)))


@contextlib.contextmanager
def _opened(path: Path, named: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a catalog for writing, as the default database of a connection; errors name it as `named`."""
    deadline = time.monotonic() + _WAIT_SECONDS
    with embedded.engine() as connection:
        _retry(named, lambda: connection.execute(f"ATTACH {quote(str(path))} AS catalog"), deadline)
        try:
            with _explained(named):
                connection.execute("USE catalog")
                yield connection
        finally:
            _close(connection)


def _retry(path: Path, attempt: Callable[[], duckdb.DuckDBPyConnection], deadline: float) -> duckdb.DuckDBPyConnection:
    """Open the catalog, waiting while another process holds it; other trouble becomes a StoreError at once."""
    while True:
        try:
            return attempt()
        except duckdb.Error as error:
            if not any(words in str(error) for words in _HELD):
                raise _explain(path, str(error)) from error
            if time.monotonic() > deadline:
                raise StoreBusy(
                    f"another process holds the catalog {path}", "close it, a duckdb shell perhaps, and try again"
                ) from error
            lock.pause()


def _explain(path: Path, text: str) -> StoreError:
    first = text.strip().splitlines()[0] if text.strip() else "unknown trouble"
    lowered = text.lower()
    if "permission denied" in lowered:
        return StoreError(f"no permission to open {path}", "check the owner and mode of the store folder")
    if "read-only file system" in lowered:
        return StoreError(f"{path} lies on a read-only disk", "choose another --store DIR")
    if "no space left" in lowered:
        return StoreError(f"there is no space left to write {path}", "free some, then ingest again")
    if "newer version" in lowered or "storage version" in lowered:
        return StoreError(f"{path} was written by a newer DuckDB", "upgrade ctaudit")
    return StoreError(
        f"{path} cannot be opened: {first}", "restore it from a copy, or ingest the evidence into a new store"
    )


def _check_version(connection: duckdb.DuckDBPyConnection, layout: Layout) -> None:
    try:
        meta = dict(connection.execute("SELECT key, value FROM meta").fetchall())
    except duckdb.CatalogException as error:
        raise StoreError(f"{layout.catalog} is not a ctaudit catalog", "name the store with --store DIR") from error
    version = meta.get("version", "")
    if meta.get("ctaudit") != "store" or not version.isdigit():
        raise StoreError(f"{layout.catalog} is not a ctaudit catalog", "name the store with --store DIR")
    if int(version) < STORE_VERSION:
        raise StoreError(
            f"{layout.root} was written by an older ctaudit (store version {version}, this one reads {STORE_VERSION})",
            "ingest the evidence into a new store",
        )
    if int(version) > STORE_VERSION:
        raise StoreError(
            f"{layout.root} was written by a newer ctaudit (store version {version}, this one reads {STORE_VERSION})",
            "upgrade ctaudit",
        )
