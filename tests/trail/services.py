"""What services do all day without anybody asking: assume roles, decrypt, check in, describe each other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from tests.trail import company
from tests.trail.events import event, resource
from tests.trail.ids import Ids
from tests.trail.principals import Client, Principal, Record, Role, service, service_event
from tests.trail.sessions import service_assumes
from tests.trail.storage import bucket_call, object_call

# Data events of DynamoDB items are not logged while the intruder's event selectors are in force (story.py).
SELECTORS_OFF = datetime(2026, 3, 11, 2, 20, 48, tzinfo=company.START.tzinfo)
SELECTORS_ON = datetime(2026, 3, 11, 8, 41, 15, tzinfo=company.START.tzinfo)
BUCKET_GONE = datetime(2026, 3, 11, 3, 0, tzinfo=company.START.tzinfo)


def pulse(ids: Ids, account: str, region: str, begins: datetime) -> list[Record]:
    """Make the service noise of one account and region within the five minutes from `begins`."""
    records: list[Record] = []
    for made in (_functions, _instances, _config, _scaling, _keys, _trail_checks):
        records += made(ids, account, region, begins)
    return records


def _within(ids: Ids, begins: datetime, latest: int = 270) -> datetime:
    return begins + timedelta(seconds=ids.between(0, latest))


def _functions(ids: Ids, account: str, region: str, begins: datetime) -> Iterator[Record]:
    for function in company.FUNCTIONS:
        if (function.account, function.region) == (account, region):
            yield from invocation(ids, _within(ids, begins), function)


def invocation(ids: Ids, at: datetime, function: company.Function) -> Iterator[Record]:
    """Make the records of one cold start: the role, the log stream, the environment's key, some work."""
    scope = {"issuerType": "AWS::Lambda::Function", "credentialsIssuedTo": function.arn}
    issued = service_assumes(ids, at, "lambda.amazonaws.com", function.role, function.name, function.region)
    yield from issued.records
    worker = issued.session.scoped(inScopeOf=scope).using(company.LAMBDA_SDK, f"192.0.2.{ids.between(200, 230)}")
    runtime = worker.using("awslambda-worker/1.0 rusoto/0.48.0 rust/1.88.0 linux")
    stream = f"{at:%Y/%m/%d}/[$LATEST]{ids.hexadecimal(32)}"
    names = {"logGroupName": f"/aws/lambda/{function.name}", "logStreamName": stream}
    yield event(ids, at + timedelta(seconds=1), "logs:CreateLogStream", runtime, function.region, names)
    yield decrypt(ids, at, issued.session.through("lambda.amazonaws.com", ids, at), function.region, function.arn)
    if function.account == company.PRODUCTION:
        yield from _work(ids, at + timedelta(seconds=2), function, worker)


def _work(ids: Ids, at: datetime, function: company.Function, worker: Principal) -> Iterator[Record]:
    if function.name == "payroll-export":
        key = f"{at:%Y/%m}/payslips-{at.hour % 10:02}.csv.gz"
        if at < BUCKET_GONE:
            yield object_call(ids, at, "PutObject", worker, function.region, company.PAYROLL_BUCKET, key, sent=48213)
        return
    if not SELECTORS_OFF <= at < SELECTORS_ON:
        table, name = (company.CARTS, "GetItem") if function.name == "cart-sync" else (company.ORDERS, "PutItem")
        # What the shop itself notices of the night: its orders have no table any more.
        lost = ("ResourceNotFoundException", "Requested resource not found")
        yield item_call(ids, at, name, worker, table, lost if table == company.ORDERS and at >= SELECTORS_ON else None)
    if function.name == "order-intake":
        endpoint: Record = {"vpcEndpointId": company.VPC_ENDPOINT, "vpcEndpointAccountId": company.PRODUCTION}
        key, size = f"catalogue/{ids.between(100, 999)}.json", ids.between(900, 9000)
        bucket, region = company.ASSETS_BUCKET, function.region
        yield object_call(ids, at, "GetObject", worker, region, bucket, key, **(endpoint | {"received": size}))


def item_call(ids: Ids, at: datetime, name: str, who: Principal, table: str, error: tuple[str, str] | None) -> Record:
    """Make a DynamoDB item data event."""
    return event(
        ids,
        at,
        f"dynamodb:{name}",
        who,
        company.HOME,
        {"tableName": table, "key": {"id": {"S": "HIDDEN_DUE_TO_SECURITY_REASONS"}}},
        error=error,
        eventCategory="Data",
        resources=[resource(company.PRODUCTION, "AWS::DynamoDB::Table", company.table_arn(table))],
    )


def decrypt(ids: Ids, at: datetime, who: Principal, region: str, context: str) -> Record:
    """Make a KMS Decrypt record, most often a service's on behalf of somebody."""
    key = company.KMS_KEYS[who.account, region]
    request = {"encryptionAlgorithm": "SYMMETRIC_DEFAULT", "encryptionContext": {"aws:resource:arn": context}}
    target = [resource(who.account, "AWS::KMS::Key", key)]
    return event(ids, at, "kms:Decrypt", who, region, request | {"keyId": key}, resources=target)


