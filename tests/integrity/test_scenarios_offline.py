"""Every way to tamper, on a copy of the bucket: the verdicts of the table, and no others."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integrity.running import differences, offline
from tests.integrity.scenario import Scenario
from tests.integrity.scenarios import SCENARIOS


@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_a_copy_gets_the_verdicts_of_the_table(scenario: Scenario, tmp_path: Path) -> None:
    case = scenario.build()
    if case.offline is None:
        pytest.skip("cannot be asked of a copy")
    report = offline(case, tmp_path)
    assert differences(report, case.offline) == []
