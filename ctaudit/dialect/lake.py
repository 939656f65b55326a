"""CloudTrail Lake's schema, as a view over the events (T4)."""

from __future__ import annotations

from ctaudit.dialect.relations import EVENTS
from ctaudit.records.columns import EVENT, Field, Shape


def _column(field: Field) -> str:
    if field.name == "eventtime":
        return "CAST(TRY_CAST(eventtime AS TIMESTAMPTZ) AS TIMESTAMP) AS eventtime"
    if field.shape is Shape.FLAG:
        return f"TRY_CAST({field.name} AS BOOLEAN) AS {field.name}"
    if field.name == "resources":
        entry = "'accountid': r.accountid, 'type': r.type, 'arn': r.arn, 'arnprefix': CAST(NULL AS VARCHAR)"
        return f"list_transform(resources, lambda r : {{{entry}}}) AS resources"
    if field.name == "useridentity":
        return f"CASE WHEN useridentity IS NOT NULL THEN {_packed(field, 'useridentity')} END AS useridentity"
    return field.name


def _packed(field: Field, path: str) -> str:
    """Return a struct packed anew, with the creation date of the session as a time."""
    return "{" + ", ".join(f"'{part.name}': {_part(part, f'{path}.{part.name}')}" for part in field.fields) + "}"


def _part(field: Field, path: str) -> str:
    if field.name == "creationdate":
        return f"CAST(TRY_CAST({path} AS TIMESTAMPTZ) AS TIMESTAMP)"
    if any(each.name in ("creationdate", "attributes") for each in field.fields):
        return f"CASE WHEN {path} IS NOT NULL THEN {_packed(field, path)} END"
    return path


_COLUMNS = ", ".join(map(_column, EVENT))
_OURS = "account, region, date, integrity, source_file, record, extra, eventjson"
_LACKING = "CAST(NULL AS VARCHAR) AS annotation, CAST(NULL AS VARCHAR) AS eventjsonchecksum"

LAKE_VIEW = f"SELECT {_COLUMNS}, {_OURS}, {_LACKING} FROM {EVENTS}"
"""The SELECT of the view `cloudtrail_lake`: times and truth values are typed; parameters stay JSON text, of which
`element_at` takes a part, since making maps of them would cost ten times as much."""
