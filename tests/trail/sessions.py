"""Sessions: the calls that issue temporary credentials, and the principal that those credentials make."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.trail.events import event, resource, us_date
from tests.trail.ids import Ids
from tests.trail.principals import Client, Principal, Record, Role, User, outsider, service

OIDC_PROVIDER = "token.actions.githubusercontent.com"


@dataclass(frozen=True, slots=True)
class Issued:
    records: tuple[Record, ...]
    """The issuing call: one record, or the caller's and the role owner's copy when the accounts differ."""
    session: Principal


def assume_role(
    ids: Ids, at: datetime, caller: Principal, role: Role, name: str, region: str, *, seconds: int = 3600
) -> Issued:
    """Assume `role` as session `name`; across accounts both get a copy, joined by `sharedEventID`."""
    key = ids.access_key()
    request = {"roleArn": role.arn, "roleSessionName": name, "durationSeconds": seconds}
    shared: Record = {
        "requestID": ids.uuid(),
        "resources": [resource(role.account, "AWS::IAM::Role", role.arn)],
        "host": f"sts.{region}.amazonaws.com",
    }
    if caller.account != role.account:
        shared["sharedEventID"] = ids.uuid()
    response = _response(ids, at, key, role, name, seconds)
    records = [event(ids, at, "sts:AssumeRole", caller, region, request, response, **shared)]
    if caller.account != role.account:
        foreign = outsider(caller, role.account)
        copy = event(ids, at, "sts:AssumeRole", foreign, region, request, response, **shared)
        copy["tlsDetails"] = records[0]["tlsDetails"]
        records.append(copy)
    return Issued(tuple(records), role.session(name, key, at, caller.client))


def service_assumes(ids: Ids, at: datetime, name: str, role: Role, session: str, region: str, **context: Any) -> Issued:
    """Let a service assume a role in an account: `lambda.amazonaws.com` for a function, `ec2` for an instance."""
    key = ids.access_key()
    request = {"roleArn": role.arn, "roleSessionName": session}
    response = _response(ids, at, key, role, session, 3600)
    if name == "ec2.amazonaws.com":
        # The record of an instance's credentials has no `assumedRoleUser`, and lasts about six hours.
        response = {"credentials": _credentials(ids, at, key, 6 * 3600 + 240)}
    target = [resource(role.account, "AWS::IAM::Role", role.arn)]
    who = service(role.account, name)
    shared = ids.uuid()
    record = event(ids, at, "sts:AssumeRole", who, region, request, response, sharedEventID=shared, resources=target)
    return Issued((record,), role.session(session, key, at, Client(name, name), **context))


def assume_with_web_identity(
    ids: Ids, at: datetime, role: Role, name: str, subject: str, client: Client, region: str
) -> Issued:
    """Let a CI job exchange its OIDC token for a session of `role`."""
    key = ids.access_key()
    provider = f"arn:aws:iam::{role.account}:oidc-provider/{OIDC_PROVIDER}"
    identity = {
        "type": "WebIdentityUser",
        "principalId": f"{provider}:sts.amazonaws.com:{subject}",
        "userName": subject,
        "identityProvider": provider,
    }
    response = _response(ids, at, key, role, name, 3600) | {
        "subjectFromWebIdentityToken": subject,
        "provider": provider,
        "audience": "sts.amazonaws.com",
    }
    record = event(
        ids,
        at,
        "sts:AssumeRoleWithWebIdentity",
        Principal(role.account, identity, client),
        region,
        {"roleArn": role.arn, "roleSessionName": name, "durationSeconds": 3600},
        response,
        resources=[resource(role.account, "AWS::IAM::Role", role.arn)],
    )
    federation = {"federatedProvider": provider, "attributes": {}}
    return Issued((record,), role.session(name, key, at, client, webIdFederationData=federation))


def assume_with_saml(ids: Ids, at: datetime, role: Role, email: str, client: Client, region: str) -> Issued:
    """Let IAM Identity Center open a session of an `AWSReservedSSO_…` role; the session name is the e-mail address."""
    key = ids.access_key()
    qualifier = "ExampleNameQualifier0000000="
    identity = {
        "type": "SAMLUser",
        "principalId": f"{qualifier}:{email}",
        "userName": email,
        "identityProvider": qualifier,
    }
    provider = f"arn:aws:iam::{role.account}:saml-provider/AWSSSO_0123456789abcdef_DO_NOT_DELETE"
    request = {
        "sAMLAssertionID": f"_{ids.uuid()}",
        "roleSessionName": email,
        "principalArn": provider,
        "roleArn": role.arn,
        "durationSeconds": 28800,
    }
    response = _response(ids, at, key, role, email, 28800) | {
        "subjectType": "persistent",
        "subject": email,
        "nameQualifier": qualifier,
        "issuer": "https://portal.sso.us-east-1.amazonaws.com/saml/assertion/EXAMPLE",
        "audience": "https://signin.aws.amazon.com/saml",
    }
    targets = [
        resource(role.account, "AWS::IAM::Role", role.arn),
        resource(role.account, "AWS::IAM::SAMLProvider", provider),
    ]
    who = Principal(role.account, identity, client)
    record = event(ids, at, "sts:AssumeRoleWithSAML", who, region, request, response, resources=targets)
    return Issued((record,), role.session(email, key, at, client))


def console_login(ids: Ids, at: datetime, who: Principal | User, client: Client, region: str, *, mfa: bool) -> Issued:
    """Sign in to the console; later calls carry this second as `creationDate`, each under one of many keys."""
    session = who.calling(client, created=at) if isinstance(who, User) else who
    identity = session.identity
    if identity["type"] != "AssumedRole":  # users and root sign in with a password: no key, no session yet
        identity = {key: value for key, value in identity.items() if key not in ("accessKeyId", "sessionContext")}
    shown = Principal(session.account, identity, client)
    additional = {
        "LoginTo": f"https://{region}.console.aws.amazon.com/console/home?region={region}",
        "MobileVersion": "No",
        "MFAUsed": "Yes" if mfa else "No",
    }
    record = event(
        ids,
        at,
        "signin:ConsoleLogin",
        shown,
        region,
        None,
        {"ConsoleLogin": "Success"},
        additionalEventData=additional,
        eventType="AwsConsoleSignIn",
        requestID=None,
        readOnly=False,
        tlsDetails={
            "tlsVersion": "TLSv1.3",
            "cipherSuite": "TLS_AES_128_GCM_SHA256",
            "clientProvidedHostHeader": f"{region}.signin.aws.amazon.com",
        },
    )
    return Issued((record,), Principal(session.account, session.identity, client, console=True))


def _credentials(ids: Ids, at: datetime, key: str, seconds: int) -> Record:
    return {
        "accessKeyId": key,
        "sessionToken": f"IQoJEXAMPLETOKEN{ids.alnum(12)}",
        "expiration": us_date(at + timedelta(seconds=seconds)),
    }


def _response(ids: Ids, at: datetime, key: str, role: Role, name: str, seconds: int) -> Record:
    return {
        "credentials": _credentials(ids, at, key, seconds),
        "assumedRoleUser": {"assumedRoleId": f"{role.unique_id}:{name}", "arn": role.session_arn(name)},
    }
