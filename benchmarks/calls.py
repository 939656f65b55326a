"""The API calls of the benchmark corpus: which services are called, how often, about what, and with which errors."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

_TABLE = Path(__file__).with_name("calls.txt")
"""Services and their calls, the commoner ones of each service first."""

_HOT = {
    "kms Decrypt": 900, "sts AssumeRole": 800, "s3 GetObject": 700, "kms GenerateDataKey": 420, "s3 GetBucketAcl": 350,
    "logs CreateLogStream": 300, "ec2 DescribeInstances": 300, "ssm UpdateInstanceInformation": 260,
    "lambda Invoke": 240, "s3 PutObject": 200, "ssm OpenDataChannel": 3, "ec2 DescribeVolumes": 180,
    "sts GetCallerIdentity": 160, "monitoring DescribeAlarms": 150, "elasticloadbalancing DescribeTargetHealth": 140,
    "config PutEvaluations": 130, "ecr BatchGetImage": 120, "ssm GetParameter": 120,
}  # fmt: skip
"""Weights of the calls that fill real trails: services that decrypt, assume roles, poll, and write logs."""

_DATA_EVENTS = {"GetObject", "HeadObject", "PutObject", "DeleteObject", "CopyObject", "DeleteObjects", "Invoke"}


_DENIED = {"ec2": "Client.UnauthorizedOperation", "kms": "AccessDeniedException", "lambda": "AccessDeniedException"}

_ERRORS = {
    "ec2": [
        ("Client.RequestLimitExceeded", "Request limit exceeded."),
        ("Client.DryRunOperation", "Request would have succeeded, but DryRun flag is set."),
    ],
    "s3": [
        ("NoSuchBucketPolicy", "The bucket policy does not exist"),
        ("NoSuchTagSet", "The TagSet does not exist"),
        ("ServerSideEncryptionConfigurationNotFoundError", "The server side encryption configuration was not found"),
    ],
    "": [
        ("ThrottlingException", "Rate exceeded"),
        ("ResourceNotFoundException", "The requested resource was not found."),
        ("ValidationException", "1 validation error detected: a value failed to satisfy a constraint"),
    ],
}


@dataclass(frozen=True, slots=True)
class Call:
    """One API call that the corpus makes."""

    service: str
    name: str
    path: tuple[str, ...]
    """Where the request names its resource; `*` is a list."""
    kind: str
    """What the resource is: the key to its id's spelling."""
    reads: bool
    data: bool
    """Whether it is a data event."""


def calls() -> list[Call]:
    """Return every call of the table, in its order."""
    found = []
    for line in _TABLE.read_text().splitlines()[1:]:
        service, path, kind, reads, writes = (part.strip() for part in line.split("|"))
        for names, is_read in ((reads, True), (writes, False)):
            for name in names.split():
                found.append(Call(service, name, tuple(path.split(".")), kind, is_read, name in _DATA_EVENTS))
    return found


def cumulative_weights(chosen: list[Call]) -> list[float]:
    """Return running weights for `random.choices`: few hot calls, then a long tail in which reading is commoner."""
    ranks = list(range(len(chosen)))
    random.Random("ranks").shuffle(ranks)
    weights = []
    for call, rank in zip(chosen, ranks, strict=True):
        tail = (900 if call.reads else 160) / (rank + 8)
        weights.append(_HOT.get(f"{call.service} {call.name}", tail))
    return list(accumulate(weights))


def error_of(call: Call, arn: str, rng: random.Random) -> tuple[str, str]:
    """Return an error code as the service spells it, and its message."""
    if rng.random() < 0.4:
        message = f"User: {arn} is not authorized to perform: {call.service}:{call.name} because no policy allows it"
        return _DENIED.get(call.service, "AccessDenied"), message
    return rng.choice(_ERRORS.get(call.service, _ERRORS[""]))
