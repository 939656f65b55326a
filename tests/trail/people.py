"""What people and their pipelines do: consoles, command lines, Terraform, deployments by day and by night."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from tests.trail import company
from tests.trail.company import Person
from tests.trail.events import denied, event, resource
from tests.trail.ids import Ids
from tests.trail.principals import Client, Principal, Record, Role
from tests.trail.services import BUCKET_GONE
from tests.trail.sessions import assume_role, assume_with_saml, assume_with_web_identity, console_login
from tests.trail.storage import bucket_call, object_call

_CONSOLE_READS = (
    "ec2:DescribeInstances",
    "ec2:DescribeInstanceStatus",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeVpcs",
    "ec2:DescribeRegions",
    "monitoring:DescribeAlarms",
    "health:DescribeEventAggregates",
    "iam:GetAccountSummary",
    "iam:ListAccountAliases",
    "lambda:ListFunctions20150331",
    "dynamodb:ListTables",
    "logs:DescribeLogGroups",
    "cloudtrail:DescribeTrails",
    "elasticloadbalancing:DescribeLoadBalancers",
    "kms:ListAliases",
    "ssm:DescribeParameters",
)
_CLI_READS = (
    "sts:GetCallerIdentity",
    "ec2:DescribeInstances",
    "logs:FilterLogEvents",
    "logs:DescribeLogStreams",
    "lambda:GetFunction20150331v2",
    "dynamodb:DescribeTable",
    "elasticloadbalancing:DescribeTargetGroups",
    "ecs:DescribeServices",
)
_PLAN_READS = (
    "ec2:DescribeVpcs",
    "ec2:DescribeVpcAttribute",
    "ec2:DescribeSubnets",
    "ec2:DescribeRouteTables",
    "ec2:DescribeNatGateways",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeNetworkAcls",
    "iam:GetRole",
    "iam:ListAttachedRolePolicies",
    "iam:ListRolePolicies",
    "lambda:GetFunction20150331v2",
    "dynamodb:DescribeTable",
    "dynamodb:DescribeContinuousBackups",
    "kms:DescribeKey",
    "secretsmanager:DescribeSecret",
    "elasticloadbalancing:DescribeTargetGroups",
)
_WHERE: dict[str, Record] = {
    "ec2:DescribeInstances": {"instancesSet": {}, "filterSet": {}},
    "ec2:DescribeVpcAttribute": {"vpcId": "vpc-0a1b2c3d4e5f60718", "attribute": "enableDnsSupport"},
    "logs:FilterLogEvents": {"logGroupName": "/aws/lambda/order-intake", "filterPattern": "ERROR"},
    "logs:DescribeLogStreams": {"logGroupName": "/aws/lambda/order-intake", "descending": True},
    "lambda:GetFunction20150331v2": {"functionName": "order-intake"},
    "dynamodb:DescribeTable": {"tableName": company.CARTS},
    "dynamodb:DescribeContinuousBackups": {"tableName": company.CARTS},
    "ecs:DescribeServices": {"cluster": "shop", "services": ["web"]},
    "iam:GetRole": {"roleName": "order-intake-role"},
    "iam:ListAttachedRolePolicies": {"roleName": "order-intake-role"},
    "iam:ListRolePolicies": {"roleName": "order-intake-role"},
    "kms:DescribeKey": {"keyId": company.KMS_KEYS[company.PRODUCTION, company.HOME]},
    "secretsmanager:DescribeSecret": {"secretId": company.ORDERS_SECRET},
}


def reads(
    ids: Ids, at: datetime, who: Principal, region: str, actions: tuple[str, ...] | list[str], pace: int = 6
) -> Iterator[Record]:
    """Make one record for each action, a few seconds apart; IAM answers from us-east-1."""
    for action in actions:
        at += timedelta(seconds=ids.between(0, pace))
        place = company.HOME if action.startswith(("iam:", "health:")) else region
        yield event(ids, at, action, who, place, _WHERE.get(action))


def console_visit(ids: Ids, at: datetime, person: Person, role: Role, region: str) -> Iterator[Record]:
    """Let a person look around in the console: one login, many keys, one `creationDate`."""
    issued = assume_with_saml(ids, at, role, person.email, person.window, region)
    login = console_login(ids, at, issued.session, person.window, region, mfa=False)
    yield from issued.records
    yield from login.records
    for _ in range(ids.between(3, 5)):
        tab = login.session.with_key(ids.access_key())
        if ids.chance(0.5):
            tab = tab.using("AWS Internal")
        at += timedelta(seconds=ids.between(8, 30))
        yield from reads(ids, at, tab, region, ids.shuffled(_CONSOLE_READS)[: ids.between(3, 7)], pace=3)
    if ids.chance(0.4):
        shell = login.session.with_key(ids.access_key()).using(company.CLOUDSHELL, "192.0.2.250")
        yield from reads(ids, at, shell, region, ["sts:GetCallerIdentity", "ec2:DescribeInstances"])


def cli_visit(ids: Ids, at: datetime, person: Person, role: Role, region: str) -> Iterator[Record]:
    """Let a person work on the command line, and be refused now and then."""
    issued = assume_with_saml(ids, at, role, person.email, person.terminal, region)
    yield from issued.records
    yield from reads(ids, at, issued.session, region, ids.shuffled(_CLI_READS)[: ids.between(4, 7)], pace=25)
    if "ReadOnly" in role.name or "Developer" in role.name:
        at += timedelta(seconds=ids.between(60, 180))
        name = "secretsmanager:GetSecretValue"
        error = denied(issued.session, name, company.ORDERS_SECRET)
        yield event(ids, at, name, issued.session, region, {"secretId": company.ORDERS_SECRET}, error=error)


def terraform_plan(ids: Ids, at: datetime) -> Iterator[Record]:
    """Let the CI account look for drift in production, many reads in two minutes."""
    subject = "repo:example-org/infrastructure:ref:refs/heads/main"
    runner = Client("192.0.2.58", company.TERRAFORM)
    issued = assume_with_web_identity(ids, at, company.GITHUB_DEPLOY, "terraform-plan", subject, runner, company.HOME)
    yield from issued.records
    at += timedelta(seconds=2)
    chained = assume_role(ids, at, issued.session, company.TERRAFORM_PLAN, "terraform-plan", company.HOME)
    yield from chained.records
    for region in company.REGIONS:
        yield from reads(ids, at, chained.session, region, ids.shuffled(_PLAN_READS)[:13], pace=4)
    gone = ("NoSuchBucket", "The specified bucket does not exist") if at >= BUCKET_GONE else None
    yield bucket_call(
        ids, at, "GetBucketVersioning", chained.session, company.EUROPE, company.PAYROLL_BUCKET, error=gone
    )
    missing = gone or ("NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist")
    yield bucket_call(
        ids, at, "GetBucketLifecycle", chained.session, company.EUROPE, company.PAYROLL_BUCKET, error=missing
    )


def deployment(ids: Ids, at: datetime) -> Iterator[Record]:
    """Let GitHub deploy: an OIDC token, a role in CI, a role in production, new code."""
    run = f"deploy-{at:%m%d%H}"
    client = Client(f"192.0.2.{ids.between(60, 79)}", company.CLI_LINUX)
    subject = "repo:example-org/shop:ref:refs/heads/main"
    issued = assume_with_web_identity(ids, at, company.GITHUB_DEPLOY, run, subject, client, company.HOME)
    yield from issued.records
    artefact = f"shop/{run}.zip"
    bucket = company.ARTIFACTS_BUCKET
    yield object_call(
        ids, at + timedelta(seconds=9), "PutObject", issued.session, company.HOME, bucket, artefact, sent=4188301
    )
    chained = assume_role(ids, at + timedelta(seconds=14), issued.session, company.DEPLOY_PRODUCTION, run, company.HOME)
    yield from chained.records
    yield from _rollout(ids, at + timedelta(seconds=20), chained.session, bucket, artefact)


def _rollout(ids: Ids, at: datetime, who: Principal, bucket: str, artefact: str) -> Iterator[Record]:
    for name in ("order-intake", "cart-sync"):
        arn = f"arn:aws:lambda:{company.HOME}:{company.PRODUCTION}:function:{name}"
        code = {"functionName": name, "s3Bucket": bucket, "s3Key": artefact, "publish": True, "dryRun": False}
        done = {"functionName": name, "functionArn": arn, "runtime": "python3.12", "version": str(ids.between(40, 90))}
        yield event(ids, at, "lambda:UpdateFunctionCode20150331v2", who, company.HOME, code, done)
        at += timedelta(seconds=ids.between(3, 9))
    task = f"arn:aws:ecs:{company.HOME}:{company.PRODUCTION}:task-definition/web:{ids.between(200, 290)}"
    family = {"family": "web", "networkMode": "awsvpc", "executionRoleArn": company.SHOP_INSTANCE.arn}
    definition = {"taskDefinition": {"taskDefinitionArn": task, "family": "web", "status": "ACTIVE"}}
    yield event(ids, at, "ecs:RegisterTaskDefinition", who, company.HOME, family, definition)
    update = {"cluster": "shop", "service": "web", "taskDefinition": task}
    yield event(ids, at + timedelta(seconds=4), "ecs:UpdateService", who, company.HOME, update, {"service": update})
    yield from reads(ids, at + timedelta(seconds=8), who, company.HOME, ["ecs:DescribeServices"] * 4, pace=20)


def nightly_job(ids: Ids, at: datetime) -> Iterator[Record]:
    """Let `ci-deploy` do what it has always done with its key, from the build machine."""
    who = company.CI_DEPLOY.calling(company.RUNNER)
    yield event(ids, at, "sts:GetCallerIdentity", who, company.HOME)
    yield event(ids, at + timedelta(seconds=2), "ecr:GetAuthorizationToken", who, company.HOME, {})
    later = at + timedelta(seconds=5)
    yield object_call(ids, later, "GetObject", who, company.HOME, company.ARTIFACTS_BUCKET, "base.tar", received=90112)
    issued = assume_role(ids, later, who, company.DEPLOY_PRODUCTION, "nightly-assets", company.HOME)
    yield from issued.records
    for number in range(ids.between(3, 6)):
        at = later + timedelta(seconds=4 + number)
        key = f"catalogue/{ids.between(100, 999)}.json"
        yield object_call(
            ids, at, "PutObject", issued.session, company.HOME, company.ASSETS_BUCKET, key, sent=ids.between(900, 9000)
        )


def terraform_apply(ids: Ids, at: datetime) -> Iterator[Record]:
    """Let an engineer change the network: a dry run first, and a deletion that fails for one of two flow logs."""
    issued = assume_with_saml(
        ids, at, company.SSO_ADMIN[company.PRODUCTION], company.JONAS.email, company.JONAS.terminal, company.HOME
    )
    yield from issued.records
    who = issued.session.using(company.TERRAFORM)
    at += timedelta(seconds=30)
    launch = {
        "instancesSet": {"items": [{"imageId": "ami-0123456789abcdef0", "minCount": 1, "maxCount": 1}]},
        "instanceType": "m7g.large",
    }
    would = ("Client.DryRunOperation", "Request would have succeeded, but DryRun flag is set.")
    yield event(ids, at, "ec2:RunInstances", who, company.HOME, launch, error=would)
    group = ids.resource("sg")
    created = {"requestId": ids.uuid(), "_return": True, "groupId": group}
    named = {"groupName": "shop-cache", "groupDescription": "Redis", "vpcId": "vpc-0a1b2c3d4e5f60718"}
    yield event(ids, at + timedelta(seconds=6), "ec2:CreateSecurityGroup", who, company.HOME, named, created)
    yield _delete_flow_logs(ids, at + timedelta(seconds=11), who)
    bucket = "example-shop-cache-dumps"
    yield bucket_call(ids, at + timedelta(seconds=15), "CreateBucket", who, company.HOME, bucket)
    yield event(
        ids,
        at + timedelta(seconds=20),
        "kms:Encrypt",
        who,
        company.HOME,
        {"keyId": company.KMS_KEYS[company.PRODUCTION, company.HOME], "encryptionAlgorithm": "SYMMETRIC_DEFAULT"},
        readOnly=True,
        resources=[resource(company.PRODUCTION, "AWS::KMS::Key", company.KMS_KEYS[company.PRODUCTION, company.HOME])],
    )


def _delete_flow_logs(ids: Ids, at: datetime, who: Principal) -> Record:
    """No `errorCode`: that one of the two could not be deleted stands in the response alone."""
    wanted = [{"tag": number, "content": name} for number, name in enumerate(company.FLOW_LOGS, 1)]
    missing = company.FLOW_LOGS[1]
    failure = {"code": "InvalidFlowLogId.NotFound", "message": f"These flow log ids do not exist: {missing}"}
    answer = {
        "xmlns": "http://ec2.amazonaws.com/doc/2016-11-15/",
        "requestId": ids.uuid(),
        "unsuccessful": {"item": {"resourceId": missing, "error": failure}},
    }
    request = {"DeleteFlowLogsRequest": {"FlowLogId": wanted}}
    return event(ids, at, "ec2:DeleteFlowLogs", who, company.HOME, request, {"DeleteFlowLogsResponse": answer})
