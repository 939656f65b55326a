"""What services do because somebody called them: which services, on which calls, how long after.

S3's lifecycle rules and DynamoDB's time to live delete without any event, so nothing of theirs can be listed here.
"""

from __future__ import annotations

from typing import NamedTuple

from ctaudit.records.anyjson import fold
from ctaudit.records.verbs import Verb, bare_name, possible_verbs

_HOUR = 3600
_DAY = 24 * _HOUR

SHORT = 600
"""Seconds within which a call to a service is taken for the cause of what it did in its own name, when nothing else
tells."""
OTHERWISE = _HOUR
"""Seconds for services that have no row here: what they delete with the caller's own rights."""


class _Row(NamedTuple):
    services: str
    """Who deletes, as in `invokedBy`, without the domain."""
    called: str
    """The service that was called."""
    calls: str
    seconds: int
    """How long after the call it may still delete."""


_ROWS = (
    _Row(
        "cloudformation",
        "cloudformation",
        """
        DeleteStack UpdateStack CreateStack ExecuteChangeSet RollbackStack ContinueUpdateRollback CancelUpdateStack
        DeleteStackInstances UpdateStackInstances UpdateStackSet DeleteStackSet
        """,
        12 * _HOUR,
    ),
    _Row(
        "autoscaling",
        "autoscaling",
        """
        DeleteAutoScalingGroup UpdateAutoScalingGroup SetDesiredCapacity TerminateInstanceInAutoScalingGroup
        SetInstanceHealth ExecutePolicy StartInstanceRefresh RollbackInstanceRefresh
        """,
        2 * _HOUR,
    ),
    _Row("elasticmapreduce", "elasticmapreduce", "TerminateJobFlows ModifyInstanceGroups ModifyInstanceFleet", _HOUR),
    _Row(
        "ecs ecs-tasks ecs.application-autoscaling",
        "ecs",
        "DeleteService UpdateService DeleteCluster StopTask DeleteTaskSet UpdateTaskSet DeleteCapacityProvider",
        _HOUR,
    ),
    _Row(
        "eks eks-nodegroup eks-fargate eks-fargate-pods",
        "eks",
        """
        DeleteCluster DeleteNodegroup UpdateNodegroupConfig UpdateNodegroupVersion DeleteFargateProfile DeleteAddon
        UpdateClusterConfig
        """,
        2 * _HOUR,
    ),
    _Row(
        "rds",
        "rds",
        "DeleteDBInstance DeleteDBCluster ModifyDBInstance ModifyDBCluster DeleteDBProxy DeleteDBShardGroup",
        6 * _HOUR,
    ),
    _Row(
        "elasticloadbalancing",
        "elasticloadbalancing",
        "DeleteLoadBalancer SetSubnets DetachLoadBalancerFromSubnets",
        _HOUR,
    ),
    _Row("lambda", "lambda", "DeleteFunction UpdateFunctionConfiguration DeleteEventSourceMapping", 6 * _HOUR),
    _Row(
        "ec2fleet spotfleet spot ec2",
        "ec2",
        "DeleteFleets ModifyFleet CancelSpotFleetRequests ModifySpotFleetRequest CancelSpotInstanceRequests",
        _HOUR,
    ),
    _Row(
        "elasticbeanstalk",
        "elasticbeanstalk",
        "TerminateEnvironment UpdateEnvironment RebuildEnvironment DeleteApplication",
        2 * _HOUR,
    ),
    _Row("servicecatalog", "servicecatalog", "TerminateProvisionedProduct UpdateProvisionedProduct", 2 * _HOUR),
    _Row("backup", "backup", "DeleteRecoveryPoint", 6 * _HOUR),
    _Row("elasticache", "elasticache", "DeleteCacheCluster DeleteReplicationGroup", 2 * _HOUR),
    # A waiting period is thirty days at most, and what is due is done within a day.
    _Row("secretsmanager", "secretsmanager", "DeleteSecret", 32 * _DAY),
    _Row("kms", "kms", "ScheduleKeyDeletion", 32 * _DAY),
    _Row("organizations", "organizations", "CloseAccount", _DAY),
)
_BY_SERVICE = {service: row for row in _ROWS for service in row.services.split()}
_CALLS = {row.called: frozenset(row.calls.split()) for row in _ROWS}

WHOLES = frozenset(
    fold(key)
    for key in (
        "aws:cloudformation:stack-id",
        "aws:cloudformation:stack-name",
        "aws:autoscaling:groupName",
        "aws:elasticmapreduce:job-flow-id",
        "aws:ec2:fleet-id",
        "aws:ec2spot:fleet-request-id",
        "aws:eks:cluster-name",
        "eks:cluster-name",
        "eks:nodegroup-name",
        "aws:ecs:clusterName",
        "aws:ecs:serviceName",
        "elasticbeanstalk:environment-name",
    )
)
"""Folded keys of tags with which services mark what they make as a part of something larger. Nobody else may write
those that begin with `aws:`."""


def called_by(service: str) -> str:
    """Return the service whose calls make `service` delete: `eks-nodegroup` acts on calls to EKS."""
    row = _BY_SERVICE.get(service)
    return row.called if row is not None else service


def seconds_after(service: str, *, deletes: bool = True) -> int:
    """Return for how long after a call `service` may still act because of it; waiting periods are before deletions."""
    row = _BY_SERVICE.get(service)
    if row is None or (not deletes and row.seconds > _DAY):
        return OTHERWISE
    return row.seconds


def may_begin(
    called: str, source: str | None, name: str | None, read_only: bool | None, *, deletes: bool = True
) -> bool:
    """Tell whether a call of this name to the service `called` may make it act, or delete something.

    Whatever changes something may make a service create and change; few calls make it delete.
    """
    if name is None or fold((source or "").partition(".")[0]) != called:
        return False
    if not deletes:
        return possible_verbs(source, name, read_only) != {Verb.READ}
    calls = _CALLS.get(called)
    if calls is not None:
        return bare_name(name) in calls
    return Verb.DESTROY in possible_verbs(source, name, read_only)
