"""`DeleteObjects` and the objects that it deleted: one call, not counted again for each, and which keys are not known.

CloudTrail writes one event for the call, which names no key, and, unless the trail leaves them out, one `DeleteObject`
for each object. That both have one request id is not documented, so caller, bucket and second are compared as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ctaudit.lineage.calls import Call, call_of
from ctaudit.lineage.links import SKEW, later
from ctaudit.query import AnyOf, OneOf, Query, Record, Span

MOST_KEYS = 1000
"""Objects that one call may delete."""
_MOST_LOOKED_FOR = 500
"""Calls whose objects are looked for in one more question."""


@dataclass(slots=True)
class Batches:
    """The `DeleteObjects` calls near a question, and of which of them the objects are logged."""

    _calls: dict[str, Call] = field(default_factory=dict)
    _requests: set[tuple[str, str]] = field(default_factory=set)
    _moments: set[tuple[str, str | None, str | None]] = field(default_factory=set)
    """Bucket, principal and second of objects that were deleted."""

    def see(self, record: Record) -> None:
        """Note a call, or an object that was deleted by one."""
        call = call_of(record)
        if call.batch is None:
            return
        if record.get("eventName") == "DeleteObjects":
            self._calls[str(call.event.event_id)] = call
        else:
            self._requests.add(call.batch)
            self._moments.add((call.batch[0], call.by.principal_id, call.event.time))

    @property
    def unlisted(self) -> int:
        """How many of the calls have no object in the logs: AWS does not log which keys they named."""
        return len(self._childless())

    def settle(self, ask: Callable[[Query], object]) -> None:
        """Look for objects of the calls that seem to have none, since the question may have been about other keys."""
        calls = self._childless()
        if not calls or len(calls) > _MOST_LOOKED_FOR:
            return
        times = sorted({call.event.time for call in calls if call.event.time})
        requests = tuple(sorted({call.batch[1].lower() for call in calls if call.batch and call.batch[1]}))
        seconds = tuple(sorted({later(time, by).lower() for time in times for by in range(-SKEW, SKEW + 1)}))
        span = Span(later(times[0], -SKEW), later(times[-1], SKEW + 1)) if times else Span()
        which = AnyOf((OneOf("requestid", requests or ("",)), OneOf("eventtime", seconds or ("",))))
        ask(Query(span, _is_object, (OneOf("eventtype", ("awsserviceevent",)), which), self._note))

    def _note(self, record: Record) -> bool:
        self.see(record)
        return False

    def _childless(self) -> list[Call]:
        return [call for call in self._calls.values() if not self._has_objects(call)]

    def _has_objects(self, call: Call) -> bool:
        if call.batch is None or call.event.time is None:
            return False
        who, time = call.by.principal_id, call.event.time
        seconds = (later(time, by) for by in range(-SKEW, SKEW + 1))
        return (bool(call.batch[1]) and call.batch in self._requests) or any(
            (call.batch[0], who, second) in self._moments for second in seconds
        )


def _is_object(source: str | None, name: str | None, read_only: bool | None) -> bool:
    return name == "DeleteObject"
