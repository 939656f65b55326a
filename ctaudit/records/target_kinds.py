"""Which CloudFormation resource type a parameter key of a service names."""

from __future__ import annotations

import re

_ROWS: tuple[tuple[str, str, str], ...] = (
    (
        "ec2",
        "EC2",
        """
        allocationId=EIP flowLogId=FlowLog imageId=Image instanceId=Instance internetGatewayId=InternetGateway
        keyName=KeyPair launchTemplateId=LaunchTemplate launchTemplateName=LaunchTemplate natGatewayId=NatGateway
        networkAclId=NetworkAcl networkInterfaceId=NetworkInterface routeTableId=RouteTable groupId=SecurityGroup
        groupName=SecurityGroup securityGroupRuleId=SecurityGroupRule securityGroupRuleIds=SecurityGroupRule
        snapshotId=Snapshot subnetId=Subnet transitGatewayId=TransitGateway vpcId=VPC vpcEndpointId=VPCEndpoint
        vpcPeeringConnectionId=VPCPeeringConnection vpnGatewayId=VPNGateway volumeId=Volume
        """,
    ),
    (
        "iam",
        "IAM",
        """
        userName=User roleName=Role groupName=Group instanceProfileName=InstanceProfile accessKeyId=AccessKey
        """,
    ),
    (
        "rds",
        "RDS",
        """
        dBInstanceIdentifier=DBInstance dBClusterIdentifier=DBCluster dBSnapshotIdentifier=DBSnapshot
        dBClusterSnapshotIdentifier=DBClusterSnapshot dBSubnetGroupName=DBSubnetGroup
        """,
    ),
    ("dynamodb", "DynamoDB", "tableName=Table"),
    ("lambda", "Lambda", "functionName=Function layerName=LayerVersion"),
    ("kms", "KMS", "keyId=Key aliasName=Alias"),
    ("secretsmanager", "SecretsManager", "secretId=Secret"),
    ("cloudformation", "CloudFormation", "stackName=Stack stackSetName=StackSet"),
    ("cloudtrail", "CloudTrail", "trailName=Trail"),
    ("logs", "Logs", "logGroupName=LogGroup logStreamName=LogStream"),
    ("monitoring", "CloudWatch", "alarmName=Alarm alarmNames=Alarm"),
    ("events", "Events", "rule=Rule"),
    ("sqs", "SQS", "queueUrl=Queue"),
    ("config", "Config", "configRuleName=ConfigRule configurationRecorderName=ConfigurationRecorder"),
    ("guardduty", "GuardDuty", "detectorId=Detector"),
    ("route53", "Route53", "hostedZoneId=HostedZone"),
    ("autoscaling", "AutoScaling", "autoScalingGroupName=AutoScalingGroup"),
    ("eks", "EKS", "clusterName=Cluster nodegroupName=Nodegroup"),
    ("ecs", "ECS", "cluster=Cluster service=Service task=Task"),
    ("ecr", "ECR", "repositoryName=Repository"),
    ("backup", "Backup", "backupVaultName=BackupVault backupPlanId=BackupPlan"),
    ("elasticfilesystem", "EFS", "fileSystemId=FileSystem"),
    ("fsx", "FSx", "fileSystemId=FileSystem"),
    (
        "elasticache",
        "ElastiCache",
        "cacheClusterId=CacheCluster replicationGroupId=ReplicationGroup snapshotName=Snapshot",
    ),
    ("redshift", "Redshift", "clusterIdentifier=Cluster"),
    ("es", "Elasticsearch", "domainName=Domain"),
    ("kinesis", "Kinesis", "streamName=Stream"),
    ("firehose", "KinesisFirehose", "deliveryStreamName=DeliveryStream"),
    ("glue", "Glue", "databaseName=Database jobName=Job"),
    ("apigateway", "ApiGateway", "restApiId=RestApi"),
    ("cognito-idp", "Cognito", "userPoolId=UserPool"),
    ("organizations", "Organizations", "policyId=Policy"),
    ("elasticmapreduce", "EMR", "jobFlowId=Cluster jobFlowIds=Cluster"),
    ("sagemaker", "SageMaker", "endpointName=Endpoint notebookInstanceName=NotebookInstance"),
    ("rolesanywhere", "RolesAnywhere", "trustAnchorId=TrustAnchor profileId=Profile"),
)
"""(service of eventSource, its name in CloudFormation, key=type)."""

KINDS: dict[tuple[str, str], str] = {
    (source, pair.partition("=")[0].lower()): f"AWS::{namespace}::{pair.partition('=')[2]}"
    for source, namespace, pairs in _ROWS
    for pair in pairs.split()
}
"""(service, folded key) -> type, such as (`ec2`, `volumeid`) -> `AWS::EC2::Volume`."""

_ID_PREFIXES = {
    "ami": "Image",
    "acl": "NetworkAcl",
    "eipalloc": "EIP",
    "eni": "NetworkInterface",
    "fl": "FlowLog",
    "i": "Instance",
    "igw": "InternetGateway",
    "lt": "LaunchTemplate",
    "nat": "NatGateway",
    "pcx": "VPCPeeringConnection",
    "rtb": "RouteTable",
    "sg": "SecurityGroup",
    "sgr": "SecurityGroupRule",
    "snap": "Snapshot",
    "subnet": "Subnet",
    "tgw": "TransitGateway",
    "vgw": "VPNGateway",
    "vol": "Volume",
    "vpc": "VPC",
    "vpce": "VPCEndpoint",
}
_EC2_ID = re.compile(r"([a-z]+)-(?:[0-9a-f]{8}|[0-9a-f]{17})")


def kind_of_key(source: str, key: str) -> str | None:
    """Return the type that a folded key names, also for a list of it: `flowLogIdSet`, `instanceIds`."""
    for name in (key, key.removesuffix("set").removesuffix("list"), key.removesuffix("s")):
        if (kind := KINDS.get((source, name))) is not None:
            return kind
    return None


def kind_of_id(text: str) -> str | None:
    """Return the type that an EC2 id shows by itself: `i-0123456789abcdef0`, `vol-13439757`."""
    found = _EC2_ID.fullmatch(text)
    kind = _ID_PREFIXES.get(found[1]) if found else None
    return f"AWS::EC2::{kind}" if kind else None
