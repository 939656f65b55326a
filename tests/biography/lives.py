"""Trails of single things: what was done to each, from its creation to its end, and what only looks as if it was."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from tests.trail import company
from tests.trail.company import CI, EUROPE, HOME, PRODUCTION
from tests.trail.events import denied, event, resource
from tests.trail.handing_out import create_access_key
from tests.trail.ids import Ids
from tests.trail.principals import Client, Principal, Record, Role, User, outsider, service_event
from tests.trail.sessions import assume_role, service_assumes

AT = datetime(2026, 3, 9, 9, tzinfo=company.START.tzinfo)
DESK = Client("203.0.113.9", company.CLI_LINUX)
ALICE = User(PRODUCTION, "alice", "AIDAALICEEXAMPLE", "AKIAALICE0000EXAMPLE")
BOB = User(PRODUCTION, "bob", "AIDABOBEXAMPLE", "AKIABOB000000EXAMPLE")
FAR = User(CI, "carol", "AIDACAROLEXAMPLE", "AKIACAROL0000EXAMPLE")
INSTANCE, VOLUME, SPARE, ENI = (
    "i-0aaaaaaaaaaaaaaa1",
    "vol-0aaaaaaaaaaaaaaa1",
    "vol-0aaaaaaaaaaaaaaa2",
    "eni-0aaaaaaaaaaaaaaa1",
)
KEY = f"arn:aws:kms:{HOME}:{PRODUCTION}:key/11111111-2222-4333-8444-555555555555"
OTHER_KEY = f"arn:aws:kms:{HOME}:{PRODUCTION}:key/99999999-2222-4333-8444-555555555555"
GROUP, FAR_GROUP = "sg-0aaaaaaaaaaaaaaa1", "sg-0bbbbbbbbbbbbbbb1"
STACK = f"arn:aws:cloudformation:{HOME}:{PRODUCTION}:stack/shop/0f0f0f0f-1111-2222-3333-444444444444"
CLOUDFORMATION = "cloudformation.amazonaws.com"


class Days:
    """Writes down calls one after the other, a minute apart."""

    def __init__(self, seed: str, day: int = 0) -> None:
        self.ids = Ids(seed)
        self.at = AT + timedelta(days=day)
        self.records: list[Record] = []

    def call(
        self,
        action: str,
        request: Record | None = None,
        response: Record | None = None,
        who: Principal | None = None,
        region: str = HOME,
        **fields: Any,
    ) -> Record:
        self.at += timedelta(minutes=1)
        record = event(self.ids, self.at, action, who or ALICE.calling(DESK), region, request, response, **fields)
        self.records.append(record)
        return record


def statement(sid: str, *actions: str, who: str = "*") -> Record:
    return {"Sid": sid, "Effect": "Allow", "Principal": who, "Action": list(actions), "Resource": "*"}


def policy(*statements: Record) -> Record:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def bucket() -> list[Record]:
    """A bucket with two lives, and another whose name begins alike."""
    days = Days("bucket")
    name = {"bucketName": "ledger"}
    days.call("s3:CreateBucket", name)
    days.call("s3:PutBucketPolicy", name | {"bucketPolicy": policy(statement("read", "s3:GetObject"))})
    days.call("s3:PutBucketPolicy", name | {"bucketPolicy": policy(statement("read", "s3:GetObject", "s3:ListBucket"))})
    shuffled = {"Statement": statement("read", "s3:ListBucket", "s3:GetObject"), "Version": "2012-10-17"}
    days.call("s3:PutBucketPolicy", name | {"bucketPolicy": shuffled})
    tags = {"Tagging": {"xmlns": "http://s3.amazonaws.com/doc/2006-03-01/", "TagSet": {"Tag": _tag("team", "books")}}}
    days.call("s3:PutBucketTagging", name | tags)
    days.call("s3:PutBucketTagging", name | {"Tagging": {"TagSet": {"Tag": [_tag("team", "tax"), _tag("cost", "7")]}}})
    days.call("s3:PutBucketPolicy", {"bucketName": "ledger-copy", "bucketPolicy": policy(statement("x", "s3:*"))})
    days.call("s3:GetBucketPolicy", name)
    refused = denied(BOB.calling(DESK), "s3:DeleteBucket", "arn:aws:s3:::ledger")
    days.call("s3:DeleteBucket", name, who=BOB.calling(DESK), error=refused)
    days.call("s3:DeleteBucketPolicy", name)
    days.call("s3:DeleteBucket", name)
    days.call("s3:CreateBucket", name, who=FAR.calling(DESK))
    days.call("s3:PutBucketPolicy", name | {"bucketPolicy": policy(statement("new", "s3:*"))}, who=FAR.calling(DESK))
    return days.records


def _tag(key: str, value: str) -> Record:
    return {"Key": key, "Value": value}


def role() -> list[Record]:
    """A role whose policies are text, once URL-encoded."""
    days = Days("role", 1)
    name = {"roleName": "reporter"}
    trust = policy({"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"})
    days.call("iam:CreateRole", name | {"assumeRolePolicyDocument": json.dumps(trust)}, {"role": {"path": "/"} | name})
    wider = policy(*trust["Statement"], {"Effect": "Allow", "Principal": {"AWS": CI}, "Action": "sts:AssumeRole"})
    days.call("iam:UpdateAssumeRolePolicy", name | {"policyDocument": quote(json.dumps(wider))})
    inline = {"policyName": "write", "policyDocument": json.dumps(policy(statement("w", "s3:PutObject")))}
    days.call("iam:PutRolePolicy", name | inline)
    inline["policyDocument"] = quote(json.dumps(policy(statement("w", "s3:*"))))
    days.call("iam:PutRolePolicy", name | inline)
    days.call("iam:DeleteRolePolicy", name | {"policyName": "write"})
    days.call("iam:DeleteRolePolicy", name | {"policyName": "unheard-of"})
    days.call("iam:AttachRolePolicy", name | {"policyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"})
    days.call("iam:DetachRolePolicy", name | {"policyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"})
    days.call("iam:TagRole", name | {"tags": [{"key": "team", "value": "books"}]})
    days.call("iam:UntagRole", name | {"tagKeys": ["team"]})
    return days.records


def instance() -> list[Record]:
    """An instance with a volume and an interface for a while; before and after they were others'."""
    days = Days("instance", 2)
    days.call("ec2:CreateVolume", {"size": "8", "zone": "us-east-1a"}, {"volumeId": VOLUME, "size": "8"})
    days.call("ec2:CreateTags", _tagged(VOLUME, "before"))
    born = {"instanceId": INSTANCE, "instanceType": "t3.micro", "sourceDestCheck": True}
    launched = {"instancesSet": {"items": [born]}, "requestId": "x"}
    days.call("ec2:RunInstances", {"instanceType": "t3.micro", "instancesSet": {"items": [{}]}}, launched)
    joined = {"volumeId": VOLUME, "instanceId": INSTANCE, "device": "/dev/sdf"}
    days.call("ec2:AttachVolume", joined, joined)
    days.call("ec2:CreateTags", _tagged(VOLUME, "during"))
    days.call("ec2:CreateTags", _tagged(SPARE, "never"))
    days.call("ec2:ModifyInstanceAttribute", {"instanceId": INSTANCE, "sourceDestCheck": {"value": False}})
    days.call("ec2:ModifyInstanceAttribute", {"instanceId": INSTANCE, "attribute": "instanceType", "value": "m5.large"})
    days.call("ec2:ModifyInstanceAttribute", {"instanceId": INSTANCE, "ebsOptimized": True})
    days.call("ec2:DetachVolume", {"volumeId": VOLUME}, joined)
    days.call("ec2:CreateTags", _tagged(VOLUME, "after"))
    network = {"networkInterfaceId": ENI, "instanceId": INSTANCE, "deviceIndex": 1}
    days.call("ec2:AttachNetworkInterface", network, {"attachmentId": "eni-attach-0a1"})
    days.call("ec2:ModifyNetworkInterfaceAttribute", {"networkInterfaceId": ENI, "sourceDestCheck": {"value": False}})
    days.call("ec2:DetachNetworkInterface", {"attachmentId": "eni-attach-0a1", "force": True})
    days.call("ec2:DetachNetworkInterface", {"attachmentId": "eni-attach-0b2", "force": True})
    days.call("ec2:DeleteNetworkInterface", {"networkInterfaceId": ENI})
    days.call("ssm:UpdateInstanceInformation", {"instanceId": INSTANCE, "agentStatus": "Active"})
    stopped = {"instanceId": INSTANCE, "previousState": {"name": "running"}, "currentState": {"name": "stopping"}}
    days.call("ec2:StopInstances", _instances(INSTANCE), {"instancesSet": {"items": [stopped]}})
    dry = ("Client.DryRunOperation", "Request would have succeeded, but DryRun flag is set.")
    days.call("ec2:TerminateInstances", _instances(INSTANCE), error=dry)
    days.call("ec2:TerminateInstances", _instances(INSTANCE), {"instancesSet": {"items": [stopped]}})
    days.call("ec2:DeleteVolume", {"volumeId": VOLUME})
    return days.records


