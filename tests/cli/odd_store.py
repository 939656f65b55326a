"""A store for tests of `anomalies`: evidence in which something is called so often that the test's family finds it."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

from ctaudit.ingest import ingest
from tests.cli.evidence import event
from tests.store.stores import put

_IDS = itertools.count()


def calls(count: int, name: str = "DeleteBucket", minute: int = 0, **fields: Any) -> list[dict[str, Any]]:
    """Return so many calls within one minute after noon of 2026-02-03."""
    times = (f"2026-02-03T12:{minute:02}:{second % 60:02}Z" for second in range(count))
    return [event(next(_IDS), **{"eventName": name, "eventTime": time, **fields}) for time in times]


def add(folder: Path, *groups: list[dict[str, Any]]) -> Path:
    """Ingest calls into the store of a folder, and return the folder."""
    name = f"logs-{len([*folder.glob('logs-*')])}.json.gz"
    path = put(folder / name, [call for group in groups for call in group])
    assert ingest(folder / "ctaudit-store", [str(path)], jobs=1).events == sum(map(len, groups))
    return folder
