"""The shape of every answer: named columns, rows of plain values, and what the answer leaves out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Value = str | int | float | bool | None | list[Any] | dict[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    """The key scripts see in JSON, CSV and TSV."""
    rank: int = 1
    """Who gives way on a narrow terminal: rank 0 is always shown, higher ranks are dropped first."""
    right: bool = False
    """Aligned right in tables: numbers."""
    styles: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Value as spelled in a table -> `red`, `yellow`, `green`, `dim` or `bold`: what a terminal makes stand out."""
    named_by: str = ""
    """Another column with a name for each value: where people read, `name (value)` stands here, and nothing there."""


@dataclass(frozen=True, slots=True)
class Table:
    columns: tuple[Column, ...]
    rows: Sequence[tuple[Value, ...]]
    matched: int = 0
    """How many rows the question matched; more than `len(rows)` when a limit cut the answer."""
    notes: tuple[str, ...] = ()
    """Sentences for stderr: what the reader must know to read the rows rightly."""
    partial: tuple[str, ...] = ()
    """Sentences for stderr: what the answer leaves out. Not empty means exit code 3."""
    found: bool = False
    """Whether some rows tell of wrong that was done: that means exit code 1."""

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[dict[str, Value]]:
        """Yield the rows as dictionaries in column order."""
        names = self.names
        return (dict(zip(names, row, strict=True)) for row in self.rows)

    def records(self) -> list[dict[str, Value]]:
        """Return the rows as dictionaries in column order."""
        return list(self)


@dataclass(frozen=True, slots=True)
class Ending:
    """What is known of an answer once its last row has come."""

    rows: int
    notes: tuple[str, ...] = ()
    partial: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Flow:
    """An answer whose rows come one after the other and are not held: for millions of them."""

    columns: tuple[Column, ...]
    rows: Iterator[tuple[Value, ...]]
    """Can be walked once."""
    end: Callable[[], Ending]
    """To be asked after the last row."""

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


@dataclass(frozen=True, slots=True)
class Document:
    """An answer that is one nested thing rather than rows, such as a whole event."""

    content: Mapping[str, Any]
    notes: tuple[str, ...] = ()
    partial: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Shade:
    """What one letter of a strip means."""

    word: str
    block: str
    """The character that is shown for it."""
    plain: str
    """The same in ASCII."""
    style: str = ""
    """`red`, `yellow`, `green`, `dim` or nothing."""


@dataclass(frozen=True, slots=True)
class Strips:
    """One strip of cells for each label, all over the same stretch of time: a picture beside a table."""

    labels: tuple[str, ...]
    cells: tuple[str, ...]
    """A letter for each unit of time."""
    shades: Mapping[str, Shade]
    """What the letters mean, the worst first: where there is no room for each cell the worst of several is shown."""
    times: tuple[str, ...]
    """When each unit begins."""
    unit: str
    """Such as `hour`."""
