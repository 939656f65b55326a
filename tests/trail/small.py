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


def small_trail(hours: int = 8, logs_an_hour: int = 2, start: datetime = NOON) -> Trail:
    """Deliver `logs_an_hour` log files every hour from `start` on, and cut each hour's digest."""
    trail = Trail(name="small-trail")
    for hour in range(hours):
        for log in range(logs_an_hour):
            trail.put_log(small_batch(start + hour * HOUR + timedelta(minutes=10 + 12 * log)))
    trail.cut_digests(start, start + hours * HOUR, [CHAIN])
    return trail


def small_batch(delivered: datetime, events: int = 3) -> Batch:
    """Make one log file's worth of events, all of them some minutes before `delivered`."""
    ids = Ids(f"small/{delivered}")
    return Batch(*CHAIN, "CloudTrail", delivered, ids.alnum(), tuple(_records(ids, delivered, events)))


def _records(ids: Ids, delivered: datetime, events: int) -> list[Record]:
    who = company.CI_DEPLOY.calling(company.RUNNER)
    times = [delivered - timedelta(minutes=7) + timedelta(seconds=40 * number) for number in range(events)]
    return ids.shuffled([event(ids, at, "sts:GetCallerIdentity", who, company.HOME) for at in times])
