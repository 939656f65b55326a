"""What queries on logging, data, machines, networks, code and money find, and what they stay quiet on."""

from __future__ import annotations

from typing import Any

from tests.library.making import HOME, MIA, OTHER, ROLE, SERVICE, Case, call, data, read

_BUCKET = {"bucketName": "payroll"}
_TO_ALL = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}]}
_TO_ONE = {"Statement": [{"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{OTHER}:root"}, "Action": "s3:*"}]}
_DENIES = {"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*"}]}
_OWN_KEY = {"x-amz-server-side-encryption-customer-algorithm": "AES256"}
_VERSIONS = {"VersioningConfiguration": {"Status": "Suspended"}}
_KEY = "arn:aws:kms:eu-west-1:111122223333:key/k"


def _ingress(*networks: str, port: int = 22) -> dict[str, Any]:
    ranges = {"items": [{"cidrIp": network} for network in networks if "." in network]}
    six = {"items": [{"cidrIpv6": network} for network in networks if ":" in network]}
    rule = {"ipProtocol": "tcp", "fromPort": port, "toPort": port, "ipRanges": ranges, "ipv6Ranges": six}
    return {"groupId": "sg-1", "ipPermissions": {"items": [rule]}}


CASES = (
    Case(
        "trail-tampering",
        [
            call("cloudtrail", "StopLogging", {"name": "org-trail"}, error="AccessDenied"),
            call("cloudtrail", "PutEventSelectors", {"trailName": "org-trail"}),
            call("cloudtrail", "StartLogging", {"name": "org-trail"}),
            call("logs", "DeleteTrail"),
        ],
        "eventname target errorcode",
        [("StopLogging", "org-trail", "AccessDenied"), ("PutEventSelectors", "org-trail", None)],
    ),
    Case(
        "detection-tampering",
        [
            call("guardduty", "UpdateDetector", {"detectorId": "d", "enable": False}),
            call("guardduty", "UpdateDetector", {"detectorId": "d", "enable": True}),
            call("config", "StopConfigurationRecorder"),
            call("config", "StartConfigurationRecorder"),
        ],
        "eventid",
        [("e0",), ("e2",)],
    ),
    Case(
        "log-destinations-changed",
        [
            call("ec2", "DeleteFlowLogs"),
            call("s3", "PutBucketLogging", _BUCKET | {"BucketLoggingStatus": ""}),
            call("s3", "PutBucketLogging", _BUCKET | {"BucketLoggingStatus": {"LoggingEnabled": {}}}),
            call("logs", "CreateLogGroup"),
        ],
        "eventid",
        [("e0",), ("e1",)],
    ),
    Case(
        "alarms-silenced",
        [call("monitoring", "DeleteAlarms"), call("monitoring", "PutMetricAlarm"), call("events", "DisableRule")],
        "eventid",
        [("e0",), ("e2",)],
    ),
    Case(
        "bucket-protection-removed",
        [
            call("s3", "PutBucketVersioning", _BUCKET | _VERSIONS),
            call("s3", "PutBucketVersioning", _BUCKET | {"VersioningConfiguration": {"Status": "Enabled"}}),
            call("s3", "DeleteBucketPolicy", _BUCKET),
        ],
        "bucket what",
        [("payroll", "Suspended"), ("payroll", "removed")],
    ),
    Case(
        "buckets-made-public",
        [
            call("s3", "PutBucketPolicy", _BUCKET | {"bucketPolicy": _TO_ALL}),
            call("s3", "PutBucketPolicy", _BUCKET | {"bucketPolicy": _TO_ONE}),
            call("s3", "PutBucketPolicy", _BUCKET | {"bucketPolicy": _DENIES}),
            call("s3", "PutBucketAcl", _BUCKET | {"x-amz-acl": ["public-read"]}),
            call("s3", "PutBucketAcl", _BUCKET | {"x-amz-acl": ["private"]}),
        ],
        "eventid to_whom",
        [("e0", "everybody"), ("e3", "everybody")],
    ),
    Case(
        "bucket-policy-changes",
        [call("s3", "PutBucketPolicy", _BUCKET | {"bucketPolicy": _TO_ONE}), read("s3", "GetBucketPolicy", _BUCKET)],
        "bucket accounts_named",
        [("payroll", OTHER)],
    ),
    Case(
        "s3-deletions",
        [
            *[data("s3", "DeleteObject", _BUCKET | {"key": "k"})] * 2,
            call("s3", "DeleteBucket", _BUCKET, error="BucketNotEmpty", at="2026-03-11T11:00:00Z"),
            data("s3", "PutObject", _BUCKET),
        ],
        "eventname deleted failed",
        [("DeleteObject", 2, 0), ("DeleteBucket", 0, 1)],
    ),
    Case(
        "s3-reads",
        [
            data("s3", "GetObject", _BUCKET, beside={"bytesTransferredOut": 1000}),
            data("s3", "GetObject", _BUCKET, beside={"bytesTransferredOut": 1.0e3}),
            data("s3", "GetObject", _BUCKET, beside={"bytesTransferredOut": "odd"}, error="AccessDenied"),
            data("s3", "HeadObject", _BUCKET, beside={"bytesTransferredOut": 9}),
        ],
        "bucket objects bytes_out failed",
        [("payroll", 2, 2000, 1)],
    ),
    Case(
        "ransomware-signs",
        [
            data("s3", "CopyObject", _BUCKET | _OWN_KEY),
            data("s3", "PutObject", _BUCKET | {"x-amz-server-side-encryption": "AES256"}),
            call(
                "s3", "PutBucketLifecycle", _BUCKET | {"LifecycleConfiguration": {"Rule": {"Expiration": {"Days": 1}}}}
            ),
            call("s3", "PutBucketLifecycle", _BUCKET | {"LifecycleConfiguration": {"Rule": {"Transition": {}}}}),
            call("kms", "ScheduleKeyDeletion", {"keyId": _KEY}, at="2026-03-11T11:00:00Z"),
        ],
        "sign what times",
        [
            ("encrypted with a foreign key", "payroll", 1),
            ("expiry by a lifecycle rule", "payroll", 1),
            ("key taken away", _KEY, 1),
        ],
    ),
    Case(
        "mass-deletions",
        [*[call("ec2", "DeleteSnapshot")] * 3, *[call("ec2", "DeleteSnapshot", who=ROLE)] * 2],
        "principal deletions calls",
        [(MIA["arn"], 3, "DeleteSnapshot")],
        {"at_least": "3"},
    ),
    Case(
        "kms-keys-endangered",
        [
            call("kms", "ScheduleKeyDeletion", {"keyId": _KEY, "pendingWindowInDays": 7}),
            read("kms", "Decrypt", {"keyId": _KEY}),
        ],
        "eventname key_id days",
        [("ScheduleKeyDeletion", _KEY, "7")],
    ),
    Case(
        "snapshots-shared",
        [
            call(
                "ec2",
                "ModifySnapshotAttribute",
                {"snapshotId": "snap-1", "createVolumePermission": {"add": {"items": [{"userId": OTHER}]}}},
            ),
            call(
                "ec2",
                "ModifySnapshotAttribute",
                {"snapshotId": "snap-2", "createVolumePermission": {"remove": {"items": [{"userId": OTHER}]}}},
            ),
            call(
                "ec2",
                "ModifyImageAttribute",
                {"imageId": "ami-1", "launchPermission": {"add": {"items": [{"group": "all"}]}}},
            ),
            call("rds", "ModifyDBSnapshotAttribute", {"dBSnapshotIdentifier": "db", "valuesToAdd": [OTHER]}),
        ],
        "what shared_with",
        [("snap-1", OTHER), ("ami-1", "everybody"), ("db", OTHER)],
    ),
    Case(
        "resource-shares",
        [call("ram", "CreateResourceShare"), read("ram", "GetResourceShares"), call("kms", "CreateGrant", who=SERVICE)],
        "eventid",
        [("e0",)],
    ),
    Case(
        "backups-deleted",
        [
            call("rds", "DeleteDBInstance", {"dBInstanceIdentifier": "a", "skipFinalSnapshot": True}),
            call("rds", "DeleteDBInstance", {"dBInstanceIdentifier": "b", "skipFinalSnapshot": False}),
            call("backup", "DeleteRecoveryPoint", {"recoveryPointArn": "arn:p"}),
        ],
        "what",
        [("a",), ("arn:p",)],
    ),
    Case(
        "databases-exposed",
        [
            call("rds", "ModifyDBInstance", {"dBInstanceIdentifier": "a", "publiclyAccessible": True}),
            call("rds", "ModifyDBInstance", {"dBInstanceIdentifier": "b", "publiclyAccessible": False}),
            call("rds", "ModifyDBInstance", {"dBInstanceIdentifier": "c", "masterUserPassword": "****"}),
        ],
        "what how",
        [("a", "made public"), ("c", "password set")],
    ),
    Case(
        "security-groups-opened",
        [
            call("ec2", "AuthorizeSecurityGroupIngress", _ingress("198.51.100.0/24", "0.0.0.0/0")),
            call("ec2", "AuthorizeSecurityGroupIngress", _ingress("10.0.0.0/8", "2001:db8::/32")),
            call("ec2", "AuthorizeSecurityGroupIngress", _ingress("::/0", port=3389)),
            call("ec2", "RevokeSecurityGroupIngress", _ingress("0.0.0.0/0")),
        ],
        "eventid group_id from_port world",
        [("e0", "sg-1", "22", "0.0.0.0/0"), ("e2", "sg-1", "3389", "::/0")],
    ),
    Case(
        "network-changes",
        [call("ec2", "CreateRoute"), read("ec2", "DescribeRouteTables"), call("ec2", "CreateTags")],
        "eventid",
        [("e0",)],
    ),
    Case(
        "instances-launched",
        [
            call(
                "ec2",
                "RunInstances",
                {"instanceType": "t3.micro"},
                answer={"instancesSet": {"items": [{"instanceId": "i-1"}, {"instanceId": "i-2"}]}},
            ),
            call("ec2", "RunInstances", {"instanceType": "t3.micro"}, error="Client.UnauthorizedOperation"),
            call("ec2", "StartInstances"),
        ],
        "instance_type launched failed",
        [("t3.micro", 2, 1)],
    ),
    Case(
        "writes-in-new-regions",
        [
            call("ec2", "RunInstances", awsRegion="ap-east-1"),
            call("ec2", "CreateTags", at="2026-03-01T10:00:00Z"),
            call("ec2", "CreateTags"),
            read("ec2", "DescribeVpcs", awsRegion="sa-east-1"),
        ],
        "region calls",
        [("ap-east-1", "RunInstances")],
        {"day": "2026-03-11"},
    ),
    Case(
        "user-data-changes",
        [
            call("ec2", "ModifyInstanceAttribute", {"instanceId": "i-1", "userData": "<sensitiveDataRemoved>"}),
            call("ec2", "ModifyInstanceAttribute", {"instanceId": "i-2", "disableApiTermination": {"value": True}}),
        ],
        "what",
        [("i-1",)],
    ),
    Case(
        "ssm-commands",
        [
            call("ssm", "SendCommand", {"documentName": "AWS-RunShellScript", "instanceIds": ["i-1", "i-2"]}),
            call("ssm", "StartSession", {"target": "i-3"}),
            call("ssm", "SendCommand", {"documentName": "D", "instanceIds": "odd", "targets": [{"key": "k"}]}),
            call("ssm", "UpdateInstanceInformation"),
        ],
        "document targets",
        [("AWS-RunShellScript", "i-1, i-2"), (None, "i-3"), ("D", '[{"key":"k"}]')],
    ),
    Case(
        "instance-access",
        [
            call("ec2-instance-connect", "SendSSHPublicKey", {"instanceId": "i-1"}),
            call("ec2", "ImportKeyPair", {"keyName": "mine"}),
            read("ec2", "DescribeInstances"),
        ],
        "instance_id",
        [("i-1",), ("mine",)],
    ),
    Case(
        "container-access",
        [call("ecs", "ExecuteCommand", {"cluster": "c"}), call("ecs", "RegisterTaskDefinition")],
        "cluster",
        [("c",)],
    ),
    Case(
        "lambda-code-changes",
        [
            call("lambda", "UpdateFunctionCode20150331v2", {"functionName": "f"}),
            read("lambda", "GetFunction20150331v2", {"functionName": "f"}),
        ],
        "function_name",
        [("f",)],
    ),
    Case(
        "lambda-exposed",
        [
            call("lambda", "CreateFunctionUrlConfig", {"functionName": "f", "authType": "NONE"}),
            call("lambda", "CreateFunctionUrlConfig", {"functionName": "g", "authType": "AWS_IAM"}),
            call("lambda", "AddPermission20150331v2", {"functionName": "h", "principal": OTHER}),
            call("lambda", "AddPermission20150331v2", {"functionName": "i", "principal": "events.amazonaws.com"}),
            call("lambda", "AddPermission20150331v2", {"functionName": "j", "principal": HOME}),
        ],
        "function_name to_whom",
        [("f", None), ("h", OTHER)],
    ),
    Case(
        "scheduled-execution",
        [call("events", "PutTargets", {"rule": "r", "targets": [{"arn": "a"}]}), read("events", "ListRules")],
        "name targets",
        [("r", '[{"arn":"a"}]')],
    ),
    Case(
        "account-settings-weakened",
        [
            call("s3", "PutAccountPublicAccessBlock", {"PublicAccessBlockConfiguration": {"BlockPublicAcls": False}}),
            call("s3", "PutAccountPublicAccessBlock", {"PublicAccessBlockConfiguration": {"BlockPublicAcls": True}}),
            call("ec2", "DisableEbsEncryptionByDefault"),
        ],
        "eventid",
        [("e0",), ("e2",)],
    ),
    Case(
        "data-event-talkers",
        [*[data("dynamodb", "GetItem")] * 2, data("s3", "GetObject", error="AccessDenied"), call("s3", "CreateBucket")],
        "eventname calls failed",
        [("GetItem", 2, 0), ("GetObject", 1, 1)],
    ),
    Case(
        "organization-changes",
        [
            call("organizations", "DetachPolicy", {"policyId": "p-1", "targetId": OTHER}),
            call("organizations", "LeaveOrganization"),
            read("organizations", "ListAccounts"),
        ],
        "eventname target",
        [("DetachPolicy", OTHER), ("LeaveOrganization", None)],
    ),
    Case(
        "dns-changes",
        [
            call(
                "route53",
                "ChangeResourceRecordSets",
                {
                    "hostedZoneId": "Z1",
                    "changeBatch": {
                        "changes": [
                            {"action": "UPSERT", "resourceRecordSet": {"name": "www.example.com.", "type": "A"}}
                        ]
                    },
                },
            ),
            read("route53", "ListHostedZones"),
        ],
        "zone changed",
        [("Z1", "UPSERT A www.example.com.")],
    ),
    Case(
        "cloudshell-use",
        [
            call("cloudshell", "CreateSession"),
            call("cloudshell", "SendHeartBeat"),
            read("s3", "ListBuckets", userAgent="aws-cli/2.30 exec-env/CloudShell"),
        ],
        "eventname",
        [("CreateSession",), ("ListBuckets",)],
    ),
    Case(
        "ses-abuse",
        [
            read("ses", "GetSendQuota"),
            read("ses", "GetTemplate"),
            call("ses", "CreateEmailIdentity", {"emailIdentity": "x"}),
        ],
        "eventname identity",
        [("GetSendQuota", None), ("CreateEmailIdentity", "x")],
    ),
    Case(
        "bedrock-abuse",
        [
            *[call("bedrock", "InvokeModel", {"modelId": "m"}, error="AccessDenied")] * 2,
            read("bedrock", "ListFoundationModels"),
        ],
        "eventname model times failed",
        [("InvokeModel", "m", 2, 2)],
    ),
    Case(
        "cost-abuse",
        [
            call("ec2", "RunInstances", {"instanceType": "p4d.24xlarge"}),
            call("ec2", "RunInstances", {"instanceType": "t3.micro", "instancesSet": {"items": [{"maxCount": 50}]}}),
            call("ec2", "RunInstances", {"instanceType": "t3.micro", "instancesSet": {"items": [{"maxCount": 1}]}}),
            call("ec2", "RunInstances", {"instanceType": "m5.large"}),
        ],
        "instance_type machines",
        [("p4d.24xlarge", None), ("t3.micro", 50)],
    ),
    Case(
        "throttled-calls",
        [
            *[read("ec2", "DescribeVpcs", error="Client.RequestLimitExceeded")] * 2,
            read("ec2", "DescribeVpcs", error="Client.RequestLimitExceeded", at="2026-03-11T11:00:00Z"),
            read("ec2", "DescribeVpcs", error="Client.UnauthorizedOperation"),
        ],
        "eventname times busiest_hour",
        [("DescribeVpcs", 3, "2026-03-11T10")],
    ),
    Case(
        "vpc-endpoint-traffic",
        [
            read("s3", "ListBuckets", vpcEndpointId="vpce-1", error="VpceAccessDenied"),
            read("s3", "ListBuckets", vpcEndpointId="AWS Internal"),
        ],
        "vpcendpointid calls refused",
        [("vpce-1", 1, 1)],
    ),
    Case(
        "old-tls",
        [
            read("s3", "A", tlsDetails={"tlsVersion": "TLSv1"}),
            read("s3", "B", tlsDetails={"tlsVersion": "TLSv1.2"}),
        ],
        "tlsversion calls",
        [("TLSv1", 1)],
    ),
    Case(
        "attack-tool-agents",
        [read("s3", "A", userAgent="Boto3/1.7 Linux/4.15.0-kali2-amd64 Botocore/1.10"), read("s3", "B")],
        "tool calls",
        [("kali", 1)],
    ),
    Case(
        "user-agents",
        [*[read("s3", "A")] * 2, read("s3", "B", userAgent="[S3Console/0.4, aws-internal/3]")],
        "program calls",
        [("S3Console/0", 1), ("aws-cli/2", 2)],
    ),
)
