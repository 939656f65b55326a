"""The parts of a story while it is being told: its records, its named steps, and what to look for in them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from tests.trail.delivery import moment
from tests.trail.ids import Ids
from tests.trail.principals import Record


@dataclass(frozen=True, slots=True)
class Step:
    """One known event of the story, as an answer should show it."""

    event_id: str
    time: str
    event_name: str
    event_source: str
    account: str
    region: str
    principal: str | None
    """The caller's ARN as recorded; None for services and for the other account's view of a caller."""
    access_key_id: str | None
    source_ip: str
    error_code: str | None


@dataclass(slots=True)
class Plot:
    day: datetime
    ids: Ids = field(default_factory=lambda: Ids("story"))
    records: list[Record] = field(default_factory=list)
    steps: dict[str, Step] = field(default_factory=dict)

    def at(self, clock: str) -> datetime:
        """The time `HH:MM:SS` of the story's day."""
        return moment(f"{self.day:%Y-%m-%d}T{clock}Z")

    def tell(self, record: Record, name: str | None = None) -> Record:
        """Add one record; with a name, it becomes a known answer."""
        self.records.append(record)
        if name is not None:
            self.steps[name] = _step(record)
        return record

    def tell_all(self, records: Iterable[Record], *names: str) -> None:
        """Add records; the first ones get the names."""
        for position, record in enumerate(records):
            self.tell(record, names[position] if position < len(names) else None)


def _step(record: Record) -> Step:
    who = record["userIdentity"]
    return Step(
        event_id=record["eventID"],
        time=record["eventTime"],
        event_name=record["eventName"],
        event_source=record["eventSource"],
        account=record["recipientAccountId"],
        region=record["awsRegion"],
        principal=who.get("arn"),
        access_key_id=who.get("accessKeyId"),
        source_ip=record["sourceIPAddress"],
        error_code=record.get("errorCode"),
    )
