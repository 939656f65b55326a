"""Where a trace ends: at a human or workload, at what the record itself proves, or in a gap that names missing logs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ctaudit.lineage import spelling
from ctaudit.lineage.credential import Credential
from ctaudit.lineage.issued import Event, Issue

Kind = Literal["user", "root", "federated", "workload", "service", "account", "ambiguous", "gap"]


@dataclass(frozen=True, slots=True)
class End:
    kind: Kind
    origin: str | None = None
    """The human or workload, as `spelling` writes it; None when there is a gap before it."""
    gap: str | None = None
    """What is not known, and which logs would tell; None when the trace is whole."""


def final(held: Credential) -> End | None:
    """Return the end for a caller behind whom AWS knows nobody else; None when somebody may stand behind it."""
    if held.kind == "AWSService":
        return End("service", spelling.of_service(held.invoked_by, None))
    if held.on_behalf_of:
        return End("federated", spelling.in_identity_center(held.on_behalf_of))
    if held.kind in ("SAMLUser", "WebIdentityUser"):
        return End("federated", spelling.federated(held, held.session, held.role_arn))
    if held.kind in ("IAMUser", "Root") and held.lasting:
        return End("user" if held.kind == "IAMUser" else "root", held.arn or held.principal_id)
    return None


def handed_out(by: Issue, held: Credential) -> End | None:
    """Return the end at the call `by` that handed out `held`: a workload, a directory's user; None to go on from it."""
    caller = by.caller
    if caller.kind == "AWSService":
        if held.workload:
            return End("workload", spelling.of_workload(held.workload, held.workload_kind))
        origin = spelling.of_service(caller.invoked_by, held.session or by.session)
        return End("workload" if origin != caller.invoked_by else "service", origin)
    if caller.kind in ("SAMLUser", "WebIdentityUser"):
        role = held.role_arn if spelling.is_identity_center(held.role_arn) else by.role_arn
        return End("federated", spelling.federated(caller, held.session or by.session, role))
    return None


def recorded(held: Credential) -> End | None:
    """Return the end that the record proves by itself, whoever handed the credentials out; None when it does not.

    AWS writes to which instance or function credentials were issued, which user of the account calls, and for whom
    the roles of Identity Center are; none of it is chosen by the caller.
    """
    if (end := final(held)) is not None:
        return end
    if held.workload:
        return End("workload", spelling.of_workload(held.workload, held.workload_kind))
    if held.session and spelling.is_identity_center(held.role_arn):
        return End("federated", spelling.in_identity_center(held.session))
    if held.kind == "IAMUser" and held.arn:
        return End("user", held.arn)
    if held.kind == "Root" and not held.key and not held.created:  # AssumeRoot gives keys; a password gives none
        return End("root", held.arn or held.principal_id)
    if held.kind == "FederatedUser" and held.issuer_arn:
        return End("root" if held.issuer_arn.endswith(":root") else "user", held.issuer_arn)
    return None


def unfound(held: Credential, used: Event) -> End:
    """Return the end where no event in the store handed the credential out: what is known all the same, and the gap."""
    known = recorded(held)
    if known is not None:
        whole = held.kind != "IAMUser" or held.invoked_by is not None or not held.temporary
        return known if whole else End(known.kind, known.origin, _no_sign_in(held))
    if held.kind == "AWSAccount":
        return End("account", spelling.outsider(held), _other_account(held, used))
    if held.session or held.kind == "AssumedRole":
        return End("gap", None, _no_role_call(held))
    if held.kind == "Root":
        return End("gap", None, _no_root_sign_in(held))
    return End("gap", None, f"the record does not tell who called (its type is {held.kind or 'missing'})")


def ambiguous(count: int, held: Credential) -> End:
    begun = f" at {held.created}" if held.created else ""
    return End(
        "ambiguous", None, f"{count} calls by different callers may have begun this session{begun}; none is picked"
    )


def crowded(held: Credential, most: int) -> End:
    begun = f" at {held.created}" if held.created else ""
    return End("ambiguous", None, f"more than {most:,} calls may have begun this session{begun}; none is picked")


def endless(hops: int) -> End:
    return End(
        "gap", None, f"the credentials lead on through more than {hops} calls; such a chain is not followed further"
    )


def cyclic(event: Event) -> End:
    return End("gap", None, f"the credentials lead back to the call {event.event_id}, which is in the chain already")


def _no_role_call(held: Credential) -> str:
    role = held.role_arn or held.arn or held.principal_id
    when = f"at {held.created}" if held.created else "before it"
    return (
        f"no call in the store began session {held.session} of {role} {when}; look for management events of account "
        f"{_of_role(role) or held.account or 'that owns the role'}, read-only ones included, since AssumeRole is one "
        "(a trail of write events never has it), in all regions; or the caller's own account, which has a copy"
    )


def _of_role(arn: str | None) -> str | None:
    parts = (arn or "").split(":")
    return parts[4] or None if len(parts) > 5 else None


def _no_sign_in(held: Credential) -> str:
    return (
        f"no ConsoleLogin or GetSessionToken of this user {_at(held)} is in the store, so how the temporary "
        f"credentials came about is not known; look for management events of account {held.account} in all regions"
    )


def _no_root_sign_in(held: Credential) -> str:
    return (
        f"no ConsoleLogin of root {_at(held)} is in the store, and it may have been AssumeRoot by the organization's "
        f"management account; look for management events of account {held.account}, and of that account, in all regions"
    )


def _at(held: Credential) -> str:
    return f"at {held.created}" if held.created else "before it"


def _other_account(held: Credential, used: Event) -> str:
    return (
        f"the call came from account {held.account}, and this copy of it does not name the caller; look for the copy "
        f"in management events, read-only ones included, of account {held.account} at {used.time}"
    )
