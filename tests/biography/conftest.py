"""All lives in one store, and in another one from logs that came in another order."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from ctaudit.ingest import ingest
from tests.biography.lives import everything
from tests.store.stores import put
from tests.trail.ids import Ids


@dataclass(frozen=True, slots=True)
class Lived:
    folder: Path
    """Where `ctaudit-store` lies."""


@pytest.fixture(scope="session")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    return _stored(tmp_path_factory.mktemp("one"), parts=1)


@pytest.fixture(scope="session")
def otherwise(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    return _stored(tmp_path_factory.mktemp("other"), parts=3)


def _stored(folder: Path, parts: int) -> Lived:
    shuffled = Ids(folder.name).shuffled(everything())
    for number in range(parts):
        put(folder / f"{number}.json.gz", shuffled[number::parts])
        ingest(folder / "ctaudit-store", [str(folder / f"{number}.json.gz")], jobs=1)
    return Lived(folder)
