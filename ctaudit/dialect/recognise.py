"""Tell CloudTrail Lake's SQL from Athena's by what it asks of which table (T1, T4)."""

from __future__ import annotations

from sqlglot import exp

from ctaudit.dialect.dialects import Dialect
from ctaudit.dialect.relations import is_event_data_store
from ctaudit.records.columns import EVENT, Shape

_JSON = frozenset(field.name for field in EVENT if field.shape is Shape.JSON)
_MAP_FUNCTIONS = frozenset(["element_at", "map_keys", "map_values", "map_entries"])


def recognise(tree: exp.Expr, dialect: Dialect) -> Dialect:
    """Return LAKE when it was asked for, when a table is an event data store, or when parameters are used as maps."""
    if dialect is Dialect.LAKE:
        return dialect
    for node in tree.walk():
        if isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier):
            if is_event_data_store(node.name):
                return Dialect.LAKE
        elif isinstance(node, exp.Anonymous) and str(node.this).lower() in _MAP_FUNCTIONS and node.expressions:
            if _is_json(node.expressions[0]):
                return Dialect.LAKE
        elif isinstance(node, exp.Bracket) and _is_json(node.this) and node.expressions[0].is_string:
            return Dialect.LAKE
    return Dialect.ATHENA


def _is_json(node: exp.Expr) -> bool:
    return isinstance(node, exp.Column) and node.name.lower() in _JSON
