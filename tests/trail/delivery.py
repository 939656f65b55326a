"""Delivery: records of one account and region gathered into log files, minutes after the calls, in no order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tests.trail.ids import Ids
from tests.trail.principals import Record

FOLDERS = {"Insight": "CloudTrail-Insight", "NetworkActivity": "CloudTrail-NetworkActivity"}
"""Folder of an event category; all others lie in `CloudTrail`."""

_OPEN = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Batch:
    account: str
    region: str
    folder: str
    delivered: datetime
    token: str
    """The 16 characters that make the file name unique."""
    records: tuple[Record, ...]

    def key(self, root: str) -> str:
        """Name the object; `root` is all before the account, `AWSLogs/o-…/`."""
        day, minute = self.delivered.strftime("%Y/%m/%d"), self.delivered.strftime("%Y%m%dT%H%MZ")
        name = f"{self.account}_{self.folder}_{self.region}_{minute}_{self.token}.json.gz"
        return f"{root}{self.account}/{self.folder}/{self.region}/{day}/{name}"

    @property
    def times(self) -> tuple[str, str]:
        """The oldest and the newest event time."""
        times = [record["eventTime"] for record in self.records]
        return min(times), max(times)


def moment(text: str) -> datetime:
    """Read a time as CloudTrail writes it."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def batches(records: Iterable[Record]) -> list[Batch]:
    """Gather records into files: five minutes from the first event on, delivered 2 to 4 minutes after that.

    Depends on nothing but the records, so a batch can be foretold from its own records.
    """
    groups: dict[tuple[str, str, str], list[Record]] = defaultdict(list)
    for record in sorted(records, key=lambda record: (record["eventTime"], record["eventID"])):
        folder = FOLDERS.get(record["eventCategory"], "CloudTrail")
        groups[record["recipientAccountId"], record["awsRegion"], folder].append(record)
    return [
        _batch(account, region, folder, window)
        for (account, region, folder), group in sorted(groups.items())
        for window in _windows(group)
    ]


def _windows(group: Sequence[Record]) -> list[list[Record]]:
    windows: list[list[Record]] = []
    closes = datetime.min.replace(tzinfo=UTC)
    for record in group:
        at = moment(record["eventTime"])
        if at >= closes:
            windows.append([])
            closes = at + _OPEN
        windows[-1].append(record)
    return windows


def _batch(account: str, region: str, folder: str, window: Sequence[Record]) -> Batch:
    ids = Ids(f"delivery/{window[0]['eventID']}")
    delivered = moment(window[0]["eventTime"]) + _OPEN + timedelta(seconds=ids.between(120, 240))
    return Batch(account, region, folder, delivered, ids.alnum(), tuple(ids.shuffled(window)))
