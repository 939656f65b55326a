"""How the ARN of each known resource type is written, and which part of it is the name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Form(NamedTuple):
    """`arn:PARTITION:service:REGION:ACCOUNT:prefix + name`."""

    service: str
    prefix: str
    regional: bool = True
    has_account: bool = True
    drops: str = ""
    """What the name carries in parameters but not in the ARN: `alias/x`, `/parameter`."""
    only: str = ""
    """The ARN holds an id that starts so; from another name of the thing no ARN follows."""


def _ec2(word: str) -> Form:
    return Form("ec2", f"{word}/")


def _iam(word: str) -> Form:
    return Form("iam", f"{word}/", regional=False)


def _rds(word: str) -> Form:
    return Form("rds", f"{word}:")


FORMS: Mapping[str, Form] = {
    "AWS::ApiGateway::RestApi": Form("apigateway", "/restapis/", has_account=False),
    "AWS::ApiGatewayV2::Api": Form("apigateway", "/apis/", has_account=False),
    "AWS::Backup::BackupPlan": Form("backup", "backup-plan:"),
    "AWS::Backup::BackupVault": Form("backup", "backup-vault:"),
    "AWS::CloudFront::Distribution": Form("cloudfront", "distribution/", regional=False),
    "AWS::CloudTrail::Trail": Form("cloudtrail", "trail/"),
    "AWS::CloudTrail::EventDataStore": Form("cloudtrail", "eventdatastore/"),
    "AWS::CloudWatch::Alarm": Form("cloudwatch", "alarm:"),
    "AWS::Cognito::UserPool": Form("cognito-idp", "userpool/"),
    "AWS::DynamoDB::Table": Form("dynamodb", "table/"),
    "AWS::EC2::EIP": Form("ec2", "elastic-ip/", only="eipalloc-"),
    "AWS::EC2::FlowLog": _ec2("vpc-flow-log"),
    "AWS::EC2::Image": Form("ec2", "image/", has_account=False),
    "AWS::EC2::Instance": _ec2("instance"),
    "AWS::EC2::InternetGateway": _ec2("internet-gateway"),
    "AWS::EC2::KeyPair": _ec2("key-pair"),
    "AWS::EC2::LaunchTemplate": Form("ec2", "launch-template/", only="lt-"),
    "AWS::EC2::NatGateway": _ec2("natgateway"),
    "AWS::EC2::NetworkAcl": _ec2("network-acl"),
    "AWS::EC2::NetworkInterface": _ec2("network-interface"),
    "AWS::EC2::RouteTable": _ec2("route-table"),
    "AWS::EC2::SecurityGroup": Form("ec2", "security-group/", only="sg-"),
    "AWS::EC2::SecurityGroupRule": _ec2("security-group-rule"),
    "AWS::EC2::Snapshot": Form("ec2", "snapshot/", has_account=False),
    "AWS::EC2::Subnet": _ec2("subnet"),
    "AWS::EC2::TransitGateway": _ec2("transit-gateway"),
    "AWS::EC2::VPC": _ec2("vpc"),
    "AWS::EC2::VPCEndpoint": _ec2("vpc-endpoint"),
    "AWS::EC2::VPCPeeringConnection": _ec2("vpc-peering-connection"),
    "AWS::EC2::VPNGateway": _ec2("vpn-gateway"),
    "AWS::EC2::Volume": _ec2("volume"),
    "AWS::ECR::Repository": Form("ecr", "repository/"),
    "AWS::ECS::Cluster": Form("ecs", "cluster/"),
    "AWS::EFS::FileSystem": Form("elasticfilesystem", "file-system/"),
    "AWS::EKS::Cluster": Form("eks", "cluster/"),
    "AWS::EMR::Cluster": Form("elasticmapreduce", "cluster/"),
    "AWS::ElastiCache::CacheCluster": Form("elasticache", "cluster:"),
    "AWS::ElastiCache::ReplicationGroup": Form("elasticache", "replicationgroup:"),
    "AWS::ElastiCache::Snapshot": Form("elasticache", "snapshot:"),
    "AWS::Elasticsearch::Domain": Form("es", "domain/"),
    "AWS::Events::Rule": Form("events", "rule/"),
    "AWS::FSx::FileSystem": Form("fsx", "file-system/"),
    "AWS::Glue::Database": Form("glue", "database/"),
    "AWS::Glue::Job": Form("glue", "job/"),
    "AWS::GuardDuty::Detector": Form("guardduty", "detector/"),
    "AWS::IAM::Group": _iam("group"),
    "AWS::IAM::InstanceProfile": _iam("instance-profile"),
    "AWS::IAM::Policy": _iam("policy"),
    "AWS::IAM::Role": _iam("role"),
    "AWS::IAM::User": _iam("user"),
    "AWS::KMS::Alias": Form("kms", "alias/", drops="alias/"),
    "AWS::KMS::Key": Form("kms", "key/"),
    "AWS::Kinesis::Stream": Form("kinesis", "stream/"),
    "AWS::KinesisFirehose::DeliveryStream": Form("firehose", "deliverystream/"),
    "AWS::Lambda::EventSourceMapping": Form("lambda", "event-source-mapping:"),
    "AWS::Lambda::Function": Form("lambda", "function:"),
    "AWS::Lambda::LayerVersion": Form("lambda", "layer:"),
    "AWS::Logs::LogGroup": Form("logs", "log-group:"),
    "AWS::RDS::DBCluster": _rds("cluster"),
    "AWS::RDS::DBClusterSnapshot": _rds("cluster-snapshot"),
    "AWS::RDS::DBInstance": _rds("db"),
    "AWS::RDS::DBSnapshot": _rds("snapshot"),
    "AWS::RDS::DBSubnetGroup": _rds("subgrp"),
    "AWS::Redshift::Cluster": Form("redshift", "cluster:"),
    "AWS::RolesAnywhere::Profile": Form("rolesanywhere", "profile/"),
    "AWS::RolesAnywhere::TrustAnchor": Form("rolesanywhere", "trust-anchor/"),
    "AWS::Route53::HostedZone": Form("route53", "hostedzone/", regional=False, has_account=False, drops="/hostedzone/"),
    "AWS::S3::Bucket": Form("s3", "", regional=False, has_account=False),
    "AWS::S3::Object": Form("s3", "", regional=False, has_account=False),
    "AWS::SNS::Topic": Form("sns", ""),
    "AWS::SQS::Queue": Form("sqs", ""),
    "AWS::SSM::Document": Form("ssm", "document/"),
    "AWS::SSM::Parameter": Form("ssm", "parameter/", drops="/"),
    "AWS::SageMaker::Endpoint": Form("sagemaker", "endpoint/"),
    "AWS::SageMaker::NotebookInstance": Form("sagemaker", "notebook-instance/"),
}
"""Types whose ARN follows from name, account and region. Secrets, load balancers and stacks have random parts."""

TYPE_BY_PREFIX: Mapping[tuple[str, str], str] = {
    **{
        (form.service, form.prefix.strip(":/")): kind
        for kind, form in FORMS.items()
        if form.service not in ("apigateway", "s3")
    },
    ("secretsmanager", "secret"): "AWS::SecretsManager::Secret",
    ("cloudformation", "stack"): "AWS::CloudFormation::Stack",
    ("cloudformation", "stackset"): "AWS::CloudFormation::StackSet",
    ("elasticloadbalancing", "loadbalancer"): "AWS::ElasticLoadBalancingV2::LoadBalancer",
    ("elasticloadbalancing", "targetgroup"): "AWS::ElasticLoadBalancingV2::TargetGroup",
    ("elasticloadbalancing", "listener"): "AWS::ElasticLoadBalancingV2::Listener",
    ("autoscaling", "autoscalinggroup"): "AWS::AutoScaling::AutoScalingGroup",
    ("eks", "nodegroup"): "AWS::EKS::Nodegroup",
    ("ecs", "service"): "AWS::ECS::Service",
    ("ecs", "task"): "AWS::ECS::Task",
    ("states", "statemachine"): "AWS::StepFunctions::StateMachine",
    ("acm", "certificate"): "AWS::CertificateManager::Certificate",
    ("kafka", "cluster"): "AWS::MSK::Cluster",
    ("iam", "saml-provider"): "AWS::IAM::SAMLProvider",
    ("iam", "oidc-provider"): "AWS::IAM::OIDCProvider",
    ("iam", "mfa"): "AWS::IAM::VirtualMFADevice",
    ("backup", "recovery-point"): "AWS::Backup::RecoveryPoint",
    ("organizations", "account"): "AWS::Organizations::Account",
    ("organizations", "policy"): "AWS::Organizations::Policy",
}
"""(service, first word of the resource part; empty when it has none) -> type."""

NAME_SEGMENT: Mapping[tuple[str, str], int] = {
    ("cloudformation", "stack"): 0,
    ("kafka", "cluster"): 0,
    ("eks", "nodegroup"): 1,
    ("eks", "addon"): 1,
    ("eks", "fargateprofile"): 1,
    ("elasticloadbalancing", "targetgroup"): 0,
    ("wafv2", "regional"): 1,
    ("wafv2", "global"): 1,
}
"""Which `/` part after the type is the name, where an id follows it: `stack/NAME/UUID`."""

PATHLESS: frozenset[tuple[str, str]] = frozenset(
    {("ecr", "repository"), ("dynamodb", "table"), ("events", "event-bus")}
)
"""Types whose name is all that follows: a repository `a/b` is not `b`, an index of a table is not the table."""
