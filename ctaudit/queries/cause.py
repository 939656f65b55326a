"""What the log itself says of the cause: whose call made a service do what it did."""

from __future__ import annotations

from collections.abc import Sequence

from ctaudit.lineage.origins import Origins, Ticket
from ctaudit.query import Record
from ctaudit.records.outcome import outcome
from ctaudit.records.targets import Target
from ctaudit.records.verbs import Verb, verb


class Causes:
    """Follows causes through events in time order.

    A service event may end what an earlier successful call on the same thing began, as Secrets Manager's
    `EndSecretVersionDelete` after `DeleteSecret`: then who stands behind that call stands behind the event. Everything
    else has the origin of its own credentials.
    """

    def __init__(self, origins: Origins) -> None:
        self._origins = origins
        self._begun: dict[str, Ticket] = {}

    def origin(self, record: Record, shown: Sequence[Target]) -> Ticket:
        """Return a ticket for who stands behind this event; events come in time order."""
        names = [name.lower() for target in shown for name in (target.name, target.arn) if name]
        if not _has_caller(record):
            begun = next((self._begun[name] for name in names if name in self._begun), None)
            return begun if begun is not None or record.get("eventType") == "AwsServiceEvent" else self._own(record)
        ticket = self._own(record)
        if verb(record) is Verb.DESTROY and outcome(record).result == "succeeded":
            self._begun.update(dict.fromkeys(names, ticket))
        return ticket

    def _own(self, record: Record) -> Ticket:
        return self._origins.ticket(record)


def _has_caller(record: Record) -> bool:
    """Tell whether somebody called; else a service acted on its own."""
    identity = record.get("userIdentity")
    return isinstance(identity, dict) and bool(identity.get("arn")) and identity.get("type") != "AWSService"
