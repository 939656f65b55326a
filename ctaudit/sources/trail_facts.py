"""How trails are set and whether they deliver, asked of AWS: one call for each fact."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ctaudit.sources.aws_questions import Aws, Fact, Question
from ctaudit.sources.objects import Unavailable


@dataclass(slots=True)
class Trails:
    """Trails that deliver into a bucket, and the regions that could not be asked for theirs."""

    described: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """By ARN."""
    asked: list[str] = field(default_factory=list)
    """Regions that were asked."""
    unasked: dict[str, Unavailable] = field(default_factory=dict)


def trails_into(aws: Aws, bucket: str, regions: Iterable[str]) -> Trails:
    """Find the trails that deliver into a bucket: those at home in the regions, and those of all regions."""
    found = Trails()
    for region in dict.fromkeys(regions):
        answer = aws.ask(Question("cloudtrail", region, "describe_trails", {"includeShadowTrails": True}))
        if isinstance(answer, Unavailable):
            found.unasked[region] = answer
            continue
        found.asked.append(region)
        for trail in (answer or {}).get("trailList", ()):
            if trail.get("S3BucketName") == bucket and trail.get("TrailARN"):
                found.described[trail["TrailARN"]] = trail
    return found


def describe(aws: Aws, arn: str, region: str) -> Fact:
    """Return the description of one trail, None when the region has none of that ARN."""
    answer = aws.ask(Question("cloudtrail", region, "describe_trails", {"trailNameList": [arn]}))
    if isinstance(answer, Unavailable):
        return answer
    return next((each for each in (answer or {}).get("trailList", ()) if each.get("TrailARN") == arn), None)


def trail_facts(aws: Aws, arn: str, region: str) -> dict[str, Fact]:
    """Ask a trail's `status`, `selectors` and `insights`, in its home region."""
    return aws.ask_all(
        {
            "status": Question("cloudtrail", region, "get_trail_status", {"Name": arn}),
            "selectors": Question("cloudtrail", region, "get_event_selectors", {"TrailName": arn}),
            "insights": Question(
                "cloudtrail", region, "get_insight_selectors", {"TrailName": arn}, "InsightNotEnabledException"
            ),
        }
    )


def organization_id(aws: Aws) -> str | Unavailable:
    """Return the id of the organization that the credentials' account is in."""
    answer = aws.ask(Question("organizations", aws.region, "describe_organization", {}))
    if isinstance(answer, Unavailable):
        return answer
    return str((answer or {}).get("Organization", {}).get("Id", ""))
