"""What digests say of log files, joined to the contents in the store by hash, so that every row has its verdict.

The catalog's table `listed` holds what validations found in digests, one row for each log file's key. A content's
integrity follows from it and from the content's own hash and name, whichever came first: the validation or the ingest.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from ctaudit.store import catalog
from ctaudit.store.layout import Layout

_COLUMNS = ("key", "name", "sha256", "integrity", "digest", "digest_sha256", "proof", "public_key", "validated", "run")
_NAME = r"regexp_extract(path, '([^/\\]*?)(\.gz|\.zst|\.bz2)*(#member[0-9]+)?$', 1)"
"""SQL: the name of a content's file, as `listed.name` has it. Some zip archives part their names with backslashes."""
_AS_DELIVERED = r"path = file AND file <> '-' AND NOT regexp_matches(path, '\.(zst|bz2)$')"
"""SQL: a content is a file on disk as AWS delivered it, or unpacked; it is neither in an archive nor packed anew."""
_LOGS = "(events > 0 OR kind IN ('events', 'empty', 'damaged', 'known'))"
_FETCH = 10_000
_EVIDENCE = {
    "key": "log",
    "sha256": "listed_sha256",
    "digest": "digest",
    "integrity": "digest_integrity",
    "digest_sha256": "digest_sha256",
    "proof": "proven_by",
    "public_key": "public_key_sha256",
    "validated": "validated",
}
"""Column -> the key it has in what a reader is told."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One log file as one digest lists it."""

    key: str
    name: str
    """The last part of the key, without `.gz`."""
    sha256: str
    integrity: str
    """What the digest is worth: `proven`, `unproven` or `void`."""
    digest: str
    digest_sha256: str
    proof: str | None
    """What proves the digest."""
    public_key: str | None
    """SHA-256 of the public key that its signature was verified with."""
    validated: str
    """When the validation ran; RFC 3339."""
    run: int
    """Which validation of this store it was, as `begin` counts them."""


def begin(layout: Layout) -> int:
    """Return the number of the validation that begins now; raises StoreError when the store cannot be written."""
    with catalog.writing(layout) as connection:
        row = connection.execute("SELECT coalesce(max(run), 0) + 1 FROM listed").fetchone()
    assert row is not None  # an aggregate without GROUP BY always has one row
    return int(row[0])


def record(layout: Layout, listings: Sequence[Listing], keys: Collection[str]) -> None:
    """Take what digests say into the catalog; a later validation's word replaces an earlier one's.

    But what a proven digest says is replaced only by a proven one, or when that very digest has become another or is
    known to be false, or when the key that proved it is not among `keys`, the SHA-256 of those trusted now. Without any
    keys a validation can prove nothing, and takes nothing back.
    """
    import pyarrow as pa  # here, since lookups read proofs, too, and have no need of Arrow

    table = pa.table({name: pa.array([getattr(each, name) for each in listings]) for name in _COLUMNS})
    with catalog.writing(layout) as connection:
        connection.register("incoming", table)
        updates = ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS[1:])
        connection.execute(
            f"""INSERT INTO listed
                SELECT DISTINCT ON (key) {", ".join(_COLUMNS)} FROM incoming ORDER BY key, integrity = 'proven' DESC
                ON CONFLICT DO UPDATE SET {updates}
                WHERE excluded.integrity = 'proven' OR (listed.run <> excluded.run AND (
                  listed.integrity <> 'proven'
                  OR (listed.digest = excluded.digest AND (
                    excluded.integrity = 'void' OR listed.digest_sha256 <> excluded.digest_sha256))
                  OR (len($keys) > 0 AND NOT coalesce(list_contains($keys, listed.public_key), false))))""",
            {"keys": sorted(keys)},
        )
        connection.unregister("incoming")


def settle(connection: duckdb.DuckDBPyConnection, where: str = "true") -> None:
    """Give the contents for which `where` holds the integrity that follows from what is listed."""
    connection.execute(
        f"""UPDATE contents SET integrity = CASE
              WHEN sha256 IN (SELECT sha256 FROM listed WHERE integrity = 'proven') THEN 'proven'
              WHEN sha256 IN (SELECT sha256 FROM listed) THEN 'unproven'
              WHEN file_id IN (
                SELECT file_id FROM paths WHERE {_NAME} IN (SELECT name FROM listed WHERE integrity = 'proven')
              ) THEN 'failed'
              WHEN integrity IN ('unlisted', 'unproven') THEN integrity END
            WHERE {_LOGS} AND {where}"""
    )


