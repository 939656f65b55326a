"""What lies in the evidence, by name: digests by chain, logs by account and region, kept in a temporary file.

An organization's year has millions of names. They are kept by SQLite in a file that nobody else sees and that is gone
with the process, so memory stays the same however many there are.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from ctaudit import limits
from ctaudit.integrity.names import Chain, DigestName, LogName, digest_name, log_name, strangeness
from ctaudit.sources.left_out import Others
from ctaudit.sources.objects import Object

_SCHEMA = """
CREATE TABLE digests (
  account TEXT, region TEXT, trail TEXT, home TEXT, backfill INTEGER, "end" INTEGER, key BLOB, place BLOB, bucket TEXT,
  proven INTEGER
);
CREATE TABLE logs (account TEXT, region TEXT, time INTEGER, key BLOB, place BLOB);
CREATE TABLE listed (place BLOB PRIMARY KEY) WITHOUT ROWID;
"""
_BATCH = 5000
_PAGE = 1000
"""Digests fetched at once: the table is written to between two pages."""

Chosen = tuple[Object, DigestName]
_At = tuple[int, bytes, bytes]
"""End, key and place of a digest: the order in which they are walked, backwards."""


class Inventory:
    def __init__(self) -> None:
        self._connection = sqlite3.connect("", isolation_level=None)
        self._connection.executescript(_SCHEMA)
        self._connection.execute("BEGIN")  # never committed: it goes as it came
        self._digests: list[tuple[object, ...]] = []
        self._logs: list[tuple[object, ...]] = []
        self.strange: dict[str, tuple[int, tuple[str, ...]]] = {}
        """Files with names that are neither digests' nor logs': how many and some of them, by verdict."""
        self._listed: list[tuple[bytes]] = []
        self.left_out = Others()
        """What nobody asked about, and so was not listed."""

    def add(self, found: Object) -> None:
        """Note an object if its name is that of a digest or of a log file."""
        if (digest := digest_name(found.key)) is not None:
            chain = digest.chain
            names = (chain.account, chain.region, chain.trail, chain.home, chain.backfill)
            self._digests.append((*names, _seconds(digest.end), _raw(found.key), _raw(found.place), found.bucket))
        elif (log := log_name(found.key)) is not None:
            self._logs.append((log.account, log.region, _seconds(log.time), _raw(found.key), _raw(found.place)))
        elif (code := strangeness(found.key)) is not None:
            count, samples = self.strange.get(code, (0, ()))
            self.strange[code] = count + 1, tuple(sorted((*samples, found.key))[: limits.FINDING_SAMPLES])
        if len(self._digests) + len(self._logs) >= _BATCH:
            self._flush()

    def add_digest(self, found: Object) -> None:
        """Note an object only if it is a digest: one of a place whose log files nobody asked about."""
        if digest_name(found.key) is not None:
            self.add(found)

    def _flush(self) -> None:
        self._connection.executemany("INSERT INTO digests VALUES (?,?,?,?,?,?,?,?,?,0)", self._digests)
        self._connection.executemany("INSERT INTO logs VALUES (?,?,?,?,?)", self._logs)
        self._digests, self._logs = [], []

    def settle(self) -> None:
        """Call when all is added: what is asked for from now on is found by index."""
        self._flush()
        self._connection.execute(
            """CREATE INDEX IF NOT EXISTS by_chain
               ON digests (account, region, trail, home, backfill, "end" DESC, key DESC, place DESC)"""
        )
        self._connection.execute("CREATE INDEX IF NOT EXISTS by_place ON logs (account, region, time)")

    def chains(self) -> list[Chain]:
        """Return every chain that there is a digest of, in order."""
        rows = self._connection.execute(
            "SELECT DISTINCT account, region, trail, home, backfill FROM digests ORDER BY 1, 2, 3, 4, 5"
        )
        return [Chain(account, region, trail, home, bool(backfill)) for account, region, trail, home, backfill in rows]

    def counts(self) -> tuple[int, int]:
        """Return how many digests and how many log files there are."""
        (digests,) = self._connection.execute("SELECT count(*) FROM digests").fetchone()
        (logs,) = self._connection.execute("SELECT count(*) FROM logs").fetchone()
        return digests, logs

    def places(self) -> list[tuple[str, str]]:
        """Return the (account, region) of every log file."""
        return self._connection.execute("SELECT DISTINCT account, region FROM logs ORDER BY 1, 2").fetchall()

    def digests(self, chain: Chain, until: datetime | None = None, after: Object | None = None) -> Iterator[Chosen]:
        """Yield a chain's digests, the newest first: those that end before `until`, and come after the one named."""
        at: _At = (_seconds(until) if until else 1 << 62, b"\xff", b"")
        if after is not None and (name := digest_name(after.key)) is not None:
            at = _seconds(name.end), _raw(after.key), _raw(after.place)
        while page := self._page(chain, at):
            for end, key, place, bucket in page:
                yield self._chosen(key, place, bucket)
                at = end, key, place

    @staticmethod
    def _chosen(key: bytes, place: bytes, bucket: str | None) -> Chosen:
        name = digest_name(_text(key))
        assert name is not None  # it was one when it was added
        return Object(_text(key), _text(place), 0, bucket), name

    def _page(self, chain: Chain, before: _At) -> Sequence[tuple[int, bytes, bytes, str | None]]:
        names = (chain.account, chain.region, chain.trail, chain.home, chain.backfill)
        return self._connection.execute(
            """SELECT "end", key, place, bucket FROM digests
               WHERE account = ? AND region = ? AND trail = ? AND home = ? AND backfill = ?
               AND ("end", key, place) < (?, ?, ?) ORDER BY "end" DESC, key DESC, place DESC LIMIT ?""",
            (*names, *before, _PAGE),
        ).fetchall()

    def span_of_digests(self, region: str) -> tuple[datetime, datetime] | None:
        """Return the earliest and latest end of a region's digests."""
        row = self._connection.execute('SELECT min("end"), max("end") FROM digests WHERE region = ?', [region])
        first, last = row.fetchone()
        return None if first is None else (_moment(first), _moment(last))

    def newest_end(self, chain: Chain) -> datetime | None:
        """Return the end of the newest digest of a chain's trail, in whatever region of that account."""
        row = self._connection.execute(
            'SELECT max("end") FROM digests WHERE account = ? AND trail = ? AND home = ? AND backfill = 0',
            (chain.account, chain.trail, chain.home),
        ).fetchone()
        return None if row[0] is None else _moment(row[0])

    def mark_proven(self, found: Object, name: DigestName) -> None:
        """Note a digest as proven, for `proven_between`."""
        chain = name.chain
        self._connection.execute(
            """UPDATE digests SET proven = 1 WHERE account = ? AND region = ? AND trail = ? AND home = ?
               AND backfill = ? AND "end" = ? AND key = ? AND place = ?""",
            (
                *(chain.account, chain.region, chain.trail, chain.home, chain.backfill),
                *(_seconds(name.end), _raw(found.key), _raw(found.place)),
            ),
        )

    def proven_between(self, trail: str, home: str, window: tuple[datetime, datetime]) -> list[Chosen]:
        """Return the proven digests, of every account, of a trail's home region that end in the window."""
        rows = self._connection.execute(
            """SELECT key, place, bucket FROM digests
               WHERE trail = ? AND home = ? AND region = home AND proven AND "end" BETWEEN ? AND ? ORDER BY key""",
            (trail, home, *map(_seconds, window)),
        ).fetchall()
        return [self._chosen(*row) for row in rows]

    def has_digest_of_other_region(self, chain: Chain, window: tuple[datetime, datetime]) -> bool:
        """Tell whether the same trail has digests of other regions, of the same account, that speak of the window."""
        row = self._connection.execute(
            """SELECT 1 FROM digests WHERE account = ? AND region <> ? AND trail = ? AND home = ? AND backfill = 0
               AND "end" > ? AND "end" <= ? LIMIT 1""",
            (chain.account, chain.region, chain.trail, chain.home, _seconds(window[0]) + 3600, _seconds(window[1])),
        )
        return row.fetchone() is not None

    def mark_listed(self, places: Iterable[str]) -> None:
        """Note the places of log files that some digest lists."""
        self._listed += ((_raw(place),) for place in places)
        if len(self._listed) >= _BATCH:
            self._flush_listed()

    def _flush_listed(self) -> None:
        self._connection.executemany("INSERT OR IGNORE INTO listed VALUES (?)", self._listed)
        self._listed = []

    def unlisted(
        self, account: str, region: str, since: datetime | None = None, until: datetime | None = None
    ) -> Iterator[tuple[str, LogName]]:
        """Yield the log files of a place that no digest lists, by time; call when all its digests were walked."""
        self._flush_listed()
        bounds = (_seconds(since) if since else -(1 << 62), _seconds(until) if until else 1 << 62)
        rows = self._connection.execute(
            """SELECT key, time FROM logs WHERE account = ? AND region = ? AND time >= ? AND time < ?
               AND place NOT IN listed ORDER BY time, key""",
            (account, region, *bounds),
        )
        for key, time in rows:
            yield _text(key), LogName(account, region, _moment(time))

    def forget_listed(self) -> None:
        """Forget what was listed: the log files of another account or region lie elsewhere."""
        self._listed = []
        self._connection.execute("DELETE FROM listed")

    def close(self) -> None:
        self._connection.close()


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _raw(text: str) -> bytes:
    """Keys and paths are kept as bytes: file names need be no UTF-8."""
    return text.encode("utf-8", "surrogateescape")


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
