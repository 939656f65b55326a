"""All scenarios in one store, each on a day of its own, in log files that came in one order and in another."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest

from ctaudit.ingest import ingest
from tests.lineage.scenarios import LONG, Scenario, scenarios
from tests.store.stores import put
from tests.trail.ids import Ids
from tests.trail.principals import Record

_DAY = re.compile(r"2026-03-\d\d(?=T)")


@dataclass(frozen=True, slots=True)
class Told:
    folder: Path
    """Where `ctaudit-store` lies."""
    other: Path
    """The same, from logs that were read in another order."""
    scenarios: dict[str, Scenario]


def _on(scenario: Scenario, days: int) -> Scenario:
    """Return the scenario as many days later, so that no other one has calls in its seconds."""

    def later(found: re.Match[str]) -> str:
        return (date.fromisoformat(found[0]) + timedelta(days=days)).isoformat()

    moved: list[Record] = [json.loads(_DAY.sub(later, json.dumps(record))) for record in scenario.records]
    return Scenario(
        *(tuple(moved), scenario.asked, scenario.chain, scenario.origin, scenario.confidence, scenario.gap),
    )


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    chosen = {name: scenario for name, scenario in scenarios().items() if name not in LONG}
    apart = {name: _on(scenario, place) for place, (name, scenario) in enumerate(chosen.items())}
    records = [record for scenario in apart.values() for record in scenario.records]
    folders = []
    for order in ("one", "other"):
        folder = tmp_path_factory.mktemp(order)
        shuffled = Ids(order).shuffled(records)
        for number in range(3):
            put(folder / f"{number}.json.gz", shuffled[number::3])
            ingest(folder / "ctaudit-store", [str(folder / f"{number}.json.gz")], jobs=1)
        folders.append(folder)
    return Told(folders[0], folders[1], apart)
