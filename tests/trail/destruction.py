"""The intrusion, second half: the trail is tampered with, things are destroyed; in the morning it is stopped."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from tests.trail import company
from tests.trail.company import EUROPE, HOME, MANAGEMENT, PRODUCTION
from tests.trail.events import denied, event, resource, us_date
from tests.trail.intrusion import BACKDOOR, SESSION
from tests.trail.plot import Plot
from tests.trail.principals import Client, Principal, Record
from tests.trail.services import SELECTORS_OFF, SELECTORS_ON, service_action
from tests.trail.sessions import Issued, assume_role, assume_with_saml
from tests.trail.storage import batch_delete, bucket_call, object_call

DAMAGED_LENGTH = 2048
"""Bytes of the log file that are left: the rest of its gzip stream is missing."""


def enter_log_archive(plot: Plot, admin: Principal) -> Principal:
    """The third hop goes from production to the management account, where the trail and its bucket are."""
    hop = assume_role(plot.ids, plot.at("02:14:03"), admin, company.LOG_ARCHIVE, SESSION, HOME)
    plot.tell_all(hop.records, "hop_log_archive", "hop_log_archive_owner_copy")
    return hop.session


def blind_the_trail(plot: Plot, who: Principal) -> None:
    """Stopping and deleting the trail are refused; leaving DynamoDB's items out of it is not."""
    trail = {"name": company.TRAIL_ARN}
    tries = (("02:16:22", "StopLogging", "stop_logging"), ("02:17:05", "DeleteTrail", "delete_trail"))
    for clock, action, name in tries:
        code, text = denied(who, f"cloudtrail:{action}", company.TRAIL_ARN)
        reason = text.split(" because ")[0] + " with an explicit deny in a service control policy"
        error = code, reason
        plot.tell(event(plot.ids, plot.at(clock), f"cloudtrail:{action}", who, HOME, trail, error=error), name)
    plot.tell(event(plot.ids, plot.at("02:18:30"), "cloudtrail:GetEventSelectors", who, HOME, _named()))
    plot.tell(_selectors(plot, SELECTORS_OFF, who, ["AWS::S3::Object"]), "put_event_selectors")


def overwrite_log(plot: Plot, who: Principal, key: str) -> None:
    """One log file is replaced by the first bytes of itself."""
    for clock, name, more in (
        ("02:38:50", "GetObject", {"received": 6120}),
        ("02:41:08", "PutObject", {"sent": DAMAGED_LENGTH}),
    ):
        call: dict[str, Any] = dict(more)
        record = object_call(plot.ids, plot.at(clock), name, who, HOME, company.LOG_BUCKET, key, **call)
        plot.tell(record, "overwrite_log" if name == "PutObject" else "read_log")


def empty_payroll(plot: Plot, admin: Principal) -> tuple[str, ...]:
    """A bucket cannot be deleted while something is in it: one refusal, then 31 objects and the bucket go."""
    ids, bucket = plot.ids, company.PAYROLL_BUCKET
    full = ("BucketNotEmpty", "The bucket you tried to delete is not empty")
    refused = bucket_call(ids, plot.at("02:58:04"), "DeleteBucket", admin, EUROPE, bucket, error=full)
    plot.tell(refused, "bucket_not_empty")
    plot.tell(bucket_call(ids, plot.at("02:59:26"), "ListObjects", admin, EUROPE, bucket, eventCategory="Data"))
    keys = tuple(f"2026/{month:02}/payslips-{part:02}.csv.gz" for month in (1, 2, 3) for part in range(10))
    plot.tell_all(batch_delete(ids, plot.at("03:01:12"), admin, EUROPE, bucket, keys[:20]), "empty_bucket")
    plot.tell_all(batch_delete(ids, plot.at("03:01:14"), admin, EUROPE, bucket, keys[20:]), "empty_bucket_rest")
    single = "README.txt"
    plot.tell(object_call(ids, plot.at("03:02:40"), "DeleteObject", admin, EUROPE, bucket, single), "last_object")
    plot.tell(bucket_call(ids, plot.at("03:04:37"), "DeleteBucket", admin, EUROPE, bucket), "delete_bucket")
    return (*keys, single)


def destroy_with_new_key(plot: Plot, backdoor: Principal) -> None:
    """The user made an hour ago deletes a snapshot and a table."""
    ids = plot.ids
    request = {"snapshotId": company.ORDERS_SNAPSHOT}
    done = {"requestId": ids.uuid(), "_return": True}
    at = plot.at("03:09:15")
    plot.tell(event(ids, at, "ec2:DeleteSnapshot", backdoor, HOME, request, done), "delete_snapshot")
    arn = company.table_arn(company.ORDERS)
    shown = {"tableName": company.ORDERS, "tableStatus": "DELETING", "tableArn": arn, "itemCount": 481516}
    target = [resource(PRODUCTION, "AWS::DynamoDB::Table", arn)]
    record = event(
        ids,
        plot.at("03:12:48"),
        "dynamodb:DeleteTable",
        backdoor,
        HOME,
        {"tableName": company.ORDERS},
        {"tableDescription": shown},
        resources=target,
    )
    plot.tell(record, "delete_table")


