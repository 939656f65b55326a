"""Small stores for the command line: one without any trouble, one whose every text is hostile."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from ctaudit.ingest import ingest
from tests.cli.evidence import BAD_NAME, event, hostile_events, write

NAME = "bücket-東京"


@dataclass(frozen=True, slots=True)
class Place:
    """A folder to work in, with a store that `ctaudit` finds there by itself."""

    folder: Path
    logs: Path


@pytest.fixture(scope="session")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Four events at noon and the next minutes of 2026-02-03, in two accounts and two regions; no fault."""
    folder = tmp_path_factory.mktemp("clean")
    write(
        folder / "logs.json",
        [
            event(0),
            event(1, awsRegion="us-east-1"),
            event(2, recipientAccountId="444455556666"),
            event(3, recipientAccountId="777788889999", requestParameters={"bucketName": NAME}),
        ],
    )
    assert ingest(folder / "ctaudit-store", [str(folder / "logs.json")], jobs=1).events == 4
    return Place(folder, folder / "logs.json")


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Events in which every text is hostile, and a damaged file with a hostile name."""
    folder = tmp_path_factory.mktemp("hostile")
    logs = folder / "logs"
    logs.mkdir()
    write(logs / "events.json", hostile_events())
    (logs / BAD_NAME).write_text('{"Records":[{"eventVersion":"1.11","eventTime":"2026-')
    summary = ingest(folder / "ctaudit-store", [str(logs)], jobs=1)
    assert (summary.events, summary.files_faulty) == (len(hostile_events()), 1)
    return Place(folder, logs)
