"""S3 calls as CloudTrail records them: wrapped user agents, byte counts, resources, children of a batch delete."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tests.trail.events import event, resource
from tests.trail.ids import Ids
from tests.trail.principals import Principal, Record


def bucket_call(
    ids: Ids,
    at: datetime,
    name: str,
    who: Principal,
    region: str,
    bucket: str,
    request: Record | None = None,
    *,
    sent: int = 0,
    received: int = 0,
    owner: str | None = None,
    **fields: Any,
) -> Record:
    """Make the record of a bucket-level call."""
    host = f"{bucket}.s3.{region}.amazonaws.com"
    fields.setdefault("resources", [resource(owner or who.account, "AWS::S3::Bucket", f"arn:aws:s3:::{bucket}")])
    record = event(
        ids,
        at,
        f"s3:{name}",
        who,
        region,
        {"bucketName": bucket, "Host": host} | (request or {}),
        host=host,
        additionalEventData=_transfer(ids, who, sent, received),
        **fields,
    )
    if "invokedBy" not in who.identity:
        record["userAgent"] = f"[{who.client.agent}]"
    return record


def object_call(
    ids: Ids,
    at: datetime,
    name: str,
    who: Principal,
    region: str,
    bucket: str,
    key: str,
    *,
    owner: str | None = None,
    **fields: Any,
) -> Record:
    """Make the record of an object-level call: a data event, only logged where a selector asks for it."""
    account = owner or who.account
    targets = [
        resource(account, "AWS::S3::Object", f"arn:aws:s3:::{bucket}/{key}"),
        resource(account, "AWS::S3::Bucket", f"arn:aws:s3:::{bucket}"),
    ]
    return bucket_call(
        ids, at, name, who, region, bucket, {"key": key}, resources=targets, eventCategory="Data", owner=owner, **fields
    )


def batch_delete(ids: Ids, at: datetime, who: Principal, region: str, bucket: str, keys: Sequence[str]) -> list[Record]:
    """Make a `DeleteObjects` call: the call names no key (`ARNPrefix`), a child event for each object does."""
    targets: list[Record] = [
        {"accountId": who.account, "type": "AWS::S3::Object", "ARNPrefix": f"arn:aws:s3:::{bucket}/"},
        resource(who.account, "AWS::S3::Bucket", f"arn:aws:s3:::{bucket}"),
    ]
    parent = bucket_call(
        ids,
        at,
        "DeleteObjects",
        who,
        region,
        bucket,
        {"delete": "", "x-id": "DeleteObjects"},
        resources=targets,
        eventCategory="Data",
        sent=90 + 60 * len(keys),
        received=70 + 45 * len(keys),
    )
    shared = {"requestID": parent["requestID"], "eventType": "AwsServiceEvent"}
    children = [object_call(ids, at, "DeleteObject", who, region, bucket, key, **shared) for key in keys]
    return [parent, *children]


def _transfer(ids: Ids, who: Principal, sent: int, received: int) -> Record:
    details: Record = {"SignatureVersion": "SigV4"}
    if "invokedBy" not in who.identity:
        details["CipherSuite"] = "TLS_AES_128_GCM_SHA256"
    return details | {
        "bytesTransferredIn": sent,
        "AuthenticationMethod": "AuthHeader",
        "x-amz-id-2": f"{ids.alnum(24)}EXAMPLE=",
        "bytesTransferredOut": received,
    }
