"""Events of years that cannot be: they change nothing that is told of the others, and it is said they are there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import ctaudit
from ctaudit.anomalies.strays import FAR_DAYS, FEW_DAYS, without_strays
from ctaudit.ingest import ingest
from tests.cli.evidence import event
from tests.store.stores import put

FIRST = datetime(2026, 1, 5, tzinfo=UTC)
DAYS = 24
_LONG_AGO, _FAR_ON = "1970-01-01T00:00:05Z", "2099-06-01T00:00:05Z"


def at(number: int, moment: datetime | str, **fields: Any) -> dict[str, Any]:
    text = moment if isinstance(moment, str) else moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    return event(number, **{"eventTime": text, "eventName": "ListBuckets", "readOnly": True, **fields})


def usual() -> list[dict[str, Any]]:
    """Return a call in every hour, and on the last day a stranger's network, with refusals."""
    calm = [at(hour, FIRST + timedelta(hours=hour)) for hour in range(DAYS * 24)]
    night = FIRST + timedelta(days=DAYS - 1, hours=3)
    odd = {"errorCode": "AccessDenied", "sourceIPAddress": "198.51.100.9", "eventSource": "iam.amazonaws.com"}
    return calm + [
        at(100_000 + each, night + timedelta(seconds=each), eventName=f"Get{each}", **odd) for each in range(40)
    ]


def answer(folder: Path, records: Sequence[dict[str, Any]], **options: Any) -> ctaudit.Table:
    path = put(folder / "log.json", records)
    ingest(folder / "store", [str(path)], jobs=1)
    return ctaudit.open(folder / "store").anomalies(**options).table


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> ctaudit.Table:
    return answer(tmp_path_factory.mktemp("plain"), usual())


@pytest.mark.parametrize(
    "times",
    [(_LONG_AGO, _FAR_ON), pytest.param(("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"), marks=pytest.mark.slow)],
)
def test_strays_change_nothing_and_are_told(times: tuple[str, str], plain: ctaudit.Table, tmp_path: Path) -> None:
    found = answer(tmp_path, [*usual(), *(at(200_000 + place, each) for place, each in enumerate(times))])
    assert plain.rows
    assert found.rows == plain.rows
    days = ", ".join(each[:10] for each in times)
    (note,) = set(found.notes) - set(plain.notes)
    assert note.startswith(f"2 events lie more than 366 days from all others and were not looked at ({days})")
    assert found.partial == plain.partial


@pytest.mark.slow
def test_strays_that_are_asked_for_are_looked_at(tmp_path: Path) -> None:
    found = answer(tmp_path, [*usual(), at(200_000, _FAR_ON)], since=_LONG_AGO, until="2100-01-01T00:00:00Z")
    assert not any("not looked at" in note for note in found.notes)


def test_a_few_days_far_from_many_are_strays() -> None:
    days = [20_000, 20_001, 20_005]
    assert without_strays([0, *days, 47_000, 47_001]) == (days, [0, 47_000, 47_001])


@pytest.mark.parametrize(
    "days",
    [
        [],
        [0, 20_000],
        [20_000 - FAR_DAYS, *range(20_000, 20_009)],
        [*range(FEW_DAYS + 1), *range(20_000, 20_009)],
        [0, 1, 2, 9_000, 20_000, 20_001, 20_002],
    ],
    ids=["none", "nothing-else", "a-year-before", "an-archive", "between"],
)
def test_whatever_may_be_real_is_kept(days: list[int]) -> None:
    kept, strays = without_strays(days)
    assert (list(kept), list(strays)) == (days, [])
