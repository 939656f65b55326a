"""How an engine spells the few things that the lookups ask: DuckDB, Athena (Trino), Spark."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _escaped(text: str) -> str:
    """Return a literal of Spark, where a backslash begins an escape, and two quotes are not one in every version."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


@dataclass(frozen=True, slots=True)
class Spelling:
    """SQL of one engine. What stands in none of these fields is spelled alike by all three."""

    engine: str
    """As it is called in sentences."""
    literal: Callable[[str], str]
    """Returns any text as a literal."""
    contains: Callable[[str, str], str]
    """Returns the test whether one expression's text holds that of another one."""
    among: Callable[[str, Sequence[str]], str]
    """Returns the test whether a column is one of several literals; never none."""
    arns: str
    """The ARNs of `resources` as one text; the rest of an entry names nothing."""
    date: str
    """The column `date`, which is a word of the language."""
    region: str
    """The column with the region."""


def _in(column: str, literals: Sequence[str]) -> str:
    return f"{column} IN ({', '.join(literals)})"


def _in_list(column: str, literals: Sequence[str]) -> str:
    """Use a list function: DuckDB turns IN into a join, and then evaluates everything else on all rows first."""
    return f"list_contains([{', '.join(literals)}], {column})"


DUCKDB = Spelling(
    "DuckDB",
    _quoted,
    lambda text, part: f"contains({text}, {part})",
    _in_list,
    "array_to_string(list_transform(resources, lambda r : r.arn), ' ')",
    "date",
    "awsregion",
)
"""Over the store's own segments."""
ATHENA = Spelling(
    "Athena",
    _quoted,
    lambda text, part: f"strpos({text}, {part}) > 0",
    _in,
    "array_join(transform(resources, r -> r.arn), ' ')",
    '"date"',
    "region",
)
"""Trino's SQL, over a lake's table."""
SPARK = Spelling(
    "Spark",
    _escaped,
    lambda text, part: f"contains({text}, {part})",
    _in,
    "array_join(transform(resources, r -> r.arn), ' ')",
    "`date`",
    "region",
)
"""Spark's SQL, over a lake's files or table."""