def _tagged(thing: str, value: str) -> Record:
    tags = {"tagSet": {"items": [{"key": "when", "value": value}]}}
    return {"resourcesSet": {"items": [{"resourceId": thing}]}} | tags


def _instances(*ids: str) -> Record:
    return {"instancesSet": {"items": [{"instanceId": each} for each in ids]}}


def key() -> list[Record]:
    """A key with an alias that is given to another key in the end."""
    days = Days("key", 3)

    def on(action: str, arn: str, request: Record) -> None:
        days.call(f"kms:{action}", request, resources=[resource(PRODUCTION, "AWS::KMS::Key", arn)])

    on("CreateKey", KEY, {"description": "books"})
    on("EnableKeyRotation", OTHER_KEY, {"keyId": OTHER_KEY})
    days.call("kms:CreateAlias", {"aliasName": "alias/books", "targetKeyId": KEY})
    on("DisableKey", KEY, {"keyId": KEY})
    on("ScheduleKeyDeletion", KEY, {"keyId": KEY, "pendingWindowInDays": 7})
    on("CancelKeyDeletion", KEY, {"keyId": KEY})
    days.call("kms:UpdateAlias", {"aliasName": "alias/books", "targetKeyId": OTHER_KEY})
    on("EnableKey", KEY, {"keyId": KEY})
    on("DisableKey", OTHER_KEY, {"keyId": OTHER_KEY})
    days.call("kms:DeleteAlias", {"aliasName": "alias/books"})
    on("EnableKey", OTHER_KEY, {"keyId": OTHER_KEY})
    return days.records


