"""A stand-in for Athena that does answer: Trino's SQL over a store's events, in pages, with troubles at will.

moto runs no SQL, gives no pages, and every query succeeds at once.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp

from tests.cloud.gate import Environ, StartResponse

TABLE = "security.lake"
_KINDS = {"VARCHAR": "varchar", "BIGINT": "bigint", "INTEGER": "integer", "BOOLEAN": "boolean", "DOUBLE": "double"}
Error = tuple[str, str]
"""AWS's code of an error, and its message."""


class Athena:
    """A WSGI application that speaks AWS's JSON 1.1 protocol. Safe to be called from the server's threads."""

    def __init__(self, store: Path) -> None:
        self._store = store
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        """Every request: the operation and its parameters."""
        self.errors: dict[str, list[Error | None]] = {}
        """By operation, what the next requests meet with, one each; None is none."""
        self.states: list[dict[str, Any]] = []
        """What the next looks at a query tell before it succeeds: each the `QueryExecution`, in part."""
        self.stays: dict[str, Any] | None = None
        """What all looks at a query tell until it is stopped."""
        self.scanned = 12_345_678
        self.cutoff: int | None = None
        """The workgroup's limit of bytes for each query."""
        self.table: dict[str, Any] = {}
        """What GetTableMetadata tells."""
        self.canned: list[dict[str, Any]] | None = None
        """Pages of results in the place of an answer."""
        self.begun: dict[str, str] = {}
        """Query id by the token it was started with."""
        self.stopped: list[str] = []
        self._sql: dict[str, str] = {}
        self._answers: dict[str, tuple[list[str], list[str], list[tuple[Any, ...]]]] = {}

    @property
    def calls(self) -> Counter[str]:
        return Counter(name for name, _ in self.asked)

    @property
    def sent(self) -> list[str]:
        """The SQL of each query that was started, once."""
        return list(self._sql.values())

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        operation = environ["HTTP_X_AMZ_TARGET"].rpartition(".")[2]
        asked = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        with self._lock:
            self.asked.append((operation, asked))
            waiting = self.errors.get(operation)
            error = waiting.pop(0) if waiting else None
            if error is not None:
                said, status = {"__type": error[0], "Message": error[1]}, "400 Bad Request"
            else:
                said, status = getattr(self, f"_{operation}")(asked), "200 OK"
        body = json.dumps(said).encode()
        start_response(status, [("Content-Type", "application/x-amz-json-1.1"), ("Content-Length", str(len(body)))])
        return (body,)

    def _StartQueryExecution(self, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: N802  (AWS's name)
        identifier = self.begun.setdefault(asked["ClientRequestToken"], str(uuid.uuid4()))
        self._sql[identifier] = asked["QueryString"]
        return {"QueryExecutionId": identifier}

    def _GetQueryExecution(self, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        identifier = asked["QueryExecutionId"]
        statistics = {"DataScannedInBytes": self.scanned, "TotalExecutionTimeInMillis": 321}
        execution: dict[str, Any] = {"Status": {"State": "SUCCEEDED"}, "Statistics": statistics}
        if identifier in self.stopped:
            execution["Status"] = {"State": "CANCELLED"}
        elif self.stays is not None:
            execution |= self.stays
        elif self.states:
            execution |= self.states.pop(0)
        return {"QueryExecution": {"QueryExecutionId": identifier, "WorkGroup": "primary", **execution}}

    def _StopQueryExecution(self, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        self.stopped.append(asked["QueryExecutionId"])
        return {}

    def _GetWorkGroup(self, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        limit = {} if self.cutoff is None else {"BytesScannedCutoffPerQuery": self.cutoff}
        return {"WorkGroup": {"Name": asked["WorkGroup"], "Configuration": limit}}

    def _GetTableMetadata(self, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        return {"TableMetadata": {"Name": asked["TableName"], **self.table}}

    def _GetQueryResults(self, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        number = int(asked.get("NextToken", "0"))
        if self.canned is not None:
            return self.canned[number]
        identifier = asked["QueryExecutionId"]
        if identifier not in self._answers:
            self._answers[identifier] = self._answer(self._sql[identifier])
        names, kinds, rows = self._answers[identifier]
        lines = [tuple(names), *rows][number : number + asked["MaxResults"]]
        info = [{"Name": n, "Label": n, "Type": _KINDS.get(k, "varchar")} for n, k in zip(names, kinds, strict=True)]
        page = {"ResultSet": {"Rows": list(map(_row, lines)), "ResultSetMetadata": {"ColumnInfo": info}}}
        more = number + asked["MaxResults"] <= len(rows)
        return page | ({"NextToken": str(number + asked["MaxResults"])} if more else {})

    def _answer(self, sql: str) -> tuple[list[str], list[str], list[tuple[Any, ...]]]:
        """Run Trino's SQL, read by sqlglot's own dialect of it, over the events of the store."""
        tree = sqlglot.parse_one(sql, read="trino")
        database, _, table = TABLE.partition(".")
        for node in tree.find_all(exp.Table):
            if not node.db:  # what WITH names
                continue
            assert (node.db, node.name) == (database, table)
            node.set("db", None)
            node.this.set("this", "cloudtrail_logs")
        with duckdb.connect(self._store / "ctaudit.duckdb", read_only=True) as connection:
            done = connection.execute(tree.sql("duckdb"))
            columns = [(each[0], str(each[1])) for each in done.description or ()]
            return [name for name, _ in columns], [kind for _, kind in columns], done.fetchall()


def _row(values: tuple[Any, ...]) -> dict[str, Any]:
    return {"Data": [{} if value is None else {"VarCharValue": _text(value)} for value in values]}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def page(names: list[str], kinds: list[str], lines: Sequence[Sequence[str | None]], **more: Any) -> dict[str, Any]:
    """Return a page of results as AWS gives it."""
    info = [{"Name": name, "Label": name, "Type": kind} for name, kind in zip(names, kinds, strict=True)]
    return {"ResultSet": {"Rows": [_row(tuple(x)) for x in lines], "ResultSetMetadata": {"ColumnInfo": info}}, **more}