def settle_all(layout: Layout) -> None:
    """Give every content in the store the integrity that follows from what is listed."""
    with catalog.writing(layout) as connection:
        settle(connection)


def unjudged(layout: Layout) -> Iterator[list[tuple[int, str]]]:
    """Yield pages of (file id, path) of the logs of which no digest says anything, by file id."""
    after = -(2**63)
    while True:
        with catalog.reading(layout) as connection:
            page: list[tuple[int, str]] = connection.execute(
                f"""SELECT file_id, min(path) FROM contents JOIN paths USING (file_id)
                    WHERE {_LOGS} AND coalesce(integrity, 'unlisted') IN ('unlisted', 'unproven')
                    AND sha256 NOT IN (SELECT sha256 FROM listed) AND file_id > ?
                    GROUP BY file_id ORDER BY file_id LIMIT {_FETCH}""",
                [after],
            ).fetchall()
        if not page:
            return
        yield page
        after = page[-1][0]


def judge(layout: Layout, verdicts: Sequence[tuple[int, str]]) -> None:
    """Store verdicts (file id, integrity) on contents that no digest lists."""
    import pyarrow as pa

    ids, words = pa.array([each[0] for each in verdicts], pa.int64()), pa.array([each[1] for each in verdicts])
    with catalog.writing(layout) as connection:
        connection.register("incoming", pa.table({"file_id": ids, "word": words}))
        connection.execute("UPDATE contents SET integrity = word FROM incoming i WHERE contents.file_id = i.file_id")
        connection.unregister("incoming")


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that a validation found to be gone, or a span that it found uncovered."""

    account: str
    region: str
    since: str | None
    """RFC 3339; None where it is open."""
    until: str | None
    code: str
    object: str | None
    sentence: str


def replace_gaps(
    layout: Layout, places: Sequence[tuple[str, str]], since: str | None, until: str | None, gaps: Sequence[Gap]
) -> None:
    """Store what a validation of these accounts and regions found in a span, in the place of what was known of it."""
    with catalog.writing(layout) as connection:
        for account, region in places:
            connection.execute(
                """DELETE FROM gaps WHERE account = ? AND region = ?
                   AND coalesce(since < ?, true) AND coalesce(until > ?, true)""",
                [account, region, until, since],
            )
        for gap in gaps:
            values = [gap.account, gap.region, gap.since, gap.until, gap.code, gap.object, gap.sentence]
            connection.execute("INSERT INTO gaps VALUES (?, ?, ?, ?, ?, ?, ?)", values)


def replace_windows(
    layout: Layout,
    places: Mapping[tuple[str, str], Sequence[tuple[str, str]]],
    since: str | None,
    until: str | None,
    *,
    keep: bool,
) -> None:
    """Store what proven digests account for in a span, by account and region: what was known of it is replaced.

    With `keep` it stays as well: a validation without keys proves nothing, and takes nothing back. Windows that reach
    out of the span are cut, not dropped: of the rest the validation said nothing.
    """
    with catalog.writing(layout) as connection:
        for (account, region), windows in places.items():
            where = "account = $account AND region = $region AND coalesce(since < $until, true)"
            where += " AND coalesce(until > $since, true)"
            given = {"account": account, "region": region, "since": since, "until": until}
            if not keep:
                cut = "SELECT account, region"
                connection.execute(
                    f"""CREATE TEMP TABLE outside AS
                        {cut}, since, $since::VARCHAR AS until FROM windows WHERE {where} AND since < $since
                        UNION ALL {cut}, $until::VARCHAR, until FROM windows WHERE {where} AND until > $until""",
                    given,
                )
                connection.execute(f"DELETE FROM windows WHERE {where}", given)
                connection.execute("INSERT INTO windows FROM outside")
                connection.execute("DROP TABLE outside")
            for window in windows:
                connection.execute("INSERT INTO windows VALUES (?, ?, ?, ?)", [account, region, *window])


def note_buckets(layout: Layout, names: Collection[str]) -> None:
    """Note buckets that digests say trails deliver into."""
    with catalog.writing(layout) as connection:
        connection.execute("INSERT OR IGNORE INTO log_buckets SELECT unnest(?::VARCHAR[])", [sorted(names)])


def files(layout: Layout) -> Iterator[tuple[str, str]]:
    """Yield (path, SHA-256 of the content) of every digest and log file in the ledger, by path.

    What is no file of its own is left out: second and later gzip members, and what `copies` gives.
    """
    after = ""
    while True:
        with catalog.reading(layout) as connection:
            page = connection.execute(
                f"""SELECT path, arg_max(sha256, changed_ns) FROM paths JOIN contents USING (file_id)
                    WHERE ({_LOGS} OR kind = 'digest') AND path > ? AND {_AS_DELIVERED}
                    GROUP BY path ORDER BY path LIMIT {_FETCH}""",
                [after],
            ).fetchall()
        if not page:
            return
        yield from page
        after = page[-1][0]


def copies(layout: Layout) -> Iterator[tuple[str, str]]:
    """Yield (name, SHA-256 of the content) of the logs read out of archives, packed anew or from standard input.

    Of an archive or file that was read twice only what it held the last time counts.
    """
    after = ("", "")
    while True:
        with catalog.reading(layout) as connection:
            page = connection.execute(
                f"""SELECT DISTINCT * FROM (
                      SELECT {_NAME} AS name, sha256 FROM paths JOIN contents USING (file_id)
                      WHERE {_LOGS} AND NOT ({_AS_DELIVERED}) AND NOT regexp_matches(path, '#member[0-9]+$')
                      QUALIFY file = '-' OR changed_ns = max(changed_ns) OVER (PARTITION BY path, file)
                    ) WHERE (name, sha256) > (?, ?) ORDER BY ALL LIMIT {_FETCH}""",
                after,
            ).fetchall()
        if not page:
            return
        yield from page
        after = page[-1]


def digests_elsewhere(layout: Layout) -> list[str]:
    """Return the paths of digests that are known only out of archives, packed anew or from standard input."""
    with catalog.reading(layout) as connection:
        rows = connection.execute(
            f"""SELECT min(path) FROM paths JOIN contents USING (file_id) WHERE kind = 'digest'
                GROUP BY file_id HAVING NOT bool_or({_AS_DELIVERED}) ORDER BY ALL"""
        ).fetchall()
    return [path for (path,) in rows]


def buckets(layout: Layout) -> tuple[str, ...]:
    """Return the buckets that files were read from, as `s3://bucket`."""
    with catalog.reading(layout) as connection:
        rows = connection.execute(
            "SELECT DISTINCT regexp_extract(file, '^s3://[^/]+') AS bucket FROM paths WHERE starts_with(file, 's3://') "
            "ORDER BY ALL"
        ).fetchall()
    return tuple(bucket for (bucket,) in rows)


def evidence(layout: Layout, hashes: Sequence[str], paths: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return what digests say of contents: by SHA-256 where one lists it, by path where one lists another hash."""
    columns = ", ".join(f"l.{column}" for column in _EVIDENCE)
    with catalog.reading(layout) as connection:
        by_hash = connection.execute(
            f"""SELECT DISTINCT ON (l.sha256) l.sha256, {columns} FROM listed l
                WHERE l.sha256 IN (SELECT unnest(?::VARCHAR[]))
                ORDER BY l.sha256, l.integrity = 'proven' DESC, l.key""",
            [list(hashes)],
        ).fetchall()
        by_name = connection.execute(
            f"""SELECT DISTINCT ON (path) path, {columns} FROM (SELECT unnest(?::VARCHAR[]) AS path) p
                JOIN listed l ON l.name = {_NAME} ORDER BY path, l.integrity = 'proven' DESC, l.key""",
            [list(paths)],
        ).fetchall()
    return {row[0]: dict(zip(_EVIDENCE.values(), row[1:], strict=True)) for row in (*by_name, *by_hash)}
