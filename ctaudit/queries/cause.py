"""What the log itself says of the cause: whose call made a service do what it did."""

from __future__ import annotations

from collections.abc import Sequence

from ctaudit.query import Hit, Record
from ctaudit.records.identity import is_service_made, principal
from ctaudit.records.outcome import outcome
from ctaudit.records.targets import Target
from ctaudit.records.verbs import Verb, verb


def origins(hits: Sequence[Hit], shown: Sequence[Sequence[Target]]) -> list[str | None]:
    """Return for each hit, in time order, the principal whose call caused it where the log shows it, else None.

    Two cases are certain: a service that acted with the caller's own credentials (the record names both), and a
    service event that ends what an earlier successful call on the same thing began, as Secrets Manager's
    `EndSecretVersionDelete` after `DeleteSecret`.
    """
    begun: dict[str, str] = {}
    found: list[str | None] = []
    for hit, matched in zip(hits, shown, strict=True):
        names = [name.lower() for target in matched for name in (target.name, target.arn) if name]
        caller = _caller(hit.record)
        if caller is None:
            found.append(next((begun[name] for name in names if name in begun), None))
            continue
        found.append(caller if is_service_made(hit.record) else None)
        if verb(hit.record) is Verb.DESTROY and outcome(hit.record).result == "succeeded":
            begun.update(dict.fromkeys(names, caller))
    return found


def _caller(record: Record) -> str | None:
    """Return the ARN of the one who called, None when a service acted on its own."""
    identity = record.get("userIdentity")
    has_arn = isinstance(identity, dict) and bool(identity.get("arn")) and identity.get("type") != "AWSService"
    return principal(record).arn if has_arn else None
