"""Requests to AWS that wait for their turn: so many a second, asked again when AWS is overloaded or out of reach."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ctaudit.sources.objects import PASSING, Unavailable
from ctaudit.sources.s3_errors import classified
from ctaudit.stretches import Stretch

_ATTEMPTS = 8
_UNHEARD_ATTEMPTS = 3
"""When nobody answers: a region's name that does not resolve will not do so later."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 20.0

Answer = dict[str, Any]
"""What boto3 made of an answer of AWS."""
Ask = Callable[..., Answer]
"""Asks AWS with parameters; raises Unavailable, whose cause is AWS's answer, and Stopped."""


class Stopped(Exception):
    """Nobody waits for the answer any more."""


@dataclass(frozen=True, slots=True)
class Page:
    """Events as they came, each as JSON text."""

    entries: list[bytes]
    settled: Stretch | None
    """Time of which all events have now been given, with this page and those before."""
    asked: datetime
    """When AWS was asked first: what happened shortly before may have come later."""


class Turns:
    """One operation of one client, asked by one thread."""

    def __init__(self, call: Ask, seconds: float, stop: threading.Event) -> None:
        """Ask by `call`, `seconds` after the request before at the earliest, until `stop` is set."""
        self._call = call
        self._seconds = seconds
        self._stop = stop
        self._next = 0.0

    def __call__(self, **asked: Any) -> Answer:
        """Ask, again and again while AWS has too much to do; raises Unavailable and Stopped.

        Raises CtauditError when the credentials are none.
        """
        attempt = 0
        while True:
            self._wait(self._next - time.monotonic())
            self._next = time.monotonic() + self._seconds
            try:
                return self._call(**asked)
            except Exception as error:
                trouble = classified(error)
                attempt += 1
                most = _ATTEMPTS if code_of(error) else _UNHEARD_ATTEMPTS
                if not isinstance(trouble, Unavailable) or trouble.kind not in PASSING or attempt >= most:
                    raise trouble from error
            pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (attempt - 1))
            self._wait(pause * random.uniform(0.5, 1.0))  # noqa: S311  (no secret)

    def _wait(self, seconds: float) -> None:
        if self._stop.wait(max(0.0, seconds)):
            raise Stopped


def code_of(error: BaseException | None) -> str:
    """Return the code of AWS's answer, empty when there was none."""
    answer = getattr(error, "response", None)
    said = answer.get("Error", {}) if isinstance(answer, Mapping) else {}
    return str(said.get("Code", ""))


def entry(said: Mapping[str, Any]) -> bytes:
    """Write an event as JSON in one line; times in UTC, halves of surrogate pairs as they were.

    The same event is the same text in every run: it is known by that.
    """
    return json.dumps(said, default=_written).encode()


def _written(value: Any) -> str:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)
