"""The records of the benchmark corpus: sessions that repeat, ids that do not, and values of realistic sizes."""

from __future__ import annotations

import base64
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any

from calls import Call, calls, cumulative_weights, error_of
from sessions import (
    LOOSE_USER,
    ROLES,
    SERVICES,
    USERS,
    Json,
    Place,
    Session,
    assumed,
    service_session,
    stamp,
    unique_id,
    user,
    uuid,
)

LOST_BUCKET = "finance-ledger-archive"
"""Deleted once, by `LOOSE_USER`: the question that the lookup benchmark asks."""

_CALLS = calls()
_WEIGHTS = cumulative_weights(_CALLS)
_WORDS = ["payments", "orders", "search", "audit", "ingest", "billing", "mobile", "ledger", "media", "catalog", "auth"]
_WORDS += ["report", "stream", "batch", "portal"]
_STAGES = ("prod", "staging", "dev")
_FIELDS = ["status", "state", "description", "type", "version", "ownerId", "clientToken", "createdAt", "encrypted"]
_FIELDS += ["size", "count", "kmsKeyId", "subnetId", "availabilityZone", "roleArn", "enabled", "priority"]
_FIELDS += ["tier", "engine", "platform", "endpoint", "retention", "owner", "schedule"]


class Recorder:
    """Makes the records of one account, region and day; the account's people and roles are the same every day."""

    def __init__(self, seed: int, place: Place, day: int, strange: float, crowd: int = 1) -> None:
        self._place = place
        self._strange = strange
        began = datetime.fromordinal(day).replace(tzinfo=UTC)
        lasting = random.Random(f"{seed}:{place.account}")
        names = [name if turn == 0 else f"{name}-{turn}" for turn in range(crowd) for name in USERS]
        self._users = [user(place.account, name, lasting) for name in names]
        roles = [(f"{lasting.choice(_WORDS)}-{part}-role", unique_id("AROA", 17, lasting)) for part in ROLES * crowd]
        daily = random.Random(f"{seed}:{place.account}:{day}")
        self._sessions = [assumed(place.account, began, *daily.choice(roles), daily) for _ in range(70)]
        self._pools: dict[str, list[str]] = {}
        self._pool_seed = f"{seed}:{place.account}:{place.region}"
        shares = [2 / (rank + 2) for rank in range(len(self._sessions))] + [0.35 / crowd] * len(self._users)
        self._session_weights = list(accumulate(shares))

    def records(self, delivered: datetime, rng: random.Random) -> Iterator[Json]:
        """Yield records without end, of the quarter of an hour before the file was delivered."""
        while True:
            (call,) = rng.choices(_CALLS, cum_weights=_WEIGHTS)
            moment = delivered - timedelta(seconds=rng.randrange(60, 900))
            if call.service in ("kms", "sts", "s3") and rng.random() < 0.3:
                yield self.record(call, service_session(rng), moment, rng)
            else:
                (session,) = rng.choices(self._sessions + self._users, cum_weights=self._session_weights)
                yield self.record(call, session, moment, rng)

    def record(self, call: Call, session: Session, moment: datetime, rng: random.Random) -> Json:
        """Return one record, its keys in CloudTrail's order."""
        host = f"{call.service}.{self._place.region}.amazonaws.com"
        target = self._target(call.kind, rng)
        record: Json = {
            "eventVersion": rng.choice(("1.08", "1.09", "1.10", "1.11")),
            "userIdentity": session.identity,
            "eventTime": stamp(moment),
            "eventSource": f"{call.service}.amazonaws.com",
            "eventName": call.name,
            "awsRegion": self._place.region,
            "sourceIPAddress": session.address,
            "userAgent": session.agent.format(service=call.service, name=call.name),
        }
        failed = rng.random() < 0.15
        if failed:
            record["errorCode"], record["errorMessage"] = error_of(call, session.identity.get("arn", ""), rng)
        record["requestParameters"] = _request(call, target, rng)
        record["responseElements"] = None if call.reads or failed else _detail(call, target, rng)
        if call.service == "s3":
            record["additionalEventData"] = _s3_data(rng)
        record |= {"requestID": uuid(rng), "eventID": uuid(rng), "readOnly": call.reads}
        if resources := self._resources(call, target, rng):
            record["resources"] = resources
        record |= {"eventType": "AwsApiCall", "managementEvent": not call.data}
        record["recipientAccountId"] = self._place.account
        if session.identity["type"] == "AWSService":
            record["sharedEventID"] = uuid(rng)
        record["eventCategory"] = "Data" if call.data else "Management"
        if "invokedBy" not in session.identity:
            record["tlsDetails"] = _tls(host, rng)
        if session.console:
            record["sessionCredentialFromConsole"] = "true"
        return _surprise(record, rng) if rng.random() < self._strange else record

    def loose_session(self) -> Session:
        return self._users[USERS.index(LOOSE_USER)]

    def _target(self, kind: str, rng: random.Random) -> str:
        """Return a resource of this kind: most calls go to few of them, some to new ones."""
        pool = self._pools.get(kind)
        if pool is None:
            lasting = random.Random(f"{self._pool_seed}:{kind}")
            pool = self._pools[kind] = [self._name(kind, lasting) for _ in range(60)]
        return self._name(kind, rng) if rng.random() < 0.1 else pool[int(60 * rng.random() ** 2)]

    def _name(self, kind: str, rng: random.Random) -> str:
        account, region = self._place.account, self._place.region
        name = f"{rng.choice(_WORDS)}-{rng.choice(_STAGES)}-{rng.getrandbits(32):08x}"
        if kind.endswith("-@"):
            return f"{kind[:-1]}{rng.getrandbits(68):017x}"
        if kind == "account":
            return account
        if kind == "object":
            return f"{rng.choice(_WORDS)}/2026/01/part-{rng.randrange(9999):05d}-{uuid(rng)}.snappy.parquet"
        if kind == "queue-url":
            return f"https://sqs.{region}.amazonaws.com/{account}/{name}"
        if kind == "key-arn":
            return f"arn:aws:kms:{region}:{account}:key/{uuid(rng)}"
        if kind == "role-arn":
            return f"arn:aws:iam::{account}:role/{name}"
        if kind == "policy":
            return f"arn:aws:iam::{account}:policy/{name}"
        return f"arn:aws:{kind[:-4]}:{region}:{account}:{kind[:-4]}/{name}" if kind.endswith("-arn") else name

    def _resources(self, call: Call, target: str, rng: random.Random) -> list[Json] | None:
        account = self._place.account
        if call.service == "s3":
            bucket = target if call.kind == "bucket" else self._target("bucket", rng)
            whole: Json = {"accountId": account, "type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::{bucket}"}
            if call.name in ("ListObjects", "DeleteObjects"):
                return [{"type": "AWS::S3::Object", "ARNPrefix": f"arn:aws:s3:::{bucket}/"}, whole]
            if call.data:
                return [{"type": "AWS::S3::Object", "ARN": f"arn:aws:s3:::{bucket}/{target}"}, whole]
            return [whole]
        if call.service == "kms":
            return [{"accountId": account, "type": "AWS::KMS::Key", "ARN": target}]
        if call.service == "sts" and call.name != "GetCallerIdentity":
            return [{"accountId": account, "type": "AWS::IAM::Role", "ARN": target}]
        return None


