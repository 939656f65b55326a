"""CloudTrail's Event history, which every account has: the management events of 90 days, asked region by region.

`LookupEvents` tells the newest events first, 50 at a time, and allows two requests a second in each region of an
account (https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from ctaudit.sources.objects import Unavailable
from ctaudit.sources.turns import Answer, Ask, Page, code_of, entry

NAME = "history:"
REACH = timedelta(days=90)
"""How far back it goes."""
PAUSE = 0.5
"""Seconds from one request to the next."""
_PAGE = 50
_SECOND = timedelta(seconds=1)


def pages(ask: Ask, since: datetime, until: datetime, now: Callable[[], datetime]) -> Iterator[Page]:
    """Yield the events of a stretch, newest first; raises what `ask` raises.

    A token that AWS does not take any more, after a long wait perhaps, costs nothing: what is left is asked anew.
    """
    asked, top, reached, last = now(), until, until, until + _SECOND
    token: str | None = None
    ordered = True
    while True:
        also: dict[str, str] = {} if token is None else {"NextToken": token}
        try:
            said = ask(StartTime=since, EndTime=top, MaxResults=_PAGE, **also)
        except Unavailable as trouble:
            if token is None or top == reached or code_of(trouble.__cause__) != "InvalidNextTokenException":
                raise
            top, token, last = reached, None, reached + _SECOND
            continue
        token, before = _next(said, token), reached
        events = said.get("Events") or []
        times = [_moment(event) for event in events]
        # Were a page not in order, events of a time that seems done might still follow.
        ordered = ordered and all(earlier >= later for earlier, later in zip([last, *times], times, strict=False))
        last = times[-1] if times else last
        if token is None:
            reached = since
        elif ordered:
            reached = min(reached, max(since, last.replace(microsecond=0) + _SECOND))
        yield Page([entry(event) for event in events], (reached, before) if reached < before else None, asked)
        if token is None:
            return


def _next(said: Answer, token: str | None) -> str | None:
    following: str | None = said.get("NextToken") or None
    if following is not None and following == token:
        raise Unavailable("unreadable", "AWS gives the same page again and again")
    return following


def _moment(event: dict[str, Any]) -> datetime:
    """Return an event's time; one without is of no order with others."""
    time = event.get("EventTime")
    return time.astimezone(UTC) if isinstance(time, datetime) else datetime.max.replace(tzinfo=UTC)
