"""Evidence of weeks in one account, and what a family of anomalies finds in it, by way of a real store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from ctaudit.anomalies.anomaly import Anomaly, Tested
from ctaudit.anomaly_ground import ground
from ctaudit.engines import activity
from ctaudit.ingest import ingest
from ctaudit.query import Span
from ctaudit.store.layout import Layout
from ctaudit.times import format_epoch, parse_canonical
from tests.store.stores import put

ACCOUNT, REGION = "111122223333", "eu-west-1"
HOUR, DAY = 3600, 86400
_BEGIN = parse_canonical("2026-01-05T00:00:00Z")  # a Monday
assert _BEGIN is not None
BEGIN = int(_BEGIN.timestamp())
Record = dict[str, Any]


def user(name: str) -> Record:
    arn = f"arn:aws:iam::{ACCOUNT}:user/{name}"
    return {"type": "IAMUser", "principalId": f"AIDA{name}", "arn": arn, "accountId": ACCOUNT, "userName": name}


def role(name: str, session: str = "run") -> Record:
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/{session}"
    return {"type": "AssumedRole", "principalId": f"AROA{name}:{session}", "arn": arn, "accountId": ACCOUNT}


def call(at: float, who: Record, what: str, error: str | None = None, **fields: Any) -> Record:
    """Return one call, such as `ec2:RunInstances`, so many seconds after the begin."""
    source, name = what.split(":")
    made = {
        "eventVersion": "1.11",
        "userIdentity": who,
        "eventTime": format_epoch(BEGIN + int(at)),
        "eventSource": f"{source}.amazonaws.com",
        "eventName": name,
        "awsRegion": REGION,
        "sourceIPAddress": "192.0.2.7",
        "userAgent": "aws-cli/2.15",
        "readOnly": name.startswith(("List", "Get", "Describe")),
        "eventType": "AwsApiCall",
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
        "managementEvent": True,
    } | fields
    return made if error is None else made | {"errorCode": error}


def background(days: int, but: Iterable[int] = ()) -> Iterator[Record]:
    """Yield what goes on in each hour, but those in which logs are lacking."""
    lacking = set(but)
    for hour in range(days * 24):
        if hour not in lacking:
            yield call(hour * HOUR + 700 + hour % 7 * 60, role("web"), "dynamodb:DescribeTable")


def at(seconds: float) -> str:
    return format_epoch(BEGIN + int(seconds))


@dataclass(frozen=True, slots=True)
class Asked:
    """What a family found in a store."""

    found: Tested

    @property
    def anomalies(self) -> list[Anomaly]:
        return sorted(self.found.anomalies, key=lambda each: (each.kind, each.start, each.subject))

    @property
    def kinds(self) -> list[str]:
        return [each.kind for each in self.anomalies]

    @property
    def subjects(self) -> list[tuple[str, ...]]:
        return [each.subject for each in self.anomalies]

    def one(self, kind: str) -> Anomaly:
        (found,) = [each for each in self.anomalies if each.kind == kind]
        return found


def store_of(folder: Path, records: Iterable[Record]) -> Layout:
    """Ingest the records, each with an id of its own."""
    numbered = [
        record | {"eventID": f"00000000-0000-4000-8000-{number:012}"} if "eventID" not in record else record
        for number, record in enumerate(records)
    ]
    layout = Layout(folder.absolute() / "store")
    ingest(layout.root, [str(put(folder / "log.json", numbered))], jobs=1)
    return layout


def judged(layout: Layout, family: ModuleType, span: Span | None = None) -> Asked:
    """Let a family judge what a store holds."""
    known, counted = ground(layout, span or Span())
    cubes = {name: (cube.dimensions, cube.having) for name, cube in family.CUBES.items()}
    tables, _ = activity.counted(layout, counted, cubes)
    found: Tested = family.find(tables, known)
    assert {each.kind for each in found.anomalies} <= family.KINDS.keys()
    assert all(each.start < each.end <= known.until and each.end > known.since for each in found.anomalies)
    assert all(0 <= each.p <= 1 for each in found.anomalies)
    return Asked(found)


def asked(folder: Path, family: ModuleType, records: Iterable[Record], span: Span | None = None) -> Asked:
    """Ingest the records, and let a family judge them."""
    return judged(store_of(folder, records), family, span)
