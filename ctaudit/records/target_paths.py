"""Where the calls that matter most name what they act on: the exceptions to the general rule, as a table.

Paths are looked up in any letter case, through lists and EC2's wrappers (`items`, `item`, `XxxRequest`, `content`).
Shapes: AWS's own examples in the CloudTrail chapters of the service guides, and the API models.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ctaudit.records.target_kinds import KINDS

_FIELDS = {">": "responseElements", "~": "serviceEventDetails"}


class Path(NamedTuple):
    """One place that names a target."""

    keys: tuple[str, ...]
    """Folded keys from the field down."""
    kind: str | None
    """CloudFormation type of what is named; None leaves it to the ARN or the key."""
    field: str = "requestParameters"
    """The field of the record to look in."""
    owner: bool = False
    """It names what the call's own target belongs to."""


_ROWS: tuple[tuple[str, str, str], ...] = (
    ("ec2", "TerminateInstances StopInstances RebootInstances StartInstances", "instancesSet.instanceId"),
    ("ec2", "RunInstances", ">instancesSet.instanceId"),
    ("ec2", "AllocateAddress", ">allocationId >publicIp"),
    ("ec2", "DeleteVolume", "volumeId"),
    ("ec2", "DeleteSnapshot", "snapshotId"),
    ("ec2", "DeregisterImage", "imageId"),
    ("ec2", "DeleteSecurityGroup", "groupId groupName"),
    (
        "ec2",
        "RevokeSecurityGroupIngress RevokeSecurityGroupEgress",
        "groupId groupName securityGroupRuleIds securityGroupRuleIds.securityGroupRuleId",
    ),
    ("ec2", "DeleteVpc", "vpcId"),
    ("ec2", "DeleteSubnet", "subnetId"),
    ("ec2", "DeleteRouteTable", "routeTableId"),
    ("ec2", "DeleteInternetGateway", "internetGatewayId"),
    ("ec2", "DeleteNetworkInterface", "networkInterfaceId"),
    ("ec2", "DeleteNatGateway", "natGatewayId"),
    ("ec2", "DeleteFlowLogs", "flowLogId"),
    ("ec2", "DeleteVpcEndpoints", "vpcEndpointId"),
    ("ec2", "DeleteLaunchTemplate", "launchTemplateId launchTemplateName"),
    ("ec2", "DeleteKeyPair", "keyName keyPairId"),
    ("ec2", "ReleaseAddress", "allocationId publicIp"),
    ("ec2", "DeleteNetworkAcl", "networkAclId"),
    ("ec2", "DeleteNetworkAclEntry CreateNetworkAclEntry", "^networkAclId"),
    ("ec2", "DeleteRoute CreateRoute ReplaceRoute", "^routeTableId"),
    ("ec2", "DeleteTags CreateTags", "resourcesSet.resourceId"),
    ("ec2", "DeleteTransitGateway", "transitGatewayId"),
    ("ec2", "DeleteVpnGateway", "vpnGatewayId"),
    ("ec2", "DeleteVpcPeeringConnection", "vpcPeeringConnectionId"),
    ("s3 s3control", "DeleteAccessPoint CreateAccessPoint", "name=AWS::S3::AccessPoint"),
    ("iam", "DeleteUser", "userName"),
    ("iam", "DeleteRole", "roleName"),
    ("iam", "DeleteGroup", "groupName"),
    ("iam", "DeleteAccessKey UpdateAccessKey", "accessKeyId ^userName"),
    ("iam", "CreateAccessKey", ">accessKey.accessKeyId ^userName ^>accessKey.userName"),
    ("iam", "DeleteLoginProfile CreateLoginProfile UpdateLoginProfile", "^userName"),
    ("iam", "DeactivateMFADevice EnableMFADevice", "userName serialNumber"),
    ("iam", "DeleteVirtualMFADevice", "serialNumber"),
    ("iam", "DeletePolicy", "policyArn"),
    ("iam", "DeletePolicyVersion CreatePolicyVersion", "^policyArn"),
    ("iam", "DeleteUserPolicy PutUserPolicy GetUserPolicy", "policyName=AWS::IAM::UserPolicy ^userName"),
    ("iam", "DeleteRolePolicy PutRolePolicy GetRolePolicy", "policyName=AWS::IAM::RolePolicy ^roleName"),
    ("iam", "DeleteGroupPolicy PutGroupPolicy GetGroupPolicy", "policyName=AWS::IAM::GroupPolicy ^groupName"),
    ("iam", "DetachUserPolicy AttachUserPolicy", "policyArn userName"),
    ("iam", "DetachRolePolicy AttachRolePolicy", "policyArn roleName"),
    ("iam", "DetachGroupPolicy AttachGroupPolicy", "policyArn groupName"),
    ("iam", "DeleteInstanceProfile", "instanceProfileName"),
    ("iam", "RemoveRoleFromInstanceProfile AddRoleToInstanceProfile", "instanceProfileName roleName"),
    ("iam", "DeleteSAMLProvider", "sAMLProviderArn"),
    ("iam", "DeleteOpenIDConnectProvider", "openIDConnectProviderArn"),
    ("rds", "DeleteDBInstance", "dBInstanceIdentifier >dBInstanceArn"),
    ("rds", "DeleteDBCluster", "dBClusterIdentifier >dBClusterArn"),
    ("rds", "DeleteDBSnapshot", "dBSnapshotIdentifier >dBSnapshotArn"),
    ("rds", "DeleteDBClusterSnapshot", "dBClusterSnapshotIdentifier"),
    ("rds", "DeleteDBInstanceAutomatedBackup", "dbiResourceId dBInstanceAutomatedBackupsArn"),
    ("dynamodb", "DeleteTable", "tableName"),
    ("dynamodb", "DeleteBackup", "backupArn"),
    ("lambda", "DeleteFunction", "functionName"),
    ("lambda", "RemovePermission AddPermission", "functionName statementId=AWS::Lambda::Permission"),
    ("lambda", "DeleteEventSourceMapping", "uUID=AWS::Lambda::EventSourceMapping"),
    ("lambda", "DeleteLayerVersion", "^layerName"),
    ("kms", "ScheduleKeyDeletion DisableKey EnableKey CancelKeyDeletion PutKeyPolicy", "keyId"),
    ("kms", "DeleteAlias", "aliasName"),
    ("secretsmanager", "DeleteSecret", "secretId >aRN"),
    ("ssm", "DeleteParameter DeleteParameters", "name=AWS::SSM::Parameter names=AWS::SSM::Parameter"),
    ("ssm", "PutParameter GetParameter", "name=AWS::SSM::Parameter"),
    ("ssm", "PutInventory PutComplianceItems", "instanceId resourceId"),
    ("ssm", "DeleteDocument", "name=AWS::SSM::Document"),
    ("cloudformation", "DeleteStack", "stackName"),
    ("cloudformation", "DeleteStackSet", "stackSetName"),
    (
        "cloudtrail",
        "DeleteTrail StopLogging StartLogging UpdateTrail GetTrail GetTrailStatus",
        "name=AWS::CloudTrail::Trail",
    ),
    ("cloudtrail", "CreateTrail", "name=AWS::CloudTrail::Trail >trailARN"),
    ("cloudtrail", "DeleteEventDataStore", "eventDataStore=AWS::CloudTrail::EventDataStore"),
    ("logs", "DeleteLogGroup", "logGroupName"),
    ("logs", "DeleteRetentionPolicy PutRetentionPolicy", "^logGroupName"),
    ("logs", "DeleteLogStream CreateLogStream", "logStreamName ^logGroupName"),
    ("monitoring", "DeleteAlarms DisableAlarmActions EnableAlarmActions", "alarmNames"),
    ("events", "DeleteRule DisableRule EnableRule", "name=AWS::Events::Rule"),
    ("events", "RemoveTargets", "rule=AWS::Events::Rule ids"),
    ("sns", "DeleteTopic", "topicArn"),
    ("sns", "Unsubscribe", "subscriptionArn"),
    ("sqs", "DeleteQueue PurgeQueue", "queueUrl"),
    (
        "config",
        "DeleteConfigurationRecorder StopConfigurationRecorder StartConfigurationRecorder",
        "configurationRecorderName",
    ),
    ("config", "DeleteDeliveryChannel", "deliveryChannelName"),
    ("config", "DeleteConfigRule", "configRuleName"),
    ("guardduty", "DeleteDetector UpdateDetector", "detectorId"),
    (
        "guardduty",
        "DeleteMembers DisassociateMembers StopMonitoringMembers",
        "accountIds=AWS::Organizations::Account ^detectorId",
    ),
    ("securityhub", "DeleteMembers DisassociateMembers", "accountIds=AWS::Organizations::Account"),
    ("guardduty securityhub macie2", "DeleteInvitations DeclineInvitations", "accountIds=AWS::Organizations::Account"),
    ("securityhub", "DisableSecurityHub", ""),
    ("route53", "DeleteHostedZone", "id=AWS::Route53::HostedZone"),
    (
        "route53",
        "ChangeResourceRecordSets",
        "changeBatch.changes.resourceRecordSet.name=AWS::Route53::RecordSet ^hostedZoneId",
    ),
    ("cloudfront", "DeleteDistribution UpdateDistribution", "id=AWS::CloudFront::Distribution"),
    (
        "elasticloadbalancing",
        "DeleteLoadBalancer",
        "loadBalancerArn loadBalancerName=AWS::ElasticLoadBalancing::LoadBalancer",
    ),
    ("elasticloadbalancing", "DeleteTargetGroup", "targetGroupArn"),
    ("elasticloadbalancing", "DeleteListener", "listenerArn"),
    ("autoscaling", "DeleteAutoScalingGroup", "autoScalingGroupName"),
    ("eks", "DeleteCluster", "name=AWS::EKS::Cluster"),
    ("eks", "DeleteNodegroup", "nodegroupName ^clusterName"),
    ("ecs", "DeleteCluster", "cluster"),
    ("ecs", "DeleteService", "service ^cluster"),
    ("ecs", "StopTask", "task ^cluster"),
    ("ecr", "DeleteRepository", "repositoryName"),
    ("ecr", "BatchDeleteImage", "imageIds.imageDigest imageIds.imageTag ^repositoryName"),
    ("backup", "DeleteRecoveryPoint", "recoveryPointArn ^backupVaultName"),
    ("backup", "DeleteBackupVault", "backupVaultName"),
    ("backup", "DeleteBackupPlan", "backupPlanId"),
    ("elasticfilesystem fsx", "DeleteFileSystem", "fileSystemId"),
    ("elasticache", "DeleteCacheCluster", "cacheClusterId"),
    ("elasticache", "DeleteReplicationGroup", "replicationGroupId"),
    ("elasticache", "DeleteSnapshot", "snapshotName"),
    ("redshift", "DeleteCluster", "clusterIdentifier"),
    ("es", "DeleteDomain DeleteElasticsearchDomain", "domainName"),
    ("kinesis", "DeleteStream", "streamName streamARN"),
    ("firehose", "DeleteDeliveryStream", "deliveryStreamName"),
    ("kafka", "DeleteCluster", "clusterArn"),
    ("glue", "DeleteDatabase", "name=AWS::Glue::Database"),
    ("glue", "DeleteTable", "name=AWS::Glue::Table ^databaseName"),
    ("glue", "DeleteJob", "jobName"),
    ("apigateway", "DeleteRestApi", "restApiId"),
    ("apigateway", "DeleteApi", "apiId=AWS::ApiGatewayV2::Api"),
    ("cognito-idp", "DeleteUserPool", "userPoolId"),
    ("cognito-idp", "AdminDeleteUser", "username=AWS::Cognito::UserPoolUser ^userPoolId"),
    ("states", "DeleteStateMachine", "stateMachineArn"),
    ("acm", "DeleteCertificate", "certificateArn"),
    ("wafv2", "DeleteWebACL", "name=AWS::WAFv2::WebACL id=AWS::WAFv2::WebACL"),
    ("organizations", "CloseAccount RemoveAccountFromOrganization", "accountId=AWS::Organizations::Account"),
    ("organizations", "DeregisterDelegatedAdministrator", "accountId=AWS::Organizations::Account"),
    ("organizations", "DeletePolicy", "policyId"),
    ("organizations", "DetachPolicy AttachPolicy", "policyId targetId"),
    ("organizations", "LeaveOrganization", ""),
    ("elasticmapreduce", "TerminateJobFlows", "jobFlowIds"),
    ("sagemaker", "DeleteEndpoint", "endpointName"),
    ("sagemaker", "DeleteNotebookInstance", "notebookInstanceName"),
    ("rolesanywhere", "DeleteTrustAnchor", "trustAnchorId"),
    ("rolesanywhere", "DeleteProfile", "profileId"),
    ("route53resolver", "DeleteResolverQueryLogConfig", "resolverQueryLogConfigId"),
    # Service events
    ("ecr", "PolicyExecutionEvent", "~lifecycleEventImageActions.lifecycleEventImage.digest ^~repositoryName"),
    ("organizations", "CreateAccountResult", "~createAccountStatus.accountId=AWS::Organizations::Account"),
    ("organizations", "CloseAccountResult", "~closeAccountStatus.accountId=AWS::Organizations::Account"),
    ("sts", "AssumeRole AssumeRoleWithSAML AssumeRoleWithWebIdentity", "roleArn"),
)
"""(services, event names without API date, paths best first).

`^` marks what the target belongs to; `>` looks in responseElements, `~` in serviceEventDetails; `=` gives the type.
"""


