"""FROM and JOIN: which table is the events, which a subquery, which a list (T1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from ctaudit.dialect import relations
from ctaudit.dialect.dialects import Dialect
from ctaudit.dialect.kinds import Type
from ctaudit.dialect.scopes import Scope, Source
from ctaudit.dialect.work import Work

Unnest = Callable[[Work, exp.Unnest], tuple[exp.Expr, Source]]
"""Returns what is to stand for an UNNEST, and what its names are; its arguments are translated already."""
RELATION = "ctaudit relation"
"""Under this name the metadata of a table says that it is the events, and of which schema."""


@dataclass(frozen=True, slots=True)
class FromClause:
    """Translates the sources of a SELECT and puts them into its scope."""

    work: Work
    expression: Callable[[exp.Expr, Scope], None]
    """Translates an expression in place."""
    subquery: Callable[[exp.Expr, str, Scope, Sequence[str]], Source]
    """Translates a query in FROM, with its name, the scope it stands in, and the names given to its columns."""
    unnest: Unnest

    def sources(self, node: exp.Select, scope: Scope) -> None:
        clause = node.args.get("from_")
        if clause is None:
            return
        self._source(clause.this, scope)
        for join in node.args.get("joins") or ():
            self._source(join.this, scope)
            if (condition := join.args.get("on")) is not None:
                self.expression(condition, scope)

    def _source(self, node: exp.Expr, scope: Scope) -> None:
        name = node.alias_or_name.lower()
        if isinstance(node, exp.Table):
            self._table(node, scope)
        elif isinstance(node, exp.Unnest):
            for each in list(node.expressions):
                self.expression(each, scope)
            made, source = self.unnest(self.work, node)
            if made is not node:
                node.replace(made)
            scope.sources.append(source)
        elif isinstance(node, exp.Subquery) and isinstance(node.this, exp.Table):
            self._source(node.this, scope)  # FROM (a JOIN b)
        elif isinstance(node, exp.Subquery | exp.Values):
            inner = node.this if isinstance(node, exp.Subquery) else node
            columns = [column.name for column in node.args["alias"].columns] if node.args.get("alias") else []
            scope.sources.append(self.subquery(inner, name, scope, columns))
        else:
            raise self.work.refusal(node, f"{type(node).__name__} cannot stand in FROM here")
        for join in node.args.get("joins") or ():
            self._source(join.this, scope)
            if (condition := join.args.get("on")) is not None:
                self.expression(condition, scope)

    def _table(self, node: exp.Table, scope: Scope) -> None:
        if not isinstance(node.this, exp.Identifier):
            called = getattr(node.this, "this", "")
            raise self.work.refusal(node, f"a function cannot stand in FROM here: {called}", "FROM takes a table")
        path = tuple(part.name for part in node.parts)
        label = node.alias or path[-1]
        if len(path) == 1 and (known := scope.named.get(path[0].lower())) is not None:
            scope.sources.append(Source(label.lower(), _renamed(node, known)))
            return
        relation = self._relation(node, path)
        self.work.relations.add(relation)
        lowered = tuple(part.lower() for part in path)
        scope.sources.append(Source(label.lower(), relations.columns(relation), relation, lowered))
        schema = exp.to_identifier("main") if relation in scope.named else None
        alias = node.args.get("alias") or exp.TableAlias(this=exp.to_identifier(label, quoted=True))
        if alias.columns:
            raise self.work.refusal(node, "names for all columns of the events are not translated")
        alias.this.set("quoted", True)
        made = exp.Table(this=exp.to_identifier(relation), db=schema, alias=alias)
        made.meta[RELATION] = relation
        node.replace(made)

    def _relation(self, node: exp.Table, path: tuple[str, ...]) -> str:
        name = path[-1]
        if any(relations.is_other_log(part) for part in path):
            raise self.work.refusal(node, f"the table {name} seems to hold other logs than CloudTrail's events")
        if name.lower().endswith(("$partitions", "$files")):
            raise self.work.refusal(node, f"the table {name} is not here", "try: ctaudit partitions")
        if "/" in name:
            raise self.work.refusal(node, f"a file cannot stand in FROM: {name}", "FROM takes a table")
        if relations.is_unlike_events(name):
            self.work.note(f"the table {name} is taken for CloudTrail's events")
        return relations.LAKE if self.work.dialect is Dialect.LAKE else relations.EVENTS


def _renamed(node: exp.Table, known: Source) -> Mapping[str, Type] | None:
    alias = node.args.get("alias")
    if known.columns is None or alias is None or not alias.columns:
        return known.columns
    return {column.name.lower(): kind for column, kind in zip(alias.columns, known.columns.values(), strict=False)}
