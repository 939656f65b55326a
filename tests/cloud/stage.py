"""A broken trail put on the stage: its buckets, keys and troubles in the cloud on localhost."""

from __future__ import annotations

from tests.cloud.server import Cloud
from tests.integrity.scenario import Case
from tests.trail.bucket import Bucket


def stage(cloud: Cloud, case: Case, bucket: Bucket | None = None) -> str:
    """Set a case up, with its bucket or another one such as its earlier state; returns the source to validate."""
    cloud.reset()
    shown = bucket or case.bucket
    for each in (shown, *case.others):
        cloud.put(each)
    cloud.serve_keys(case.ring)
    if bucket is None:
        for key, trouble in case.troubles.items():
            cloud.trouble(key, trouble)
    return f"s3://{shown.name}/{case.place}".rstrip("/")
