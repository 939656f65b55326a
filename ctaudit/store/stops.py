"""Calls that stopped or started a trail, kept in the catalog: they decide which hours the logs can speak for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from ctaudit.parse import parse
from ctaudit.records.columns import ACCOUNT

_STARTS = {"StopLogging": False, "DeleteTrail": False, "StartLogging": True}
"""Event name -> whether the trail logs from then on."""
_COLUMNS = [ACCOUNT, "eventtime", "eventname", "requestparameters"]


@dataclass(frozen=True, slots=True)
class Stop:
    account: str
    trail: str
    """Its name, of an ARN the last part; empty when the call does not tell."""
    time: str
    starts: bool


def stops(table: pa.Table) -> Iterator[Stop]:
    """Yield the calls that succeeded in it, of those whose account and time are known."""
    done = pc.and_(pc.is_in(table["eventname"], pa.array([*_STARTS])), pc.is_null(table["errorcode"]))
    done = pc.and_(done, pc.equal(table["eventsource"], "cloudtrail.amazonaws.com"))
    for row in table.select(_COLUMNS).filter(done).to_pylist():
        if row[ACCOUNT] and row["eventtime"]:
            yield Stop(row[ACCOUNT], _trail(row["requestparameters"]), row["eventtime"], _STARTS[row["eventname"]])


def _trail(parameters: str | None) -> str:
    found = parse(parameters) if parameters else None
    name = found.get("name") if isinstance(found, dict) else None
    return name.rpartition("/")[2] if isinstance(name, str) else ""
