"""Send anomalies where they are acted upon: at least once, what does not get through is kept for the next run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ctaudit.outbox import Waiting, read_outbox, write_outbox
from ctaudit.sources.aws_login import Login
from ctaudit.sources.emit import sink_of
from ctaudit.sources.sink import MAX_BYTES, Failures, Message, Sink
from ctaudit.store import lock
from ctaudit.store.layout import Layout
from ctaudit.table import Column, Table, Value

_COLUMNS = (
    Column("to", 0),
    Column("id", 0),
    Column("severity", 1, styles={"high": "red", "medium": "yellow"}),
    Column("title", 0),
    Column("waiting", 2),
    Column("message", 9),
)
_CUT_TEXT, _CUT_LIST = 200, 10
"""What of a text and a list is sent when all would be too much."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of messages."""

    notes: tuple[str, ...]
    failed: tuple[str, ...]
    """Sentences on what was not delivered."""


def messages_of(table: Table) -> list[Message]:
    """Return a message for each row of anomalies."""
    return [_message(row) for row in table]


class Outgoing:
    """The sinks that anomalies of a store are sent to."""

    def __init__(self, store: Path, sinks: Sequence[str], login: Login) -> None:
        """Look at what the user wrote; raises UsageError. Nothing is opened or asked yet."""
        self._layout = Layout(store.absolute())
        self._sinks = list({sink.key: sink for sink in (sink_of(text, login) for text in sinks)}.values())

    def rehearsal(self, table: Table) -> Table:
        """Return what would be sent where, with what waits since an earlier run."""
        waiting, new = read_outbox(self._layout), messages_of(table)
        rows: list[tuple[Value, ...]] = []
        for sink in self._sinks:
            old = {each.message.id for each in waiting if each.sink == sink.key}
            for each in _due(sink, waiting, new):
                told = (sink.name, each.id, each.severity, each.title, each.id in old, json.loads(each.body))
                rows.append(told)
        return Table(_COLUMNS, rows, len(rows), (*table.notes, "nothing was sent"), table.partial, found=table.found)

    def send(self, table: Table) -> Sent:
        """Deliver anomalies, and what waits for these sinks; what fails waits for the next run.

        All of it waits in the store before the first attempt, so a killed run loses nothing. Raises CtauditError when
        the store takes nothing.
        """
        with lock.sending(self._layout):
            waiting = read_outbox(self._layout)
            left = {sink.key: _due(sink, waiting, messages_of(table)) for sink in self._sinks}
            others = [each for each in waiting if each.sink not in left]
            write_outbox(self._layout, [*others, *_all(left)])
            notes, failed = list[str](), list[str]()
            for sink in self._sinks:
                due = left[sink.key]
                failures = sink.deliver(due) if due else {}
                left[sink.key] = [message for message in due if message.id in failures]
                write_outbox(self._layout, [*others, *_all(left)])
                if len(due) > len(failures):
                    notes.append(f"{_counted(len(due) - len(failures))} sent to {sink.name}")
                if failures:
                    failed.append(_told(sink, failures))
        return Sent(tuple(notes), tuple(failed))


def _told(sink: Sink, failures: Failures) -> str:
    reasons = "; ".join(dict.fromkeys(failures.values()))
    return f"{_counted(len(failures))} not sent to {sink.name}, and kept to be sent again: {reasons}"


def _all(by_sink: Mapping[str, Sequence[Message]]) -> list[Waiting]:
    return [Waiting(key, message) for key, messages in by_sink.items() for message in messages]


def _due(sink: Sink, waiting: Sequence[Waiting], new: Sequence[Message]) -> list[Message]:
    """Return what a sink is due: what waits, the oldest first, and what is new; of one id, what is told of it now."""
    due = {each.message.id: each.message for each in waiting if each.sink == sink.key}
    due |= {message.id: message for message in new}
    return list(due.values())


def _counted(count: int) -> str:
    return "1 anomaly was" if count == 1 else f"{count:,} anomalies were"


def _message(row: Mapping[str, Any]) -> Message:
    title = " ".join(filter(None, (f"ctaudit {row['severity']}: {row['kind']}", row["account"], row["region"])))
    return Message(row["id"], row["kind"], row["severity"], title, _body(row))


def _body(row: Mapping[str, Any]) -> str:
    """Return a row as JSON in ASCII; one that is too large for a sink has its texts and lists cut, and says so."""
    body = json.dumps({"version": 1, **row}, default=str)
    if len(body) <= MAX_BYTES:
        return body
    cut = {name: _shortened(value) for name, value in row.items()}
    return json.dumps({"version": 1, **cut, "cut": True}, default=str)


def _shortened(value: Any) -> Any:
    if isinstance(value, str):
        return value[:_CUT_TEXT]
    if isinstance(value, list):
        return [_shortened(each) for each in value[:_CUT_LIST]]
    return None if isinstance(value, dict) else value
