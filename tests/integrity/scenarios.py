"""All ways to break a trail, row by row of the table of known ways to tamper with CloudTrail's evidence."""

from __future__ import annotations

from tests.integrity import broken_chains, broken_digests, broken_logs, reading_troubles
from tests.integrity.scenario import Scenario

ROW_COUNT = 46
"""Rows 0 to 45 of the table; some have several scenarios."""

SCENARIOS: tuple[Scenario, ...] = tuple(
    sorted(
        (*broken_logs.ROWS, *broken_digests.ROWS, *broken_chains.ROWS, *reading_troubles.ROWS),
        key=lambda scenario: scenario.row,
    )
)
