"""Read one statement into a tree: sqlglot's Trino, without its own idea of functions, and of questions alone."""

from __future__ import annotations

from functools import cache
from typing import Any, ClassVar

from sqlglot import exp, parser
from sqlglot.dialects.trino import Trino
from sqlglot.errors import ErrorLevel, ParseError, TokenError
from sqlglot.generators.trino import TrinoGenerator
from sqlglot.parsers.trino import TrinoParser

from ctaudit.dialect.pieces import Prepared
from ctaudit.errors import QueryError

_SPECIAL = ("CAST", "TRY_CAST", "EXTRACT", "POSITION", "SUBSTRING")
"""Functions whose arguments are not separated by commas."""


class _Parser(TrinoParser):
    """Every function stays a name with arguments: what it means is for `functions.py` to say, not for sqlglot."""

    FUNCTIONS: ClassVar[dict[str, Any]] = {}
    FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {
        **{name: TrinoParser.FUNCTION_PARSERS[name] for name in _SPECIAL},
        "TRIM": parser.Parser.FUNCTION_PARSERS["TRIM"],
    }
    NO_PAREN_FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {
        name: TrinoParser.NO_PAREN_FUNCTION_PARSERS[name] for name in ("CASE", "IF", "ANY")
    }

    def _warn_unsupported(self) -> None:
        """Refuse what sqlglot would log, text and all, and pass on as it is."""
        self.raise_error("it is no query")

    def _replace_lambda(self, node: Any, expressions: list[Any]) -> Any:
        """Keep the names of a lambda's parameters columns, like all other names."""
        return node


class _Generator(TrinoGenerator):
    """Writes what was read; sqlglot would make a function of this one, which takes less."""

    TRANSFORMS: ClassVar[dict[Any, Any]] = {
        **TrinoGenerator.TRANSFORMS,
        exp.AtTimeZone: lambda self, node: f"{self.sql(node, 'this')} AT TIME ZONE {self.sql(node, 'zone')}",
    }


class _Athena(Trino):
    Parser = _Parser
    Generator = _Generator


@cache
def _dialect() -> _Athena:
    return _Athena()


_NAMES = (
    "Select From Where Group Having Order Ordered Limit Offset Fetch LimitOptions Distinct Join With CTE Subquery "
    "Union Intersect Except Values Tuple Unnest Table TableAlias Alias Column ColumnDef Identifier Star Dot "
    "Literal Null Boolean Paren And Or Not EQ NEQ GT GTE LT LTE NullSafeEQ NullSafeNEQ Is In Between Like Escape "
    "Exists Any All Add Sub Mul Div Mod Neg DPipe Case If Cast TryCast DataType DataTypeParam Interval Var "
    "Extract Trim Substring StrPosition Anonymous Lambda Bracket Array AtTimeZone CurrentDate CurrentTimestamp "
    "Localtimestamp Window WindowSpec Filter WithinGroup IgnoreNulls RespectNulls GroupingSets Rollup Cube "
    "IntervalSpan HexString ParseJSON "
)
_KNOWN = frozenset(_NAMES.split())
"""Everything a question may consist of. What is not here never reaches DuckDB."""
_CALLED = {
    "Create": "CREATE",
    "TableSample": "TABLESAMPLE",
    "MatchRecognize": "MATCH_RECOGNIZE",
    "Parameter": "a parameter ($ or @)",
    "Placeholder": "a parameter",
    "Hint": "a hint",
    "JSONExtract": "the arrow operator",
    "JSONExtractScalar": "the arrow operator",
    "ILike": "ILIKE",
    "RegexpLike": "RLIKE or ~",
    "Pivot": "PIVOT",
    "Qualify": "QUALIFY",
    "Lateral": "LATERAL",
    "SessionParameter": "a session setting",
    "Into": "SELECT INTO",
    "Lock": "FOR UPDATE",
}


def parse(prepared: Prepared) -> exp.Expr:
    """Return the tree of the statement; the body, when it creates a view.

    Raises QueryError with the place when it cannot be read, is no query, or has parts that no question of Athena has.
    """
    try:
        trees = _dialect().parse(prepared.text)
    except ParseError as error:
        raise _unreadable(prepared, error) from None
    except TokenError as error:
        raise QueryError(f"the SQL cannot be read: {str(error).splitlines()[0][:200]}") from None
    except (ValueError, AttributeError, TypeError, IndexError, KeyError) as error:
        raise QueryError(f"the SQL cannot be read: {type(error).__name__} in the parser") from None
    tree = trees[0] if len(trees) == 1 else None
    if isinstance(tree, exp.Create) and tree.kind == "VIEW" and isinstance(tree.expression, exp.Query | exp.Subquery):
        body = tree.expression
        body.pop()
        tree = body
    if not isinstance(tree, exp.Query | exp.Values):
        raise QueryError(
            f"only a query can be asked, this is {prepared.text.split(None, 1)[0][:30].upper()}", "give one SELECT"
        )
    _only_known(prepared, tree)
    return tree


def _unreadable(prepared: Prepared, error: ParseError) -> QueryError:
    found = error.errors[0] if error.errors else {}
    said = str(found.get("description") or error).splitlines()[0].rstrip(".")
    near = str(found.get("highlight") or "")[:60]
    line, column = found.get("line"), found.get("col")
    if not isinstance(line, int) or not isinstance(column, int):
        return QueryError(f"the SQL cannot be read: {said[:200]}")
    begin = sum(len(each) + 1 for each in prepared.text.split("\n")[: line - 1])
    at = max(0, begin + column - max(1, len(near)))
    beside = f", near {near!r}" if near else ""
    return QueryError(f"the SQL cannot be read at {prepared.place(at)}: {_plain(said)}{beside}")


def _plain(said: str) -> str:
    """Say in words what sqlglot's parser says in names of classes."""
    if said.startswith("Required keyword"):
        return "an operand is missing"
    return said[:1].lower() + said[1:200]


def _only_known(prepared: Prepared, tree: exp.Expr) -> None:
    from ctaudit.dialect.work import offset

    for node in tree.walk():
        name = type(node).__name__
        if isinstance(node, exp.Select) and not node.expressions:
            raise QueryError("the SQL cannot be read: a SELECT names nothing")
        if isinstance(node, exp.Star) and any(node.args.values()):
            name = "a star that leaves out columns"
        if isinstance(node, exp.Alias) and not isinstance(node.parent, exp.Select):
            name = "a name given inside of an expression"
        if name not in _KNOWN:
            at = offset(node)
            where = f" at {prepared.place(at)}" if at is not None else ""
            raise QueryError(f"{_CALLED.get(name, name)} is not in Athena's SQL, or is not translated{where}")


def from_text(sql: str) -> Any:
    """Return the tree of SQL of our own."""
    return _dialect().parse(sql)[0]


def written(tree: exp.Expr, level: ErrorLevel) -> str:
    """Return a tree as Trino's SQL."""
    return tree.sql(_dialect(), comments=False, copy=False, unsupported_level=level)
