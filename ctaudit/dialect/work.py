"""What a translation gathers on its way: notes, relations, bounds; and how it refuses, with the place in the text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from ctaudit.dialect.dialects import Dialect
from ctaudit.dialect.kinds import UNKNOWN, Type
from ctaudit.dialect.pieces import Prepared
from ctaudit.dialect.pruning import Bounds
from ctaudit.errors import QueryError

_TYPE = "ctaudit"
"""Under this name a node's metadata has its type."""
_CHECKED = "checked"


@dataclass(slots=True)
class Work:
    prepared: Prepared
    dialect: Dialect
    notes: dict[str, None] = field(default_factory=dict)
    """Sentences, each once, in order."""
    relations: set[str] = field(default_factory=set)
    bounds: list[Bounds] = field(default_factory=list)
    """Outside of what no row of each mention of a relation can matter."""

    def note(self, sentence: str) -> None:
        self.notes.setdefault(sentence)

    def refusal(self, node: exp.Expr, message: str, advice: str = "") -> QueryError:
        """Return the error that names the place of `node` in the text as given."""
        where = offset(node)
        at = f" at {self.prepared.place(where)}" if where is not None else ""
        return QueryError(f"{message}{at}", advice)


def offset(node: exp.Expr) -> int | None:
    """Return where in the parsed text a node stands, as far as the parser noted it."""
    for each in node.walk():
        if "start" in each.meta:
            return int(each.meta["start"])
    parent = node.parent
    while parent is not None:
        if "start" in parent.meta:
            return int(parent.meta["start"])
        parent = parent.parent
    return None


def typed(node: exp.Expr, kind: Type) -> exp.Expr:
    """Note a node's type and return the node."""
    node.meta[_TYPE] = kind
    return node


def type_of(node: exp.Expr | None) -> Type:
    """Return the type that was noted, unknown when none was."""
    if node is None or node._meta is None:
        return UNKNOWN
    kind = node._meta.get(_TYPE, UNKNOWN)
    return kind if isinstance(kind, Type) else UNKNOWN


def call(name: str, *arguments: exp.Expr, kind: Type = UNKNOWN) -> exp.Expr:
    """Return a call of one of DuckDB's functions, or of our macros."""
    made = typed(exp.Anonymous(this=name, expressions=list(arguments)), kind)
    made.meta[_CHECKED] = True
    return made


def is_checked(node: exp.Expr) -> bool:
    """Tell whether a call was made by `call`, and not left over from the text as given."""
    return node.meta.get(_CHECKED) is True


def text(value: str) -> exp.Expr:
    return exp.Literal.string(value)


def number(value: int) -> exp.Expr:
    return exp.Literal.number(value)


def literal_text(node: exp.Expr | None) -> str | None:
    """Return the text of a literal in quotes, None for anything else."""
    return node.name if isinstance(node, exp.Literal) and node.is_string else None


def arguments(node: exp.Expr) -> Sequence[exp.Expr]:
    found: Sequence[exp.Expr] = node.expressions
    return found