def record_of_loss(recorder: Recorder, moment: datetime, rng: random.Random) -> Json:
    """Return the record of the deletion that the lookup benchmark asks for."""
    call = next(call for call in _CALLS if call.name == "DeleteBucket")
    record = recorder.record(call, recorder.loose_session(), moment - timedelta(seconds=60), rng)
    record["requestParameters"] = {"bucketName": LOST_BUCKET, "Host": f"{LOST_BUCKET}.s3.amazonaws.com"}
    record["resources"][0]["ARN"] = f"arn:aws:s3:::{LOST_BUCKET}"
    return {key: value for key, value in record.items() if not key.startswith("error")}


def _put(path: tuple[str, ...], value: str) -> Any:
    """Return `value` at the end of a path of keys, where `*` stands for a list of one."""
    if not path:
        return value
    inner = _put(path[1:], value)
    return [inner] if path[0] == "*" else {path[0]: inner}


def _request(call: Call, target: str, rng: random.Random) -> Json | None:
    if call.reads and call.service != "s3" and rng.random() < 0.12:
        return None
    request: Json = _put(call.path, target)
    if call.service == "s3":
        request["Host"] = f"{target if call.kind == 'bucket' else 'lake-prod'}.s3.amazonaws.com"
    elif call.service == "kms":
        request["encryptionAlgorithm"] = "SYMMETRIC_DEFAULT"
        request["encryptionContext"] = {"aws:s3:arn": f"arn:aws:s3:::lake-prod/{rng.choice(_WORDS)}/{uuid(rng)}"}
    elif call.service == "sts":
        request |= {"roleSessionName": f"{rng.choice(_WORDS)}-{rng.randrange(10**9)}", "durationSeconds": 3600}
    elif call.name.startswith("Describe"):
        values = {"items": [{"value": rng.choice(_WORDS)}, {"value": rng.choice(_STAGES)}]}
        request["filterSet"] = {"items": [{"name": f"tag:{rng.choice(_FIELDS)}", "valueSet": values}]}
        request["maxResults"] = rng.choice((50, 100, 1000))
        if rng.random() < 0.1:
            request["nextToken"] = base64.b64encode(rng.randbytes(90)).decode()
    elif not call.reads:
        request |= _detail(call, target, rng) | {"tags": [{"key": "team", "value": rng.choice(_WORDS)}]}
    return request


