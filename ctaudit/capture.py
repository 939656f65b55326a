"""Events that lie in no file: Event history and log groups, captured into files of the store before they are read.

AWS deletes them after a while, and a row must name a file that it was read from. What was captured stays, and a later
run asks for the rest.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import quote

from ctaudit import capturing, times
from ctaudit.capturing import Job
from ctaudit.errors import UsageError
from ctaudit.fault import Fault
from ctaudit.listing import FromS3
from ctaudit.sources import event_history, log_group
from ctaudit.sources.log_group import Group
from ctaudit.sources.objects import Unavailable
from ctaudit.sources.own_account import Account, Clients
from ctaudit.sources.turns import Ask, Page, Turns
from ctaudit.store.captures import Captures, Form
from ctaudit.store.layout import Layout

_EVENTS = Form(b'{"Events":[')
_NO_DATA_EVENTS = "Event history holds management events alone; what was read or written in buckets, say, is in trails"
_NO_LARGE_EVENTS = "CloudTrail sends no event above 256 KB to CloudWatch Logs: such events are missing in log groups"
_LONGEST_NAME = 150
"""Bytes of a group's name that become a folder's."""
_SLIPS = ("logs.missing",)
"""A slip of the pen is no evidence that could not be read."""


@dataclass(slots=True)
class Captured:
    """What came of it."""

    files: list[str] = field(default_factory=list)
    """The evidence, what earlier runs captured of the same places included."""
    events: int = 0
    """Events that were not captured before."""
    faults: list[Fault] = field(default_factory=list)
    """One for each place that could not be asked."""
    asked: list[str] = field(default_factory=list)
    """Places that were asked now: what was held against them before is void."""
    listed: list[str] = field(default_factory=list)
    """Folders of evidence, and what all places below were asked of."""
    notes: list[str] = field(default_factory=list)
    """What these events leave out, in sentences."""

    def evidence(self) -> list[Fault]:
        """Return the faults that concern evidence."""
        return [each for each in self.faults if each.kind not in _SLIPS]


def begun(sources: Sequence[str], how: FromS3) -> list[str]:
    """Return the names under which it is noted that sources are being read.

    Of regions each has a name of its own: when one is done, an interrupted run of all of them is not. They lie below
    that of all.
    """
    names: dict[str, None] = {}
    for source in sources:
        parts = [f"{source}/{region}" for region in how.regions] if source == event_history.NAME else []
        names.update(dict.fromkeys(parts or [source]))
    return list(names)


def plan(
    layout: Layout, sources: Sequence[str], how: FromS3, now: Callable[[], datetime], stopped: Callable[[], bool]
) -> Plan:
    """Log in, and find out what is to be asked; nothing is written.

    Args:
        layout: the store, which this process holds.
        sources: `history:`, `logs:NAME`, `logs:ARN`.
        how: login, regions and span.
        now: the clock.
        stopped: asked whether to stop.

    Raises CtauditError when there are no credentials, UsageError when a region must be named, Interrupted.
    """
    made = Plan(layout, how, now, Clients(how.login))
    capturing.aside(lambda: made.add(sources), stopped)
    return made


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is to be captured in one place."""

    captures: Captures
    since: datetime | None
    until: datetime
    now: Callable[[], datetime]


