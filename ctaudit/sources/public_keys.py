"""Public keys that CloudTrail signed digests with, asked of AWS: each region has its own."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ctaudit.sources import aws_login
from ctaudit.sources.aws_login import Login
from ctaudit.sources.s3_errors import classified


def list_public_keys(login: Login, region: str, start: datetime, end: datetime) -> list[dict[str, Any]]:
    """Return the keys valid at some time between `start` and `end`, as ListPublicKeys has them.

    Each has `Value` (DER bytes), `ValidityStartTime` and `ValidityEndTime` (aware datetimes), `Fingerprint`. Raises
    Unavailable, and CtauditError when there are no credentials.
    """
    from botocore.config import Config

    config = Config(retries={"mode": "standard", "max_attempts": 5}, connect_timeout=10, read_timeout=30)
    try:
        client = aws_login.session(login).client("cloudtrail", region_name=region, config=config)
        pages = client.get_paginator("list_public_keys").paginate(StartTime=start, EndTime=end)
        return [dict(entry) for page in pages for entry in page.get("PublicKeyList", ())]
    except Exception as error:
        raise classified(error) from error
