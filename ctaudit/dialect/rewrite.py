"""The walk: every query of a statement, innermost first, its sources before its expressions, bottom-up.

Our own walk, since sqlglot's `transform` does not visit what it has put in the place of a node.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sqlglot import exp

from ctaudit.dialect import (
    casts,
    columns,
    comparisons,
    functions,
    pruning,
    semantics,
    subscripts,
    text_rules,
    time_rules,
    unnest,
)
from ctaudit.dialect.from_clause import FromClause, Unnest
from ctaudit.dialect.kinds import UNKNOWN, ZONED, Type
from ctaudit.dialect.output_names import alias, named_in
from ctaudit.dialect.scopes import Scope, Source, find
from ctaudit.dialect.work import Work, type_of, typed

Columns = list[tuple[str | None, Type]]
"""What a query gives: Athena's name, None where it has none, and type."""
Handler = Callable[[Work, Scope, exp.Expr], exp.Expr]
"""Returns what is to stand in the place of an expression, whose parts are translated."""
_CLAUSES = ("where", "group", "having")
_QUERIES = (exp.Select, exp.SetOperation, exp.Values)


class Rewriter:
    """Translates a tree in place: for DuckDB, unless other `handlers` and another way to `unnest` are given."""

    def __init__(
        self, work: Work, handlers: Mapping[type[exp.Expr], Handler] | None = None, unnest: Unnest = unnest.lateral
    ) -> None:
        self._work = work
        self._handlers = _HANDLERS if handlers is None else handlers
        self._from = FromClause(work, self.expression, self._subquery, unnest)

    def query(self, node: exp.Expr, named: Mapping[str, Source], outer: Scope | None) -> Columns | None:
        """Translate a query and return its columns; None when they hang on a source whose columns are not known."""
        while isinstance(node, exp.Subquery):
            named = self._with(node, named, outer)
            self._ends(node, Scope(named, outer))
            node = node.this
        named = self._with(node, named, outer)
        if isinstance(node, exp.Select):
            return self._select(node, Scope(named, outer))
        if isinstance(node, exp.SetOperation):
            return self._set_operation(node, named, outer)
        if isinstance(node, exp.Values):
            return self._values(node, Scope(named, outer))
        if isinstance(node, exp.Table):
            return None
        raise self._work.refusal(node, f"{type(node).__name__} is no query here")

    def _with(self, node: exp.Expr, named: Mapping[str, Source], outer: Scope | None) -> Mapping[str, Source]:
        clause = node.args.get("with_")
        if clause is None:
            return named
        found = dict(named)
        for each in clause.expressions:
            given = [column.name for column in each.args["alias"].columns]
            name = each.alias.lower()
            if clause.args.get("recursive"):
                found[name] = Source(name, dict.fromkeys((g.lower() for g in given), UNKNOWN) if given else None)
            found[name] = self.source(name, self.query(each.this, found, outer), given)
        return found

    def source(self, name: str, given: Columns | None, aliases: Sequence[str] = ()) -> Source:
        """Return a query as a source of another."""
        if given is None:
            return Source(name, None)
        names = [*aliases, *(each[0] for each in given[len(aliases) :])]
        kinds = [kind for _, kind in given]
        return Source(name, {n.lower(): kind for n, kind in reversed(list(zip(names, kinds, strict=False))) if n})

    def _subquery(self, node: exp.Expr, name: str, scope: Scope, aliases: Sequence[str]) -> Source:
        return self.source(name, self.query(node, scope.named, scope.outer), aliases)

    def _set_operation(
        self, node: exp.SetOperation, named: Mapping[str, Source], outer: Scope | None
    ) -> Columns | None:
        operands: list[exp.Expr] = []
        first: exp.Expr = node
        while isinstance(first, exp.SetOperation):  # a long chain leans to the left
            operands.append(first.expression)
            first = first.this
            if first.args.get("with_"):
                break
        result = self.query(first, named, outer)
        for each in reversed(operands):
            self.query(each, named, outer)
        scope = Scope(named, outer)
        if result is not None:
            scope.sources.append(self.source("", result))
        else:
            scope.sources.append(Source("", None))
        self._ends(node, scope)
        return result

    def _values(self, node: exp.Values, scope: Scope) -> Columns:
        rows = [each.expressions if isinstance(each, exp.Tuple) else [each] for each in node.expressions]
        for row in rows:
            for each in row:
                self.expression(each, scope)
        first = node.expressions[0]
        cells = first.expressions if isinstance(first, exp.Tuple) else [first]
        return [(f"_col{index}", type_of(each)) for index, each in enumerate(cells)]

    def _select(self, node: exp.Select, scope: Scope) -> Columns | None:
        self._from.sources(node, scope)
        self._prune(node, scope)
        names = [named_in(each) for each in node.expressions]
        if (group := node.args.get("group")) is not None and group.args.get("all"):
            self._work.note("Athena has no GROUP BY ALL; there the columns are named")
        for clause in _CLAUSES:
            if (found := node.args.get(clause)) is not None:
                self.expression(found, scope)
        for each in list(node.expressions):
            self.expression(each, scope)
        found_columns: Columns | None = []
        kept: list[exp.Expr] = []
        for index, (each, name) in enumerate(zip(node.expressions, names, strict=True)):
            position = index if found_columns is None else len(found_columns)
            kept.append(alias(each, name, position))
            if name == "*":
                spread = self._star(each, scope)
                found_columns = None if spread is None or found_columns is None else [*found_columns, *spread]
            elif found_columns is not None:
                found_columns.append((name, type_of(each)))
            if type_of(each) is ZONED and scope.outer is None:
                self._work.note("a time AT TIME ZONE is shown here without the zone's name")
        node.set("expressions", kept)
        given = {n.lower(): each for n, each in zip(names, kept, strict=True) if n and n != "*"}
        scope.aliases = {name: type_of(each) for name, each in given.items()}
        scope.hiding = frozenset(name for name, each in given.items() if not _is_column(each, name))
        for each in node.args.get("windows") or ():
            self.expression(each, scope)
        self._ends(node, scope)
        return found_columns

    def _ends(self, node: exp.Expr, scope: Scope) -> None:
        """Translate what stands at a query's end; what orders a SELECT knows the names of its list."""
        order = node.args.get("order")
        if order is not None:
            self.expression(order, scope)
        limit = node.args.get("limit")
        if isinstance(limit, exp.Fetch):
            options = limit.args.get("limit_options")
            if options is not None and (options.args.get("with_ties") or options.args.get("percent")):
                raise self._work.refusal(limit, "FETCH with ties or percent is not translated")
            node.set("limit", exp.Limit(expression=limit.args.get("count") or exp.Literal.number(1)))
        elif isinstance(limit, exp.Limit) and limit.expression.name.upper() == "ALL":
            node.set("limit", None)
        for clause in ("limit", "offset"):
            count = node.args.get(clause)
            if count is not None and not (isinstance(count.expression, exp.Literal) and count.expression.is_number):
                raise self._work.refusal(count, f"{clause.upper()} takes a number")

    def _star(self, node: exp.Expr, scope: Scope) -> Columns | None:
        """Return the columns that `*` or `t.*` stands for."""
        table = node.table.lower() if isinstance(node, exp.Column) else ""
        spread: Columns = []
        for source in scope.sources:
            if table and source.name != table:
                continue
            if source.columns is None:
                return None
            spread += list(source.columns.items())
        return spread

    def _prune(self, node: exp.Select, scope: Scope) -> None:
        """Note outside of what no row of each relation in this FROM can match."""
        where = node.args.get("where")
        for source in scope.sources:
            if source.relation:
                condition = where.this if where is not None else None
                self._work.bounds.append(pruning.of_condition(condition, _columns_of(scope, source)))

    def expression(self, root: exp.Expr, scope: Scope) -> None:
        """Translate an expression below its parent, children first, without recursion into long chains."""
        nodes: list[exp.Expr] = []
        waiting = [root]
        while waiting:
            node = waiting.pop()
            nodes.append(node)
            if isinstance(node, (*_QUERIES, exp.Subquery)):
                continue
            waiting += node.iter_expressions()
        for node in reversed(nodes):
            if isinstance(node, (*_QUERIES, exp.Subquery)):
                self._nested(node, scope)
            elif (handle := self._handlers.get(type(node))) is not None:
                made = handle(self._work, scope, node)
                if made is not node:
                    node.replace(made)

    def _nested(self, node: exp.Expr, scope: Scope) -> None:
        given = self.query(node, scope.named, scope)
        typed(node, given[0][1] if given else UNKNOWN)


