"""Ask Athena: start a query, wait for its end, read its rows; and stop it there when nobody waits any longer."""

from __future__ import annotations

import random
import re
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ctaudit import limits
from ctaudit.engines import athena_values
from ctaudit.engines.athena_cost import Spent, charged, size_text
from ctaudit.engines.athena_failures import failure
from ctaudit.engines.athena_values import Columns, Row
from ctaudit.engines.spelling import ATHENA, Spelling
from ctaudit.errors import CtauditError, Interrupted, QueryLimit, UsageError

PAGE = 1000
"""Rows in one answer of GetQueryResults, the most that AWS gives."""
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
"""Seconds between looks at a query that runs."""
_GROWTH = 1.5
_CATALOG = "AwsDataCatalog"
_ENDED = ("SUCCEEDED", "FAILED", "CANCELLED")
_PART = re.compile(r'[^".\x00-\x1f`]{1,255}')


class Api(Protocol):
    """AWS, as `sources` asks it; raises CtauditError in one sentence."""

    def __call__(self, operation: str, **asked: Any) -> Mapping[str, Any]: ...

    def sizes(self, bucket: str, prefix: str, after: str = "") -> Iterator[tuple[str, int]]: ...


@dataclass(frozen=True, slots=True)
class TableName:
    database: str
    table: str
    catalog: str = _CATALOG

    @property
    def sql(self) -> str:
        """The name as it stands in FROM."""
        parts = [self.database, self.table] if self.catalog == _CATALOG else [self.catalog, self.database, self.table]
        return ".".join(f'"{part}"' for part in parts)


def table_name(text: str) -> TableName:
    """Return what `DATABASE.TABLE` or `CATALOG.DATABASE.TABLE` names; raises UsageError."""
    parts = text.split(".")
    if not 2 <= len(parts) <= 3 or not all(map(_PART.fullmatch, parts)):
        raise UsageError(f"'{text}' is no table of Athena", "give DATABASE.TABLE")
    return TableName(parts[-2], parts[-1], *parts[:-2])


@dataclass(frozen=True, slots=True)
class Settings:
    table: TableName
    workgroup: str | None = None
    """None: that of the account, `primary`."""
    output_location: str | None = None
    """Where results are kept, `s3://…/`; None: where the workgroup says."""
    reuse_minutes: int | None = None
    """How old an earlier answer to the same text may be to be taken again, at no cost."""
    max_scan: int | None = None
    """Bytes that one query may scan."""
    timeout: float | None = None
    """Seconds for all queries of a question together."""


@dataclass(frozen=True, slots=True)
class Result:
    columns: Columns
    rows: Iterator[Row]


