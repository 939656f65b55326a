"""Compare a store with a lake: which partitions are to be written, which files are to go.

The files of a partition carry a fingerprint of its rows in their names, and how many files there are: so the listing of
a lake tells what is up to date, whatever became of the run that wrote it. The fingerprint follows from where the rows
were read and what digests say of them, not from how the store keeps them: a compaction changes none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import duckdb
import pyarrow as pa

from ctaudit.query import Span
from ctaudit.records import lake
from ctaudit.records.columns import ACCOUNT, DATE, EVENT, EXTRA, RECORD, REGION, SCHEMA_VERSION, UNKNOWN_DATE, Shape
from ctaudit.store import reader
from ctaudit.store.views import quote, segments_sql, select_sql

SKETCH = 64
"""Contents by which a store is known again: those with the least hashes."""
_NAME = r"^part-([0-9a-f]{16})-([0-9]{5})-of-([0-9]{5})\.parquet$"
_BATCH = 10_000
_ROW_BYTES = 1000
"""What a row has besides free-form fields, more or less."""


def file_name(fingerprint: str, number: int, count: int) -> str:
    return f"part-{fingerprint}-{number:05}-of-{count:05}.parquet"


@dataclass(frozen=True, slots=True)
class Plan:
    """How a lake differs from the part of the store that was asked for."""

    partitions: int
    events: int
    """Of the store, in those partitions."""
    to_write: int
    events_to_write: int
    bytes_in_store: int
    """What the store needs for these events."""
    held: int
    """Partitions of forgotten days, which the lake keeps as they are."""
    gone: int
    """Partitions that the store does not have, and the lake does."""
    strays: int
    """Files of earlier runs that no partition needs any more, and that are not of a partition to be written."""
    foreign: int
    """Files that no export wrote."""
    unnamed: int
    """Events whose account or region is too long for the name of a folder."""


def copies(recognise: Sequence[str]) -> tuple[str, ...]:
    """Return the SQL that takes along what a comparison needs of the catalog; `recognise` are hashes of contents."""
    wanted = ", ".join(map(quote, recognise)) or "NULL"
    return (
        "CREATE TABLE memory.files AS SELECT file_id, path, integrity FROM files",
        "CREATE TABLE memory.duplicates AS SELECT kept_file, kept_record, file_id, record FROM duplicates",
        "CREATE TABLE memory.places AS SELECT date, name, account, region, rows, whole, bytes FROM segment_partitions "
        "JOIN (SELECT date, name, rows AS whole, bytes FROM segments) USING (date, name)",
        "CREATE TABLE memory.forgotten AS SELECT DISTINCT date FROM forgotten",
        f"CREATE TABLE memory.sketch AS SELECT sha256 FROM contents ORDER BY sha256 LIMIT {SKETCH}",
        "CREATE TABLE memory.known AS SELECT count(*) AS contents, "
        f"count(*) FILTER (sha256 IN ({wanted})) AS recognised FROM contents",
    )


def compare(
    connection: duckdb.DuckDBPyConnection,
    snapshot: reader.Snapshot,
    span: Span,
    partition_by: Sequence[str],
    found: Iterable[tuple[str, int]],
    *,
    prune: bool,
) -> Plan:
    """Make the tables `todo` (cells to write, in order), `surplus` (files to delete) and return their counts.

    `found` are the lake's files, as paths below it, with their sizes. A *cell* is one account × region × date; a
    partition has one or more.
    """
    _count_cells(connection, snapshot, span)
    _name_folders(connection, partition_by)
    _take_listing(connection, found, partition_by)
    _judge(connection, partition_by, prune=prune, whole=span.whole)
    return _plan(connection)


def _count_cells(connection: duckdb.DuckDBPyConnection, snapshot: reader.Snapshot, span: Span) -> None:
    source = segments_sql(snapshot.segments)
    rows = select_sql(source, repeated=snapshot.totals.duplicates > 0, also=[f"hash(e.file_id, e.{RECORD}) AS own"])
    connection.execute(
        f"""CREATE TABLE cells AS
            SELECT {ACCOUNT}, {REGION}, {DATE}, count(*) AS rows,
                   bit_xor(hash(own, integrity, source_file, {RECORD})) AS print
            FROM ({rows}) WHERE {days_where(span)} GROUP BY ALL"""
    )


def days_where(span: Span) -> str:
    """Return the condition on cells that a span of whole days implies."""
    parts = ["true"]
    if span.since is not None or span.until is not None:
        parts.append(f"{DATE} <> '{UNKNOWN_DATE}'")
    if span.since is not None:
        parts.append(f"{DATE} >= {quote(span.since[:10])}")
    if span.until is not None:
        parts.append(f"{DATE} < {quote(span.until[:10])}")
    if span.accounts:
        parts.append(f"{ACCOUNT} IN ({', '.join(map(quote, span.accounts))})")
    if span.regions:
        parts.append(f"{REGION} IN ({', '.join(map(quote, span.regions))})")
    return " AND ".join(parts)


def _name_folders(connection: duckdb.DuckDBPyConnection, partition_by: Sequence[str]) -> None:
    """Make the tables `homes` (cell -> folder, with what orders it) and `partitions` (folder, rows, fingerprint)."""
    for key in lake.KEYS:
        values = [row[0] for row in connection.execute(f"SELECT DISTINCT {key} FROM cells").fetchall()]
        named = {
            "value": pa.array(values, pa.string()),
            "folder": pa.array([lake.folder_name(key, value) for value in values], pa.string()),
            "unnamed": pa.array([key in partition_by and lake.is_too_long(key, value) for value in values], pa.bool_()),
        }
        connection.register("given", pa.table(named))
        connection.execute(f"CREATE TABLE {key}_folders AS FROM given")
        connection.unregister("given")
    joins = " ".join(f"JOIN {key}_folders {key}_ ON {key}_.value IS NOT DISTINCT FROM c.{key}" for key in lake.KEYS)
    folder = " || '/' || ".join(f"{key}_.folder" for key in partition_by)
    unnamed = " OR ".join(f"{key}_.unnamed" for key in lake.KEYS)
    connection.execute(
        f"CREATE TABLE homes AS SELECT c.*, {folder} AS folder, {unnamed} AS unnamed FROM cells c {joins}"
    )
    made_by = quote("|".join(map(str, (lake.LAKE_VERSION, SCHEMA_VERSION, duckdb.__version__, *partition_by))))
    dates = f"{DATE} IN (FROM forgotten)" if DATE in partition_by else "(SELECT count(*) > 0 FROM forgotten)"
    connection.execute(
        f"""CREATE TABLE partitions AS
            SELECT folder, sum(rows)::BIGINT AS rows, bool_or({dates}) AS forgotten,
                   md5(concat_ws('|', {made_by}, sum(rows), bit_xor(print)))[1:16] AS fingerprint
            FROM homes GROUP BY folder"""
    )


def _take_listing(
    connection: duckdb.DuckDBPyConnection, found: Iterable[tuple[str, int]], partition_by: Sequence[str]
) -> None:
    """Make the tables `listed` (all files) and `ours` (those that an export wrote)."""
    connection.execute("CREATE TABLE listed (path VARCHAR, size BIGINT)")
    entries = iter(found)
    while batch := list(islice(entries, _BATCH)):
        paths, sizes = zip(*batch, strict=True)
        connection.register(
            "given", pa.table({"path": pa.array(paths, pa.string()), "size": pa.array(sizes, pa.int64())})
        )
        connection.execute("INSERT INTO listed FROM given")
        connection.unregister("given")
    shape = "/".join(f"{key}=[^/]+" for key in partition_by)
    connection.execute(
        f"""CREATE TABLE ours AS
            SELECT folder, name, size, found[1] AS fingerprint, found[2]::INTEGER AS number, found[3]::INTEGER AS files
            FROM (SELECT regexp_extract(path, '^(.*)/[^/]*$', 1) AS folder, regexp_extract(path, '[^/]*$') AS name,
                         size, regexp_extract_all(name, '[0-9a-f]{{16}}|[0-9]{{5}}') AS found FROM listed)
            WHERE regexp_matches(name, '{_NAME}') AND regexp_full_match(folder, '{shape}')"""
    )


def _judge(connection: duckdb.DuckDBPyConnection, partition_by: Sequence[str], *, prune: bool, whole: bool) -> None:
    """Make the tables `verdicts` (one for each partition), `todo`, `gone` and `surplus`."""
    held = "false" if prune else "p.forgotten AND p.folder IN (SELECT folder FROM ours)"
    connection.execute(
        f"""CREATE TABLE verdicts AS
            SELECT p.*, CASE WHEN c.folder IS NOT NULL THEN 'done' WHEN {held} THEN 'held' ELSE 'write' END AS verdict
            FROM partitions p LEFT JOIN (
              SELECT folder, fingerprint FROM ours WHERE size > 0 GROUP BY ALL
              HAVING count(*) = min(files) AND min(files) = max(files)
            ) c USING (folder, fingerprint)"""
    )
    order = [f"{key}_.folder" for key in (DATE, ACCOUNT, REGION) if key in partition_by]
    order += ["h.date NULLS FIRST", "h.account NULLS FIRST", "h.region NULLS FIRST"]
    joins = " ".join(f"JOIN {key}_folders {key}_ ON {key}_.value IS NOT DISTINCT FROM h.{key}" for key in partition_by)
    connection.execute(
        f"""CREATE TABLE todo AS
            SELECT row_number() OVER (ORDER BY {", ".join(order)}) AS id, h.folder, h.account, h.region, h.date, h.rows
            FROM homes h SEMI JOIN (FROM verdicts WHERE verdict = 'write') USING (folder) {joins}"""
    )
    connection.execute(
        "CREATE TABLE gone AS SELECT DISTINCT folder FROM ours ANTI JOIN partitions USING (folder)"
        + ("" if whole else " WHERE false")
    )
    pruned = "UNION ALL SELECT folder, name FROM ours SEMI JOIN gone USING (folder)" if prune else ""
    connection.execute(
        f"""CREATE TABLE surplus AS
            SELECT o.folder, o.name FROM ours o JOIN verdicts v USING (folder)
            WHERE v.verdict = 'done' AND o.fingerprint <> v.fingerprint {pruned}"""
    )


def weigh(connection: duckdb.DuckDBPyConnection, snapshot: reader.Snapshot) -> None:
    """Make the table `weights`: the rows and bytes of each cell to write in each segment, and between which rows.

    Texts of a record can be a hundred times as long as those of another, and what is sorted at once has to fit.
    """
    free = [field.name for field in EVENT if field.shape is Shape.JSON] + [EXTRA, "errormessage", "useragent"]
    size = " + ".join(f"coalesce(strlen(e.{name}), 0)" for name in free)
    connection.execute(
        f"""CREATE TABLE weights AS
            SELECT t.id, e.filename AS path, count(*) AS rows, sum({_ROW_BYTES} + {size})::BIGINT AS bytes,
                   min(e.file_row_number) AS first, max(e.file_row_number) AS last
            FROM {segments_sql(snapshot.segments)} e JOIN todo t ON t.date = e.date
              AND t.account IS NOT DISTINCT FROM e.account AND t.region IS NOT DISTINCT FROM e.awsregion
            GROUP BY ALL"""
    )


def _plan(connection: duckdb.DuckDBPyConnection) -> Plan:
    row = connection.execute(
        """SELECT count(*), coalesce(sum(rows), 0)::BIGINT, count(*) FILTER (verdict = 'write'),
                  coalesce(sum(rows) FILTER (verdict = 'write'), 0)::BIGINT,
                  (SELECT coalesce(round(sum(p.bytes * p.rows / p.whole)), 0)::BIGINT FROM places p SEMI JOIN todo t
                   ON t.date = p.date AND t.account IS NOT DISTINCT FROM p.account
                   AND t.region IS NOT DISTINCT FROM p.region),
                  count(*) FILTER (verdict = 'held'), (SELECT count(*) FROM gone), (SELECT count(*) FROM surplus),
                  (SELECT count(*) FROM listed) - (SELECT count(*) FROM ours),
                  (SELECT coalesce(sum(rows), 0)::BIGINT FROM homes WHERE unnamed)
           FROM verdicts"""
    ).fetchone()
    assert row is not None  # an aggregate without GROUP BY always has one row
    return Plan(*row)


def surplus(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, list[str]]]:
    """Yield each folder with the names of the files in it that are to go."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT folder, list(name ORDER BY name) FROM surplus GROUP BY folder ORDER BY folder")
        while rows := cursor.fetchmany(_BATCH):
            yield from rows
