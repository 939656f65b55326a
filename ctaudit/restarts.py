"""Why logging stopped and began again: the call that did it, looked for in log files that are proven.

Whoever deletes the newest digests before a restart makes the gap look as if logging had been stopped. A real stop is a
call, and the last digest before it lists the log file in which it stands: of the trail's home region, for all regions.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ctaudit import limits, times
from ctaudit.chain_reading import load_digest
from ctaudit.integrity.coverage import HOUR, digests_in
from ctaudit.integrity.digest import Digest, LogEntry
from ctaudit.integrity.lines import Restart
from ctaudit.integrity.names import Chain
from ctaudit.integrity.packed import inspect
from ctaudit.integrity.verdict import Finding, Severity, finding, spelled
from ctaudit.inventory import Inventory
from ctaudit.sources.objects import Object, Objects, Unavailable

CALLS = ("StopLogging", "DeleteTrail", "UpdateTrail")
_MOST_CONTENT = 64 * limits.MIB
"""Of one log file that is searched."""
_WORDS = tuple(f'"{call}"'.encode() for call in CALLS)


@dataclass(frozen=True, slots=True)
class _Call:
    name: str
    time: str
    event_id: str
    who: str

    def __str__(self) -> str:
        return f"{self.name} at {self.time} by {self.who}, event {self.event_id}"


def explain(restart: Restart, has_logs: bool, inventory: Inventory, objects: Objects) -> Finding:
    """Tell of a restart, with the call that explains it, or with what speaks against there being an honest one.

    `has_logs` says that log files lie in the span between, which nobody delivers while logging is stopped.
    """
    chain, (start, end) = restart.before.name.chain, restart.window
    span = f"{spelled(start)} to {spelled(end)}, {digests_in(restart.window)}"
    call = next(_calls(restart, inventory, objects), None)
    if call is not None:
        return finding("coverage.restart_gap", f"{span}; explained by {call}", chain=chain, span=restart.window)
    reasons = ["no proven log file holds the call that stopped it"]
    if has_logs:
        reasons.append("log files lie in that span")
    if inventory.has_digest_of_other_region(chain, restart.window):
        reasons.append("the trail's digests of other regions go on")
    severity = Severity.FAILED if len(reasons) > 1 else None
    detail = f"{span}; unexplained: {', and '.join(reasons)}"
    return finding("coverage.restart_gap", detail, severity=severity, chain=chain, span=restart.window)


def _calls(restart: Restart, inventory: Inventory, objects: Objects) -> Iterator[_Call]:
    """Yield the calls that stopped the trail, from proven logs of the last hours before the span."""
    chain, (start, end) = restart.before.name.chain, restart.window
    for found, digest in _digests(restart, inventory, objects):
        for entry in digest.logs:
            for record in _records(objects, found, digest, entry):
                call = _call(record, chain)
                if call is not None and start - 2 * HOUR <= _moment(call.time) < end:
                    yield call


def _digests(restart: Restart, inventory: Inventory, objects: Objects) -> Iterator[tuple[Object, Digest]]:
    before, start = restart.before, restart.window[0]
    if restart.sha256 is not None:
        found = Object(before.key, before.place, 0, before.bucket)
        digest = load_digest(objects, found, before.name).digest
        if digest is not None and digest.sha256 == restart.sha256:
            yield found, digest
    chain = before.name.chain
    for found, name in inventory.proven_between(chain.trail, chain.home, (start - HOUR, start + HOUR)):
        if found.place != before.place and (digest := load_digest(objects, found, name).digest):
            yield found, digest


def _records(objects: Objects, found: Object, digest: Digest, entry: LogEntry) -> Iterator[dict[str, Any]]:
    """Yield the records of one log file, if its content is the one listed and one of the calls is named in it."""
    locate = objects.locator(found, (digest.location.bucket, digest.location.key))
    try:
        place = locate(entry.location.bucket, entry.location.key)
        packed = inspect(objects.fetch(place).chunks, _MOST_CONTENT, keep=True)
    except Unavailable:
        return
    content = packed.content or b""
    if packed.sha256 != entry.sha256 or not any(word in content for word in _WORDS):
        return
    try:
        records = json.loads(content, parse_int=str)["Records"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return
    if isinstance(records, list):
        yield from (record for record in records if isinstance(record, dict))


def _call(record: dict[str, Any], chain: Chain) -> _Call | None:
    """Return the call if it stopped or changed this trail, and did not fail."""
    if record.get("eventName") not in CALLS or record.get("eventSource") != "cloudtrail.amazonaws.com":
        return None
    parameters = record.get("requestParameters")
    named = parameters.get("name") if isinstance(parameters, dict) else None
    if record.get("errorCode") or not isinstance(named, str) or named.rpartition("/")[2] != chain.trail:
        return None
    time = times.canonical(str(record.get("eventTime", "")))
    identity = record.get("userIdentity")
    who = identity.get("arn") or identity.get("invokedBy") if isinstance(identity, dict) else None
    return _Call(record["eventName"], time, str(record.get("eventID")), str(who or "unknown")) if time else None


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
