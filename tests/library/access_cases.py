"""What queries on people, keys, sessions and rights find, and what they stay quiet on."""

from __future__ import annotations

from tests.library.making import HOME, INSTANCE, MIA, OTHER, ROLE, ROOT, SERVICE, Case, call, read

_IAM, _STS, _LOGIN = "iam", "sts", "signin"
_NIGHT = "2026-03-11T02:30:00Z"
_BEFORE = "2026-03-01T10:00:00Z"
_DAY = {"day": "2026-03-11"}
_ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
_READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
_ALL = '{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
_SOME = '{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}'
_TRUSTS = '{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::%s:root"},"Action":"sts:AssumeRole"}]}'
_TRUSTS_ALL = '{"Statement":[{"Effect":"Allow","Principal":{"AWS": ["*"]},"Action":"sts:AssumeRole"}]}'
_IN, _OUT = {"ConsoleLogin": "Success"}, {"ConsoleLogin": "Failure"}
_TARGET = f"arn:aws:iam::{HOME}:role/target"
_STRANGER = {"type": "AWSAccount", "principalId": "AROAX:x", "accountId": OTHER}

CASES = (
    Case(
        "first-look",
        [call("s3", "PutBucketAcl"), read("s3", "ListBuckets", error="AccessDenied"), read("ec2", "DescribeVpcs")],
        "service calls writes failed principals",
        [("s3", 2, 1, 1, 1), ("ec2", 1, 0, 0, 1)],
    ),
    Case(
        "busiest-principals",
        [call("s3", "PutBucketAcl", who=ROLE), read("s3", "ListBuckets", who=ROLE, ip="192.0.2.8"), call("s3", "X")],
        "principal calls writes addresses",
        [(f"arn:aws:iam::{HOME}:role/ops", 2, 1, 2), (MIA["arn"], 1, 1, 1)],
    ),
    Case(
        "activity-by-hour",
        [call("s3", "A"), call("s3", "B", at=_NIGHT), read("s3", "C", at=_NIGHT, error="AccessDenied")],
        "hour_utc calls writes failed",
        [("02", 2, 1, 1), ("10", 1, 1, 0)],
    ),
    Case(
        "writes-at-night",
        [
            call("s3", "DeleteBucket", at=_NIGHT),
            call("s3", "DeleteBucket"),
            read("s3", "ListBuckets", at=_NIGHT),
            call("s3", "PutBucketAcl", at=_NIGHT, userAgent="Boto3/1.40 exec-env/AWS_Lambda_python3.13"),
            call("ec2", "TerminateInstances", at=_NIGHT, who=SERVICE),
        ],
        "eventid",
        [("e0",)],
    ),
    Case(
        "rare-writes",
        [call("s3", "PutBucketAcl"), *[call("s3", "CreateBucket")] * 3, read("s3", "ListBuckets")],
        "eventname times principals",
        [("PutBucketAcl", 1, MIA["arn"])],
    ),
    Case(
        "new-principals",
        [call("s3", "A", at=_BEFORE), call("s3", "B"), call("s3", "C", who=ROLE)],
        "principal calls",
        [(f"arn:aws:iam::{HOME}:role/ops", 1)],
        _DAY,
    ),
    Case(
        "new-addresses",
        [
            call("s3", "A", at=_BEFORE),
            call("s3", "B"),
            call("s3", "C", ip="203.0.113.9"),
            call("s3", "D", ip="AWS Internal"),
        ],
        "sourceipaddress calls",
        [("203.0.113.9", 1)],
        _DAY,
    ),
    Case(
        "principal-timeline",
        [call("s3", "A"), call("s3", "B", who=ROLE), call("s3", "C", {"userName": "mia"}, who=ROLE)],
        "eventname",
        [("A",)],
        {"principal": "mia"},
    ),
    Case(
        "key-timeline",
        [
            call(_IAM, "CreateAccessKey", who=ROLE, answer={"accessKey": {"accessKeyId": MIA["accessKeyId"]}}),
            call("s3", "A", at="2026-03-11T11:00:00Z"),
            call("s3", "B", who=ROLE),
        ],
        "how eventname",
        [("named", "CreateAccessKey"), ("used", "A")],
        {"key": MIA["accessKeyId"]},
    ),
    Case(
        "address-timeline",
        [call("s3", "A", ip="2001:db8::1"), call("s3", "B")],
        "eventname",
        [("A",)],
        {"address": "2001:DB8:0::1"},
    ),
    Case(
        "resource-history",
        [
            call("s3", "A", {"bucketName": "payroll"}),
            call("s3", "B", {"bucketName": "other"}, resources=[{"ARN": "arn:aws:s3:::payroll/x"}]),
            call("s3", "C", None, error="AccessDenied", errorMessage="not allowed on arn:aws:s3:::payroll"),
            call("s3", "D", {"bucketName": "pay-roll"}),
        ],
        "eventname",
        [("A",), ("B",), ("C",)],
        {"resource": "payroll"},
    ),
    Case(
        "denied-calls",
        [
            *[read("s3", "ListBuckets", error="AccessDenied")] * 2,
            call("ec2", "RunInstances", error="Client.UnauthorizedOperation"),
            read("s3", "GetBucketPolicy", error="NoSuchBucketPolicy"),
        ],
        "eventname errorcode times",
        [("ListBuckets", "AccessDenied", 2), ("RunInstances", "Client.UnauthorizedOperation", 1)],
    ),
    Case(
        "denied-then-allowed",
        [
            read("s3", "ListBuckets", error="AccessDenied"),
            read("s3", "ListBuckets", at="2026-03-11T11:00:00Z"),
            read("ec2", "DescribeVpcs"),
            read("ec2", "DescribeVpcs", error="AccessDenied", at="2026-03-11T11:00:00Z"),
        ],
        "eventname first_refused first_allowed",
        [("ListBuckets", "2026-03-11T10:00:00Z", "2026-03-11T11:00:00Z")],
    ),
    Case(
        "enumeration",
        [
            *[read("ec2", f"Describe{number}") for number in range(5)],
            *[read("ec2", "DescribeVpcs", who=ROLE)] * 9,
        ],
        "principal different_calls",
        [(MIA["arn"], 5)],
        {"at_least": "5"},
    ),
    Case(
        "whoami-calls",
        [read(_STS, "GetCallerIdentity"), read(_STS, "GetSessionToken")],
        "principal times",
        [(MIA["arn"], 1)],
    ),
    Case(
        "failed-console-logins",
        [
            *[call(_LOGIN, "ConsoleLogin", answer=_OUT, errorMessage="Failed authentication")] * 2,
            call(_LOGIN, "ConsoleLogin", answer=_IN, at="2026-03-11T10:05:00Z"),
            call(_LOGIN, "ConsoleLogin", answer=_IN, who=ROOT),
        ],
        "user_name failed succeeded messages",
        [("mia", 2, 1, "Failed authentication")],
    ),
    Case(
        "console-logins-without-mfa",
        [
            call(_LOGIN, "ConsoleLogin", answer=_IN, beside={"MFAUsed": "No"}),
            call(_LOGIN, "ConsoleLogin", answer=_IN, beside={"MFAUsed": "Yes"}),
            call(_LOGIN, "ConsoleLogin", answer=_OUT, beside={"MFAUsed": "No"}),
            call(_LOGIN, "ConsoleLogin", answer=_IN, beside={"MFAUsed": "No"}, who=ROLE),
            call(_LOGIN, "ConsoleLogin", answer=_IN, who=ROOT),
        ],
        "eventid mfa_used",
        [("e0", "No"), ("e4", None)],
    ),
    Case(
        "root-activity",
        [
            call("s3", "PutBucketPolicy", who=ROOT),
            call("kms", "RotateKey", who=ROOT | {"invokedBy": "kms.amazonaws.com"}),
            call("s3", "PutBucketAcl", who=ROOT, eventType="AwsServiceEvent"),
            call("s3", "CreateBucket"),
        ],
        "eventid",
        [("e0",)],
    ),
    Case(
        "root-changes",
        [
            call(_STS, "AssumeRoot", {"targetPrincipal": OTHER}),
            call(_IAM, "CreateAccessKey", who=ROOT),
            call(_IAM, "CreateAccessKey"),
        ],
        "eventname target",
        [("AssumeRoot", OTHER), ("CreateAccessKey", None)],
    ),
    Case(
        "credentials-created",
        [
            call(_IAM, "CreateAccessKey", answer={"accessKey": {"accessKeyId": "AKIANEW", "userName": "mia"}}),
            call(_IAM, "CreateLoginProfile", {"userName": "bob"}),
            call(_IAM, "CreateLoginProfile", {"userName": "eve"}, error="AccessDenied"),
            read(_IAM, "ListAccessKeys"),
        ],
        "eventname for_user credential",
        [("CreateAccessKey", "mia", "AKIANEW"), ("CreateLoginProfile", "bob", None)],
    ),
    Case(
        "credentials-for-others",
        [call(_IAM, "CreateAccessKey", {"userName": "bob"}), call(_IAM, "CreateAccessKey", {"userName": "mia"})],
        "for_user",
        [("bob",)],
    ),
    Case(
        "keys-from-new-networks",
        [
            call("s3", "A", at=_BEFORE),
            call("s3", "B", ip="192.0.2.200"),
            call("s3", "C", ip="203.0.113.9"),
            call("s3", "D", ip="203.0.113.10", who=ROLE),
            call("s3", "E", ip="2001:db8:66:1::4d", error="AccessDenied"),
        ],
        "network addresses failed networks_before",
        [("2001:db8:66", "2001:db8:66:1::4d", 1, "192.0.2"), ("203.0.113", "203.0.113.9", 0, "192.0.2")],
        _DAY,
    ),
    Case(
        "keys-in-several-places",
        [call("s3", "A"), call("s3", "B", ip="203.0.113.9"), call("s3", "C", ip="203.0.113.9", who=ROLE)],
        "accesskeyid addresses",
        [(MIA["accessKeyId"], "192.0.2.7, 203.0.113.9")],
    ),
    Case(
        "instance-credentials-outside",
        [call("s3", "A", who=INSTANCE), call("s3", "B", who=INSTANCE, ip="203.0.113.9"), call("s3", "C", who=ROLE)],
        "principal addresses",
        [(INSTANCE["arn"], "192.0.2.7, 203.0.113.9")],
    ),
    Case(
        "role-chains",
        [call(_STS, "AssumeRole", {"roleArn": _TARGET}, who=ROLE), call(_STS, "AssumeRole", {"roleArn": _TARGET})],
        "from_session to_role",
        [(ROLE["arn"], _TARGET)],
    ),
    Case(
        "cross-account-roles",
        [
            call(_STS, "AssumeRole", {"roleArn": _TARGET, "roleSessionName": "x"}, who=_STRANGER),
            call(_STS, "AssumeRole", {"roleArn": _TARGET}),
            call(_STS, "AssumeRole", {"roleArn": _TARGET}, who=SERVICE),
        ],
        "from_account to_role session_names",
        [(OTHER, _TARGET, "x")],
    ),
    Case(
        "federated-sessions",
        [call(_STS, "GetFederationToken", {"name": "console"}), read(_STS, "GetCallerIdentity")],
        "eventname for_name",
        [("GetFederationToken", "console")],
    ),
    Case(
        "iam-policy-changes",
        [
            call(_IAM, "PutUserPolicy", {"userName": "bob", "policyName": "p"}),
            call(_IAM, "AddUserToGroup", {"userName": "bob", "groupName": "g"}),
            read(_IAM, "GetUserPolicy", {"userName": "bob", "policyName": "p"}),
        ],
        "eventname target policy",
        [("PutUserPolicy", "bob", "p"), ("AddUserToGroup", "bob", None)],
    ),
    Case(
        "admin-granted",
        [
            call(_IAM, "AttachUserPolicy", {"userName": "bob", "policyArn": _ADMIN}),
            call(_IAM, "AttachUserPolicy", {"userName": "bob", "policyArn": _READ_ONLY}),
            call(_IAM, "PutRolePolicy", {"roleName": "r", "policyName": "all", "policyDocument": _ALL}),
            call(_IAM, "PutRolePolicy", {"roleName": "r", "policyName": "some", "policyDocument": _SOME}),
        ],
        "target policy",
        [("bob", _ADMIN), ("r", "all")],
    ),
    Case(
        "escalation-paths",
        [
            call(_IAM, "AttachUserPolicy", {"userName": "mia", "policyArn": _ADMIN}),
            call(_IAM, "CreatePolicyVersion", {"policyArn": "arn:p", "setAsDefault": True}),
            call(_IAM, "CreatePolicyVersion", {"policyArn": "arn:p", "setAsDefault": False}),
            call("cloudformation", "CreateStack", {"stackName": "s", "roleARN": "arn:r"}),
            call("cloudformation", "CreateStack", {"stackName": "t"}),
        ],
        "path target on_self",
        [
            ("policy put on a principal", "mia", True),
            ("policy version", "arn:p", False),
            ("role handed to a service", "s", False),
        ],
    ),
    Case(
        "trust-policy-changes",
        [
            call(_IAM, "UpdateAssumeRolePolicy", {"roleName": "a", "policyDocument": _TRUSTS % OTHER}),
            call(_IAM, "CreateRole", {"roleName": "b", "assumeRolePolicyDocument": _TRUSTS_ALL}),
            call(_IAM, "UpdateRole", {"roleName": "c"}),
        ],
        "role_name accounts_named trusts_everybody",
        [("a", OTHER, False), ("b", "", True)],
    ),
    Case(
        "new-identities",
        [call(_IAM, "CreateUser", {"userName": "eve"}), read(_IAM, "ListUsers"), call(_IAM, "DeleteUser")],
        "eventname name",
        [("CreateUser", "eve")],
    ),
    Case(
        "federation-changes",
        [
            call(_IAM, "CreateSAMLProvider", {"name": "evil"}),
            call("sso", "CreateAccountAssignment", {"principalId": "x"}),
            read(_IAM, "ListSAMLProviders"),
            read("sso", "ListPermissionSets"),
        ],
        "eventname",
        [("CreateSAMLProvider",), ("CreateAccountAssignment",)],
    ),
    Case(
        "mfa-removed",
        [call(_IAM, "DeactivateMFADevice", {"userName": "bob", "serialNumber": "s"}), call(_IAM, "EnableMFADevice")],
        "for_user device",
        [("bob", "s")],
    ),
    Case(
        "access-taken-away",
        [
            call(_IAM, "UpdateAccessKey", {"userName": "bob", "accessKeyId": "AKIABOB", "status": "Inactive"}),
            call(_IAM, "UpdateAccessKey", {"userName": "bob", "accessKeyId": "AKIABOB", "status": "Active"}),
            call(_IAM, "PutRolePolicy", {"roleName": "r", "policyName": "AWSRevokeOlderSessions"}),
        ],
        "eventname target",
        [("UpdateAccessKey", "AKIABOB"), ("PutRolePolicy", "r")],
    ),
    Case(
        "secrets-read",
        [
            read("secretsmanager", "GetSecretValue", {"secretId": "db"}),
            read("ssm", "GetParameters", {"names": ["a", "b"]}),
            read("secretsmanager", "ListSecrets"),
        ],
        "eventname secrets",
        [("GetSecretValue", "db"), ("GetParameters", '["a","b"]')],
    ),
)
