"""Named queries: those that come with ctaudit and those in the user's folders, found by name, listed, filled."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from ctaudit import limits
from ctaudit.errors import QueryError, UsageError
from ctaudit.library.header import NAME, parse
from ctaudit.library.named_query import NamedQuery
from ctaudit.library.placeholders import filled
from ctaudit.library.values import values
from ctaudit.table import Column, Table, Value

_SUFFIX = ".sql"
_COLUMNS = (Column("name", rank=0), Column("title"), Column("parameters", rank=2), Column("technique", rank=3))
_ALL_COLUMNS = tuple(map(Column, ["name", "title", "answers", "parameters", "technique", "needs", "returns", "file"]))


@dataclass(frozen=True, slots=True)
class Asked:
    """A named query with values: what is to be run, and what must be said of its answer."""

    sql: str
    """With its placeholders."""
    params: Mapping[str, str]
    filled: str
    """The same with the values in place, for other engines and for people."""
    notes: tuple[str, ...]


class Library:
    """The named queries at hand. Files are read when they are asked for, so one that is wrong hinders no other."""

    def __init__(self, folders: Iterable[str | os.PathLike[str]] = ()) -> None:
        """Look what there is; raises UsageError for a folder that cannot be read, QueryError for a name there twice."""
        self._files: dict[str, Traversable] = {}
        for file in _shipped():
            self._files[file.name.removesuffix(_SUFFIX)] = file
        for path in _own(dict.fromkeys(Path(folder).absolute() for folder in folders)):
            name = path.name.removesuffix(_SUFFIX)
            if NAME.fullmatch(name) is None:
                raise QueryError(f"{path}: '{name}' is no name of a query", "names are lower-case-words-like-this")
            if name in self._files:
                advice = "give the file another name, since a name must mean one thing"
                raise QueryError(f"there are two queries '{name}': {_shown(self._files[name])} and {path}", advice)
            self._files[name] = path

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self._files))

    def find(self, name: str) -> NamedQuery:
        """Return a query by its name; raises QueryError when there is none, or when its file is wrong."""
        if name not in self._files:
            import difflib

            close = difflib.get_close_matches(name.lower(), self._files, n=1)
            hint = f"did you mean '{close[0]}'? " if close else ""
            raise QueryError(f"there is no query '{name}'", f"{hint}see: ctaudit query --list")
        file = self._files[name]
        return parse(name, _text(file), _shown(file))

    def asked(self, name: str, given: Mapping[str, str]) -> Asked:
        """Return a query with values for its parameters; raises QueryError when they do not fit."""
        query = self.find(name)
        params = values(query, given)
        notes = (f"{name} needs {query.needs}; without it no row proves nothing",) if query.needs else ()
        return Asked(query.sql, params, filled(query.sql, params, query.source), notes)

    def listing(self, *, whole: bool = False) -> Table:
        """Return a row for each query; `whole` adds what does not fit a screen."""
        queries = [self.find(name) for name in self.names]
        rows = [_whole_row(query) if whole else _row(query) for query in queries]
        return Table(_ALL_COLUMNS if whole else _COLUMNS, rows, len(rows))


def is_name(text: str) -> bool:
    """Tell whether this is a name rather than SQL, which no single word is."""
    return NAME.fullmatch(text.lower().replace("_", "-")) is not None


def _row(query: NamedQuery) -> tuple[Value, ...]:
    return query.name, query.title, " ".join(map(str, query.parameters)), " ".join(query.techniques)


def _whole_row(query: NamedQuery) -> tuple[Value, ...]:
    parameters: list[dict[str, Value]] = [
        {"name": each.name, "kind": each.kind.value, "meaning": each.meaning, "default": each.default}
        for each in query.parameters
    ]
    techniques, returns = list(query.techniques), list(query.returns)
    return query.name, query.title, query.answers, parameters, techniques, query.needs or None, returns, query.source


def _shipped() -> Iterator[Traversable]:
    for file in resources.files("ctaudit.library").iterdir():
        if file.name.endswith(_SUFFIX):
            yield file


def _own(folders: Iterable[Path]) -> Iterator[Path]:
    """Yield the SQL files right in these folders, hidden ones left out, each folder's in order."""
    for folder in folders:
        try:
            found = sorted(path for path in folder.iterdir() if path.suffix == _SUFFIX and path.name[0] != ".")
        except OSError as error:
            raise UsageError(f"cannot read the queries in {folder}: {error.strerror}") from error
        if len(found) > limits.MAX_NAMED_QUERIES:
            raise UsageError(
                f"{folder} has {len(found)} queries, more than the {limits.MAX_NAMED_QUERIES} that are read"
            )
        yield from found


def _shown(file: Traversable) -> str:
    """Name a file for people: the path of a user's, the name of one of ours."""
    path = Path(str(file))
    return f"{file.name} of ctaudit" if path.parent == Path(str(resources.files("ctaudit.library"))) else str(path)


def _text(file: Traversable) -> str:
    """Return a file's text; what is no plain file is not opened, since a pipe would never end."""
    shown = _shown(file)
    if not file.is_file():
        raise QueryError(f"{shown} is no plain file")
    try:
        with file.open("rb") as stream:
            given = stream.read(limits.MAX_SQL_BYTES + 1)
    except OSError as error:
        raise QueryError(f"cannot read {shown}: {error.strerror}") from error
    if len(given) > limits.MAX_SQL_BYTES:
        raise QueryError(f"{shown} is longer than {limits.MAX_SQL_BYTES} bytes")
    try:
        return given.decode()
    except UnicodeDecodeError as error:
        raise QueryError(f"{shown} is not UTF-8 text: byte {error.start} is 0x{given[error.start]:02x}") from error