def groups() -> list[Record]:
    """A security group, later called by its id alone; another account has one of that name."""
    days = Days("groups", 4)
    days.call("ec2:CreateSecurityGroup", {"groupName": "web-door", "vpcId": "vpc-1"}, {"groupId": GROUP})
    opened = _rule(443, "0.0.0.0/0") | {"groupId": GROUP}
    given = {"securityGroupRuleId": "sgr-0a1", "ipProtocol": "tcp", "fromPort": 443, "toPort": 443}
    made = {"securityGroupRuleSet": {"items": [given | {"cidrIpv4": "0.0.0.0/0"}]}}
    days.call("ec2:AuthorizeSecurityGroupIngress", opened, made)
    far = FAR.calling(DESK)
    days.call("ec2:CreateSecurityGroup", {"groupName": "web-door", "vpcId": "vpc-2"}, {"groupId": FAR_GROUP}, far)
    days.call("ec2:AuthorizeSecurityGroupIngress", _rule(22, "10.0.0.0/8") | {"groupId": FAR_GROUP}, who=far)
    revoked = {"groupId": GROUP, "securityGroupRuleIds": {"items": ["sgr-0a1"]}}
    days.call("ec2:RevokeSecurityGroupIngress", revoked)
    days.call("ec2:RevokeSecurityGroupIngress", _rule(22, "198.51.100.0/24") | {"groupId": "sg-0ccccccccccccccc1"})
    return days.records


def _rule(port: int, source: str) -> Record:
    ranges = {"ipRanges": {"items": [{"cidrIp": source}]}}
    return {"ipPermissions": {"items": [{"ipProtocol": "tcp", "fromPort": port, "toPort": port} | ranges]}}


def tables() -> list[Record]:
    """A table asked for by name and by ARN, and one of the same name in another region."""
    days = Days("tables", 5)
    arn = f"arn:aws:dynamodb:{HOME}:{PRODUCTION}:table/accounts"
    days.call("dynamodb:UpdateTable", {"tableName": "accounts", "deletionProtectionEnabled": False})
    days.call("dynamodb:TagResource", {"resourceArn": arn, "tags": [{"key": "a", "value": "b"}]})
    days.call("dynamodb:UpdateTable", {"tableName": "accounts", "billingMode": "PROVISIONED"}, region=EUROPE)
    days.call("dynamodb:PutItem", {"tableName": "accounts", "key": {}}, eventCategory="Data")
    days.call("dynamodb:DeleteTable", {"tableName": "accounts"})
    return days.records


