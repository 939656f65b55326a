"""What a query in Athena can scan at most, known before it costs anything.

Athena estimates nothing: `EXPLAIN (TYPE IO)` went with engine version 2, and its plans have row counts only where
somebody computed statistics. Two things do bound the cost:

* the workgroup's own limit (`BytesScannedCutoffPerQuery`), at which AWS stops a query;
* the size of the files in the partitions that the question reaches, which S3 lists. A query reads less of them, as
  Parquet is read by column, and never more, but for footers.

The second is a promise only where nothing but the table's own folder can be read: partitions by projection, below the
table's location, as `ctaudit export ddl --for athena` writes it, or no partitions. All else is not known, and refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from ctaudit import limits
from ctaudit.engines.athena import Api, TableName
from ctaudit.engines.athena_cost import size_text
from ctaudit.errors import CtauditError, UsageError
from ctaudit.query import Span
from ctaudit.records.columns import ACCOUNT, DATE, REGION

_S3 = re.compile(r"s3[an]?://([a-z0-9][a-z0-9.\-]{1,62})/(.*)", re.DOTALL)
_PAGE = 1000
_ADVICE = (
    "narrow it with --since, --until, --account or --region, raise --max-scan, or choose a --workgroup that has a limit"
)


def allow(api: Api, table: TableName, span: Span, most: int, *, workgroup: str | None, readings: int = 1) -> str:
    """Let a query through that can scan `most` bytes at most, and say how that is known.

    `readings` is how often the table can be read. Raises UsageError when the query may scan more, or nobody knows.
    """
    cutoff, why = _cutoff(api, workgroup)
    if cutoff is not None and cutoff <= most:
        return f"the workgroup's own limit stops each query at {size_text(cutoff)}"
    try:
        folder = _folder(api("get_table_metadata", **_named(table)).get("TableMetadata", {}))
        held = _held(api, folder, span, most // readings)
    except _Unknown as trouble:
        reason = str(trouble)
    except CtauditError as trouble:
        reason = f"{trouble.message}{f' ({trouble.advice})' if trouble.advice else ''}"
    else:
        if held * readings <= most:
            return f"the files that each query can read have {size_text(held * readings)}"
        times = f", which is read {readings} times" if readings > 1 else ""
        message = f"a query may scan more than --max-scan {size_text(most)}: the files in reach have that much{times}"
        raise UsageError(message, _ADVICE)
    beside = f"; {why}" if why else ""
    raise UsageError(f"it is not known what a query would scan, as --max-scan asks: {reason}{beside}", _ADVICE)


class _Unknown(Exception):
    """Why nobody knows what a query would scan."""


@dataclass(frozen=True, slots=True)
class _Folder:
    """Where a table's files lie."""

    bucket: str
    prefix: str
    """Ends with a slash, unless it is empty."""
    keys: tuple[str, ...]
    """The partitions' keys, in the order of folders."""


def _cutoff(api: Api, workgroup: str | None) -> tuple[int | None, str]:
    """Return the workgroup's limit of bytes for a query, None when it has none or it is not told; then why."""
    try:
        said = api("get_work_group", WorkGroup=workgroup or "primary")
    except CtauditError as trouble:
        return None, trouble.message
    cutoff = said.get("WorkGroup", {}).get("Configuration", {}).get("BytesScannedCutoffPerQuery")
    return (None, "") if cutoff is None else (int(cutoff), "")


def _named(table: TableName) -> dict[str, str]:
    return {"CatalogName": table.catalog, "DatabaseName": table.database, "TableName": table.table}


def _folder(said: Mapping[str, Any]) -> _Folder:
    """Return where the table's files lie; raises _Unknown when some may lie elsewhere."""
    if "VIEW" in str(said.get("TableType", "")).upper():
        raise _Unknown("the table is a view")
    parameters: Mapping[str, Any] = said.get("Parameters") or {}
    found = _S3.fullmatch(str(parameters.get("location", "")))
    if found is None:
        raise _Unknown("the catalog does not say where in S3 the table lies")
    keys = tuple(str(each.get("Name")) for each in said.get("PartitionKeys") or ())
    prefix = f"{found[2].rstrip('/')}/" if found[2].strip("/") else ""
    if keys:
        _check_projection(parameters, keys, str(parameters["location"]).rstrip("/"))
    return _Folder(found[1], prefix, keys)


def _check_projection(parameters: Mapping[str, Any], keys: Sequence[str], location: str) -> None:
    if str(parameters.get("projection.enabled", "")).lower() != "true":
        raise _Unknown("the table's partitions are listed in the catalog, and each may lie anywhere")
    hive = "/".join([location, *(f"{key}=${{{key}}}" for key in keys)])
    if str(parameters.get("storage.location.template", hive)).rstrip("/") != hive:
        raise _Unknown("the table's partitions do not lie in folders of the form key=value")


def _held(api: Api, folder: _Folder, span: Span, most: int) -> int:
    """Return the bytes of the files in the partitions of the span, or something above `most` once it is more."""
    held = listed = 0
    for prefix, after, last in _stretches(folder, span):
        for key, size in api.sizes(folder.bucket, prefix, after):
            listed += 1
            if last and key > last:
                break
            if listed > limits.MAX_LISTED_PAGES * _PAGE:
                raise _Unknown(f"the table has more than {listed - 1:,} files in reach")
            if _is_within(key.removeprefix(folder.prefix), folder.keys, span):
                held += size
            if held > most:
                return held
    return held


def _stretches(folder: _Folder, span: Span) -> Iterator[tuple[str, str, str]]:
    """Yield what is listed: a prefix, the key behind which it begins, and one behind its end ("": none).

    As many of the first partitions as the span names are folders that are listed by themselves; of dates, if they come
    next, those that the span has.
    """
    asked = {ACCOUNT: span.accounts, REGION: span.regions}
    chosen: list[list[str]] = []
    for key in folder.keys:
        if not asked.get(key):
            break
        chosen.append([f"{key}={value}/" for value in asked[key]])
    dated = folder.keys[len(chosen) : len(chosen) + 1] == (DATE,)
    for parts in product(*chosen):
        prefix = folder.prefix + "".join(parts)
        after = f"{prefix}{DATE}={span.since[:10]}" if dated and span.since else ""
        last = f"{prefix}{DATE}={span.until[:10]}~" if dated and span.until else ""
        yield prefix, after, last


def _is_within(path: str, keys: Sequence[str], span: Span) -> bool:
    """Tell whether a query about the span may read a file, by the folders it lies in."""
    folders = dict(part.split("=", 1) for part in path.split("/")[: len(keys)] if "=" in part)
    tests: Mapping[str, Callable[[str], bool]] = {
        ACCOUNT: lambda value: not span.accounts or value in span.accounts,
        REGION: lambda value: not span.regions or value in span.regions,
        DATE: lambda value: (span.since or "")[:10] <= value and (span.until is None or value <= span.until[:10]),
    }
    return all(tests[key](folders[key]) for key in keys if key in tests and key in folders)
