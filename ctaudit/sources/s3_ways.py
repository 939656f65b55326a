"""The ways to S3: boto3's client, and the short way beside it, which ask with the same credentials."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from ctaudit.sources import aws_login
from ctaudit.sources.aws_login import Login
from ctaudit.sources.pace import Pace
from ctaudit.sources.s3_errors import classified
from ctaudit.sources.s3_quick import Quick

DEFAULT_REGION = "us-east-1"
_READ_TIMEOUT = 60.0
"""Seconds without a byte."""
_OVERLOADED = 503
"""What S3 answers, as SlowDown, when too much is asked of it."""


@dataclass(frozen=True, slots=True)
class Ways:
    client: Any
    """Boto3's."""
    quick: Quick
    """The short way beside it."""
    credentials: Any
    also: Mapping[str, str]
    """What is asked with every request."""


def connect(login: Login, connections: int, pace: Pace) -> Ways:
    """Log in, and make the ways to S3; raises CtauditError when there are no credentials."""
    from botocore.config import Config
    from botocore.exceptions import NoCredentialsError

    config = Config(
        retries={"mode": "standard", "max_attempts": 5},
        max_pool_connections=connections,
        connect_timeout=10,
        read_timeout=_READ_TIMEOUT,
    )
    try:
        session = aws_login.session(login)
        region = session.region_name or DEFAULT_REGION
        client = session.client("s3", region_name=region, config=config, endpoint_url=login.endpoint_url)
        if (credentials := session.get_credentials()) is None:
            raise NoCredentialsError
        client.meta.events.register("response-received.s3", partial(_note_overload, pace))
        also = {"RequestPayer": "requester"} if login.requester_pays else {}
        return Ways(
            client, Quick(client, credentials, _READ_TIMEOUT, requester_pays=login.requester_pays), credentials, also
        )
    except Exception as error:
        raise classified(error) from error


def _note_overload(pace: Pace, response_dict: Mapping[str, Any] | None = None, **_: Any) -> None:
    if response_dict is not None and response_dict["status_code"] == _OVERLOADED:
        pace.slow_down()
