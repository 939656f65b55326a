"""What rounds of counting are asked and tell: marks of calls, credentials, counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ctaudit.engines.reach_sql import GROUPED, TOLD
from ctaudit.query import Record

_IDENTITY = ("userIdentity", "sessionCredentialFromConsole")


@dataclass(frozen=True, slots=True)
class Mark:
    """Calls whose column has a value, between two times, both inclusive; None: any time."""

    column: str
    """One of `COLUMNS`."""
    value: str
    since: str | None = None
    until: str | None = None
    account: str | None = None
    """Whose trail has such calls; None: it may be any."""


@dataclass(frozen=True, slots=True)
class Holder:
    """One credential of a round: who called with it, and how much."""

    number: int
    """Unique in the round."""
    record: Record
    """The identity, as a record of its first call has it."""
    first: str
    last: str
    calls: int

    @property
    def identity(self) -> Record:
        """What of a record says who called."""
        return {key: self.record[key] for key in _IDENTITY if key in self.record}


@dataclass(frozen=True, slots=True)
class Calls:
    """Calls of one name that ended alike."""

    label: int
    """Of the credentials, as `Reach.calls` was given it."""
    source: str | None
    name: str | None
    error: str | None
    read: bool
    calls: int
    first: str
    last: str
    event_id: str | None
    """Of the first call, the least of those in its second."""


@dataclass(frozen=True, slots=True)
class Read:
    """Calls of one name that read one thing, or several of one container."""

    label: int
    name: str
    target: str | None
    calls: int
    first: str
    last: str
    event_id: str | None


@dataclass(frozen=True, slots=True)
class Noted:
    """Names of calls of which more is kept than that there were some."""

    issuing: Sequence[str] = ()
    making: Sequence[str] = ()
    read: Sequence[str] = ()
    paths: Sequence[str] = ()
    """JSON paths of a reading call's request, of which the first that is there names what was read."""


def holder(row: Sequence[Any]) -> Holder:
    """Read a row of `HOLDERS`."""
    number, first, last, calls, *values = row
    told = dict(zip((*GROUPED, *TOLD), values, strict=True))
    context = {
        "attributes": {"creationDate": told["created"]},
        "sessionIssuer": _present({"arn": told["issuer"]}),
        "ec2RoleDelivery": told["delivery"],
    }
    identity = {
        "type": told["type"],
        "principalId": told["principalid"],
        "arn": told["arn"],
        "accountId": told["account"],
        "accessKeyId": told["accesskeyid"],
        "userName": told["username"],
        "invokedBy": told["invokedby"],
        "sessionContext": _present(context),
        "inScopeOf": _present({"credentialsIssuedTo": told["workload"], "issuerType": told["workload_kind"]}),
        "onBehalfOf": _present({"userId": told["behalf"]}),
    }
    record = {
        "eventTime": first,
        "userIdentity": _present(identity),
        "sessionCredentialFromConsole": told["console"],
    }
    return Holder(number, _present(record), first, last, calls)


def _present(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}
