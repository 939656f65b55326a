"""What a named query is: its SQL, and what its header says of it."""

from __future__ import annotations

from dataclasses import dataclass

from ctaudit.library.kinds import Kind


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    kind: Kind
    meaning: str
    default: str | None = None
    """None: it has to be given."""

    def __str__(self) -> str:
        return self.name if self.default is None else f"{self.name}={self.default}"


@dataclass(frozen=True, slots=True)
class NamedQuery:
    name: str
    """The stem of its file: lower case, words joined by hyphens."""
    title: str
    answers: str
    """The question, as a person would put it."""
    techniques: tuple[str, ...]
    """Of MITRE ATT&CK; none where the question is no technique's."""
    parameters: tuple[Parameter, ...]
    needs: str
    """What must have been recorded for an empty answer to mean anything; "" when management events do."""
    returns: tuple[str, ...]
    """The columns, in order."""
    sql: str
    """The whole file, header and all: Athena's SQL with `{{name}}` where a parameter stands."""
    source: str
    """The file it was read from, for people."""
