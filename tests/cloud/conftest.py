"""AWS on localhost for the tests in this folder: started once a session, empty at the start of each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cloud.server import Cloud, running_cloud


@pytest.fixture(scope="session")
def _servers() -> Iterator[Cloud]:
    with running_cloud() as servers:
        yield servers


@pytest.fixture
def cloud(_servers: Cloud) -> Cloud:
    _servers.reset()
    return _servers