def renamed() -> list[Record]:
    """A database that got another name; the old name is given to another one later."""
    days = Days("renamed", 6)
    days.call("rds:CreateDBInstance", {"dBInstanceIdentifier": "old-db"}, {"backupRetentionPeriod": 1})
    days.call("rds:ModifyDBInstance", {"dBInstanceIdentifier": "old-db", "newDBInstanceIdentifier": "new-db"})
    days.call("rds:ModifyDBInstance", {"dBInstanceIdentifier": "new-db", "backupRetentionPeriod": 0})
    days.call("rds:CreateDBInstance", {"dBInstanceIdentifier": "old-db"}, {"backupRetentionPeriod": 30})
    days.call("rds:ModifyDBInstance", {"dBInstanceIdentifier": "old-db", "backupRetentionPeriod": 35})
    return days.records


def function() -> list[Record]:
    """A function whose code alone is changed, and who may call it; and a parameter's versions."""
    days = Days("function", 7)
    first = {"functionName": "mailer", "timeout": 3, "codeSha256": "one", "memorySize": 128}
    days.call("lambda:CreateFunction20150331", {"functionName": "mailer", "timeout": 3}, first)
    wide = first | {"codeSha256": "two", "memorySize": 512}
    days.call("lambda:UpdateFunctionCode20150331v2", {"functionName": "mailer"}, first | {"codeSha256": "two"})
    days.call("lambda:UpdateFunctionConfiguration20150331v2", {"functionName": "mailer", "memorySize": 512}, wide)
    allowed = {"functionName": "mailer", "statementId": "all", "action": "lambda:Invoke", "principal": "*"}
    days.call("lambda:AddPermission20150331v2", allowed)
    days.call("lambda:RemovePermission20150331v2", {"functionName": "mailer", "statementId": "all"})
    days.call("lambda:Invoke", {"functionName": "mailer"}, readOnly=False, eventCategory="Data")
    days.call("ssm:PutParameter", {"name": "/mail/from", "type": "String"}, {"version": 1})
    days.call("ssm:PutParameter", {"name": "/mail/from", "type": "SecureString"}, {"version": 2})
    for _ in range(2):
        hidden = {"name": "/mail/key", "value": "HIDDEN_DUE_TO_SECURITY_REASONS"}
        days.call("ssm:PutParameter", hidden, {"version": 7})
    arn = f"arn:aws:secretsmanager:{HOME}:{PRODUCTION}:secret:too-long-AbCdEf"
    omitted = [resource(PRODUCTION, "AWS::SecretsManager::Secret", arn)]
    days.call("secretsmanager:UpdateSecret", None, resources=omitted)
    return days.records


def stacks() -> list[Record]:
    """Two stacks made at a time by two users, one with a role; and two of one user that cannot be told apart."""
    days = Days("stacks", 8)
    days.call("cloudformation:CreateStack", {"stackName": "shop"}, {"stackId": STACK})
    days.call(
        "cloudformation:CreateStack", {"stackName": "site"}, {"stackId": STACK.replace("shop", "site")}, BOB_CALLS
    )
    _made(days, "shop-assets-1ABC", ALICE.calling(DESK))
    _made(days, "site-assets-1ABC", BOB_CALLS)
    role = Role(PRODUCTION, "stack-maker", "AROASTACKMAKEREXAMPLE")
    asked = {"stackName": "with-role", "roleARN": role.arn}
    days.call("cloudformation:CreateStack", asked, {"stackId": STACK.replace("shop", "with-role")})
    issued = service_assumes(days.ids, days.at, CLOUDFORMATION, role, "AWSCloudFormation", HOME)
    days.records += issued.records
    working = Principal(PRODUCTION, issued.session.identity | {"invokedBy": CLOUDFORMATION}, _AS)
    days.call("s3:CreateBucket", {"bucketName": "made-with-role"}, who=working)
    days.call("s3:CreateBucket", {"bucketName": "made-by-hand"})
    _made(days, "made-for-nobody", CAROL_HERE)
    days.call("cloudformation:DeleteStack", {"stackName": "shop"})
    days.call("s3:DeleteBucket", {"bucketName": "shop-assets-1ABC"}, who=_on_behalf(days, ALICE.calling(DESK)))
    return days.records


