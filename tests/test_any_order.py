"""The order in which logs come in leaves no trace: every lookup on the sample, byte for byte, from two stores of it."""

from __future__ import annotations

from pathlib import Path

import pytest

import ctaudit
from tests.conftest import SAMPLE, Ask
from tests.trail.company import ORDERS, PAYROLL_BUCKET, PAYROLL_KEY, PAYROLL_SECRET, PLATFORM_ADMIN
from tests.trail.ids import Ids
from tests.trail.intrusion import BACKDOOR
from tests.trail.story import ANSWERS

STEPS = ANSWERS.steps
LOOKUPS: dict[str, tuple[str, ...]] = {
    "who-deleted": ("who-deleted", PAYROLL_BUCKET),
    "who-deleted inside": ("who-deleted", f"{PAYROLL_BUCKET}/*"),
    "who-deleted, service events": ("who-deleted", PAYROLL_SECRET),
    "who-deleted --undo, a bucket": ("who-deleted", f"{PAYROLL_BUCKET}*", "--undo"),
    "who-deleted --undo, a key": ("who-deleted", PAYROLL_KEY, "--undo"),
    "who-deleted --undo, a table": ("who-deleted", ORDERS, "--undo"),
    "who-created": ("who-created", BACKDOOR),
    "who-changed": ("who-changed", PLATFORM_ADMIN.arn),
    "who-touched": ("who-touched", PAYROLL_BUCKET),
    "what-did": ("what-did", "hotfix-4412"),
    "what-did --by origin": ("what-did", "deploy-production", "--by", "origin"),
    "timeline": ("timeline",),
    "timeline --limit": ("timeline", "--limit", "17", "--writes"),
    "timeline --origin": ("timeline", "--origin", "ci-deploy"),
    "sessions": ("sessions",),
    "show": ("show", STEPS["delete_bucket"].event_id),
    "trace, an event": ("trace", STEPS["delete_bucket"].event_id),
    "trace, a key": ("trace", ANSWERS.backdoor_key),
    "coverage": ("coverage",),
    "faults": ("faults",),
}


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two folders with a store of the sample: from one ingest, and from three of its files in another order."""
    one, other = (tmp_path_factory.mktemp(name) for name in ("one", "other"))
    ctaudit.ingest(one / "ctaudit-store", [str(SAMPLE)], jobs=1)
    files = Ids("order").shuffled(sorted(str(path) for path in SAMPLE.rglob("*") if path.is_file()))
    for number in range(3):
        ctaudit.ingest(other / "ctaudit-store", files[number::3], jobs=1)
    return one, other


@pytest.mark.slow
@pytest.mark.parametrize("name", LOOKUPS)
def test_the_order_of_ingests_changes_no_byte(name: str, stores: tuple[Path, Path], ask: Ask) -> None:
    words = (*LOOKUPS[name], *([] if name.startswith("show") else ["--format", "json"]))
    one, other = (ask(*words, folder=folder) for folder in stores)
    assert len(one.out) > 200
    assert one == other


def test_every_lookup_command_is_asked() -> None:
    from ctaudit.cli.main import COMMANDS

    asked = {words[0] for words in LOOKUPS.values()}
    assert {name for name in COMMANDS if name.startswith("who-")} | {"what-did", "timeline", "show", "trace"} <= asked
