"""A day that came in 300 pieces is held and read as if it had come in one."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import pytest

import ctaudit
from tests.cli.evidence import event
from tests.store.stores import CATALOG, put, select, told

PIECES, PER_PIECE = 300, 12


@pytest.mark.slow
def test_three_hundred_ingests_of_a_day_are_like_one(tmp_path: Path) -> None:
    often, once = tmp_path / "often", tmp_path / "once"
    most = 0
    for piece in range(PIECES):
        log = put(tmp_path / "logs" / f"{piece:03}.json.gz", [_event(piece, number) for number in range(PER_PIECE)])
        ctaudit.ingest(often, [str(log)], jobs=1)
        if piece % 10 == 9:
            most = max(most, len(select(often, "FROM segments")))
    assert most <= 8
    assert len(select(often, "FROM segments")) <= 8
    ctaudit.ingest(once, [str(tmp_path / "logs")], jobs=1)
    assert told(often) == told(once)
    assert (often / CATALOG).stat().st_size < 4 * (once / CATALOG).stat().st_size
    ratio = _seconds(often) / _seconds(once)
    print(f"questions take {ratio:.2f} times as long")
    assert ratio < 2


def _event(piece: int, number: int) -> dict[str, object]:
    at = piece * 288 + number * 20
    return event(0) | {
        "eventID": f"00000000-0000-4000-8000-{piece * PER_PIECE + number:012}",
        "eventTime": f"2026-02-03T{at // 3600:02}:{at // 60 % 60:02}:{at % 60:02}Z",
        "awsRegion": ("eu-west-1", "us-east-1", "us-west-2")[number % 3],
        "requestParameters": {"bucketName": f"bucket-{piece}-{number}"},
    }


def _seconds(store: Path) -> float:
    """Time some questions, again and again; return the median."""
    opened = ctaudit.open(store)
    taken = []
    for _ in range(9):
        started = time.perf_counter()
        opened.timeline(limit=50)
        opened.who_deleted("bucket-7-7")
        opened.query("SELECT region, count(*) FROM cloudtrail_logs GROUP BY region")
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)