_AS = Client(CLOUDFORMATION, CLOUDFORMATION)
CAROL_HERE = User(PRODUCTION, "carol", "AIDACAROLHEREEXAMPLE", "AKIACAROLHERE0EXAMPLE").calling(DESK)
BOB_CALLS = BOB.calling(DESK)


def _made(days: Days, name: str, who: Principal) -> None:
    days.call("s3:CreateBucket", {"bucketName": name}, who=_on_behalf(days, who))


def _on_behalf(days: Days, who: Principal) -> Principal:
    return who.through(CLOUDFORMATION, days.ids, days.at)


def doubtful() -> list[Record]:
    """Two stacks of one session: the name tells whose one bucket is, nothing tells it of the other."""
    days = Days("doubtful", 9)
    admin = Role(PRODUCTION, "builder", "AROABUILDEREXAMPLE")
    issued = assume_role(days.ids, days.at, ALICE.calling(DESK), admin, "run", HOME)
    days.records += issued.records
    for name in ("left", "right"):
        days.call(
            "cloudformation:CreateStack", {"stackName": name}, {"stackId": STACK.replace("shop", name)}, issued.session
        )
    through = issued.session.through(CLOUDFORMATION, days.ids, days.at)
    for name in ("left-data-1ABC", "fixed-name"):
        days.call("s3:CreateBucket", {"bucketName": name}, who=through)
    return days.records


def scaling() -> list[Record]:
    """A group that launches an instance by itself after it was told to grow; another group grows as well."""
    days = Days("scaling", 10)
    days.call("autoscaling:UpdateAutoScalingGroup", {"autoScalingGroupName": "front", "maxSize": 2})
    days.call("autoscaling:UpdateAutoScalingGroup", {"autoScalingGroupName": "back", "maxSize": 9}, who=BOB_CALLS)
    linked = Role(PRODUCTION, "AWSServiceRoleForAutoScaling", "AROASCALINGEXAMPLE", "/aws-service-role/")
    session = service_assumes(days.ids, days.at, "autoscaling.amazonaws.com", linked, "AutoScaling", HOME).session
    name = "autoscaling.amazonaws.com"
    who = Principal(PRODUCTION, session.identity | {"invokedBy": name}, Client(name, name))
    tags = [{"key": "aws:autoscaling:groupName", "value": "front"}]
    request = {"tagSpecificationSet": {"items": [{"resourceType": "instance", "tags": tags}]}}
    born = {"instancesSet": {"items": [{"instanceId": "i-0ccccccccccccccc1"}]}}
    days.call("ec2:RunInstances", request, born, who)
    return days.records


SECRET = f"arn:aws:secretsmanager:{HOME}:{PRODUCTION}:secret:books/db-AbCdEf"


def secret() -> list[Record]:
    """A secret that is deleted by a call, and at last by the service itself."""
    days = Days("secret", 11)
    days.call("secretsmanager:CreateSecret", {"name": "books/db"}, {"arn": SECRET})
    days.call("secretsmanager:DeleteSecret", {"secretId": "books/db", "recoveryWindowInDays": 7}, {"aRN": SECRET})
    event_type, told = "AwsServiceEvent", {"ARN": SECRET, "Name": "books/db"}
    who = service_event(PRODUCTION, "secretsmanager.amazonaws.com")
    end = "secretsmanager:EndSecretVersionDelete"
    days.call(end, who=who, eventType=event_type, additionalEventData=told, readOnly=False)
    return days.records


def parts() -> list[Record]:
    """A user with two keys, a table with two routes, a snapshot that is shared; one of each is changed."""
    days = Days("parts", 12)
    for key in (ONE, TWO):
        days.records.append(create_access_key(days.ids, days.at, ALICE.calling(DESK), KEYS_OF, key, HOME))
    for key in (ONE, TWO):
        days.call("iam:UpdateAccessKey", {"userName": "erin", "accessKeyId": key, "status": "Inactive"})
    days.call("iam:DeleteAccessKey", {"userName": "erin", "accessKeyId": ONE})
    for block, gateway in (("10.0.0.0/8", "igw-1"), ("0.0.0.0/0", "igw-2")):
        days.call("ec2:CreateRoute", _route(block, gateway), {"_return": True})
    days.call("ec2:ReplaceRoute", _route("10.0.0.0/8", "igw-3"), {"_return": True})
    days.call("ec2:CreateSnapshot", {"volumeId": SPARE}, {"snapshotId": SNAPSHOT, "volumeId": SPARE})
    for how in ("add", "remove"):
        shared = {"createVolumePermission": {how: {"items": [{"userId": CI}]}}}
        days.call("ec2:ModifySnapshotAttribute", {"snapshotId": SNAPSHOT} | shared)
    return days.records


