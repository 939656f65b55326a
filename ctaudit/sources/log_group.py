"""A log group of CloudWatch Logs that CloudTrail writes into, asked slice of time by slice of time.

`FilterLogEvents` gives pages of a megabyte, empty ones among them while it goes on searching, and promises no order
across streams: so only a slice that came to its end speaks for its time
(https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ctaudit import limits
from ctaudit.errors import UsageError
from ctaudit.sources.objects import Unavailable
from ctaudit.sources.turns import Ask, Page, code_of, entry

SCHEME = "logs:"
PAUSE = 0.2
"""Seconds from one request to the next: AWS allows five a second in the regions where it allows the fewest."""
_NAME = re.compile(r"[A-Za-z0-9_./#-]{1,512}")
_ARN = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):logs:(?P<region>[a-z0-9-]{1,40}):(?P<account>[0-9]{12}):log-group:"
    r"(?P<name>[A-Za-z0-9_./#-]{1,512})(?::\*)?"
)
_FIRST_LOGS = datetime(2014, 11, 10, tzinfo=UTC)
"""Since when CloudTrail writes into CloudWatch Logs."""
_BACKDATED = timedelta(days=14)
"""How old a log event may be when it is written."""
_SLICE, _SHORTEST = timedelta(days=1), timedelta(minutes=1)
_SHRINK, _GROW = 4, 2


@dataclass(frozen=True, slots=True)
class Group:
    name: str
    region: str | None = None
    account: str | None = None
    """Region and account are known of an ARN alone."""
    arn: str | None = None

    @property
    def asked(self) -> dict[str, str]:
        """How requests name it: a group of another account goes by its ARN."""
        return {"logGroupName": self.name} if self.arn is None else {"logGroupIdentifier": self.arn}


def parse(source: str) -> Group:
    """Read `logs:NAME` or `logs:ARN`; raises UsageError."""
    text = source.removeprefix(SCHEME)
    if found := _ARN.fullmatch(text):
        return Group(found["name"], found["region"], found["account"], text.removesuffix(":*"))
    if not _NAME.fullmatch(text):
        raise UsageError(f"'{source}' names no log group", "give logs:NAME, or logs: and the ARN of the group")
    return Group(text)


def pages(ask: Ask, group: Group, since: datetime, until: datetime, now: Callable[[], datetime]) -> Iterator[Page]:
    """Yield the log events of a stretch in slices that fit into one file each; raises what `ask` raises.

    A slice that turns out too large is asked again in parts, unless it is as short as can be: that comes in pieces.
    """
    start, length = since, _SLICE
    while start < until:
        end, asked = min(until, start + length), now()
        held: list[bytes] = []
        size = 0
        for batch in _batches(ask, group, start, end):
            held += batch
            size += sum(map(len, batch))
            if size <= limits.CAPTURE_FILE_BYTES and len(held) <= limits.CAPTURE_FILE_EVENTS:
                continue
            if end - start > _SHORTEST:
                length = max(_SHORTEST, timedelta(seconds=(end - start) // timedelta(seconds=_SHRINK)))
                break
            yield Page(held, None, asked)
            held, size = [], 0
        else:
            yield Page(held, (start, end), asked)
            if size * _SHRINK < limits.CAPTURE_FILE_BYTES and len(held) * _SHRINK < limits.CAPTURE_FILE_EVENTS:
                length *= _GROW
            start = end


def _batches(ask: Ask, group: Group, start: datetime, end: datetime) -> Iterator[list[bytes]]:
    """Yield what each page of a slice holds: perhaps nothing."""
    asked = group.asked | {"startTime": _milliseconds(start), "endTime": _milliseconds(end) - 1}
    token: str | None = None
    while True:
        also = {} if token is None else {"nextToken": token}
        said = ask(**asked, **also)
        yield [_entry(event) for event in said.get("events") or ()]
        before, token = token, said.get("nextToken") or None
        if token is None:
            return
        if token == before:
            raise Unavailable("unreadable", "AWS gives the same page again and again")


def first(ask: Ask, group: Group, now: datetime) -> datetime:
    """Return when the oldest event that the group may still hold was written, whole seconds.

    Where AWS does not tell when the group was made, the time since when CloudTrail writes to any.
    """
    try:
        found = ask(logGroupNamePrefix=group.name).get("logGroups", ())
    except Unavailable:
        return _FIRST_LOGS
    for each in found:
        if each.get("logGroupName") == group.name and (group.account or "") in str(each.get("arn")):
            made = datetime.fromtimestamp(each.get("creationTime", 0) // 1000, UTC) - _BACKDATED
            kept = now - timedelta(days=each.get("retentionInDays") or 36500)
            return max(_FIRST_LOGS, min(made, now), kept.replace(microsecond=0))
    return _FIRST_LOGS


def told(trouble: Unavailable) -> Unavailable:
    """Say of a group that is not there that it is not."""
    if code_of(trouble.__cause__) == "ResourceNotFoundException":
        return Unavailable("missing", "there is no such log group in this region")
    return trouble


def _entry(event: dict[str, Any]) -> bytes:
    """Write a log event as subscriptions carry it, with what the search tells besides."""
    named = {"id": event.get("eventId"), "timestamp": event.get("timestamp"), "message": event.get("message")}
    return entry(named | {key: event[key] for key in ("logStreamName", "ingestionTime") if key in event})


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
