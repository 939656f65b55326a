"""What the log itself says of the cause: whose call made a service do what it did."""

from __future__ import annotations

from collections.abc import Sequence

from ctaudit.query import Record
from ctaudit.records.identity import is_service_made, principal
from ctaudit.records.outcome import outcome
from ctaudit.records.targets import Target
from ctaudit.records.verbs import Verb, verb


class Causes:
    """Follows causes through events in time order.

    Two cases are certain: a service that acted with the caller's own credentials (the record names both), and a
    service event that ends what an earlier successful call on the same thing began, as Secrets Manager's
    `EndSecretVersionDelete` after `DeleteSecret`.
    """

    def __init__(self) -> None:
        self._begun: dict[str, str] = {}

    def origin(self, record: Record, shown: Sequence[Target]) -> str | None:
        """Return the principal whose call caused this event where the log shows it; events come in time order."""
        names = [name.lower() for target in shown for name in (target.name, target.arn) if name]
        caller = _caller(record)
        if caller is None:
            return next((self._begun[name] for name in names if name in self._begun), None)
        if verb(record) is Verb.DESTROY and outcome(record).result == "succeeded":
            self._begun.update(dict.fromkeys(names, caller))
        return caller if is_service_made(record) else None


def _caller(record: Record) -> str | None:
    """Return the ARN of the one who called, None when a service acted on its own."""
    identity = record.get("userIdentity")
    has_arn = isinstance(identity, dict) and bool(identity.get("arn")) and identity.get("type") != "AWSService"
    return principal(record).arn if has_arn else None
