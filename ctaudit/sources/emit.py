"""Sinks by what users write, and the simplest of them: lines in a file."""

from __future__ import annotations

import os
from collections.abc import Sequence

from ctaudit.errors import UsageError
from ctaudit.sources.aws_login import Login
from ctaudit.sources.aws_sinks import EventBridge, Sns
from ctaudit.sources.sink import Failures, Message, Sink
from ctaudit.sources.webhook import Webhook

KINDS = ("jsonl:FILE", "webhook:URL", "sns:TOPIC_ARN", "eventbridge:BUS")


def sink_of(text: str, login: Login) -> Sink:
    """Return the sink that a user wrote; raises UsageError, in which nothing stands that may be secret."""
    kind, _, rest = text.partition(":")
    match kind:
        case "jsonl" if rest:
            return Lines(rest)
        case "webhook" if rest:
            return Webhook(rest)
        case "sns" if rest:
            return Sns(rest, login)
        case "eventbridge" if rest:
            return EventBridge(rest, login)
    raise UsageError("there is no such sink to emit to", f"there are {', '.join(KINDS)}")


class Lines:
    """Appends each message to a file, as a line of JSON."""

    def __init__(self, path: str) -> None:
        if path == "-":
            raise UsageError("stdout is for the answer", "leave --emit out and give --format jsonl")
        self._path = os.path.abspath(path)

    @property
    def name(self) -> str:
        return f"jsonl:{self._path}"

    @property
    def key(self) -> str:
        return self.name

    def deliver(self, messages: Sequence[Message]) -> Failures:
        """Append all lines and have them on the disk; a line that an earlier run could not finish is ended first."""
        try:
            with open(self._path, "ab+") as file:
                body = "".join(f"{message.body}\n" for message in messages).encode()
                if file.tell():
                    file.seek(-1, os.SEEK_END)
                    body = body if file.read(1) == b"\n" else b"\n" + body
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            told = f"it cannot be written: {error.strerror or error}"
            return dict.fromkeys((message.id for message in messages), told)
        return {}
