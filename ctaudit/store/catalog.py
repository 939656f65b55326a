"""The catalog of a store: which segments, files and faults there are; opened for milliseconds at a time."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from ctaudit.errors import StoreBusy, StoreError
from ctaudit.store import embedded, gate, unfinished
from ctaudit.store.layout import STORE_VERSION, Layout, sync
from ctaudit.store.unfinished import Unfinished
from ctaudit.store.views import quote

_SCHEMA = """
CREATE TABLE meta (key VARCHAR PRIMARY KEY, value VARCHAR NOT NULL);
CREATE TABLE contents (
  file_id BIGINT PRIMARY KEY, sha256 VARCHAR NOT NULL, kind VARCHAR NOT NULL, bytes BIGINT NOT NULL,
  records BIGINT NOT NULL, events BIGINT NOT NULL, refused BIGINT NOT NULL, faults BIGINT NOT NULL,
  integrity VARCHAR
);
CREATE TABLE paths (
  path VARCHAR NOT NULL, file VARCHAR NOT NULL, file_id BIGINT NOT NULL, size BIGINT NOT NULL,
  changed_ns BIGINT NOT NULL, PRIMARY KEY (path, file, file_id)
);
CREATE TABLE refused (
  path VARCHAR NOT NULL, file VARCHAR NOT NULL, file_id BIGINT NOT NULL, kind VARCHAR NOT NULL, count BIGINT NOT NULL,
  PRIMARY KEY (path, file, file_id, kind)
);
CREATE TABLE faults (
  path VARCHAR NOT NULL, file VARCHAR NOT NULL, "offset" BIGINT, kind VARCHAR NOT NULL, reason VARCHAR NOT NULL,
  record BIGINT
);
CREATE TABLE segments (
  date VARCHAR NOT NULL, name VARCHAR NOT NULL, rows BIGINT NOT NULL, bytes BIGINT NOT NULL, PRIMARY KEY (date, name)
);
CREATE TABLE segment_partitions (
  date VARCHAR NOT NULL, name VARCHAR NOT NULL, account VARCHAR, region VARCHAR, rows BIGINT NOT NULL,
  first_time VARCHAR, last_time VARCHAR, hours INTEGER NOT NULL
);
CREATE TABLE segment_names (
  date VARCHAR NOT NULL, name VARCHAR NOT NULL, eventsource VARCHAR, eventname VARCHAR, readonly VARCHAR
);
CREATE TABLE segment_fields (
  date VARCHAR NOT NULL, name VARCHAR NOT NULL, field VARCHAR NOT NULL, rows BIGINT NOT NULL
);
CREATE TABLE duplicates (
  eventid VARCHAR, date VARCHAR NOT NULL, kept_file BIGINT NOT NULL, kept_record INTEGER NOT NULL,
  file_id BIGINT NOT NULL, record INTEGER NOT NULL, PRIMARY KEY (file_id, record)
);
CREATE TABLE conflicts (
  eventid VARCHAR NOT NULL, date VARCHAR NOT NULL, file_id BIGINT NOT NULL, record INTEGER NOT NULL,
  PRIMARY KEY (file_id, record)
);
CREATE TABLE listed (
  key VARCHAR PRIMARY KEY, name VARCHAR NOT NULL, sha256 VARCHAR NOT NULL, integrity VARCHAR NOT NULL,
  digest VARCHAR NOT NULL, digest_sha256 VARCHAR NOT NULL, proof VARCHAR, public_key VARCHAR,
  validated VARCHAR NOT NULL, run BIGINT NOT NULL
);
CREATE TABLE gaps (
  account VARCHAR NOT NULL, region VARCHAR NOT NULL, since VARCHAR, until VARCHAR, code VARCHAR NOT NULL,
  object VARCHAR, sentence VARCHAR NOT NULL
);
CREATE TABLE deliveries (
  file_id BIGINT NOT NULL, account VARCHAR NOT NULL, region VARCHAR NOT NULL, delivered TIMESTAMP NOT NULL,
  PRIMARY KEY (file_id, account, region, delivered)
);
CREATE TABLE windows (
  account VARCHAR NOT NULL, region VARCHAR NOT NULL, since VARCHAR NOT NULL, until VARCHAR NOT NULL
);
CREATE TABLE trail_stops (
  date VARCHAR NOT NULL, name VARCHAR NOT NULL, account VARCHAR NOT NULL, trail VARCHAR NOT NULL,
  time VARCHAR NOT NULL, starts BOOLEAN NOT NULL
);
CREATE TABLE log_buckets (name VARCHAR PRIMARY KEY);
CREATE VIEW files AS
  SELECT c.file_id, coalesce(min(p.path) FILTER (NOT starts_with(p.path, '-')), min(p.path)) AS path,
         c.sha256, c.kind, c.bytes, c.records, c.events, c.refused, c.integrity
  FROM contents c LEFT JOIN paths p USING (file_id) GROUP BY ALL;
