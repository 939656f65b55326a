"""Records that a company sees once in a while: root, a refused login, key rotation, Insights, network activity."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from tests.trail import company
from tests.trail.events import denied, event, resource
from tests.trail.ids import Ids
from tests.trail.principals import Client, Principal, Record, root, stamp
from tests.trail.services import service_action
from tests.trail.sessions import console_login


def root_visit(ids: Ids, at: datetime) -> Iterator[Record]:
    """Let the root user of the management account look at the bill, with MFA."""
    client = Client("203.0.113.9", company.FIREFOX)
    who = root(company.MANAGEMENT, client, at, ids.access_key())
    yield from console_login(ids, at, who, client, company.HOME, mfa=True).records
    for seconds, action in ((14, "health:DescribeEventAggregates"), (31, "iam:GetAccountSummary")):
        yield event(ids, at + timedelta(seconds=seconds), action, who.using("AWS Internal"), company.HOME)
    yield event(ids, at + timedelta(seconds=50), "organizations:ListAccounts", who.using("AWS Internal"), company.HOME)


def refused_login(ids: Ids, at: datetime) -> Record:
    """A console login under a name that does not exist: no `errorCode`, the name hidden."""
    hidden = {"type": "IAMUser", "accountId": company.MANAGEMENT, "userName": "HIDDEN_DUE_TO_SECURITY_REASONS"}
    who = Principal(company.MANAGEMENT, hidden | {"accessKeyId": ""}, Client("198.51.100.203", company.FIREFOX))
    return event(
        ids,
        at,
        "signin:ConsoleLogin",
        who,
        company.HOME,
        None,
        {"ConsoleLogin": "Failure"},
        errorMessage="No username found in supplied account",
        additionalEventData={"MobileVersion": "No", "MFAUsed": "No"},
        eventType="AwsConsoleSignIn",
        requestID=None,
        readOnly=False,
    )


def break_glass(ids: Ids, at: datetime) -> Iterator[Record]:
    """Let the emergency user be tried out on the console, as every quarter."""
    login = console_login(
        ids, at, company.BREAK_GLASS, Client(company.ANA.address, company.FIREFOX), company.HOME, mfa=True
    )
    yield from login.records
    for seconds in (20, 25, 41):
        who = login.session.with_key(ids.access_key()).using("AWS Internal")
        yield event(ids, at + timedelta(seconds=seconds), "iam:GetUser", who, company.HOME, {"userName": "break-glass"})


def rotations(ids: Ids, at: datetime) -> Iterator[Record]:
    """Service events: KMS turns a key's material, Secrets Manager rotates a secret."""
    account, region = company.PRODUCTION, company.HOME
    key = company.KMS_KEYS[account, region]
    target = [resource(account, "AWS::KMS::Key", key)]
    yield service_action(
        ids, at, "kms:RotateKey", account, region, {"keyId": key.split("/")[1]}, resources=target, requestID=None
    )
    secret = {"additionalEventData": {"SecretId": company.ORDERS_SECRET}}
    yield service_action(ids, at + timedelta(seconds=20), "secretsmanager:RotationStarted", account, region, **secret)
    later = at + timedelta(seconds=41)
    yield service_action(ids, later, "secretsmanager:RotationSucceeded", account, region, **secret)
    late = {"addendum": {"reason": "DELIVERY_DELAY"}}
    yield service_action(ids, later, "kms:SynchronizeMultiRegionKey", account, region, **late)


def network_activity(ids: Ids, at: datetime) -> Iterator[Record]:
    """Calls through a VPC endpoint, one of them stopped by the endpoint's policy."""
    function = company.FUNCTIONS[0]
    allowed = function.role.session(function.name, ids.access_key(), at, Client("192.0.2.210", company.LAMBDA_SDK))
    foreign: Record = {"type": "AWSAccount", "principalId": "AIDAEXAMPLEOUTSIDE000", "accountId": "123456789012"}
    stopped = Principal(company.PRODUCTION, foreign, Client("192.0.2.210", company.LAMBDA_SDK))
    refusal = ("VpceAccessDenied", "The request was denied due to a VPC endpoint policy")
    for seconds, who, error in ((0, allowed, None), (9, stopped, refusal)):
        record = event(
            ids,
            at + timedelta(seconds=seconds),
            "secretsmanager:GetSecretValue",
            who,
            company.HOME,
            error=error,
            eventType="AwsVpceEvent",
            eventCategory="NetworkActivity",
            vpcEndpointId=company.VPC_ENDPOINT,
            vpcEndpointAccountId=company.PRODUCTION,
            managementEvent=False,
            tlsDetails=None,
        )
        for absent in ("userAgent", "requestParameters", "responseElements", "readOnly"):
            record.pop(absent, None)
        yield record


def insight(
    ids: Ids,
    at: datetime,
    minutes: int,
    action: str,
    rate: float,
    baseline: float,
    arn: str,
    agent: str,
    error: str | None = None,
) -> Iterator[Record]:
    """Make an Insight's Start and End: a burst of calls, or of one error, in production, us-east-1."""
    shared = ids.uuid()
    source, name = action.split(":")
    for state, moment, average in (("Start", at, rate), ("End", at + timedelta(minutes=minutes), rate * 0.7)):
        attributions = [
            {
                "attribute": attribute,
                "insight": [{"value": value, "average": average}],
                "baseline": [{"value": value, "average": baseline}],
            }
            for attribute, value in (("userIdentityArn", arn), ("userAgent", agent), ("errorCode", "null"))
            if attribute != "errorCode" or error is None
        ]
        statistics: Record = {"baseline": {"average": baseline}, "insight": {"average": average}}
        statistics |= {"insightDuration": minutes if state == "End" else 1, "baselineDuration": 10181}
        details: Record = {
            "state": state,
            "eventSource": f"{source}.amazonaws.com",
            "eventName": name,
            "insightType": "ApiErrorRateInsight" if error else "ApiCallRateInsight",
        }
        if error is not None:
            details["errorCode"] = error
        yield {
            "eventVersion": "1.09",
            "eventTime": stamp(moment.replace(second=0)),
            "awsRegion": company.HOME,
            "eventID": ids.uuid(),
            "eventType": "AwsCloudTrailInsight",
            "recipientAccountId": company.PRODUCTION,
            "sharedEventID": shared,
            "insightDetails": details | {"insightContext": {"statistics": statistics, "attributions": attributions}},
            "eventCategory": "Insight",
        }


def refused_assume(ids: Ids, at: datetime) -> Record:
    """A developer tries a role that is not for developers: parameters null, the role only in the message."""
    role = company.SSO_DEVELOPER[company.PRODUCTION]
    who = role.session(company.TOM.email, ids.access_key(), at, company.TOM.terminal)
    error = denied(who, "sts:AssumeRole", company.PLATFORM_ADMIN.arn)
    return event(ids, at, "sts:AssumeRole", who, company.HOME, error=error)