KEYS_OF = User(PRODUCTION, "erin", "AIDAERINEXAMPLE")
ONE, TWO, ROUTES, SNAPSHOT = (
    "AKIAONE0000000000001",
    "AKIATWO0000000000002",
    "rtb-0aaaaaaaaaaaaaaa1",
    "snap-0aaaaaaaaaaaaaaa1",
)


def _route(block: str, gateway: str) -> Record:
    return {"routeTableId": ROUTES, "destinationCidrBlock": block, "gatewayId": gateway}


def clusters() -> list[Record]:
    """Auto scaling groups of one name in two regions, whose calls tell no ARN; a key used from another account."""
    days = Days("clusters", 13)
    for region, size in ((HOME, 2), (EUROPE, 5), (HOME, 3)):
        request = {"autoScalingGroupName": "workers", "maxSize": size}
        days.call("autoscaling:UpdateAutoScalingGroup", request, region=region)
    shared: dict[str, Any] = {
        "sharedEventID": days.ids.uuid(),
        "resources": [resource(PRODUCTION, "AWS::KMS::Key", FAR_KEY)],
    }
    far = FAR.calling(DESK)
    request = {"keyId": FAR_KEY, "granteePrincipal": FAR.arn}
    days.call("kms:CreateGrant", request, who=far, **shared)
    days.call("kms:CreateGrant", request, who=outsider(far, PRODUCTION), **shared)
    days.records[-1]["eventTime"] = days.records[-2]["eventTime"]  # copies of one call have one time
    return days.records


def objects() -> list[Record]:
    """An object uploaded twice, deleted, uploaded again, a copy of it, one beside it; a function and its logs."""
    days = Days("objects", 14)

    def on(action: str, key: str, **more: Any) -> None:
        arns = [resource(PRODUCTION, "AWS::S3::Object", f"arn:aws:s3:::archive/{key}")]
        arns.append(resource(PRODUCTION, "AWS::S3::Bucket", "arn:aws:s3:::archive"))
        days.call(f"s3:{action}", {"bucketName": "archive", "key": key} | more, resources=arns, eventCategory="Data")

    on("PutObject", "pay.csv")
    on("PutObject", "pay.csv", **{"x-amz-storage-class": "GLACIER"})
    on("PutObject", "pay.csv.old")
    on("CopyObject", "stolen.csv", **{"x-amz-copy-source": "archive/pay.csv"})
    on("DeleteObject", "pay.csv")
    on("PutObject", "pay.csv")
    days.call("lambda:CreateFunction20150331", {"functionName": "twin"}, {"functionName": "twin"})
    days.call("logs:CreateLogGroup", {"logGroupName": "twin"})
    days.call("logs:DeleteLogGroup", {"logGroupName": "twin"})
    return days.records


def parts_that_end() -> list[Record]:
    """Deletions of a part, which end nothing: a user's boundary, a function's limit, a queue's messages, encryption."""
    days = Days("ends", 15)
    boundary = "arn:aws:iam::aws:policy/PowerUserAccess"
    days.call("iam:PutUserPermissionsBoundary", {"userName": "frank", "permissionsBoundary": boundary})
    days.call("iam:DeleteUserPermissionsBoundary", {"userName": "frank"})
    days.call("iam:UpdateLoginProfile", {"userName": "frank"})
    days.call("iam:DeleteUser", {"userName": "frank"})
    limit = {"functionName": "limited", "reservedConcurrentExecutions": 5}
    days.call("lambda:PutFunctionConcurrency20171031", limit)
    days.call("lambda:DeleteFunctionConcurrency20171031", {"functionName": "limited"})
    queue = f"https://sqs.{HOME}.amazonaws.com/{PRODUCTION}/letters"
    days.call("sqs:PurgeQueue", {"queueUrl": queue})
    days.call("sqs:DeleteQueue", {"queueUrl": queue})
    kms = {
        "ServerSideEncryptionConfiguration": {
            "Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
        }
    }
    days.call("s3:PutBucketEncryption", {"bucketName": "vault"} | kms)
    days.call("s3:DeleteBucketEncryption", {"bucketName": "vault"})
    return days.records


