"""What a call handed out: new keys, the session they are of, and until when; most calls hand out nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ctaudit import times
from ctaudit.lineage.credential import Credential, credential
from ctaudit.query import Record
from ctaudit.records.anyjson import account_of, fold, object_of, text_of
from ctaudit.records.arns import parse_arn
from ctaudit.records.dates import date_of
from ctaudit.records.outcome import outcome

KEY = re.compile(r"A[KS]IA[A-Z0-9]{12,124}")
_MAY_ISSUE = re.compile(r"assume|credential|token|login|switchrole|createsession|accesskey|federat")
_SIGNED_IN = {"consolelogin": "login", "switchrole": "switch"}
_DEPTH, _MOST_KEYS = 4, 16


@dataclass(frozen=True, slots=True)
class Event:
    """A record, as far as a chain of credentials shows it."""

    event_id: str | None
    time: str | None
    """Canonical."""
    name: str | None
    source: str | None
    account: str | None
    region: str | None
    address: str | None
    agent: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Issue:
    """A successful call that hands out credentials, or begins a session in the console."""

    how: str
    """`role`, `root`, `session` (GetSessionToken), `federation`, `key` (a lasting one), `login`, `switch`, `other`."""
    event: Event
    caller: Credential
    keys: tuple[str, ...]
    principal_id: str | None
    """`userIdentity.principalId` of the calls that follow; None when the record does not tell."""
    role_arn: str | None = None
    session: str | None = None
    account: str | None = None
    """Of the root user or user that the credentials are of."""
    expires: str | None = None
    shared: str | None = None
    """`sharedEventID`: the other account's copy of the call has the same."""
    switch_from: str | None = None
    """ARN of whoever switched the role in the console."""
    user: str | None = None
    """Name of the user that a lasting key is of; None says the caller's own."""
    mfa: bool | None = None

    @property
    def from_console(self) -> bool:
        """Whether a console may have been opened with this call: what follows has other keys than were handed out here.

        The console makes it for somebody, or another directory does, which names the session after its user.
        """
        return (
            self.how in ("login", "switch")
            or self.caller.invoked_by == "AWS Internal"
            or self.caller.kind == "SAMLUser"
        )


def may_issue(source: str | None, name: str | None, read_only: bool | None) -> bool:
    """Tell whether a call of this name may hand out credentials; names that AWS may yet invent included."""
    return name is not None and _MAY_ISSUE.search(fold(name)) is not None


def event_of(record: Record) -> Event:
    time = text_of(record.get("eventTime"))
    return Event(
        text_of(record.get("eventID")),
        times.canonical(time) if time else None,
        text_of(record.get("eventName")),
        text_of(record.get("eventSource")),
        account_of(record),
        text_of(record.get("awsRegion")),
        text_of(record.get("sourceIPAddress")),
        text_of(record.get("userAgent")),
        outcome(record).error_code if outcome(record).result == "failed" else None,
    )


def issued(record: Record) -> Issue | None:
    """Return what the call handed out; None for calls that hand out nothing, and for those that failed."""
    name = fold(text_of(record.get("eventName")) or "")
    if not _MAY_ISSUE.search(name) or outcome(record).result != "succeeded":
        return None
    caller = credential(record)
    if name in _SIGNED_IN:
        return _signed_in(record, _SIGNED_IN[name], caller)
    response = object_of(record.get("responseElements"))
    keys = tuple(dict.fromkeys(_keys(response, _DEPTH)))[:_MOST_KEYS]
    if name == "createaccesskey" and keys:
        return _lasting(record, caller, keys)
    if not keys and not _is_assumed(response):
        return None
    return _temporary(record, name, caller, keys, response)


def _signed_in(record: Record, how: str, caller: Credential) -> Issue:
    more = object_of(record.get("additionalEventData"))
    return Issue(
        *(how, event_of(record), caller, (), caller.principal_id, caller.role_arn, caller.session),
        account=caller.account,
        switch_from=text_of(more.get("SwitchFrom")),
        mfa={"yes": True, "no": False}.get(fold(text_of(more.get("MFAUsed")) or "")),
    )


def _lasting(record: Record, caller: Credential, keys: tuple[str, ...]) -> Issue:
    request = object_of(record.get("requestParameters"))
    made = object_of(object_of(record.get("responseElements")).get("accessKey"))
    user = text_of(made.get("userName")) or text_of(request.get("userName")) or caller.user
    return Issue("key", event_of(record), caller, keys, None, account=account_of(record), user=user)


def _temporary(record: Record, name: str, caller: Credential, keys: tuple[str, ...], response: Any) -> Issue:
    request = object_of(record.get("requestParameters"))
    principal_id, role, session = caller.principal_id, None, None
    account = caller.account
    if name == "assumeroot":
        how, target = "root", text_of(request.get("targetPrincipal"))
        arn = parse_arn(target) if target else None
        principal_id = account = arn.account if arn else target
    elif name == "getfederationtoken":
        how, principal_id = "federation", text_of(object_of(response.get("federatedUser")).get("federatedUserId"))
    elif name == "getsessiontoken":
        how = "session"
    elif text_of(request.get("roleArn")) or _is_assumed(response):
        how, role, session = "role", text_of(request.get("roleArn")), text_of(request.get("roleSessionName"))
        principal_id = text_of(object_of(response.get("assumedRoleUser")).get("assumedRoleId"))
        session = session or (principal_id or "").partition(":")[2] or None
    else:
        how, principal_id, account = "other", None, None
    return Issue(
        *(how, event_of(record), caller, keys, principal_id, role, session, account),
        expires=date_of(object_of(response.get("credentials")).get("expiration")),
        shared=text_of(record.get("sharedEventID")),
    )


def _is_assumed(response: Any) -> bool:
    return bool(object_of(response.get("assumedRoleUser")))


def _keys(value: Any, depth: int) -> Iterator[str]:
    """Yield access key ids that stand beside a secret or a token, or in `accessKey`, in a response."""
    if isinstance(value, list):
        for entry in value[:_MOST_KEYS]:
            yield from _keys(entry, depth)
    elif isinstance(value, dict):
        for name, inner in value.items():
            if fold(name) == "accesskeyid" and isinstance(inner, str) and KEY.fullmatch(inner):
                yield inner
            elif depth:
                yield from _keys(inner, depth - 1)