def _is_column(node: exp.Expr, name: str) -> bool:
    """Tell whether an item of a SELECT list is the column of its own name."""
    inside = node.unalias()
    return isinstance(inside, exp.Column) and inside.name.lower() == name


def _columns_of(scope: Scope, source: Source) -> Callable[[exp.Column], str | None]:
    """Return what tells whether a column is one of this source, or a partition that it stands for."""

    def column(node: exp.Column) -> str | None:
        parts = [part.name.lower() for part in node.parts]
        found = find(Scope(scope.named, None, scope.sources), parts)
        if found is None:
            lone = sum(bool(each.relation) for each in scope.sources) == 1
            return parts[0] if len(parts) == 1 and lone and source.relation else None
        return parts[-1] if found.source is source and found.parts == len(parts) else None

    return column


def _element_at(work: Work, scope: Scope, node: exp.Expr) -> exp.Expr:
    if str(node.this).lower() == "element_at":
        return subscripts.element_at(work, node, node.expressions)  # type: ignore[arg-type]
    return functions.function(work, node)  # type: ignore[arg-type]


def _plain(rule: Callable[..., exp.Expr]) -> Handler:
    return lambda work, scope, node: rule(work, node)


_HANDLERS: dict[type[exp.Expr], Handler] = {
    exp.Column: columns.column,  # type: ignore[dict-item]
    exp.Dot: _plain(columns.dot),
    exp.Anonymous: _element_at,
    exp.Bracket: _plain(subscripts.bracket),
    exp.Cast: _plain(casts.cast),
    exp.TryCast: _plain(casts.cast),
    exp.Between: _plain(comparisons.between),
    exp.In: _plain(comparisons.within),
    exp.Like: _plain(comparisons.like),
    exp.DPipe: _plain(text_rules.joined),
    exp.Trim: _plain(text_rules.trim),
    exp.Substring: _plain(text_rules.substring),
    exp.StrPosition: _plain(text_rules.position),
    exp.Extract: _plain(time_rules.extracted),
    exp.AtTimeZone: _plain(time_rules.in_zone),
    **{kind: _plain(comparisons.compare) for kind in comparisons.COMPARING},
    **{kind: _plain(rule) for kind, rule in semantics.RULES.items()},
}
