"""A record given back from its row: as a SQL expression for the views, and from fetched values in Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ctaudit.parse import parse
from ctaudit.records.columns import EVENT, EXTRA, Field, Shape


def sql(alias: str = "e") -> str:
    """Return the SQL expression of `eventjson`: the record's JSON, free-form fields in their original text.

    A patch never touches free-form fields, so they stay out of the merge, which spells every number anew.
    """
    patch = f"{alias}.{EXTRA}"
    members = {field: _member_sql(field, f"{alias}.{field.name}") for field in EVENT}
    whole = _object_sql(list(members.values()))
    free = [member for field, member in members.items() if field.shape is Shape.JSON]
    typed = [member for field, member in members.items() if field.shape is not Shape.JSON]
    merged = f"json_merge_patch({_object_sql(typed)}, {patch})::VARCHAR"
    inside = f"nullif(({merged})[2:-2], '')"
    return f"CASE WHEN {patch} IS NULL THEN {whole} ELSE {_object_sql([inside, *free])} END"


def _member_sql(field: Field, column: str) -> str:
    """Return SQL that gives `"key":value`, or NULL when the column is null."""
    return f"""'"{field.key}":' || {_value_sql(field, column)}"""


def _value_sql(field: Field, column: str) -> str:
    if field.shape is Shape.STRUCT:
        members = _object_sql([_member_sql(child, f"{column}.{child.name}") for child in field.fields])
        return f"CASE WHEN {column} IS NOT NULL THEN {members} END"
    if field.shape is Shape.RESOURCES:
        entry = _object_sql([_member_sql(child, f"r.{child.name}") for child in field.fields])
        return f"('[' || array_to_string(list_transform({column}, lambda r : {entry}), ',') || ']')"
    if field.shape is Shape.MAP:
        return f"to_json({column})"
    if field.shape in (Shape.JSON, Shape.FLAG):
        return column
    return f"to_json({column})"


def _object_sql(members: list[str]) -> str:
    return f"('{{' || concat_ws(',', {', '.join(members)}) || '}}')"


def record(row: dict[str, Any], read: Callable[[str], Any] = parse) -> dict[str, Any]:
    """Return the record of a fetched row, as parsed JSON. The row may lack columns; those keys are absent then.

    Free-form fields are parsed by `read`.
    """
    found = {field.key: value for field in EVENT if (value := _value(field, row.get(field.name), read)) is not None}
    if patch := row.get(EXTRA):
        merged: dict[str, Any] = _merge(found, read(patch))
        return merged
    return found


def _value(field: Field, value: Any, read: Callable[[str], Any]) -> Any:
    if value is None or field.shape in (Shape.TEXT, Shape.TIME):
        return value
    if field.shape is Shape.MAP:
        return dict(value)  # Arrow gives a list of pairs
    if field.shape is Shape.FLAG:
        return value == "true"
    if field.shape is Shape.JSON:
        return read(value)
    if field.shape is Shape.RESOURCES:
        return [_struct(field, entry, read) for entry in value]
    return _struct(field, value, read)


def _struct(field: Field, value: dict[str, Any], read: Callable[[str], Any]) -> dict[str, Any]:
    found = {child.key: _value(child, value.get(child.name), read) for child in field.fields}
    return {key: inner for key, inner in found.items() if inner is not None}


def _merge(target: Any, patch: Any) -> Any:
    """Apply a JSON merge patch (RFC 7396)."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = _merge(merged.get(key), value)
    return merged
