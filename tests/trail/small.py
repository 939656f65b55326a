"""A small trail for tests that break one: some hours, a few events in each log file, every hour's digest cut."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.trail import company
from tests.trail.delivery import Batch
from tests.trail.events import event
from tests.trail.ids import Ids
from tests.trail.principals import Record
from tests.trail.trail import HOUR, Trail

NOON = datetime(2026, 3, 9, 12, tzinfo=company.START.tzinfo)
CHAIN = company.CI, company.HOME
"""Account and region of the small trail's only chain."""


def small_trail(
    hours: int = 8, logs_an_hour: int = 2, start: datetime = NOON, organization: str | None = None
) -> Trail:
    """Deliver `logs_an_hour` log files every hour from `start` on, and cut each hour's digest."""
    trail = Trail(name="small-trail", organization=organization)
    go_on(trail, start, hours, logs_an_hour)
    return trail


def go_on(trail: Trail, start: datetime, hours: int, logs_an_hour: int = 2, *, restart: bool = False) -> None:
    """Deliver and digest some more hours; the first digest begins a new segment when logging was started again."""
    for hour in range(hours):
        for log in range(logs_an_hour):
            trail.put_log(small_batch(start + hour * HOUR + timedelta(minutes=10 + 12 * log)))
    for hour in range(hours):
        begins = start + hour * HOUR
        trail.cut_digest(*CHAIN, begins, begins + HOUR, restart=restart and hour == 0)


def small_batch(delivered: datetime, events: int = 3) -> Batch:
    """Make one log file's worth of events, all of them some minutes before `delivered`."""
    ids = Ids(f"small/{delivered}")
    return Batch(*CHAIN, "CloudTrail", delivered, ids.alnum(), tuple(_records(ids, delivered, events)))


def stop_batch(delivered: datetime, arn: str) -> Batch:
    """Make the log file that tells of somebody stopping the trail, some minutes before `delivered`."""
    ids = Ids(f"stop/{delivered}")
    who = company.CI_DEPLOY.calling(company.RUNNER)
    at = delivered - timedelta(minutes=7)
    record = event(ids, at, "cloudtrail:StopLogging", who, company.HOME, {"name": arn})
    return Batch(*CHAIN, "CloudTrail", delivered, ids.alnum(), (record,))


def _records(ids: Ids, delivered: datetime, events: int) -> list[Record]:
    who = company.CI_DEPLOY.calling(company.RUNNER)
    times = [delivered - timedelta(minutes=7) + timedelta(seconds=40 * number) for number in range(events)]
    return ids.shuffled([event(ids, at, "sts:GetCallerIdentity", who, company.HOME) for at in times])
