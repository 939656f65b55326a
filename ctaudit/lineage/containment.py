"""What to do about it, in order: what gives access first, then what gives it back, then what was taken."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ctaudit.lineage.persistence import Standing, Thing

ACTIONS = (
    "deactivate key",
    "revoke sessions",
    "remove password",
    "remove credential",
    "delete key",
    "detach policy",
    "remove identity",
    "restore trust",
    "stop workload",
    "withdraw access",
    "restore logging",
    "look at",
    "rotate",
)
"""In the order in which they help: a key that still works undoes all that comes after it."""
_BY_KIND = {
    "access key": "deactivate key",
    "password": "remove password",
    "service credential": "remove credential",
    "signing certificate": "remove credential",
    "MFA device": "remove credential",
    "attached policy": "detach policy",
    "inline policy": "detach policy",
    "group membership": "detach policy",
    "policy version": "detach policy",
    "policy": "detach policy",
    "user": "remove identity",
    "role": "remove identity",
    "group": "remove identity",
    "identity provider": "remove identity",
    "trust anchor": "remove identity",
    "trust policy": "restore trust",
    "function": "stop workload",
    "function code": "stop workload",
    "instance": "stop workload",
    "stack": "look at",
    "schedule or rule": "stop workload",
    "stopped trail": "restore logging",
    "deleted trail": "restore logging",
    "changed trail": "restore logging",
    "deleted detector": "restore logging",
}


@dataclass(frozen=True, slots=True)
class Step:
    action: str
    """One of `ACTIONS`."""
    kind: str
    name: str
    event_id: str | None
    """The call that shows why."""
    account: str | None = None
    until: str | None = None
    """After which the step is needless; None: it never is."""
    state: str | None = None


def of_thing(thing: Thing, found: Standing) -> Step | None:
    """Return what to do about a thing that was left behind; None when it is gone."""
    if found.gone:
        return None
    action = _BY_KIND.get(thing.kind, "withdraw access")
    if action == "deactivate key" and found.state == "inactive":
        action = "delete key"  # it gives no access, until somebody activates it again
    name = f"{thing.name} of {thing.owner}" if thing.owner else thing.name
    return Step(action, thing.kind, name, thing.event.event_id, thing.account, state=found.state)


def ordered(steps: Iterable[Step]) -> list[Step]:
    """Return the steps in the order in which to take them, each thing once, with its latest end."""
    last: dict[tuple[str, str, str, str | None], Step] = {}
    for step in steps:
        key = (step.action, step.kind, step.name, step.account)
        known = last.get(key)
        if known is None or _order(step) < _order(known):
            last[key] = step
    return sorted(last.values(), key=lambda step: (ACTIONS.index(step.action), step.kind, step.name, *_order(step)))


def _order(step: Step) -> tuple[bool, str, str, str]:
    """Sort what never ends first, then what ends last."""
    inverse = "".join(chr(0x10FFFF - ord(letter)) for letter in step.until or "")
    return (step.until is not None, inverse, step.account or "", step.event_id or "")