def _detail(call: Call, target: str, rng: random.Random) -> Json:
    """Return an object of the fields that this call always has, now and then a long one with a policy."""
    fields = random.Random(call.name).sample(_FIELDS, 9)
    detail: Json = {field: _value(field, rng) for field in fields[:6]}
    detail[fields[6]] = {field: _value(field, rng) for field in fields[6:]} | {"resourceId": target}
    if rng.random() < 0.01:
        many = range(40)
        grants = (f'{{"Effect":"Allow","Action":"{rng.choice(SERVICES)}:*","Resource":"{target}{n}"}}' for n in many)
        detail["policyDocument"] = f'{{"Version":"2012-10-17","Statement":[{",".join(grants)}]}}'
    return detail


def _value(field: str, rng: random.Random) -> Any:
    if field in ("clientToken", "kmsKeyId"):
        return uuid(rng)
    if field in ("size", "count", "priority", "retention"):
        return rng.randrange(1, 500)
    if field in ("encrypted", "enabled"):
        return rng.random() < 0.5
    return f"{rng.choice(_WORDS)}-{rng.choice(_STAGES)}"


def _s3_data(rng: random.Random) -> Json:
    return {
        "SignatureVersion": "SigV4",
        "CipherSuite": "TLS_AES_128_GCM_SHA256",
        "bytesTransferredIn": 0,
        "AuthenticationMethod": "AuthHeader",
        "x-amz-id-2": base64.b64encode(rng.randbytes(56)).decode(),
        "bytesTransferredOut": rng.randrange(100, 200_000),
    }


def _tls(host: str, rng: random.Random) -> Json:
    tls: Json = {"tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256", "clientProvidedHostHeader": host}
    if rng.random() < 0.3:
        tls["keyExchange"] = rng.choice(("x25519", "X25519MLKEM768"))
    return tls


def _surprise(record: Json, rng: random.Random) -> Json:
    """Return the record with a field that no published schema declares, as AWS adds some every year."""
    if rng.random() < 0.5:
        return record | {"networkPath": {"hops": rng.randrange(1, 9), "egress": rng.choice(("igw", "nat", "vpce"))}}
    return record | {"userIdentity": record["userIdentity"] | {"assuranceLevel": rng.choice(("aal1", "aal2"))}}
