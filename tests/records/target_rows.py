"""For each call whose targets the table of exceptions knows: a record, and the targets it names, best first.

A `*` after a name marks a container.
"""

from __future__ import annotations

from typing import Any

from tests.records.synthetic import ACCOUNT, KEY_UUID, REGION, USER_ARN, record

S3_OBJECT = {"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::logs-bucket/a/b.gz"}
S3_BUCKET = {"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::logs-bucket", "accountId": ACCOUNT}
KEY = {"type": "AWS::KMS::Key", "accountId": ACCOUNT, "ARN": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{KEY_UUID}"}
SNS = f"arn:aws:sns:{REGION}:{ACCOUNT}:alerts"
ELB = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}"
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:db/main-AbCdEf"
ENI, SG, NACL, RTB = "eni-0a1b2c3d4e5f60718", "sg-0a1b2c3d4e5f60718", "acl-0a1b2c3d4e5f60718", "rtb-0a1b2c3d4e5f60718"

ROWS: list[tuple[dict[str, Any], list[str]]] = [
    (
        record(
            "ec2", "TerminateInstances", {"instancesSet": {"items": [{"instanceId": "i-1"}, {"instanceId": "i-2"}]}}
        ),
        ["i-1", "i-2"],
    ),
    (record("ec2", "StopInstances", {"instancesSet": {"items": [{"instanceId": "i-1"}]}, "force": False}), ["i-1"]),
    (record("ec2", "DeleteVolume", {"volumeId": "vol-1", "reportVolumeFailure": False}), ["vol-1"]),
    (record("ec2", "DeleteSnapshot", {"snapshotId": "snap-1", "force": False}), ["snap-1"]),
    (record("ec2", "DeregisterImage", {"imageId": "ami-1"}), ["ami-1"]),
    (record("ec2", "DeleteSecurityGroup", {"groupId": SG}), [SG]),
    (record("ec2", "DeleteSecurityGroup", {"groupName": "web"}), ["web"]),
    (
        record(
            "ec2",
            "RevokeSecurityGroupIngress",
            {"groupId": SG, "ipPermissions": {"items": [{"ipRanges": {"items": [{"cidrIp": "0.0.0.0/0"}]}}]}},
        ),
        [SG],
    ),
    (
        record(
            "ec2",
            "RevokeSecurityGroupEgress",
            {"groupId": SG, "securityGroupRuleIds": {"items": [{"securityGroupRuleId": "sgr-1"}]}},
        ),
        [SG, "sgr-1"],
    ),
    (record("ec2", "DeleteVpc", {"vpcId": "vpc-1"}), ["vpc-1"]),
    (record("ec2", "DeleteSubnet", {"subnetId": "subnet-1"}), ["subnet-1"]),
    (record("ec2", "DeleteRouteTable", {"routeTableId": RTB}), [RTB]),
    (record("ec2", "DeleteInternetGateway", {"internetGatewayId": "igw-1"}), ["igw-1"]),
    (record("ec2", "DeleteNetworkInterface", {"networkInterfaceId": ENI}), [ENI]),
    (record("ec2", "DeleteNatGateway", {"DeleteNatGatewayRequest": {"NatGatewayId": "nat-1"}}), ["nat-1"]),
    (
        record("ec2", "DeleteFlowLogs", {"DeleteFlowLogsRequest": {"FlowLogId": {"tag": 1, "content": "fl-1"}}}),
        ["fl-1"],
    ),
    (
        record(
            "ec2",
            "DeleteFlowLogs",
            {"DeleteFlowLogsRequest": {"FlowLogId": [{"tag": 1, "content": "fl-1"}, {"tag": 2, "content": "fl-2"}]}},
        ),
        ["fl-1", "fl-2"],
    ),
    (record("ec2", "DeleteFlowLogs", {"flowLogId": ["fl-1"]}), ["fl-1"]),
    (
        record(
            "ec2",
            "DeleteVpcEndpoints",
            {"DeleteVpcEndpointsRequest": {"VpcEndpointId": {"tag": 1, "content": "vpce-1"}}},
        ),
        ["vpce-1"],
    ),
    (
        record("ec2", "DeleteLaunchTemplate", {"DeleteLaunchTemplateRequest": {"LaunchTemplateName": "web-lt"}}),
        ["web-lt"],
    ),
    (record("ec2", "DeleteLaunchTemplate", {"DeleteLaunchTemplateRequest": {"LaunchTemplateId": "lt-1"}}), ["lt-1"]),
    (record("ec2", "DeleteKeyPair", {"keyName": "laptop"}), ["laptop"]),
    (record("ec2", "DeleteKeyPair", {"keyPairId": "key-1"}), ["key-1"]),
    (record("ec2", "ReleaseAddress", {"allocationId": "eipalloc-1", "networkBorderGroup": REGION}), ["eipalloc-1"]),
    (record("ec2", "ReleaseAddress", {"publicIp": "203.0.113.9"}), ["203.0.113.9"]),
    (record("ec2", "DeleteNetworkAcl", {"networkAclId": NACL}), [NACL]),
    (record("ec2", "DeleteNetworkAclEntry", {"networkAclId": NACL, "ruleNumber": 100, "egress": False}), [NACL]),
    (record("ec2", "DeleteRoute", {"routeTableId": RTB, "destinationCidrBlock": "0.0.0.0/0"}), [RTB]),
    (
        record(
            "ec2",
            "DeleteTags",
            {
                "resourcesSet": {"items": [{"resourceId": "i-1"}]},
                "tagSet": {"items": [{"key": "Owner", "value": "me"}]},
            },
        ),
        ["i-1"],
    ),
    (record("ec2", "DeleteTransitGateway", {"DeleteTransitGatewayRequest": {"TransitGatewayId": "tgw-1"}}), ["tgw-1"]),
    (record("ec2", "DeleteVpnGateway", {"vpnGatewayId": "vgw-1"}), ["vgw-1"]),
    (record("ec2", "DeleteVpcPeeringConnection", {"vpcPeeringConnectionId": "pcx-1"}), ["pcx-1"]),
    (
        record(
            "s3",
            "DeleteBucket",
            {"bucketName": "logs-bucket", "Host": "logs-bucket.s3.amazonaws.com"},
            resources=[S3_BUCKET],
        ),
        ["logs-bucket"],
    ),
    (
        record("s3", "DeleteBucketPolicy", {"bucketName": "logs-bucket", "policy": ""}, resources=[S3_BUCKET]),
        ["logs-bucket"],
    ),
    (record("s3", "DeleteBucketPublicAccessBlock", {"bucketName": "logs-bucket"}), ["logs-bucket"]),
    (
        record("s3", "DeleteObject", {"bucketName": "logs-bucket", "key": "a/b.gz"}, resources=[S3_OBJECT, S3_BUCKET]),
        ["logs-bucket/a/b.gz", "logs-bucket*"],
    ),
    (
        record(
            "s3",
            "DeleteObjects",
            {"bucketName": "logs-bucket", "delete": "", "x-id": "DeleteObjects"},
            resources=[{"type": "AWS::S3::Object", "ARNPrefix": "arn:aws:s3:::logs-bucket/"}, S3_BUCKET],
        ),
        ["logs-bucket*"],
    ),
    (
        record("s3", "AbortMultipartUpload", {"bucketName": "logs-bucket", "key": "a/b.gz", "uploadId": "VXBsb2Fk"}),
        ["logs-bucket/a/b.gz", "logs-bucket*"],
    ),
    (record("s3", "DeleteAccountPublicAccessBlock", {"host": [f"{ACCOUNT}.s3-control.amazonaws.com"]}), []),
    (record("s3", "DeleteAccessPoint", {"accountId": ACCOUNT, "name": "analytics"}), ["analytics"]),
    (record("iam", "DeleteUser", {"userName": "bob"}), ["bob"]),
    (record("iam", "DeleteRole", {"roleName": "app"}), ["app"]),
    (record("iam", "DeleteGroup", {"groupName": "admins"}), ["admins"]),
    (record("iam", "DeleteAccessKey", {"accessKeyId": "AKIAOTHER", "userName": "bob"}), ["AKIAOTHER", "bob"]),
    (record("iam", "DeleteAccessKey", {"accessKeyId": "AKIAOTHER"}), ["AKIAOTHER", "Alice"]),
    (record("iam", "DeleteLoginProfile", {"userName": "bob"}), ["bob"]),
    (
        record(
            "iam", "DeactivateMFADevice", {"userName": "bob", "serialNumber": f"arn:aws:iam::{ACCOUNT}:mfa/bobs-phone"}
        ),
        ["bob", "bobs-phone"],
    ),
    (record("iam", "DeletePolicy", {"policyArn": f"arn:aws:iam::{ACCOUNT}:policy/team/ReadAll"}), ["ReadAll"]),
    (
        record(
            "iam", "DeletePolicyVersion", {"policyArn": f"arn:aws:iam::{ACCOUNT}:policy/ReadAll", "versionId": "v2"}
        ),
        ["ReadAll"],
    ),
    (record("iam", "DeleteRolePolicy", {"roleName": "app", "policyName": "inline"}), ["inline", "app"]),
    (record("iam", "DeleteUserPolicy", {"userName": "bob", "policyName": "inline"}), ["inline", "bob"]),
    (record("iam", "DeleteGroupPolicy", {"groupName": "admins", "policyName": "inline"}), ["inline", "admins"]),
    (
        record(
            "iam", "DetachUserPolicy", {"userName": "bob", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}
        ),
        ["AdministratorAccess", "bob"],
    ),
    (
        record(
            "iam", "DetachGroupPolicy", {"groupName": "admins", "policyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}
        ),
        ["ReadOnlyAccess", "admins"],
    ),
    (record("iam", "DeleteInstanceProfile", {"instanceProfileName": "app"}), ["app"]),
    (record("iam", "RemoveRoleFromInstanceProfile", {"instanceProfileName": "app", "roleName": "app"}), ["app", "app"]),
    (record("iam", "DeleteSAMLProvider", {"sAMLProviderArn": f"arn:aws:iam::{ACCOUNT}:saml-provider/Corp"}), ["Corp"]),
    (
        record(
            "iam",
            "DeleteOpenIDConnectProvider",
            {"openIDConnectProviderArn": f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.example.org"},
        ),
        ["token.example.org"],
    ),
    (
        record(
            "rds",
            "DeleteDBInstance",
            {"dBInstanceIdentifier": "prod-db", "skipFinalSnapshot": False, "finalDBSnapshotIdentifier": "last"},
            responseElements={
                "dBInstanceArn": f"arn:aws:rds:{REGION}:{ACCOUNT}:db:prod-db",
                "dBInstanceStatus": "deleting",
            },
        ),
        ["prod-db"],
    ),
    (record("rds", "DeleteDBCluster", {"dBClusterIdentifier": "prod", "skipFinalSnapshot": True}), ["prod"]),
    (record("rds", "DeleteDBSnapshot", {"dBSnapshotIdentifier": "rds:prod-2026-01-30"}), ["rds:prod-2026-01-30"]),
    (record("rds", "DeleteDBClusterSnapshot", {"dBClusterSnapshotIdentifier": "nightly"}), ["nightly"]),
    (record("rds", "DeleteDBInstanceAutomatedBackup", {"dbiResourceId": "db-ABC"}), ["db-ABC"]),
    (record("dynamodb", "DeleteTable", {"tableName": "orders"}), ["orders"]),
    (
        record(
            "dynamodb", "DeleteBackup", {"backupArn": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/orders/backup/0167-x"}
        ),
        ["orders/backup/0167-x"],
    ),
    (
        record("dynamodb", "DeleteItem", {"tableName": "orders", "key": {"id": "HIDDEN_DUE_TO_SECURITY_REASONS"}}),
        ["orders*"],
    ),
    (record("lambda", "DeleteFunction20150331", {"functionName": "resize"}), ["resize"]),
    (record("lambda", "DeleteFunction20150331", {"functionName": f"{ACCOUNT}:function:resize:live"}), ["resize"]),
    (
        record("lambda", "RemovePermission20150331v2", {"functionName": "resize", "statementId": "backdoor"}),
        ["resize", "backdoor"],
    ),
    (record("lambda", "DeleteEventSourceMapping20150331", {"uUID": KEY_UUID}), [KEY_UUID]),
    (record("lambda", "DeleteLayerVersion20181031", {"layerName": "libs", "versionNumber": 3}), ["libs"]),
    (record("kms", "ScheduleKeyDeletion", {"keyId": KEY_UUID, "pendingWindowInDays": 7}, resources=[KEY]), [KEY_UUID]),
    (record("kms", "DisableKey", {"keyId": KEY["ARN"]}, resources=[KEY]), [KEY_UUID]),
    (
        record(
            "kms",
            "DeleteAlias",
            {"aliasName": "alias/main"},
            resources=[{**KEY, "ARN": f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/main"}, KEY],
        ),
        ["alias/main", KEY_UUID],
    ),
    (
        record(
            "secretsmanager",
            "DeleteSecret",
            {"secretId": "db/main", "recoveryWindowInDays": 7},
            responseElements={"aRN": SECRET, "name": "db/main"},
        ),
        ["db/main"],
    ),
    (record("ssm", "DeleteParameter", {"name": "/app/db/password"}), ["/app/db/password"]),
    (record("ssm", "DeleteParameters", {"names": ["/app/a", "b"]}), ["/app/a", "b"]),
    (record("ssm", "DeleteDocument", {"name": "Patch-All"}), ["Patch-All"]),
    (record("cloudformation", "DeleteStack", {"stackName": "web", "clientRequestToken": "t-1"}), ["web"]),
    (record("cloudformation", "DeleteStackSet", {"stackSetName": "guardrails"}), ["guardrails"]),
    (record("cloudtrail", "DeleteTrail", {"name": "org-trail"}), ["org-trail"]),
    (
        record("cloudtrail", "StopLogging", {"name": f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/org-trail"}),
        ["org-trail"],
    ),
    (record("cloudtrail", "DeleteEventDataStore", {"eventDataStore": KEY_UUID}), [KEY_UUID]),
    (record("logs", "DeleteLogGroup", {"logGroupName": "/aws/lambda/resize"}), ["/aws/lambda/resize"]),
    (record("logs", "DeleteLogStream", {"logGroupName": "/app", "logStreamName": "host-1"}), ["host-1", "/app"]),
    (record("logs", "DeleteRetentionPolicy", {"logGroupName": "/app"}), ["/app"]),
    (record("monitoring", "DeleteAlarms", {"alarmNames": ["cpu", "disk"]}), ["cpu", "disk"]),
    (record("monitoring", "DisableAlarmActions", {"alarmNames": ["cpu"]}), ["cpu"]),
    (record("events", "DeleteRule", {"name": "nightly"}), ["nightly"]),
    (record("events", "RemoveTargets", {"rule": "nightly", "ids": ["t1", "t2"]}), ["nightly", "t1", "t2"]),
    (record("events", "DisableRule", {"name": "nightly"}), ["nightly"]),
    (record("sns", "DeleteTopic", {"topicArn": SNS}), ["alerts"]),
    (record("sns", "Unsubscribe", {"subscriptionArn": f"{SNS}:{KEY_UUID}"}), [KEY_UUID]),
    (record("sqs", "DeleteQueue", {"queueUrl": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/jobs"}), ["jobs"]),
    (record("sqs", "PurgeQueue", {"queueUrl": f"https://{REGION}.queue.amazonaws.com/{ACCOUNT}/jobs"}), ["jobs"]),
    (record("config", "DeleteConfigurationRecorder", {"configurationRecorderName": "default"}), ["default"]),
    (record("config", "StopConfigurationRecorder", {"configurationRecorderName": "default"}), ["default"]),
    (record("config", "DeleteDeliveryChannel", {"deliveryChannelName": "main"}), ["main"]),
    (record("config", "DeleteConfigRule", {"configRuleName": "s3-public"}), ["s3-public"]),
    (record("guardduty", "DeleteDetector", {"detectorId": "12abc34d567e8f"}), ["12abc34d567e8f"]),
    (
        record("guardduty", "DeleteMembers", {"detectorId": "12abc34d567e8f", "accountIds": ["444455556666"]}),
        ["444455556666", "12abc34d567e8f"],
    ),
    (record("securityhub", "DisableSecurityHub", None), []),
    (record("securityhub", "DeleteMembers", {"AccountIds": ["444455556666"]}), ["444455556666"]),
    (record("route53", "DeleteHostedZone", {"id": "/hostedzone/Z123456"}), ["Z123456"]),
    (
        record(
            "route53",
            "ChangeResourceRecordSets",
            {
                "hostedZoneId": "Z123456",
                "changeBatch": {
                    "changes": [
                        {"action": "DELETE", "resourceRecordSet": {"name": "www.example.org.", "type": "A", "tTL": 60}}
                    ]
                },
            },
        ),
        ["www.example.org.", "Z123456"],
    ),
    (record("cloudfront", "DeleteDistribution2020_05_31", {"id": "E123EXAMPLE", "ifMatch": "E9"}), ["E123EXAMPLE"]),
    (
        record(
            "elasticloadbalancing", "DeleteLoadBalancer", {"loadBalancerArn": f"{ELB}:loadbalancer/app/web/50dc6c4"}
        ),
        ["web"],
    ),
    (record("elasticloadbalancing", "DeleteLoadBalancer", {"loadBalancerName": "classic-web"}), ["classic-web"]),
    (
        record("elasticloadbalancing", "DeleteTargetGroup", {"targetGroupArn": f"{ELB}:targetgroup/web-tg/73e2d6"}),
        ["web-tg"],
    ),
    (
        record("elasticloadbalancing", "DeleteListener", {"listenerArn": f"{ELB}:listener/app/web/50dc6c4/f2f7dc8"}),
        ["f2f7dc8"],
    ),
    (record("autoscaling", "DeleteAutoScalingGroup", {"autoScalingGroupName": "web", "forceDelete": True}), ["web"]),
    (record("eks", "DeleteCluster", {"name": "prod"}), ["prod"]),
    (record("eks", "DeleteNodegroup", {"clusterName": "prod", "nodegroupName": "gpu"}), ["gpu", "prod"]),
    (record("ecs", "DeleteCluster", {"cluster": "prod"}), ["prod"]),
    (record("ecs", "DeleteService", {"cluster": "prod", "service": "api"}), ["api", "prod"]),
    (record("ecs", "StopTask", {"cluster": "prod", "task": "0cc43cdb", "reason": "bye"}), ["0cc43cdb", "prod"]),
    (record("ecr", "DeleteRepository", {"repositoryName": "team/api", "force": True}), ["team/api"]),
    (
        record(
            "ecr",
            "BatchDeleteImage",
            {"repositoryName": "team/api", "imageIds": [{"imageDigest": "sha256:aa"}, {"imageTag": "v1"}]},
        ),
        ["sha256:aa", "v1", "team/api"],
    ),
    (
        record(
            "backup",
            "DeleteRecoveryPoint",
            {
                "backupVaultName": "main",
                "recoveryPointArn": f"arn:aws:backup:{REGION}:{ACCOUNT}:recovery-point:{KEY_UUID}",
            },
        ),
        [KEY_UUID, "main"],
    ),
    (record("backup", "DeleteBackupVault", {"backupVaultName": "main"}), ["main"]),
    (record("backup", "DeleteBackupPlan", {"backupPlanId": KEY_UUID}), [KEY_UUID]),
    (record("elasticfilesystem", "DeleteFileSystem", {"fileSystemId": "fs-1"}), ["fs-1"]),
    (record("fsx", "DeleteFileSystem", {"fileSystemId": "fs-2", "clientRequestToken": "t"}), ["fs-2"]),
    (record("elasticache", "DeleteCacheCluster", {"cacheClusterId": "sessions"}), ["sessions"]),
    (record("elasticache", "DeleteReplicationGroup", {"replicationGroupId": "sessions"}), ["sessions"]),
    (record("elasticache", "DeleteSnapshot", {"snapshotName": "nightly"}), ["nightly"]),
    (record("redshift", "DeleteCluster", {"clusterIdentifier": "dwh"}), ["dwh"]),
    (record("es", "DeleteDomain", {"domainName": "search"}), ["search"]),
    (record("kinesis", "DeleteStream", {"streamName": "clicks"}), ["clicks"]),
    (record("kinesis", "DeleteStream", {"streamARN": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/clicks"}), ["clicks"]),
    (record("firehose", "DeleteDeliveryStream", {"deliveryStreamName": "to-s3"}), ["to-s3"]),
    (
        record(
            "kafka", "DeleteCluster", {"clusterArn": f"arn:aws:kafka:{REGION}:{ACCOUNT}:cluster/events/{KEY_UUID}-2"}
        ),
        ["events"],
    ),
    (record("glue", "DeleteDatabase", {"name": "raw"}), ["raw"]),
    (record("glue", "DeleteTable", {"databaseName": "raw", "name": "clicks"}), ["clicks", "raw"]),
    (record("glue", "DeleteJob", {"jobName": "load"}), ["load"]),
    (record("apigateway", "DeleteRestApi", {"restApiId": "a1b2c3"}), ["a1b2c3"]),
    (record("apigateway", "DeleteApi", {"apiId": "d4e5f6"}), ["d4e5f6"]),
    (record("cognito-idp", "DeleteUserPool", {"userPoolId": "eu-west-1_AbC"}), ["eu-west-1_AbC"]),
    (
        record("cognito-idp", "AdminDeleteUser", {"userPoolId": "eu-west-1_AbC", "username": "carol"}),
        ["carol", "eu-west-1_AbC"],
    ),
    (
        record(
            "states", "DeleteStateMachine", {"stateMachineArn": f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:flow"}
        ),
        ["flow"],
    ),
    (
        record(
            "acm", "DeleteCertificate", {"certificateArn": f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/{KEY_UUID}"}
        ),
        [KEY_UUID],
    ),
    (record("wafv2", "DeleteWebACL", {"name": "edge", "scope": "REGIONAL", "id": KEY_UUID}), ["edge", KEY_UUID]),
    (record("organizations", "CloseAccount", {"accountId": "444455556666"}), ["444455556666"]),
    (record("organizations", "RemoveAccountFromOrganization", {"accountId": "444455556666"}), ["444455556666"]),
    (record("organizations", "DeletePolicy", {"policyId": "p-1"}), ["p-1"]),
    (record("organizations", "DetachPolicy", {"policyId": "p-1", "targetId": "ou-1"}), ["p-1", "ou-1"]),
    (record("organizations", "LeaveOrganization", None), []),
    (record("elasticmapreduce", "TerminateJobFlows", {"jobFlowIds": ["j-1", "j-2"]}), ["j-1", "j-2"]),
    (record("sagemaker", "DeleteEndpoint", {"endpointName": "scorer"}), ["scorer"]),
    (record("sagemaker", "DeleteNotebookInstance", {"notebookInstanceName": "lab"}), ["lab"]),
    (record("rolesanywhere", "DeleteTrustAnchor", {"trustAnchorId": KEY_UUID}), [KEY_UUID]),
    (record("rolesanywhere", "DeleteProfile", {"profileId": KEY_UUID}), [KEY_UUID]),
    (record("route53resolver", "DeleteResolverQueryLogConfig", {"resolverQueryLogConfigId": "rqlc-1"}), ["rqlc-1"]),
]

OTHERS: list[tuple[dict[str, Any], list[str]]] = [
    (record("es", "DeleteElasticsearchDomain", {"domainName": "search"}), ["search"]),
    (record("guardduty", "DeleteInvitations", {"accountIds": ["444455556666"]}), ["444455556666"]),
    (record("securityhub", "DeleteInvitations", {"AccountIds": ["444455556666"]}), ["444455556666"]),
    (record("iam", "DeleteVirtualMFADevice", {"serialNumber": f"arn:aws:iam::{ACCOUNT}:mfa/old"}), ["old"]),
    (record("organizations", "DeregisterDelegatedAdministrator", {"accountId": "444455556666"}), ["444455556666"]),
    (
        record(
            "iam",
            "CreateAccessKey",
            None,
            responseElements={"accessKey": {"accessKeyId": "AKIANEW", "userName": "Alice"}},
        ),
        ["AKIANEW", "Alice"],
    ),
    (
        record(
            "secretsmanager",
            "EndSecretVersionDelete",
            None,
            eventType="AwsServiceEvent",
            additionalEventData={"ARN": SECRET, "Name": "db/main"},
        ),
        ["db/main"],
    ),
    (
        record(
            "kms",
            "DeleteKey",
            None,
            eventType="AwsServiceEvent",
            serviceEventDetails={"keyId": KEY_UUID},
            resources=[KEY],
        ),
        [KEY_UUID],
    ),
    (
        record(
            "ecr",
            "PolicyExecutionEvent",
            None,
            eventType="AwsServiceEvent",
            serviceEventDetails={
                "repositoryName": "team/api",
                "lifecycleEventImageActions": [{"lifecycleEventImage": {"digest": "sha256:aa", "tagList": ["v1"]}}],
            },
        ),
        ["sha256:aa", "team/api"],
    ),
    (
        record(
            "ec2",
            "RunInstances",
            {"instancesSet": {"items": [{"imageId": "ami-1"}]}, "iamInstanceProfile": {"name": "app"}},
            responseElements={"instancesSet": {"items": [{"instanceId": "i-1", "subnetId": "subnet-1"}]}},
        ),
        ["i-1"],
    ),
    (
        record(
            "s3",
            "CopyObject",
            {"bucketName": "logs-bucket", "key": "copy", "x-amz-copy-source": "/secret%20bucket/a%2Fb?versionId=3"},
        ),
        ["logs-bucket/copy", "secret bucket/a/b", "logs-bucket*"],
    ),
    (
        record(
            "iam",
            "DeleteUser",
            None,
            errorCode="AccessDenied",
            errorMessage=f"User: {USER_ARN} is not authorized to perform: iam:DeleteUser on resource: user bob because",
        ),
        ["bob"],
    ),
    (
        record(
            "ec2",
            "TerminateInstances",
            None,
            errorCode="Client.UnauthorizedOperation",
            errorMessage=f"User: {USER_ARN} is not authorized to perform: ec2:TerminateInstances on resource: "
            f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/i-0a1b2c3d4e5f60718 because",
        ),
        ["i-0a1b2c3d4e5f60718"],
    ),
]
