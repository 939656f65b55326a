"""Make a question fit for Spark: translated as for DuckDB, then each call of DuckDB's put into Spark's words (spec 6).

sqlglot's own way from Trino to Spark is wrong in known places (formats of times, dates added to, lists), so nothing is
left to it but the shape of a query. What Spark has not, or would give another value, is refused by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from ctaudit.dialect.dialects import Dialect
from ctaudit.dialect.translate import Translation, translate

if TYPE_CHECKING:
    from sqlglot import exp

    from ctaudit.dialect.scopes import Source
    from ctaudit.dialect.work import Work

_ROW = "ct_row"


def translate_spark(text: str, dialect: Dialect, params: Mapping[str, str]) -> Translation:
    """Translate one query; its `sql` is Spark's, over the views `ct_events` and `ct_lake`.

    Raises QueryError when it is not one query, cannot be read, or has what cannot be given Athena's meaning there.
    """
    from ctaudit.dialect.spark_tree import leniently, written

    def write(work: object, tree: object) -> str:
        leniently(work, tree)  # type: ignore[arg-type]
        return written(work, tree)  # type: ignore[arg-type]

    made = translate(text, dialect, params, write=write, unnest=lateral)
    return replace(
        made, notes=(*made.notes, "functions are Spark's own put in the place of Athena's, as near as can be")
    )


def lateral(work: Work, node: exp.Unnest) -> tuple[exp.Expr, Source]:
    """Return the lateral subquery that stands for an UNNEST in Spark; its lists are exploded side by side."""
    from sqlglot import exp

    from ctaudit.dialect import unnest
    from ctaudit.dialect.work import call

    made, source = unnest.lateral(work, node)
    rows = next(each for each in made.find_all(exp.Subquery) if each.alias == _ROW)
    lists = [each.this.expressions[0] for each in rows.this.expressions if each.alias != "ct_ordinal"]
    ordinal = len(lists) < len(rows.this.expressions)
    lists = [call("ct_listed", each.copy()) for each in lists]
    zipped = call("ct_side_by_side", *lists)
    picked = _picked(len(lists), ordinal)
    rows.set("this", exp.select(call("posexplode", zipped)))
    rows.set(
        "alias",
        exp.TableAlias(this=exp.to_identifier(_ROW), columns=[exp.to_identifier("ct_pos"), exp.to_identifier("ct_z")]),
    )
    for column in list(made.find_all(exp.Column)):
        if column.table == _ROW and column.name in picked:
            column.replace(picked[column.name].copy())
    return made, source


def _picked(count: int, ordinal: bool) -> Mapping[str, exp.Expr]:
    """Return what stands for the columns `ct_0`, `ct_1` … of the rows."""
    from sqlglot import exp

    found: dict[str, exp.Expr] = {
        f"ct_{index}": exp.Dot(
            this=exp.column("ct_z", table=_ROW), expression=exp.to_identifier(str(index), quoted=True)
        )
        for index in range(count)
    }
    if ordinal:
        position = exp.Add(this=exp.column("ct_pos", table=_ROW), expression=exp.Literal.number(1))
        found["ct_ordinal"] = exp.Paren(this=position)
    return found