class Plan:
    """What is asked of whom."""

    def __init__(self, layout: Layout, how: FromS3, now: Callable[[], datetime], clients: Clients) -> None:
        self._evidence = layout.evidence
        self._how = how
        self._now: Callable[[], datetime] = lambda: _floor(now())
        self._clients = clients
        self._jobs: list[Job] = []
        self._captured = Captured()

    def run(self, tell: Callable[[int], None], stopped: Callable[[], bool]) -> Captured:
        """Write what AWS has and the store has not captured yet into files below the store.

        `tell` hears how many events have come. Raises CtauditError when the credentials have ended, Interrupted,
        OSError.
        """
        done = self._captured
        done.events, faults = capturing.run(self._jobs, tell, stopped)
        done.faults += faults
        done.files = [file for job in self._jobs for file in job.captures.files()]
        return done

    def add(self, sources: Sequence[str]) -> None:
        account: Account | None = None
        for source in dict.fromkeys(sources):
            self._captured.asked.append(source)
            try:
                account = account or self._clients.account()
                if source == event_history.NAME:
                    self._add_history(account)
                else:
                    self._add_group(log_group.parse(source), account)
            except Unavailable as trouble:
                kind = trouble.fault_kind(source.partition(":")[0])
                self._captured.faults.append(Fault(source, None, kind, f"cannot be asked: {trouble.reason}"))

    def _add_history(self, account: Account) -> None:
        reach = self._now() - event_history.REACH
        self._captured.notes.append(_NO_DATA_EVENTS)
        if self._how.since is not None and self._how.since < reach:
            said = f"Event history goes back 90 days: nothing before {times.format_utc(reach)} can be asked for"
            self._captured.notes.append(said)
        since = max(reach, _floor(self._how.since or reach))
        for region in self._regions(account):
            place = f"{event_history.NAME}{account.number}/{region}"
            captures = Captures(self._evidence / "history" / account.number / region, place, _EVENTS)
            wanted = _Wanted(captures, since, self._until(), self._now)
            call = self._clients.client("cloudtrail", region).lookup_events
            self._add(Job(place, "history", captures, partial(_history_pages, call, wanted)))

    def _regions(self, account: Account) -> list[str]:
        if self._how.regions:
            return list(dict.fromkeys(self._how.regions))
        self._captured.listed.append(f"{event_history.NAME}{account.number}")
        regions, why = self._clients.enabled_regions(account.partition)
        if why:
            self._captured.notes.append(
                f"which regions are enabled cannot be asked (ec2:DescribeRegions: {why}), "
                f"so all {len(regions)} are that boto3 knows"
            )
        return regions

    def _add_group(self, group: Group, account: Account) -> None:
        regions = [group.region] if group.region else list(dict.fromkeys(self._how.regions))
        if not regions and self._clients.region is None:
            raise UsageError(f"the region of the log group {group.name} is not known", "name it with --region")
        if _NO_LARGE_EVENTS not in self._captured.notes:
            self._captured.notes.append(_NO_LARGE_EVENTS)
        owner = group.account or account.number
        form = Form(b'{"logGroup":' + json.dumps(group.name).encode() + b',"logEvents":[')
        # The time of a log event is that of its delivery.
        until = min(self._now(), self._until() + self._how.late)
        for region in regions or [self._clients.home]:
            place = f"{log_group.SCHEME}{owner}/{region}/{group.name}"
            captures = Captures(self._evidence / "logs" / owner / region / _folder(group.name), place, form)
            wanted = _Wanted(captures, self._how.since and _floor(self._how.since), until, self._now)
            client = self._clients.client("logs", region)
            self._add(Job(place, "logs", captures, partial(_group_pages, client, group, wanted)))

    def _add(self, job: Job) -> None:
        self._jobs.append(job)
        self._captured.asked.append(job.place)
        self._captured.listed.append(str(job.captures.folder))

    def _until(self) -> datetime:
        until = self._how.until
        return self._now() if until is None else min(self._now(), _floor(until + timedelta(microseconds=999_999)))


def _history_pages(call: Ask, wanted: _Wanted, stop: threading.Event) -> Iterator[Page]:
    ask = Turns(call, event_history.PAUSE, stop)
    for stretch in wanted.captures.lacking((wanted.since or wanted.until, wanted.until)):
        yield from event_history.pages(ask, *stretch, wanted.now)


def _group_pages(client: Any, group: Group, wanted: _Wanted, stop: threading.Event) -> Iterator[Page]:
    try:
        describe = Turns(client.describe_log_groups, log_group.PAUSE, stop)
        since = wanted.since or log_group.first(describe, group, wanted.now())
        ask = Turns(client.filter_log_events, log_group.PAUSE, stop)
        for stretch in reversed(wanted.captures.lacking((since, wanted.until))):
            yield from log_group.pages(ask, group, *stretch, wanted.now)
    except Unavailable as trouble:
        raise log_group.told(trouble) from trouble.__cause__


def _floor(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)


def _ceiling(moment: datetime) -> datetime:
    return _floor(moment + timedelta(microseconds=999_999))


def _folder(name: str) -> str:
    """Return a folder's name for a group's, which may hold slashes and be longer than a folder's may.

    Names that some disk might take for one another end in their hash.
    """
    safe = re.sub(r"^\.", "%2E", quote(name, safe=""))
    if len(safe) <= _LONGEST_NAME and name == name.lower():
        return safe
    return f"{safe[:_LONGEST_NAME]}-{hashlib.sha256(name.encode()).hexdigest()[:16]}"
