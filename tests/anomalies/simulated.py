"""Simulated accounts: counts for the statistics alone, and log files for the whole way."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

import ctaudit
from ctaudit.anomalies.rates import Covered
from ctaudit.anomalies.windows import Counts
from tests.cli.evidence import event, write

DAY, HOUR = 86400, 3600
START = int(datetime(2026, 3, 2, tzinfo=UTC).timestamp())
"""A Monday."""


def call(at: int, name: str = "PutParameter", source: str = "ssm", **fields: Any) -> dict[str, Any]:
    """Return a record of a call `at` seconds after `START`, with an id of its own for each call."""
    number = random.Random(f"{at} {name} {source} {sorted(fields.items())!r}").getrandbits(48)
    time = datetime.fromtimestamp(START + at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    told = {"eventTime": time, "eventSource": f"{source}.amazonaws.com", "eventName": name}
    return event(0) | {"eventID": f"00000000-0000-4000-8000-{number:012x}", "requestParameters": None} | told | fields


def store_of(folder: Path, calls: Iterable[dict[str, Any]]) -> Path:
    """Ingest records, and return the store."""
    folder.mkdir(exist_ok=True)
    write(folder / "log.json", list(calls))
    ctaudit.ingest(folder / "store", [str(folder / "log.json")], jobs=1)
    return folder / "store"


def counts_of(rows: Iterable[tuple[int, int, int]]) -> Counts:
    """Return counts of (series, seconds after `START`, calls)."""
    told = sorted((series, (START + at) // 300, calls) for series, at, calls in rows)
    return Counts(*(np.array(column, np.int64) for column in zip(*told, strict=True)))


def covered(days: int, judged: int = 1, gaps: Iterable[tuple[int, int]] = ()) -> Covered:
    """Return that all of some days is covered but the gaps, hours after `START`; the last `judged` are judged."""
    hours = np.ones((1, days * 24), np.bool_)
    for first, end in gaps:
        hours[0, first:end] = False
    return Covered(hours, START // HOUR, START + (days - judged) * DAY, START + days * DAY)


def steady(series: int, days: int, mean: float, seed: int = 0) -> list[tuple[int, int, int]]:
    """Return counts of a series with a mean for five minutes, neither bursty nor with a rhythm."""
    drawn = np.random.default_rng([seed, series]).poisson(mean, days * 288)
    return [(series, at * 300, int(calls)) for at, calls in enumerate(drawn) if calls]