def _instances(ids: Ids, account: str, region: str, begins: datetime) -> Iterator[Record]:
    for instance in company.INSTANCES:
        if (instance.account, instance.region) != (account, region):
            continue
        yield from _credentials_refresh(instance, begins)
        issued = begins - timedelta(hours=begins.hour % 6)
        who = _instance_session(instance, issued).using(company.SSM_AGENT, instance.address)
        request = {
            "instanceId": instance.instance_id,
            "agentVersion": "3.3.3050.0",
            "agentStatus": "Active",
            "platformType": "Linux",
            "platformName": "Amazon Linux",
        }
        yield event(ids, _within(ids, begins), "ssm:UpdateInstanceInformation", who, region, request)
        if ids.chance(0.5):
            association = {"instanceId": instance.instance_id, "maxResults": 20}
            yield event(ids, _within(ids, begins), "ssm:ListInstanceAssociations", who, region, association)


def _instance_stream(instance: company.Instance, issued: datetime) -> Ids:
    return Ids(f"{instance.instance_id}/{issued:%d%H}")


def _instance_session(instance: company.Instance, issued: datetime) -> Principal:
    """The session that an instance holds since `issued`: the key of that hour's AssumeRole by EC2."""
    created = issued.replace(minute=2, second=0)
    found = service_assumes(
        _instance_stream(instance, issued),
        created,
        "ec2.amazonaws.com",
        instance.role,
        instance.instance_id,
        instance.region,
        webIdFederationData={},
        ec2RoleDelivery="2.0",
    )
    return found.session


def _credentials_refresh(instance: company.Instance, begins: datetime) -> Iterator[Record]:
    if begins.hour % 6 == 0:
        created = begins.replace(minute=2, second=0)
        stream = _instance_stream(instance, begins)
        role, name = instance.role, instance.instance_id
        yield from service_assumes(stream, created, "ec2.amazonaws.com", role, name, instance.region).records


def _config(ids: Ids, account: str, region: str, begins: datetime) -> Iterator[Record]:
    at = _within(ids, begins, 200)
    yield from _linked(
        ids,
        at,
        company.CONFIG[account],
        "config.amazonaws.com",
        "AWSConfig-Describe",
        region,
        ids.shuffled(
            ("ec2:DescribeSecurityGroups", "ec2:DescribeVolumes", "iam:ListPolicies", "lambda:ListFunctions20150331")
        )[: ids.between(1, 3)],
    )


def _scaling(ids: Ids, account: str, region: str, begins: datetime) -> Iterator[Record]:
    if account != company.PRODUCTION:
        return
    at = _within(ids, begins, 200)
    health = ("elasticloadbalancing:DescribeTargetHealth", "ec2:DescribeInstances", "ec2:DescribeInstanceStatus")
    yield from _linked(ids, at, company.AUTOSCALING, "autoscaling.amazonaws.com", "AutoScaling", region, health)
    if ids.chance(0.3):
        calls = ("ec2:DescribeSecurityGroups", "ec2:DescribeSubnets")
        yield from _linked(ids, at, company.RDS, "rds.amazonaws.com", "SLRManagement", region, calls)


def _linked(
    ids: Ids, at: datetime, role: Role, name: str, session: str, region: str, calls: tuple[str, ...] | list[str]
) -> Iterator[Record]:
    """Make the calls of a service-linked role: the service assumes it, then calls as it, `invokedBy` itself."""
    issued = service_assumes(ids, at, name, role, session, region)
    yield from issued.records
    identity = issued.session.identity | {"invokedBy": name}
    if name == "rds.amazonaws.com":
        del identity["accessKeyId"]  # RDS's calls carry none, so only role, session name and time lead back
    who = Principal(role.account, identity, Client(name, name))
    for call in calls:
        yield event(ids, at + timedelta(seconds=ids.between(1, 40)), call, who, region)


def _keys(ids: Ids, account: str, region: str, begins: datetime) -> Iterator[Record]:
    key = company.KMS_KEYS[account, region]
    target = [resource(account, "AWS::KMS::Key", key)]
    for _ in range(ids.between(1, 3)):
        name = ids.pick(("dynamodb.amazonaws.com", "s3.amazonaws.com", "logs.amazonaws.com", "AWS Internal"))
        action = ids.pick(("kms:Decrypt", "kms:GenerateDataKey"))
        request = {"keyId": key, "encryptionContext": {"aws:source": name}}
        who = service(account, name)
        yield event(ids, _within(ids, begins), action, who, region, request, resources=target)


def _trail_checks(ids: Ids, account: str, region: str, begins: datetime) -> Iterator[Record]:
    if account == company.MANAGEMENT and region == company.HOME:
        who = service(account, "cloudtrail.amazonaws.com")
        at, shared = _within(ids, begins), ids.uuid()
        bucket, request = company.LOG_BUCKET, {"acl": ""}
        yield bucket_call(ids, at, "GetBucketAcl", who, region, bucket, request, received=552, sharedEventID=shared)


def service_action(
    ids: Ids, at: datetime, action: str, account: str, region: str, details: Record | None = None, **fields: Any
) -> Record:
    """Make an `AwsServiceEvent`: something that a service did by itself, such as rotating a key."""
    name = f"{action.split(':')[0]}.amazonaws.com"
    who = service_event(account, name)
    kind: Record = {"eventType": "AwsServiceEvent", "serviceEventDetails": details, "readOnly": False}
    return event(ids, at, action, who, region, **(kind | fields))
