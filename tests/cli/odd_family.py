"""A family of anomalies for tests: five minutes in which something was called ten times or more."""

from __future__ import annotations

from ctaudit.anomalies.anomaly import Anomaly, Kind, Selection, Series, Severity, Tested
from ctaudit.anomalies.cube import BIN, Counted, Cube
from ctaudit.anomalies.ground import Ground

CUBES = {"odd": Cube(("account", "region", "source", "name", "bin"))}
KINDS = {
    "odd.many": Kind("many calls", ("a deployment", "a test")),
    "odd.very_many": Kind("very many calls", ("a flood",)),
}
_AROUND = 6
"""Counts before and after."""


def find(tables: Counted, known: Ground) -> Tested:
    """Find them; each call more makes it ten times less probable."""
    rows = tables["odd"].to_pylist()
    many = [row for row in rows if row["n"] >= 10 and row["last"] >= known.since]
    return Tested([_anomaly(row) for row in many], len(rows), (), {"least": 10, "share": 0.25})


def _anomaly(row: dict[str, object]) -> Anomaly:
    count, start = int(str(row["n"])), int(str(row["bin"])) * BIN
    account, region, source, name = (str(row[key]) for key in ("account", "region", "source", "name"))
    counts = (1, 0, None, None, 2, 1, count, *([0] * _AROUND))
    return Anomaly(
        "odd.very_many" if count >= 30 else "odd.many",
        Severity.HIGH if count >= 30 else Severity.MEDIUM if count >= 20 else Severity.LOW,
        *(account, region, (source, name), start, start + BIN),
        f"{count} calls of {name} in 5 minutes, where 1.5 were to be expected",
        float(count),
        "calls in 5 minutes",
        10.0**-count,
        Selection(start, start + BIN, account, region, (source,), (name,)),
        1.5,
        (0.0, 4.0),
        (start - 28 * 86400, start),
        Series(start - _AROUND * BIN, BIN, counts, (1.5,) * 13, (0.0,) * 13, (4.0,) * 13),
        {"share": 0.25},
    )
