"""The sample trail: three days of a company at work with one bad night in it, in memory and ready to be written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from tests.trail import company, people, rarities, services
from tests.trail.company import CI, EUROPE, HOME, MANAGEMENT, PRODUCTION
from tests.trail.delivery import moment
from tests.trail.ids import Ids
from tests.trail.intrusion import TOOL
from tests.trail.plot import Plot
from tests.trail.principals import Record
from tests.trail.story import ANSWERS, DAY, story_records
from tests.trail.trail import HOUR, Trail

# How often an hour of an account and region sees any service at work; the rest have empty digests.
_BUSY = {
    (PRODUCTION, HOME): 1.0,
    (PRODUCTION, EUROPE): 0.7,
    (MANAGEMENT, HOME): 0.6,
    (MANAGEMENT, EUROPE): 0.15,
    (CI, HOME): 0.5,
    (CI, EUROPE): 0.1,
}


def sample_records() -> list[Record]:
    """Make all records: the background of each hour, people's work, rarities, the story."""
    records = list(story_records())
    for hours in range(int((company.END - company.START) / HOUR)):
        records += _hour(company.START + hours * HOUR)
    for days in range(3):
        records += _day(company.START + timedelta(days=days))
    records += _once()
    return records


def sample_trail() -> Trail:
    """Deliver the records, cut all digests, then damage the one log file as the story has it."""
    trail = Trail(organization=company.ORGANIZATION)
    trail.deliver(sample_records())
    trail.cut_digests(company.START, company.END, company.CHAINS)
    left = trail.bucket.bodies[ANSWERS.damaged_key][: ANSWERS.damaged_length]
    trail.bucket.put(ANSWERS.damaged_key, left, moment(ANSWERS.steps["overwrite_log"].time))
    return trail


def _hour(hour: datetime) -> Iterator[Record]:
    for (account, region), share in _BUSY.items():
        ids = Ids(f"hour/{account}/{region}/{hour}")
        if ids.chance(share) or hour.hour % 6 == 0:
            # Early in the hour, so that the intruder's log files (story.py) hold no other records of that place.
            yield from services.pulse(ids, account, region, hour + timedelta(seconds=ids.between(30, 150)))


def _day(day: datetime) -> Iterator[Record]:
    ids = Ids(f"day/{day}")
    yield from people.deployment(ids, day + timedelta(hours=2, minutes=1))
    yield from people.nightly_job(ids, day + timedelta(hours=2, minutes=5, seconds=3))
    yield from people.terraform_plan(ids, day + timedelta(hours=6, minutes=30, seconds=11))
    for hour in (10, 15):
        yield from people.deployment(ids, day + timedelta(hours=hour, minutes=ids.between(12, 40)))
    for person in company.PEOPLE:
        for start in (8, 13):
            begins = day + timedelta(hours=start + ids.between(0, 3), minutes=ids.between(10, 45))
            account, region = ids.pick(((PRODUCTION, HOME), (PRODUCTION, EUROPE), (CI, HOME), (MANAGEMENT, HOME)))
            if ids.chance(0.5):
                role = (company.SSO_ADMIN if person is company.ANA else company.SSO_DEVELOPER)[account]
                yield from people.cli_visit(ids, begins, person, role, region)
            else:
                yield from people.console_visit(ids, begins, person, company.SSO_READER[account], region)


def _once() -> Iterator[Record]:
    ids, first, second = Ids("once"), Plot(company.START), Plot(company.START + timedelta(days=1))
    yield from rarities.root_visit(ids, first.at("09:40:10"))
    yield from rarities.break_glass(ids, first.at("11:15:42"))
    yield from rarities.rotations(ids, first.at("04:12:00"))
    yield from people.terraform_apply(ids, second.at("14:20:05"))
    yield rarities.refused_login(ids, second.at("19:02:31"))
    yield rarities.refused_assume(ids, second.at("16:11:09"))
    yield from rarities.network_activity(ids, second.at("12:31:20"))
    scaling = f"arn:aws:sts::{PRODUCTION}:assumed-role/{company.AUTOSCALING.name}"
    at = second.at("18:03:00")
    yield from rarities.insight(ids, at, 6, "ec2:RunInstances", 9.0, 0.0041, scaling, "autoscaling.amazonaws.com")
    deploy = f"arn:aws:sts::{PRODUCTION}:assumed-role/{company.DEPLOY_PRODUCTION.name}"
    night = Plot(DAY).at("01:31:00")
    yield from rarities.insight(
        ids, night, 5, "secretsmanager:ListSecrets", 6.0, 0.00009, deploy, TOOL, "AccessDeniedException"
    )