def _parse_path(source: str, text: str) -> Path:
    owner = text.startswith("^")
    where, _, kind = text.removeprefix("^").partition("=")
    field = _FIELDS.get(where[0], "requestParameters")
    keys = tuple(where.lstrip("".join(_FIELDS)).lower().split("."))
    return Path(keys, kind or KINDS.get((source, keys[-1])), field, owner)


def _parse_rows(rows: Iterable[tuple[str, str, str]]) -> dict[tuple[str, str], tuple[Path, ...]]:
    return {
        (source, name): tuple(_parse_path(source, path) for path in paths.split())
        for sources, names, paths in rows
        for source in sources.split()
        for name in names.split()
    }


PATHS = _parse_rows(_ROWS)
"""(service, bare event name) -> where its targets are named; an empty tuple: the call names nothing."""

OWN_USER = frozenset(
    {
        "CreateAccessKey",
        "DeleteAccessKey",
        "UpdateAccessKey",
        "ListAccessKeys",
        "ChangePassword",
        "DeleteLoginProfile",
        "CreateLoginProfile",
        "UploadSigningCertificate",
        "UpdateSigningCertificate",
        "DeleteSigningCertificate",
        "GetUser",
    }
)
"""IAM calls that act on the caller's own user when they name none."""

TABLE_ITEM_CALLS = frozenset(
    {
        "GetItem",
        "PutItem",
        "UpdateItem",
        "DeleteItem",
        "BatchGetItem",
        "BatchWriteItem",
        "TransactGetItems",
        "TransactWriteItems",
        "Query",
        "Scan",
        "ExecuteStatement",
        "BatchExecuteStatement",
        "ExecuteTransaction",
    }
)
"""DynamoDB calls on items: the table only contains what they act on."""

OBJECT_CALLS_WITHOUT_KEY = frozenset({"DeleteObjects"})
"""S3 calls on objects whose record names the bucket alone: the keys are not logged."""
