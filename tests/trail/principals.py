"""Principals: who calls, with which credentials, from where; and the `userIdentity` CloudTrail writes for them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from tests.trail.ids import Ids

Record = dict[str, Any]


def stamp(moment: datetime) -> str:
    """Write a time as CloudTrail writes `eventTime`."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class Client:
    address: str
    """`sourceIPAddress`: an address, or the DNS name of a service."""
    agent: str


@dataclass(frozen=True, slots=True)
class Principal:
    account: str
    """The account whose trail records the call."""
    identity: Record
    client: Client
    console: bool = False
    """Credentials of a console session: `sessionCredentialFromConsole`, and no `tlsDetails` (proxied calls)."""

    @property
    def arn(self) -> str:
        return str(self.identity["arn"])

    @property
    def access_key_id(self) -> str | None:
        key = self.identity.get("accessKeyId")
        return None if key is None else str(key)

    def using(self, agent: str, address: str | None = None) -> Principal:
        """The same credentials from another program, or another place."""
        return replace(self, client=Client(address or self.client.address, agent))

    def with_key(self, key: str) -> Principal:
        """The same session under another key: a console session uses many."""
        return replace(self, identity=_ordered(self.identity | {"accessKeyId": key}))

    def scoped(self, **fields: Any) -> Principal:
        """The same credentials with more said about them, such as `inScopeOf`."""
        return replace(self, identity=_ordered(self.identity | fields))

    def through(self, service: str, ids: Ids, at: datetime) -> Principal:
        """The call a service makes onward for this principal (forward access session).

        Keeps the caller's ARN; a fresh ASIA key that no event ever issued, and `invokedBy`.
        """
        identity = self.identity | {"accessKeyId": ids.access_key()}
        if "sessionContext" not in identity:
            identity["sessionContext"] = {"attributes": {"creationDate": stamp(at), "mfaAuthenticated": "false"}}
        return Principal(self.account, _ordered(identity | {"invokedBy": service}), Client(service, service))


def _ordered(identity: Record) -> Record:
    order = ("type", "principalId", "arn", "accountId", "accessKeyId", "userName", "sessionContext", "invokedBy")
    known = {name: identity[name] for name in order if name in identity}
    return known | {name: value for name, value in identity.items() if name not in known}


@dataclass(frozen=True, slots=True)
class User:
    account: str
    name: str
    unique_id: str
    key: str | None = None
    """The long-lived access key, when the user has one."""

    @property
    def arn(self) -> str:
        return f"arn:aws:iam::{self.account}:user/{self.name}"

    def calling(self, client: Client, *, created: datetime | None = None, key: str | None = None) -> Principal:
        """This user with the long-lived key, or in a session that began at `created`."""
        identity: Record = {
            "type": "IAMUser",
            "principalId": self.unique_id,
            "arn": self.arn,
            "accountId": self.account,
            "userName": self.name,
        }
        if (key or self.key) is not None:
            identity["accessKeyId"] = key or self.key
        if created is not None:
            attributes = {"creationDate": stamp(created), "mfaAuthenticated": "true"}
            identity["sessionContext"] = {"attributes": attributes}
        return Principal(self.account, _ordered(identity), client, console=created is not None)


@dataclass(frozen=True, slots=True)
class Role:
    account: str
    name: str
    unique_id: str
    path: str = "/"

    @property
    def arn(self) -> str:
        """The ARN in IAM, with the path, which session ARNs lack."""
        return f"arn:aws:iam::{self.account}:role{self.path}{self.name}"

    def session_arn(self, session: str) -> str:
        return f"arn:aws:sts::{self.account}:assumed-role/{self.name}/{session}"

    def session(self, name: str, key: str, created: datetime, client: Client, **context: Any) -> Principal:
        """A session of this role; `context` goes into `sessionContext` (`ec2RoleDelivery`, `sourceIdentity` …)."""
        issuer = {
            "type": "Role",
            "principalId": self.unique_id,
            "arn": self.arn,
            "accountId": self.account,
            "userName": self.name,
        }
        attributes = {"creationDate": stamp(created), "mfaAuthenticated": "false"}
        identity: Record = {
            "type": "AssumedRole",
            "principalId": f"{self.unique_id}:{name}",
            "arn": self.session_arn(name),
            "accountId": self.account,
            "accessKeyId": key,
            "sessionContext": {"sessionIssuer": issuer, "attributes": attributes} | context,
        }
        return Principal(self.account, identity, client)


def root(account: str, client: Client, created: datetime, key: str | None = None) -> Principal:
    """The root user in a console session."""
    identity: Record = {
        "type": "Root",
        "principalId": account,
        "arn": f"arn:aws:iam::{account}:root",
        "accountId": account,
    }
    if key is not None:
        identity["accessKeyId"] = key
        identity["sessionContext"] = {"attributes": {"creationDate": stamp(created), "mfaAuthenticated": "true"}}
    return Principal(account, identity, client, console=key is not None)


def service(account: str, name: str) -> Principal:
    """A service principal such as `lambda.amazonaws.com`, calling into `account`."""
    return Principal(account, {"type": "AWSService", "invokedBy": name}, Client(name, name))


def service_event(account: str, name: str) -> Principal:
    """The untyped identity of an `AwsServiceEvent`."""
    return Principal(account, {"accountId": account, "invokedBy": name}, Client(name, name))


def outsider(caller: Principal, recipient: str) -> Principal:
    """The caller as the other account's copy of a cross-account call shows it: no ARN, no name, no key."""
    shown = {"type": "AWSAccount", "principalId": caller.identity["principalId"], "accountId": caller.account}
    return Principal(recipient, shown, caller.client)
