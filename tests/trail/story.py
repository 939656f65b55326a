"""The story that the sample tells, and its known answers: what an investigator should find, for tests to check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from types import MappingProxyType

from tests.trail import company, destruction, intrusion
from tests.trail.delivery import Batch, batches
from tests.trail.plot import Plot, Step
from tests.trail.principals import Record

DAY = datetime(2026, 3, 11, tzinfo=UTC)
ROOT = f"AWSLogs/{company.ORGANIZATION}/"


@dataclass(frozen=True, slots=True)
class Answers:
    """Everything that can be asked about the intrusion and has one right answer."""

    steps: Mapping[str, Step]
    """The key events by name, in the order in which they are told."""
    stolen_key: str
    """The access key of `ci-deploy`; used by its owner too, from another address."""
    backdoor_user: str
    """ARN of the user that the intruder created."""
    backdoor_key: str
    session_keys: Mapping[str, str]
    """The temporary key that each `hop_…` step issued."""
    addresses: tuple[str, ...]
    """Every address that the intruder called from."""
    payroll_objects: tuple[str, ...]
    """Keys of all objects deleted from the payroll bucket, in order."""
    destroyed: Mapping[str, str]
    """What was destroyed, as an investigator would name it, and the step that did it."""
    damaged_key: str
    """Key of the log file that was cut; its first `damaged_length` bytes are left."""
    damaged_length: int
    damaged_events: tuple[str, ...]
    """Ids of all events that the whole file held."""
    event_ids: tuple[str, ...]
    """Every record of the intrusion, other accounts' copies and service events included, without the response."""


@cache
def _told() -> tuple[tuple[Record, ...], Answers]:
    plot = Plot(DAY)
    stolen = intrusion.break_in(plot)
    deploy = intrusion.enter_production(plot, stolen)
    intrusion.look_around(plot, deploy)
    admin = intrusion.become_admin(plot, deploy, "01:52:19", "hop_admin")
    backdoor = intrusion.stay(plot, admin)
    archive = destruction.enter_log_archive(plot, admin)
    destruction.blind_the_trail(plot, archive)
    damaged = _damaged(plot)
    destruction.overwrite_log(plot, archive, damaged.key(ROOT))
    admin = intrusion.become_admin(plot, deploy, "02:50:31", "hop_admin_again")
    objects = destruction.empty_payroll(plot, admin)
    destruction.destroy_with_new_key(plot, backdoor)
    destruction.destroy_key_and_secret(plot, admin)
    destruction.farewell(plot, backdoor)
    intruded = tuple(record["eventID"] for record in plot.records)
    destruction.respond(plot)
    return tuple(plot.records), _answers(plot, damaged, objects, intruded)


def _damaged(plot: Plot) -> Batch:
    """Foretell the log file that the story damages; sample.py keeps other records of that place out of it."""
    lost = plot.steps["enumeration_lost"].event_id
    return next(batch for batch in batches(plot.records) if lost in {record["eventID"] for record in batch.records})


def _answers(plot: Plot, damaged: Batch, objects: tuple[str, ...], intruded: tuple[str, ...]) -> Answers:
    by_id = {record["eventID"]: record for record in plot.records}
    issued = {
        name: by_id[step.event_id]["responseElements"]["credentials"]["accessKeyId"]
        for name, step in plot.steps.items()
        if name.startswith("hop_")
    }
    created = by_id[plot.steps["create_access_key"].event_id]["responseElements"]["accessKey"]
    destroyed = {
        company.PAYROLL_BUCKET: "delete_bucket",
        company.ORDERS_SNAPSHOT: "delete_snapshot",
        company.ORDERS: "delete_table",
        company.PAYROLL_KEY: "schedule_key_deletion",
        company.PAYROLL_SECRET: "delete_secret",
    }
    return Answers(
        steps=MappingProxyType(plot.steps),
        stolen_key=str(company.CI_DEPLOY.key),
        backdoor_user=f"arn:aws:iam::{company.PRODUCTION}:user/{intrusion.BACKDOOR}",
        backdoor_key=created["accessKeyId"],
        session_keys=MappingProxyType(issued),
        addresses=(intrusion.INTRUDER.address, intrusion.SECOND_ADDRESS, plot.steps["last_use"].source_ip),
        payroll_objects=objects,
        destroyed=MappingProxyType(destroyed),
        damaged_key=damaged.key(ROOT),
        damaged_length=destruction.DAMAGED_LENGTH,
        damaged_events=tuple(record["eventID"] for record in damaged.records),
        event_ids=intruded,
    )


def story_records() -> tuple[Record, ...]:
    """The records of the intrusion and of the response to it."""
    return _told()[0]


ANSWERS = _told()[1]
