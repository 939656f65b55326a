"""CloudTrail Lake's schema as a view over the events in Spark, as `lake.LAKE_VIEW` is in DuckDB."""

from __future__ import annotations

from ctaudit.records.columns import EVENT, Field, Shape

_OURS = "account, region, `date`, integrity, source_file, record, extra, eventjson"


def lake_select(events: str) -> str:
    """Return the SELECT over the relation `events`: times and truth values are typed, parameters stay JSON text."""
    lacking = "CAST(NULL AS STRING) AS annotation, CAST(NULL AS STRING) AS eventjsonchecksum"
    return f"SELECT {', '.join(map(_column, EVENT))}, {_OURS}, {lacking} FROM {events}"


def _column(field: Field) -> str:
    if field.name == "eventtime":
        return f"{_moment('eventtime')} AS eventtime"
    if field.shape is Shape.FLAG:
        return f"TRY_CAST({field.name} AS BOOLEAN) AS {field.name}"
    if field.name == "resources":
        entry = "'accountid', r.accountid, 'type', r.type, 'arn', r.arn, 'arnprefix', CAST(NULL AS STRING)"
        return f"transform(resources, r -> named_struct({entry})) AS resources"
    if field.name == "useridentity":
        return f"{_packed(field, 'useridentity')} AS useridentity"
    return field.name


def _moment(path: str) -> str:
    return f"CAST(TRY_CAST({path} AS TIMESTAMP) AS TIMESTAMP_NTZ)"


def _packed(field: Field, path: str) -> str:
    """Return a struct packed anew, with the creation date of the session as a time."""
    parts = ", ".join(f"'{part.name}', {_part(part, f'{path}.{part.name}')}" for part in field.fields)
    return f"CASE WHEN {path} IS NOT NULL THEN named_struct({parts}) END"


def _part(field: Field, path: str) -> str:
    if field.name == "creationdate":
        return _moment(path)
    return _packed(field, path) if any(each.name in ("creationdate", "attributes") for each in field.fields) else path
