"""What a family of anomalies asks of the store: calls counted by some dimensions, all in one pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

BIN = 300
"""Seconds of a `bin`."""

DIMENSIONS = (
    "account", "region", "source", "name", "error", "write", "own", "change",
    "family", "principal", "principal_type", "caller_account", "service", "key", "address", "agent", "bin", "hour",
)  # fmt: skip
"""`error`: the error code, null when it succeeded. `write`: whether the call changes something. `own`: whether no
service made it. `change`: whether it changes something or hands out a session. `family`: of instances that RunInstances
launches, `m5` of `m5.large`. `principal`: the ARN of the user or, of a session,
`arn:aws:sts::ACCOUNT:assumed-role/ROLE`, or the principal id, or the service. `caller_account`: the account of the
caller. `service`: the service that called for somebody, or by itself. `key`: a lasting access key (AKIA…). `address`:
the source address, null when a service stands there. `agent`: the program's name, without version. `bin`: the five
minutes since 1970, `hour`: the hour since 1970."""

MEASURES = ("n", "first", "last", "sample")
"""`n`: how many calls. `first`, `last`: seconds since 1970. `sample`: the id of one of them."""


@dataclass(frozen=True, slots=True)
class Cube:
    """Calls counted by dimensions."""

    dimensions: tuple[str, ...]
    having: tuple[str, ...] = ()
    """Dimensions that are not null (true, where they are truth values) in each call that counts."""


Counted = Mapping[str, pa.Table]
"""A table for each cube that was asked for: its dimensions, then `MEASURES`."""
