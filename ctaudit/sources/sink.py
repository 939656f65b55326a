"""Where messages about anomalies go: what a message is, what a sink promises, and how long it tries."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

ATTEMPTS = 4
FIRST_PAUSE = 0.5
"""Seconds before the second attempt; each further pause is twice as long, and a part of it is chance."""
MAX_PAUSE = 30.0
"""Seconds; a server that asks for more patience gets its message at the next run."""
IN_A_ROW = 3
"""Messages that fail one after the other before the rest are not tried any more."""
MAX_BYTES = 240_000
"""What a message may have; SNS and EventBridge take 256 KB with everything around it."""
TIMEOUT = 15
"""Seconds without an answer."""


@dataclass(frozen=True, slots=True)
class Message:
    id: str
    """The same whenever the same anomaly is sent: who has it already may drop it."""
    kind: str
    severity: str
    title: str
    """One line."""
    body: str
    """JSON."""


Failures = dict[str, str]
"""Id of a message that was not delivered -> why."""


class Sink(Protocol):
    @property
    def name(self) -> str:
        """What may be printed: no password, token or path."""

    @property
    def key(self) -> str:
        """What tells this sink from others and gives nothing away."""

    def deliver(self, messages: Sequence[Message]) -> Failures:
        """Deliver each message at least once, or say why not; never raises for what goes wrong on the way."""


class Passing(Exception):
    """What may go well a moment later."""

    def __init__(self, reason: str, after: float | None = None) -> None:
        super().__init__(reason)
        self.after = after
        """Seconds that the other side wants to be left alone."""


class Lasting(Exception):
    """What will not go better by trying again."""


def one_by_one(messages: Iterable[Message], send: Callable[[Message], None]) -> Failures:
    """Send messages one after the other, each at several attempts; stop trying where nothing gets through."""
    failures: Failures = {}
    row, last = 0, ""
    for message in messages:
        if row >= IN_A_ROW:
            failures[message.id] = f"not tried after {IN_A_ROW} failures: {last}"
            continue
        try:
            _tried(message, send)
            row = 0
        except (Passing, Lasting) as error:
            last = failures[message.id] = str(error)
            row += 1
    return failures


def _tried(message: Message, send: Callable[[Message], None]) -> None:
    for attempt in range(ATTEMPTS):
        try:
            send(message)
        except Passing as error:
            if attempt == ATTEMPTS - 1 or (error.after or 0) > MAX_PAUSE:
                raise
            pause(attempt, error.after)
        else:
            return


def pause(attempt: int, after: float | None = None) -> None:
    """Wait before the next attempt: twice as long each time, and never as long as everybody else."""
    length = FIRST_PAUSE * 2**attempt * (0.5 + random.random() / 2)  # noqa: S311  (no secret)
    time.sleep(min(MAX_PAUSE, max(length, after or 0.0)))
