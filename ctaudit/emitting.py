"""Send anomalies where they are acted upon: at least once, what does not get through is kept for the next run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ctaudit.errors import UsageError
from ctaudit.outbox import Waiting, read_outbox, write_outbox
from ctaudit.sources.aws_login import Login
from ctaudit.sources.emit import sink_of
from ctaudit.sources.sink import MAX_BYTES, Message, Sink
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


def sinks_of(texts: Sequence[str], login: Login) -> list[Sink]:
    """Return the sinks that a user wrote, each once; raises UsageError."""
    sinks = {sink.key: sink for sink in (sink_of(text, login) for text in texts)}
    return list(sinks.values())


def messages_of(table: Table) -> list[Message]:
    """Return a message for each row of anomalies."""
    return [_message(row) for row in table]


def would_send(store: Path, sinks: Sequence[Sink], table: Table) -> Table:
    """Return what would be sent where, with what waits since an earlier run."""
    waiting = read_outbox(Layout(store.absolute()))
    rows: list[tuple[Value, ...]] = []
    for sink in sinks:
        old = {each.message.id for each in waiting if each.sink == sink.key}
        for message in _for(sink, waiting, messages_of(table)):
            content = json.loads(message.body)
            rows.append((sink.name, message.id, message.severity, message.title, message.id in old, content))
    return Table(_COLUMNS, rows, len(rows), ("nothing was sent",), table.partial, found=table.found)


def send(store: Path, sinks: Sequence[Sink], table: Table) -> Sent:
    """Deliver anomalies, and what waits for these sinks; what fails waits for the next run.

    What is to be sent waits in the store before the first attempt, so a killed run loses none of it. Raises
    CtauditError when the store takes nothing.
    """
    layout, new = Layout(store.absolute()), messages_of(table)
    with lock.sending(layout):
        waiting = read_outbox(layout)
        due = {sink.key: _for(sink, waiting, new) for sink in sinks}
        others = [each for each in waiting if each.sink not in due]
        if not any(due.values()):
            return Sent((), ())
        write_outbox(layout, [*others, *_all(due)])
        notes, failed, left = [], [], dict[str, list[Message]]()
        for sink in sinks:
            failures = sink.deliver(due[sink.key]) if due[sink.key] else {}
            left[sink.key] = [message for message in due[sink.key] if message.id in failures]
            if count := len(due[sink.key]) - len(left[sink.key]):
                notes.append(f"{_counted(count)} sent to {sink.name}")
            if failures:
                reasons = "; ".join(dict.fromkeys(failures.values()))
                failed.append(f"{_counted(len(failures))} not sent to {sink.name}, and kept to be sent again: {reasons}")
            write_outbox(layout, [*others, *_all(due | left)] if sink is not sinks[-1] else [*others, *_all(left)])
        return Sent(tuple(notes), tuple(failed))


def _all(by_sink: Mapping[str, Sequence[Message]]) -> list[Waiting]:
    return [Waiting(key, message) for key, messages in by_sink.items() for message in messages]


def _for(sink: Sink, waiting: Sequence[Waiting], new: Sequence[Message]) -> list[Message]:
    """Return what a sink is due: what waits, the oldest first, and what is new; of one id, what is told of it now."""
    due = {each.message.id: each.message for each in waiting if each.sink == sink.key}
    due |= {message.id: message for message in new}
    return list(due.values())


def _counted(count: int) -> str:
    return "1 anomaly was" if count == 1 else f"{count:,} anomalies were"


def _message(row: Mapping[str, Any]) -> Message:
    title = " ".join(
        filter(None, (f"ctaudit {row['severity']}: {row['kind']}", row["account"], row["region"]))
    )
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


def checked_dry(sinks: Sequence[str], *, dry: bool) -> None:
    """Refuse a rehearsal of nothing."""
    if dry and not sinks:
        raise UsageError("--dry-run tells what --emit would send", "name a sink with --emit")