class Athena:
    """An engine of `lookup`; used by one thread, the main one, so that Ctrl-C comes in between."""

    def __init__(self, api: Api, settings: Settings, sleep: Callable[[float], None] = time.sleep) -> None:
        self._api = api
        self._settings = settings
        self._sleep = sleep
        self._deadline = None if settings.timeout is None else time.monotonic() + settings.timeout
        self.spent = Spent()

    @property
    def spelling(self) -> Spelling:
        return ATHENA

    @property
    def table(self) -> str:
        return self._settings.table.sql

    def rows(self, sql: str) -> Iterator[Row]:
        """Run one SELECT and yield its rows."""
        return self.ask(sql).rows

    def ask(self, sql: str) -> Result:
        """Run one SELECT to its end; its rows are read as they are taken.

        Raises QueryError when Athena refuses it, QueryLimit at a limit, Interrupted on Ctrl-C, after it was stopped.
        """
        size = len(sql.encode())
        if size > limits.MAX_ATHENA_SQL_BYTES:
            message = f"the question makes {size:,} bytes of SQL, and Athena takes {limits.MAX_ATHENA_SQL_BYTES:,}"
            raise UsageError(message, "narrow it with --since, --until or --event")
        identifier = self._start(sql)
        try:
            execution = self._wait(identifier)
        except BaseException as error:
            left = self._stop(identifier)
            if isinstance(error, KeyboardInterrupt):
                raise Interrupted(f"interrupted; {left}") from None
            if isinstance(error, CtauditError):
                raise type(error)(error.message, f"{error.advice}; {left}".removeprefix("; ")) from error
            raise
        self._count(execution)
        if execution["Status"]["State"] != "SUCCEEDED":
            raise failure(execution, _scanned(execution))
        return self._result(identifier)

    def _start(self, sql: str) -> str:
        """Start a query once, however often the request is sent: AWS knows it by its token."""
        chosen = self._settings
        asked: dict[str, Any] = {
            "QueryString": sql,
            "ClientRequestToken": str(uuid.uuid4()),
            "QueryExecutionContext": {"Catalog": chosen.table.catalog, "Database": chosen.table.database},
        }
        if chosen.workgroup is not None:
            asked["WorkGroup"] = chosen.workgroup
        if chosen.output_location is not None:
            asked["ResultConfiguration"] = {"OutputLocation": chosen.output_location}
        if chosen.reuse_minutes is not None:
            by_age = {"Enabled": True, "MaxAgeInMinutes": chosen.reuse_minutes}
            asked["ResultReuseConfiguration"] = {"ResultReuseByAgeConfiguration": by_age}
        try:
            return self._started(asked)
        except KeyboardInterrupt:
            # It may have begun: the same token gives its id, and with that it can be stopped.
            try:
                left = self._stop(self._started(asked))
            except CtauditError as error:
                left = f"a query may have begun in Athena ({error.message})"
            raise Interrupted(f"interrupted; {left}") from None

    def _started(self, asked: Mapping[str, Any]) -> str:
        return str(self._api("start_query_execution", **asked)["QueryExecutionId"])

    def _wait(self, identifier: str) -> Mapping[str, Any]:
        """Look at a query until it has ended, less often the longer it takes."""
        pause = FIRST_PAUSE
        while True:
            execution = self._api("get_query_execution", QueryExecutionId=identifier)["QueryExecution"]
            if execution["Status"]["State"] in _ENDED:
                return dict(execution)
            self._check(execution)
            jittered = pause * random.uniform(0.5, 1.0)  # noqa: S311  (no secret)
            left = jittered if self._deadline is None else self._deadline - time.monotonic()
            self._sleep(max(0.0, min(jittered, left)))
            pause = min(LONGEST_PAUSE, pause * _GROWTH)

    def _check(self, execution: Mapping[str, Any]) -> None:
        """Raise QueryLimit when a query that runs has had its time, or has scanned what it may."""
        most = self._settings.max_scan
        if most is not None and _bytes(execution) > most:
            message = f"the query in Athena came to --max-scan {size_text(most)}: {_scanned(execution)}"
            raise QueryLimit(message, "narrow it with --since, --until, --account or --region")
        if self._deadline is not None and time.monotonic() >= self._deadline:
            message = f"the query in Athena needs more time than it may use: {_scanned(execution)}"
            raise QueryLimit(message, "narrow it, or give it more by --timeout")

    def _stop(self, identifier: str) -> str:
        """Stop a query, and say what became of it; Ctrl-C pressed again does not keep it running."""
        for _ in range(2):
            try:
                self._api("stop_query_execution", QueryExecutionId=identifier)
            except KeyboardInterrupt:
                continue
            except CtauditError as error:
                return f"the query {identifier} could not be stopped in Athena and may go on there ({error.message})"
            return "the query was stopped in Athena; what it had scanned is charged"
        return f"the query {identifier} may go on in Athena"

    def _result(self, identifier: str) -> Result:
        """Read the first page, which tells the columns; the others follow as they are wanted."""
        said = self._api("get_query_results", QueryExecutionId=identifier, MaxResults=PAGE)
        columns = athena_values.columns_of(said["ResultSet"])
        return Result(columns, self._rows(identifier, said, columns))

    def _rows(self, identifier: str, said: Mapping[str, Any], columns: Columns) -> Iterator[Row]:
        tokens: set[str] = set()
        yield from athena_values.rows_of(said["ResultSet"], columns, first=True)
        while token := said.get("NextToken"):
            if token in tokens:
                raise CtauditError("Athena (GetQueryResults) answers with the same page again and again", "ask again")
            tokens.add(token)
            said = self._api("get_query_results", QueryExecutionId=identifier, MaxResults=PAGE, NextToken=token)
            yield from athena_values.rows_of(said["ResultSet"], columns, first=False)

    def _count(self, execution: Mapping[str, Any]) -> None:
        statistics = execution.get("Statistics", {})
        scanned = _bytes(execution)
        self.spent.queries += 1
        is_reused = bool(statistics.get("ResultReuseInformation", {}).get("ReusedPreviousResult"))
        self.spent.reused += is_reused
        self.spent.scanned += scanned
        self.spent.charged += 0 if is_reused else charged(scanned)
        self.spent.milliseconds += int(statistics.get("TotalExecutionTimeInMillis") or 0)


def _bytes(execution: Mapping[str, Any]) -> int:
    return int(execution.get("Statistics", {}).get("DataScannedInBytes") or 0)


def _scanned(execution: Mapping[str, Any]) -> str:
    return f"{size_text(_bytes(execution))} were scanned until then, which AWS charges"
