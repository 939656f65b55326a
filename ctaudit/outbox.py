"""Messages that could not be delivered yet: a file in the store, a line each, written whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from ctaudit.errors import StoreError
from ctaudit.sources.sink import Message
from ctaudit.state_file import write_whole
from ctaudit.store.layout import Layout


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that waits for a sink."""

    sink: str
    """The sink's key."""
    message: Message


def read_outbox(layout: Layout) -> list[Waiting]:
    """Read what waits, in order; raises StoreError when the file is something else, since it must not be lost."""
    path = layout.outbox
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error.strerror}") from error
    try:
        return [_waiting(line) for line in lines if line.strip()]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        advice = "move it away; what it holds is then not sent"
        raise StoreError(f"{path} is no list of messages that wait", advice) from error


def write_outbox(layout: Layout, waiting: Iterable[Waiting]) -> None:
    """Write what waits; raises CtauditError when it cannot be written. There is no file where nothing waits."""
    lines = [json.dumps({"sink": each.sink, "message": asdict(each.message)}) for each in waiting]
    if lines or layout.outbox.exists():
        write_whole(layout.outbox, "".join(f"{line}\n" for line in lines).encode(), "what waits to be sent")


def _waiting(line: bytes) -> Waiting:
    content = json.loads(line)
    message = Message(**{name: _text(value) for name, value in content["message"].items()})
    json.loads(message.body)  # what is no JSON would be refused by whoever gets it
    return Waiting(_text(content["sink"]), message)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value
