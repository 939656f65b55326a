"""The intrusion, first half: a stolen key, three roles, a long look around, a way to come back."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from tests.trail import company
from tests.trail.company import EUROPE, HOME, PRODUCTION
from tests.trail.events import denied, event, us_date
from tests.trail.plot import Plot
from tests.trail.principals import Client, Principal, User
from tests.trail.sessions import assume_role
from tests.trail.storage import bucket_call

INTRUDER = Client(
    "198.51.100.77",
    "aws-cli/2.15.30 Python/3.11.8 Linux/6.6.9-amd64 exe/x86_64.kali.2024 prompt/off command/sts.get-caller-identity",
)
TOOL = "Boto3/1.34.46 md/Botocore#1.34.46 ua/2.0 os/linux#6.6.9-amd64 md/arch#x86_64 lang/python#3.11.8"
SECOND_ADDRESS = "2001:db8:66:1::4d"
SESSION = "hotfix-4412"
OUTSIDE_ACCOUNT = "123456789012"
BACKDOOR = "svc-backup-agent"

# What the intruder tries in production; the second member is what a policy would have had to allow.
_LOOKED_AT = (
    ("iam:ListUsers", f"arn:aws:iam::{PRODUCTION}:user/"),
    ("iam:ListRoles", f"arn:aws:iam::{PRODUCTION}:role/"),
    ("iam:GetAccountAuthorizationDetails", "*"),
    ("iam:ListAccessKeys", f"arn:aws:iam::{PRODUCTION}:user/"),
    ("organizations:ListAccounts", "*"),
    ("organizations:DescribeOrganization", "*"),
    ("s3:ListBuckets", "*"),
    ("ec2:DescribeSnapshots", "*"),
    ("ec2:DescribeImages", "*"),
    ("ec2:DescribeVolumes", "*"),
    ("secretsmanager:ListSecrets", "*"),
    ("secretsmanager:GetSecretValue", company.PAYROLL_SECRET),
    ("ssm:DescribeParameters", f"arn:aws:ssm:{HOME}:{PRODUCTION}:*"),
    ("ssm:GetParametersByPath", f"arn:aws:ssm:{HOME}:{PRODUCTION}:parameter/prod"),
    ("dynamodb:ListTables", f"arn:aws:dynamodb:{HOME}:{PRODUCTION}:table/*"),
    ("dynamodb:DescribeTable", company.table_arn(company.ORDERS)),
    ("kms:ListKeys", "*"),
    ("kms:GetKeyPolicy", company.KMS_KEYS[PRODUCTION, HOME]),
    ("rds:DescribeDBInstances", f"arn:aws:rds:{HOME}:{PRODUCTION}:db:*"),
    ("rds:DescribeDBSnapshots", f"arn:aws:rds:{HOME}:{PRODUCTION}:snapshot:*"),
    ("cloudtrail:DescribeTrails", "*"),
    ("guardduty:ListDetectors", f"arn:aws:guardduty:{HOME}:{PRODUCTION}:*"),
    ("ecr:DescribeRepositories", f"arn:aws:ecr:{HOME}:{PRODUCTION}:repository/*"),
    ("logs:DescribeLogGroups", f"arn:aws:logs:{HOME}:{PRODUCTION}:log-group::log-stream:"),
    ("backup:ListBackupVaults", "*"),
)
_ALLOWED = ("lambda:ListFunctions20150331", "ecs:ListClusters", "ecs:DescribeServices", "ec2:DescribeInstances")


def break_in(plot: Plot) -> Principal:
    """The stolen key is tried out in the CI account, from an address it was never used from."""
    stolen = company.CI_DEPLOY.calling(INTRUDER)
    plot.tell(event(plot.ids, plot.at("01:12:07"), "sts:GetCallerIdentity", stolen, HOME), "first_use")
    name = "iam:ListAttachedUserPolicies"
    error = denied(stolen, name, stolen.arn)
    plot.tell(event(plot.ids, plot.at("01:12:51"), name, stolen, HOME, error=error), "first_refusal")
    tool = stolen.using(TOOL)
    for clock, action in (("01:13:40", "iam:ListRoles"), ("01:14:02", "ec2:DescribeInstances")):
        refusal = denied(tool, action, "*")
        plot.tell(event(plot.ids, plot.at(clock), action, tool, HOME, error=refusal))
    listing = {"list-type": "2", "max-keys": "1000"}
    artifacts = company.ARTIFACTS_BUCKET
    plot.tell(
        bucket_call(plot.ids, plot.at("01:14:37"), "ListObjects", tool, HOME, artifacts, listing, eventCategory="Data")
    )
    return tool


def enter_production(plot: Plot, stolen: Principal) -> Principal:
    """The first hop goes from CI to production: both accounts have a copy."""
    hop = assume_role(plot.ids, plot.at("01:21:40"), stolen, company.DEPLOY_PRODUCTION, SESSION, HOME, seconds=14400)
    plot.tell_all(hop.records, "hop_production", "hop_production_owner_copy")
    return hop.session


def look_around(plot: Plot, who: Principal) -> None:
    """Dozens of refused calls; those around 01:31 lie in the log file that is damaged later."""
    _sweep(plot, plot.at("01:24:10"), who, HOME, _LOOKED_AT[:9], "enumeration_starts")
    _sweep(plot, plot.at("01:31:02"), who, HOME, _LOOKED_AT + _ALLOWED_PAIRS, "enumeration_lost")
    _sweep(plot, plot.at("01:38:15"), who, EUROPE, _LOOKED_AT[6:20], "enumeration_europe")
    _sweep(plot, plot.at("01:43:30"), who.using(TOOL, SECOND_ADDRESS), HOME, _LOOKED_AT[11:], "enumeration_ipv6")


_ALLOWED_PAIRS = tuple((action, "") for action in _ALLOWED)


def _sweep(
    plot: Plot, at: datetime, who: Principal, region: str, actions: tuple[tuple[str, str], ...], name: str
) -> None:
    for position, (action, target) in enumerate(actions):
        error = denied(who, action, target) if target else None
        place = HOME if action.startswith(("iam:", "organizations:")) else region
        # Most services log null parameters for a refused call: the target stands in `errorMessage` alone.
        record = event(plot.ids, at, action, who, place, error=error)
        plot.tell(record, name if position == 0 else None)
        at += timedelta(seconds=plot.ids.between(4, 9))


def become_admin(plot: Plot, deploy: Principal, clock: str, name: str) -> Principal:
    """The second hop stays in production: role to role, one copy; such a session lasts an hour at most."""
    hop = assume_role(plot.ids, plot.at(clock), deploy, company.PLATFORM_ADMIN, SESSION, HOME)
    plot.tell_all(hop.records, name)
    return hop.session


def stay(plot: Plot, admin: Principal) -> Principal:
    """Ways to come back: a user with a key and all rights, a role that trusts an outsider, a function."""
    unique, key, ids = plot.ids.unique_id("AIDA"), plot.ids.access_key("AKIA"), plot.ids
    user = User(PRODUCTION, BACKDOOR, unique, key)
    at = plot.at("01:55:12")
    shown = {"path": "/", "userName": BACKDOOR, "userId": unique, "arn": user.arn, "createDate": us_date(at)}
    plot.tell(event(ids, at, "iam:CreateUser", admin, HOME, {"userName": BACKDOOR}, {"user": shown}), "create_user")
    at = plot.at("01:55:49")
    made = {"accessKeyId": key, "status": "Active", "userName": BACKDOOR, "createDate": us_date(at)}
    request = {"userName": BACKDOOR}
    record = event(ids, at, "iam:CreateAccessKey", admin, HOME, request, {"accessKey": made})
    plot.tell(record, "create_access_key")
    policy = request | {"policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}
    plot.tell(event(ids, plot.at("01:56:20"), "iam:AttachUserPolicy", admin, HOME, policy), "attach_admin_policy")
    _trust_outsider(plot, admin)
    _plant_function(plot, admin)
    return user.calling(Client(SECOND_ADDRESS, TOOL))


def _trust_outsider(plot: Plot, admin: Principal) -> None:
    trusted = [f"arn:aws:iam::{PRODUCTION}:root", f"arn:aws:iam::{OUTSIDE_ACCOUNT}:root"]
    statement = {"Effect": "Allow", "Principal": {"AWS": trusted}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    request = {"roleName": company.PLATFORM_ADMIN.name, "policyDocument": document}
    record = event(plot.ids, plot.at("01:58:33"), "iam:UpdateAssumeRolePolicy", admin, HOME, request)
    plot.tell(record, "trust_outside_account")


def _plant_function(plot: Plot, admin: Principal) -> None:
    role = company.FUNCTIONS[0].role.arn
    request = {
        "functionName": "metrics-relay",
        "runtime": "python3.12",
        "role": role,
        "handler": "main.handler",
        "code": {},
        "timeout": 60,
        "environment": {},
    }
    arn = f"arn:aws:lambda:{HOME}:{PRODUCTION}:function:metrics-relay"
    answer = {"functionName": "metrics-relay", "functionArn": arn, "role": role, "state": "Pending", "version": "1"}
    record = event(plot.ids, plot.at("02:03:27"), "lambda:CreateFunction20150331", admin, HOME, request, answer)
    plot.tell(record, "backdoor_function")
