"""What AWS said of a bucket and of the trails that deliver into it: answers, and questions that got none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Unknown:
    """A question that AWS did not answer: no word on what the answer would have been."""

    reason: str
    """Fit to follow "could not be asked: "."""


Fact = Mapping[str, Any] | Unknown | None
"""The answer as boto3 has it; None where AWS said that there is no such thing."""


@dataclass(frozen=True, slots=True)
class Bucket:
    name: str
    prefix: str
    """Before `AWSLogs/`, with a slash at its end unless it is empty; `ANY_PATH` where nobody said what it is."""
    owner: str | Unknown
    """The account that owns it."""
    facts: Mapping[str, Fact]
    """By question: `versioning`, `object_lock`, `lifecycle`, `policy`, `policy_status`, `encryption`,
    `public_access_block`, `ownership`, `acl`."""


@dataclass(frozen=True, slots=True)
class Trail:
    arn: str
    described: Fact
    """Its entry in the list of DescribeTrails."""
    status: Fact
    selectors: Fact
    insights: Fact
    organization: str | Unknown | None = None
    """The id of the organization whose trail it is; None when it is the trail of one account."""

    @property
    def account(self) -> str:
        """The account that owns the trail: the management account of an organization."""
        parts = self.arn.split(":", 5)
        return parts[4] if len(parts) > 4 else ""

    @property
    def region(self) -> str:
        """The home region, out of the ARN."""
        parts = self.arn.split(":", 5)
        return parts[3] if len(parts) > 3 else ""

    @property
    def prefix(self) -> str:
        """What its keys begin with before `AWSLogs/`, with a slash at its end unless it is empty."""
        said = str(self.described.get("S3KeyPrefix") or "") if isinstance(self.described, Mapping) else ""
        return f"{said.rstrip('/')}/" if said else ""
