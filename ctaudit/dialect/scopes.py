"""What names mean at a place of a query: tables in reach, their columns, and whose they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ctaudit.dialect.kinds import Type
from ctaudit.records.columns import ACCOUNT, DATE, REGION

_OF_PARTITIONS = {ACCOUNT, REGION, DATE, "eventtime", "source_file"}


@dataclass(frozen=True, slots=True)
class Source:
    """A table, subquery or unnested list in a FROM."""

    name: str
    """As columns are qualified with it, lower case; "" when it has none."""
    columns: Mapping[str, Type] | None
    """Lower case; None when they are not known."""
    relation: str = ""
    """`cloudtrail_logs` or `cloudtrail_lake` when it is that, "" else."""
    path: tuple[str, ...] = ()
    """The table's whole name as given, for `database.table.column`."""

    @property
    def has_partitions(self) -> bool:
        """Whether these are the events, or `SELECT *` of them: partition columns can be made of their columns."""
        return bool(self.relation) or (self.columns is not None and self.columns.keys() >= _OF_PARTITIONS)


@dataclass(slots=True)
class Scope:
    """The sources of one SELECT, what encloses it, and the queries that WITH has named so far."""

    named: Mapping[str, Source]
    outer: Scope | None = None
    sources: list[Source] = field(default_factory=list)
    aliases: dict[str, Type] = field(default_factory=dict)
    """Names that the SELECT list gives, which ORDER BY may use."""
    hiding: frozenset[str] = frozenset()
    """Those of them that are given to something else than the column of that name."""

    def levels(self) -> Sequence[Scope]:
        found: list[Scope] = []
        scope: Scope | None = self
        while scope is not None:
            found.append(scope)
            scope = scope.outer
        return found


@dataclass(frozen=True, slots=True)
class Found:
    """What a dotted name begins with: so many of its parts name the source and the column."""

    source: Source
    kind: Type | None
    """None where the source's columns are not known."""
    parts: int


def find(scope: Scope, parts: Sequence[str]) -> Found | None:
    """Return what the first parts of a dotted name mean, or None when nothing in reach is called so."""
    lowered = [part.lower() for part in parts]
    for level in scope.levels():
        if found := _column(level, lowered) or _qualified(level, lowered):
            return found
    for level in scope.levels():
        for source in level.sources:
            if source.columns is None:
                return Found(source, None, 1)
    return None


def _column(scope: Scope, parts: Sequence[str]) -> Found | None:
    for source in scope.sources:
        kind = (source.columns or {}).get(parts[0])
        if kind is not None and not (len(parts) > 1 and _is_source(scope, parts[0]) and not kind.fields):
            return Found(source, kind, 1)
    return None


def _is_source(scope: Scope, name: str) -> bool:
    return any(source.name == name for source in scope.sources)


def _qualified(scope: Scope, parts: Sequence[str]) -> Found | None:
    """Return the column of `table.column`, `database.table.column` or `catalog.database.table.column`."""
    for source in scope.sources:
        for size in range(1, len(parts)):
            qualifier = tuple(parts[:size])
            if qualifier != (source.name,) and (size < 2 or qualifier != source.path[-size:]):
                continue
            if source.columns is None:
                return Found(source, None, size + 1)
            return Found(source, source.columns.get(parts[size]), size + 1)
    return None
