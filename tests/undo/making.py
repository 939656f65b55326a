"""One deletion with all that the log shows of it, and what is to be said of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import ModuleType
from typing import Any

from tests.lineage.scenarios import ALICE, DESK
from tests.trail import company
from tests.trail.company import CI, HOME
from tests.trail.events import event
from tests.trail.ids import Ids
from tests.trail.principals import Principal, Record, service_event
from tests.trail.services import service_action

START = datetime(2026, 3, 9, 9, tzinfo=company.START.tzinfo)
NOW = "2026-04-01T00:00:00Z"
"""When all cases are asked about."""


@dataclass(frozen=True, slots=True)
class Expected:
    thing: str
    """What `who-deleted` is asked for."""
    state: str | None
    until: str | None = None
    words: str = ""
    """Words that the reason has."""
    command: str = ""
    """Words that the command has."""
    told_by: int | None = None
    """Place of the call that is named as evidence; None: it does not matter."""


@dataclass(slots=True)
class Log:
    """Writes the calls of one case, an hour apart, in a region of its own where rules of a whole region matter."""

    ids: Ids
    region: str = HOME
    who: Principal = field(default_factory=lambda: ALICE.calling(DESK))
    records: list[Record] = field(default_factory=list)

    def call(self, action: str, request: Record | None, response: Record | None = None, **fields: Any) -> Log:
        self.records.append(event(self.ids, self._at(), action, self.who, self.region, request, response, **fields))
        return self

    def service(self, action: str, **fields: Any) -> Log:
        """Add an event of a service itself."""
        made = service_action(self.ids, self._at(), action, CI, self.region, **fields)
        assert made["userIdentity"] == service_event(CI, made["eventSource"]).identity
        self.records.append(made)
        return self

    def _at(self) -> datetime:
        return START + timedelta(hours=len(self.records))


Case = Callable[[Log], Expected]


def cases_of(module: ModuleType) -> dict[str, Case]:
    """Return every case of a file by its name: the functions that take a log and return what is expected."""
    takes = {"log": "Log", "return": "Expected"}
    return {name: made for name, made in vars(module).items() if getattr(made, "__annotations__", {}) == takes}
