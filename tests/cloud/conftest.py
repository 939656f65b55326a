"""AWS on localhost for the tests in this folder: started once a session, empty at the start of each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ctaudit.engines import athena as engine
from ctaudit.on_athena import Login, OnAthena, Settings, table_name
from ctaudit.sources import athena as aws
from tests.cloud.athena import TABLE, Athena
from tests.cloud.lake import Desk, Lake
from tests.cloud.server import Cloud, running_cloud, serving
from tests.conftest import Case


@pytest.fixture(scope="session")
def _servers() -> Iterator[Cloud]:
    with running_cloud() as servers:
        yield servers


@pytest.fixture
def cloud(_servers: Cloud) -> Cloud:
    _servers.reset()
    return _servers


@pytest.fixture(scope="module")
def desk(_servers: Cloud, case: Case) -> Iterator[Desk]:
    """A stand-in for Athena over the sample's store, to which boto3 of this process and of its children is pointed."""
    stand_in = Athena(case.store)
    with serving(stand_in) as url, pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "FIRST_PAUSE", 0.01)
        for name, value in (_servers.environment | {"AWS_ENDPOINT_URL_ATHENA": url}).items():
            patch.setenv(name, value)
        yield Desk(stand_in, aws.Athena(Login()))


@pytest.fixture
def athena(desk: Desk, cloud: Cloud) -> Athena:
    desk.athena.reset()
    return desk.athena


@pytest.fixture
def lake(desk: Desk) -> Lake:
    """Returns the lake, opened with these settings; of a store, if one is given, come the names of accounts."""

    def opened(store: Path = Path("no-such-store"), **settings: Any) -> OnAthena:
        return OnAthena(Settings(table_name(TABLE), **settings), Login(), store, desk.api)

    return opened