CREATE VIEW partitions AS
  SELECT account, region, p.date, sum(p.rows)::BIGINT AS rows, round(sum(s.bytes * p.rows / s.rows))::BIGINT AS bytes,
         min(first_time) AS first_time, max(last_time) AS last_time, count(*) AS segments
  FROM segment_partitions p JOIN segments s USING (date, name) GROUP BY ALL;
CREATE TABLE retired (date VARCHAR NOT NULL, name VARCHAR NOT NULL, since VARCHAR NOT NULL);
CREATE TABLE forgotten (date VARCHAR NOT NULL, events BIGINT NOT NULL, "at" VARCHAR NOT NULL);
"""

_HELD = ("set lock on", "Unique file handle conflict")
"""What DuckDB says of a catalog that another process holds, and of one that another thread does."""
_WAIT_SECONDS = 20.0
"""How long to wait for a catalog that another process holds; a commit holds it for milliseconds."""


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
    deadline = time.monotonic() + _WAIT_SECONDS

    def attach() -> duckdb.DuckDBPyConnection:
        gate.pass_through(layout.root, deadline)
        return connection.execute(f"ATTACH {quote(str(layout.catalog))} AS catalog (READ_ONLY)")

    _retry(layout.catalog, attach, deadline)
    try:
        with _explained(layout.catalog):
            connection.execute("USE catalog")
            _check_version(connection, layout)
            yield
    finally:
        _close(connection)


@contextlib.contextmanager
def writing(layout: Layout) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the catalog for one transaction: committed when the block ends, rolled back when it raises."""
    with _opened(layout.catalog) as connection:
        _check_version(connection, layout)
        connection.execute("BEGIN")
        yield connection
        connection.execute("COMMIT")


@contextlib.contextmanager
def created(layout: Layout) -> Iterator[duckdb.DuckDBPyConnection]:
    """Make a new catalog where there is none, to be filled while the block runs; then it is put in place whole."""
    for left_over in (layout.unborn, layout.unborn.with_name(f"{layout.unborn.name}.wal")):
        left_over.unlink(missing_ok=True)
    with _opened(layout.unborn) as connection:
        connection.execute("BEGIN")
        connection.execute(_SCHEMA)
        connection.execute("INSERT INTO meta VALUES ('ctaudit', 'store'), ('version', ?)", [str(STORE_VERSION)])
        yield connection
        connection.execute("COMMIT")
        connection.execute("CHECKPOINT")  # on a full disk this fails aloud, where closing would fail in silence
    sync(layout.unborn)
    layout.unborn.replace(layout.catalog)


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
                  (SELECT count(*) FROM contents), (SELECT count(*) FROM faults),
                  (SELECT count(*) FROM duplicates), (SELECT count(DISTINCT eventid) FROM conflicts),
                  (SELECT min(first_time) FROM segment_partitions), (SELECT max(last_time) FROM segment_partitions),
                  coalesce(sum(rows) FILTER (date = 'unknown'), 0)::BIGINT
           FROM segments"""
    ).fetchone()
    assert row is not None  # an aggregate without GROUP BY always has one row
    return Totals(*(*row, unfinished.found(connection)))


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a catalog for writing, as the default database of a connection, while the block runs."""
    deadline = time.monotonic() + _WAIT_SECONDS
    with embedded.engine() as connection:
        with gate.held(path.parent, deadline):
            _retry(path, lambda: connection.execute(f"ATTACH {quote(str(path))} AS catalog"), deadline)
        try:
            with _explained(path):
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
            gate.pause()


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