def destroy_key_and_secret(plot: Plot, admin: Principal) -> None:
    """The payroll key is to be deleted in a week, the payroll secret is deleted at once, by a service event."""
    ids, at = plot.ids, plot.at("03:17:22")
    key = company.PAYROLL_KEY
    answer = {"keyId": key, "deletionDate": us_date(at + timedelta(days=7)), "keyState": "PendingDeletion"}
    request: Record = {"keyId": key, "pendingWindowInDays": 7}
    target = [resource(PRODUCTION, "AWS::KMS::Key", key)]
    record = event(ids, at, "kms:ScheduleKeyDeletion", admin, EUROPE, request, answer, resources=target)
    plot.tell(record, "schedule_key_deletion")
    at, secret = plot.at("03:21:05"), company.PAYROLL_SECRET
    request = {"secretId": secret, "forceDeleteWithoutRecovery": True}
    gone = {"aRN": secret, "name": "prod/payroll/db", "deletionDate": us_date(at)}
    plot.tell(event(ids, at, "secretsmanager:DeleteSecret", admin, HOME, request, gone), "delete_secret")
    details: dict[str, Any] = {
        "additionalEventData": {"ARN": secret, "Name": "prod/payroll/db"},
        "requestID": f"SecretDeleteMessage:{secret}:2026-03-11T03:21:00Z:Forced",
    }
    for clock, action in (("03:25:41", "StartSecretVersionDelete"), ("03:25:42", "EndSecretVersionDelete")):
        made = service_action(ids, plot.at(clock), f"secretsmanager:{action}", PRODUCTION, HOME, **details)
        plot.tell(made, "secret_version_delete_" + ("starts" if action.startswith("Start") else "ends"))


def respond(plot: Plot) -> None:
    """In the morning the security engineer looks, takes the keys away, and undoes what can be undone."""
    ids, role = plot.ids, company.PLATFORM_ADMIN.name
    ci = _sign_in(plot, "08:10:02", company.CI)
    production = _sign_in(plot, "08:11:37", PRODUCTION)
    management = _sign_in(plot, "08:13:50", MANAGEMENT)
    plot.tell(event(ids, plot.at("08:15:33"), "cloudtrail:LookupEvents", management, HOME, {"maxResults": 50}))
    off = {"userName": "ci-deploy", "accessKeyId": company.CI_DEPLOY.key, "status": "Inactive"}
    plot.tell(event(ids, plot.at("08:21:17"), "iam:UpdateAccessKey", ci, HOME, off), "stolen_key_disabled")
    backdoor = {"userName": BACKDOOR, "accessKeyId": _created_key(plot), "status": "Inactive"}
    record = event(ids, plot.at("08:26:44"), "iam:UpdateAccessKey", production, HOME, backdoor)
    plot.tell(record, "backdoor_key_disabled")
    revoke = {"roleName": role, "policyName": "AWSRevokeOlderSessions", "policyDocument": "{}"}
    plot.tell(event(ids, plot.at("08:28:10"), "iam:PutRolePolicy", production, HOME, revoke), "sessions_revoked")
    key = company.PAYROLL_KEY
    target = [resource(PRODUCTION, "AWS::KMS::Key", key)]
    at, same = plot.at("08:31:52"), {"keyId": key}
    undone = event(ids, at, "kms:CancelKeyDeletion", production, EUROPE, same, same, resources=target)
    plot.tell(undone, "cancel_key_deletion")
    kinds = ["AWS::S3::Object", "AWS::DynamoDB::Table"]
    plot.tell(_selectors(plot, SELECTORS_ON, management, kinds), "selectors_restored")


def _sign_in(plot: Plot, clock: str, account: str) -> Principal:
    role, ana = company.SSO_ADMIN[account], company.ANA
    issued: Issued = assume_with_saml(plot.ids, plot.at(clock), role, ana.email, ana.terminal, HOME)
    plot.tell_all(issued.records)
    return issued.session


def _created_key(plot: Plot) -> str:
    created = plot.steps["create_access_key"].event_id
    found = next(record for record in plot.records if record["eventID"] == created)
    return str(found["responseElements"]["accessKey"]["accessKeyId"])


def _named() -> Record:
    return {"trailName": company.TRAIL_ARN}


def _selectors(plot: Plot, at: datetime, who: Principal, kinds: list[str]) -> Record:
    selectors: list[Record] = [
        {"name": "Management", "fieldSelectors": [{"field": "eventCategory", "equals": ["Management"]}]}
    ]
    for kind in kinds:
        fields = [{"field": "eventCategory", "equals": ["Data"]}, {"field": "resources.type", "equals": [kind]}]
        selectors.append({"name": kind, "fieldSelectors": fields})
    request = _named() | {"advancedEventSelectors": selectors}
    answer = {"trailARN": company.TRAIL_ARN, "advancedEventSelectors": selectors}
    return event(plot.ids, at, "cloudtrail:PutEventSelectors", who, HOME, request, answer)


def farewell(plot: Plot, backdoor: Principal) -> None:
    """The last call: the intruder checks that the new key still works, from a third place."""
    last = Principal(backdoor.account, backdoor.identity, Client("198.51.100.181", backdoor.client.agent))
    plot.tell(event(plot.ids, plot.at("03:41:30"), "sts:GetCallerIdentity", last, HOME), "last_use")
