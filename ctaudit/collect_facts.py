"""What AWS says, at the time of a collection, of the bucket that evidence was copied from and of its trails."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ctaudit.sources import bucket_facts, trail_facts
from ctaudit.sources.aws_login import Login
from ctaudit.sources.aws_questions import Aws, Fact


def gather(login: Login, bucket: str, regions: Iterable[str]) -> dict[str, Any]:
    """Return facts about a bucket, and about the trails of its own region and of `regions` that deliver into it.

    What could not be asked is `{"unavailable": reason}` in its place. Raises CtauditError when there are no
    credentials.
    """
    aws = Aws(login)
    facts = bucket_facts.bucket_facts(aws, bucket)
    asked = sorted({*regions, aws.region, bucket_facts.region_of(facts) or aws.region})
    found = trail_facts.trails_into(aws, bucket, asked)
    return {
        "bucket": bucket,
        "bucket_facts": {name: _plain(fact) for name, fact in facts.items()},
        "regions_asked": found.asked,
        "regions_unavailable": {region: trouble.reason for region, trouble in found.unasked.items()},
        "trails": [_trail(aws, arn, said) for arn, said in sorted(found.described.items())],
    }


def _trail(aws: Aws, arn: str, said: Mapping[str, Any]) -> dict[str, Any]:
    home = str(said.get("HomeRegion") or arn.split(":")[3])
    facts = trail_facts.trail_facts(aws, arn, home)
    return {"trail": dict(said), **{name: _plain(fact) for name, fact in facts.items()}}


def _plain(fact: Fact) -> Any:
    if fact is None:
        return None
    if not isinstance(fact, Mapping):
        return {"unavailable": fact.reason}
    return {name: value for name, value in fact.items() if name != "ResponseMetadata"}
