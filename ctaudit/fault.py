"""A piece of evidence that could not be read: what, exactly where, and why."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    path: str
    """The file, as the user would name it, `-` for standard input; `path#member2` is the second gzip member of it,
    `path!/name` a file in it when it is an archive."""
    offset: int | None
    """Byte position of the trouble: in the unpacked text, or in the file itself for `file.*`, `zip.*` and other kinds
    of packing; in what an archive unpacks to for `tar.*`."""
    kind: str
    """Dotted class that scripts may rely on, such as `gzip.truncated` or `json.cut`."""
    reason: str
    """One sentence: what was wrong and what became of the rest."""
    record: int | None = None
    """Index of the record in its file when the trouble is inside one record."""

    def __lt__(self, other: Fault) -> bool:
        """Order by place; of one file, what has a position comes before what has none."""
        return self._order() < other._order()

    def _order(self) -> tuple[object, ...]:
        places = (self.offset is None, self.offset or 0), (self.record is None, self.record or 0)
        return self.path, places[0], self.kind, self.reason, places[1]
