"""Ask Spark: SQL over a lake's files, read with the columns that they are known to have; rows as they come."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from ctaudit.dialect.ddl import hive_type
from ctaudit.dialect.spark_lake import lake_select
from ctaudit.dialect.spark_tree import VIEWS
from ctaudit.engines.spark_session import Started, condition_of, reason_of, soon
from ctaudit.engines.spelling import SPARK, Spelling
from ctaudit.errors import CtauditError, Interrupted, QueryError, QueryLimit, UsageError
from ctaudit.records.columns import ACCOUNT, DATE, EVENT, EXTRA, RECORD, REGION

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

FILES = "ct_files"
"""The view of all that the lake holds."""
_OURS = (ACCOUNT, REGION, DATE, "integrity", "source_file", RECORD, EXTRA, "eventjson")
_GROUP = "ctaudit-query"
_LOOK_SECONDS = 0.5
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
_GLOB = re.compile(r"[*?\[\]{}\\]")
_PLAIN = frozenset(("string", "boolean", "tinyint", "smallint", "int", "bigint"))
_NUMERIC = ("tinyint", "smallint", "int", "bigint", "float", "double", "decimal")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a stranger's SQL."""

    names: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: Iterator[tuple[Any, ...]]


class Spark:
    """An engine of `lookup`."""

    def __init__(self, session: Started, lake: str, timeout: float | None = None) -> None:
        """Find the lake; raises UsageError when it cannot be one, CtauditError when Spark cannot read there."""
        self._spark = session.spark
        self._timeout = timeout
        self.lake = lake
        where = location(lake)
        with self._working():
            files = self._spark.read.schema(_schema()).parquet(where)
            named = [f"`{name}`" for name in (*(field.name for field in EVENT), *_OURS)]
            files.selectExpr(*named).createOrReplaceTempView(FILES)

    @property
    def spelling(self) -> Spelling:
        return SPARK

    @property
    def table(self) -> str:
        return FILES

    def rows(self, sql: str) -> Iterator[tuple[Any, ...]]:
        """Run one SELECT of our own and yield its rows; those without an order are gathered by all executors at once.

        Raises Interrupted on Ctrl-C, QueryLimit when time is up, CtauditError when Spark fails.
        """
        with self._working():
            frame = self._spark.sql(sql)
            if " ORDER BY " not in sql:
                frame = frame.repartition(max(2, int(self._spark.sparkContext.defaultParallelism)))
            yield from map(tuple, frame.toLocalIterator(prefetchPartitions=True))

    def ask(self, sql: str, within: Sequence[str], limit: int | None, lake: bool) -> Answer:
        """Run a translated SELECT over the events that meet the conditions `within`; one row more than `limit` comes.

        Raises QueryError when Spark refuses it, and what `rows` raises.
        """
        where = f" WHERE {' AND '.join(within)}" if within else ""
        with self._working(a_strangers=True):
            self._spark.sql(f"SELECT * FROM {FILES}{where}").createOrReplaceTempView(VIEWS["cloudtrail_logs"])
            if lake:
                select = lake_select(VIEWS["cloudtrail_logs"])
                self._spark.sql(select).createOrReplaceTempView(VIEWS["cloudtrail_lake"])
            frame = self._spark.sql(sql)
            names = tuple(frame.columns)
            kinds = [field.dataType.simpleString() for field in frame.schema.fields]
            plain = _plain(frame, kinds)
            cut = plain if limit is None else plain.limit(limit + 1)
        numeric = tuple(kind.startswith(_NUMERIC) for kind in kinds)
        return Answer(names, numeric, self._answered(cut, kinds))

    def _answered(self, frame: DataFrame, kinds: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        with self._working(a_strangers=True):
            for row in frame.toLocalIterator(prefetchPartitions=True):
                yield tuple(map(_value, row, kinds))

    @contextlib.contextmanager
    def _working(self, a_strangers: bool = False) -> Iterator[None]:
        """Run jobs of one group, which Ctrl-C and the time limit cancel; say in one sentence what went wrong."""
        context = self._spark.sparkContext
        context.setJobGroup(_GROUP, "ctaudit", interruptOnCancel=True)
        late, done = threading.Event(), threading.Event()

        def watch() -> None:
            if not done.wait(self._timeout):
                late.set()
            while not done.wait(_LOOK_SECONDS):  # a question is several jobs, and those to come are not known yet
                context.cancelJobGroup(_GROUP)

        if self._timeout is not None:
            threading.Thread(target=watch, name="ctaudit-spark-time", daemon=True).start()
        try:
            yield
        except (CtauditError, GeneratorExit):
            soon(partial(context.cancelJobGroup, _GROUP))
            raise
        except (Exception, KeyboardInterrupt) as error:
            if _is_ctrl_c(error):
                soon(partial(context.cancelJobGroup, _GROUP))
                raise Interrupted("interrupted") from None
            if late.is_set():
                advice = "narrow it with --since, --until, --account or --region, or raise --timeout"
                raise QueryLimit(f"the query took longer than {self._timeout:g} seconds", advice) from error
            raise _explained(error, self.lake, a_strangers) from error
        finally:
            done.set()


def _is_ctrl_c(error: BaseException | None) -> bool:
    """Tell whether a Ctrl-C is at the bottom of an error.

    PySpark, on its way out, asks Java on the connection that Py4J has just closed, and raises what comes of that.
    """
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__context__
    return error is not None


def location(lake: str) -> str:
    """Return where the lake lies as Hadoop spells it."""
    if _SCHEME.match(lake):
        return re.sub(r"^s3://", "s3a://", lake, flags=re.IGNORECASE)
    path = Path(lake).absolute()
    if not path.is_dir():
        raise UsageError(f"there is no lake at {path}", "write one: ctaudit export lake --to DIR")
    if _GLOB.search(str(path)):
        raise UsageError(f"Spark takes the path {path} for a pattern", "move the lake, or give a link to it")
    return f"file://{path}"


def _schema() -> str:
    """Return the lake's columns as DDL: never inferred, since account 012345678901 is no number."""
    columns = [f"`{field.name}` {hive_type(field)}" for field in EVENT]
    return ", ".join([*columns, *(f"`{name}` {'bigint' if name == RECORD else 'string'}" for name in _OURS)])


def _plain(frame: DataFrame, kinds: Sequence[str]) -> DataFrame:
    """Return the rows as text, numbers and truth values, nested ones as JSON text; columns may share a name."""
    if all(kind in _PLAIN for kind in kinds):
        return frame
    columns = [f"c{index}" for index in range(len(kinds))]
    named = frame.toDF(*columns)
    return named.selectExpr(*(_shown(column, kind) for column, kind in zip(columns, kinds, strict=True)))


def _shown(column: str, kind: str) -> str:
    if kind in _PLAIN or kind == "binary" or kind.startswith("decimal"):
        return column
    if kind in ("float", "double"):
        return f"CASE WHEN NOT isnan({column}) AND abs({column}) <> CAST('Infinity' AS DOUBLE) THEN {column} END"
    if _is_nested(kind):
        return f"to_json({column}, map('ignoreNullFields', 'false', 'timestampFormat', 'yyyy-MM-dd HH:mm:ss'))"
    zone = " || '+00'" if kind == "timestamp" else ""
    return f"CAST({column} AS STRING){zone}"


def _is_nested(kind: str) -> bool:
    return kind.startswith(("array", "map", "struct"))


def _value(value: Any, kind: str) -> Any:
    if value is None:
        return None
    if _is_nested(kind):
        return msgspec.json.decode(value)
    if isinstance(value, Decimal):
        return int(value) if kind.endswith(",0)") else float(value)
    if isinstance(value, bytearray | bytes):
        return "".join(chr(b) if 32 <= b < 127 and chr(b) not in "\\'\"" else f"\\x{b:02X}" for b in value)
    return value


_ADVICE: Mapping[str, str] = {
    "S3AFileSystem": "Spark reads S3 with the package org.apache.hadoop:hadoop-aws, named in its configuration",
    "PATH_NOT_FOUND": "write a lake there: ctaudit export lake --to WHERE",
}


_OF_THE_LAKE = ("FAILED_READ_FILE", "CANNOT_READ", "PATH_NOT_FOUND", "INTERNAL_ERROR", "OUT_OF_MEMORY", "JOB_CANCELLED")
"""Beginnings of conditions that no SQL can help."""
_REFUSALS = ("SparkRuntimeException", "AnalysisException", "ParseException", "ArithmeticException")
"""Errors of Spark that are the SQL's, where they name no condition."""


def _explained(error: BaseException, lake: str, a_strangers: bool) -> CtauditError:
    said = reason_of(error)
    advice = next((text for key, text in _ADVICE.items() if key in str(error)), "")
    condition = condition_of(error)
    refused = type(error).__name__ in _REFUSALS if condition is None else not condition[0].startswith(_OF_THE_LAKE)
    if a_strangers and refused:
        return QueryError(f"Spark refuses it: {said}")
    return CtauditError(f"Spark cannot answer from {lake}: {said}", advice)