def same_second() -> list[Record]:
    """A role and its policy of one second, and one whose policy is a second older by another clock; topics twice."""
    days = Days("second", 16)
    for name, seconds in (("quick", 0), ("quicker", -1)):
        start = days.at
        days.call("iam:CreateRole", {"roleName": name})
        for number in range(4):
            days.at = start + timedelta(minutes=1, seconds=seconds) - timedelta(minutes=1)
            inline = {"policyName": f"p{number}", "policyDocument": "{}"}
            days.call("iam:PutRolePolicy", {"roleName": name} | inline)
    for _ in range(2):
        days.call("sns:CreateTopic", {"name": "news"}, {"topicArn": f"arn:aws:sns:{HOME}:{PRODUCTION}:news"})
    for who in (ALICE, ALICE, FAR):
        days.call("s3:CreateBucket", {"bucketName": "again"}, who=who.calling(DESK))
    return days.records


def launched() -> list[Record]:
    """An instance launched with an interface and a volume, and given an address; each leaves it in a way of its own."""
    days = Days("launched", 17)
    network = {"networkInterfaceId": LAUNCH_ENI, "attachment": {"attachmentId": "eni-attach-0c3"}}
    disk = {"deviceName": "/dev/xvda", "ebs": {"volumeId": LAUNCH_VOLUME}}
    held = {"networkInterfaceSet": {"items": [network]}, "blockDeviceMapping": {"items": [disk]}}
    born = {"instancesSet": {"items": [{"instanceId": LAUNCHED} | held]}}
    days.call("ec2:RunInstances", {"instanceType": "t3.micro"}, born)
    days.call("ec2:CreateTags", _tagged(LAUNCH_ENI, "with"))
    days.call("ec2:ModifyVolume", {"volumeId": LAUNCH_VOLUME, "size": 100})
    given = {"allocationId": ADDRESS, "instanceId": LAUNCHED}
    days.call("ec2:AssociateAddress", given, {"associationId": "eipassoc-0a1"})
    days.call("ec2:CreateTags", _tagged(ADDRESS, "with"))
    days.call("ec2:DisassociateAddress", {"associationId": "eipassoc-0a1"})
    days.call("ec2:CreateTags", _tagged(ADDRESS, "without"))
    days.call("ec2:TerminateInstances", _instances(LAUNCHED))
    days.call("ec2:CreateTags", _tagged(LAUNCH_ENI, "without"))
    days.call("ec2:DeleteVolume", {"volumeId": LAUNCH_VOLUME})
    return days.records


LAUNCHED, LAUNCH_ENI = "i-0ddddddddddddddd1", "eni-0ddddddddddddddd1"
LAUNCH_VOLUME, ADDRESS = "vol-0ddddddddddddddd1", "eipalloc-0ddddddddddddddd1"


def stacks_elsewhere() -> list[Record]:
    """Stacks of one name in two regions and two accounts; a bucket of one of them."""
    days = Days("elsewhere", 18)
    for who, region in ((ALICE, HOME), (ALICE, EUROPE), (FAR, EUROPE)):
        arn = f"arn:aws:cloudformation:{region}:{who.account}:stack/twice/0f0f0f0f-1111-2222-3333-{who.account}"
        days.call("cloudformation:CreateStack", {"stackName": "twice"}, {"stackId": arn}, who.calling(DESK), region)
    through = ALICE.calling(DESK, created=days.at - timedelta(hours=1)).through(CLOUDFORMATION, days.ids, days.at)
    tags = {"tags": [{"key": "aws:cloudformation:stack-name", "value": "twice"}]}
    days.call("s3:CreateBucket", {"bucketName": "twice-bucket-1ABC"} | tags, who=through, region=EUROPE)
    return days.records


FAR_KEY = KEY.replace("11111111", "77777777")
ALL = (
    *(bucket, role, instance, key, groups, tables, renamed, function, stacks, doubtful, scaling, secret, parts),
    *(clusters, objects, parts_that_end, same_second, launched, stacks_elsewhere),
)


def everything() -> Sequence[Record]:
    return [record for life in ALL for record in life()]
