"""Where a trail delivers to, and which organization it belongs to, asked of AWS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ctaudit.sources import aws_login
from ctaudit.sources.aws_login import Login
from ctaudit.sources.s3_errors import classified


@dataclass(frozen=True, slots=True)
class Delivery:
    bucket: str
    prefix: str | None
    organization: bool
    """Whether it is the trail of an organization: then its folders have the organization's id."""


def find_trail(login: Login, region: str, arn: str) -> Delivery | None:
    """Return where the trail delivers to, None when there is none of that name in the region.

    Raises Unavailable, whose cause is AWS's answer, and CtauditError when there are no credentials.
    """
    for trail in _ask(login, "cloudtrail", region, "describe_trails")["trailList"]:
        if trail["TrailARN"] == arn:
            return Delivery(trail["S3BucketName"], trail.get("S3KeyPrefix"), trail.get("IsOrganizationTrail", False))
    return None


def organization_id(login: Login, region: str) -> str:
    """Return the id of the caller's organization; raises as `find_trail` does."""
    return str(_ask(login, "organizations", region, "describe_organization")["Organization"]["Id"])


def _ask(login: Login, service: str, region: str, operation: str) -> Any:
    try:
        return getattr(aws_login.session(login).client(service, region_name=region), operation)()
    except Exception as error:
        raise classified(error) from error
