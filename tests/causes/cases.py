"""Deletions by services, each with the call that caused it, or beside a look-alike that did not.

Each function is one case; the last record is the deletion that is asked about.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from types import ModuleType
from typing import Any

from tests.lineage.scenarios import ALICE, AT, DESK, ELSEWHERE, MALLORY
from tests.trail.company import CI, EUROPE, HOME
from tests.trail.events import event
from tests.trail.ids import Ids
from tests.trail.principals import Client, Principal, Record, Role
from tests.trail.services import service_action
from tests.trail.sessions import assume_role, service_assumes
from tests.trail.storage import batch_delete, object_call

CFN, SCALING, NODES = "cloudformation.amazonaws.com", "autoscaling.amazonaws.com", "eks-nodegroup.amazonaws.com"
STACK_ROLE = Role(CI, "stack-role", "AROASTACKROLEEXAMPLE")
OTHER_ROLE = Role(CI, "other-role", "AROAOTHERROLEEXAMPLE")
SCALING_ROLE = Role(CI, "AWSServiceRoleForAutoScaling", "AROASCALINGEXAMPLE", f"/aws-service-role/{SCALING}/")
NODES_ROLE = Role(CI, "AWSServiceRoleForAmazonEKSNodegroup", "AROANODESEXAMPLE", f"/aws-service-role/{NODES}/")
STACK = f"arn:aws:cloudformation:{HOME}:{CI}:stack/{{}}/6f1c2e90-1d2e-11f1-8f0a-0e7d{{:08}}"


@dataclass(frozen=True, slots=True)
class Expected:
    records: tuple[Record, ...]
    cause: Record | None
    confidence: str | None

    @property
    def deletion(self) -> Record:
        return self.records[-1]


Case = Callable[[Ids], Expected]


def cases_of(module: ModuleType) -> dict[str, Case]:
    """Return every case of a file by its name."""
    takes = {"ids": "Ids", "return": "Expected"}
    return {name: made for name, made in vars(module).items() if getattr(made, "__annotations__", {}) == takes}


def _call(
    ids: Ids, seconds: int, action: str, who: Principal, request: Record | None, region: str = HOME, **more: Any
) -> Record:
    return event(ids, AT + timedelta(seconds=seconds), action, who, region, request, more.pop("response", None), **more)


def _alice(ids: Ids, seconds: int, service: str) -> Principal:
    """What a service makes on for Alice: her name, and a key that was handed out by nobody."""
    return ALICE.calling(DESK).through(service, ids, AT + timedelta(seconds=seconds))


def _delete_stack(ids: Ids, seconds: int = 0, name: str = "shop", who: Principal | None = None, **more: Any) -> Record:
    request = {"stackName": name} | more.pop("request", {})
    return _call(ids, seconds, "cloudformation:DeleteStack", who or ALICE.calling(DESK), request, **more)


def _delete_bucket(ids: Ids, seconds: int, who: Principal, name: str, region: str = HOME) -> Record:
    return _call(ids, seconds, "s3:DeleteBucket", who, {"bucketName": name}, region)


def stack_by_its_caller(ids: Ids) -> Expected:
    """CloudFormation goes on with the rights of who deleted the stack; nothing else tells."""
    stack = _delete_stack(ids)
    return Expected((stack, _delete_bucket(ids, 90, _alice(ids, 0, CFN), "plain-name")), stack, "likely")


def stack_of_another_caller(ids: Ids) -> Expected:
    """Mallory's deletion is not done with Alice's rights."""
    stack = _delete_stack(ids, who=MALLORY.calling(ELSEWHERE))
    return Expected((stack, _delete_bucket(ids, 90, _alice(ids, 0, CFN), "plain-name")), None, None)


def stack_that_was_not_deleted(ids: Ids) -> Expected:
    stack = _delete_stack(ids, error=("ValidationError", "Stack [shop] cannot be deleted"))
    return Expected((stack, _delete_bucket(ids, 90, _alice(ids, 0, CFN), "plain-name")), None, None)


def stack_deleted_afterwards(ids: Ids) -> Expected:
    stack = _delete_stack(ids, 93)
    return Expected((stack, _delete_bucket(ids, 90, _alice(ids, 90, CFN), "plain-name")), None, None)


def stack_by_a_clock_two_seconds_ahead(ids: Ids) -> Expected:
    stack = _delete_stack(ids, 92)
    return Expected((stack, _delete_bucket(ids, 90, _alice(ids, 90, CFN), "plain-name")), stack, "likely")


def stack_long_ago(ids: Ids) -> Expected:
    stack = _delete_stack(ids)
    late = 13 * 3600
    return Expected((stack, _delete_bucket(ids, late, _alice(ids, late, CFN), "plain-name")), None, None)


def two_stacks_of_which_one_has_the_name(ids: Ids) -> Expected:
    """CloudFormation names what it makes after the stack."""
    one, other = _delete_stack(ids), _delete_stack(ids, 1, "blog")
    deletion = _delete_bucket(ids, 90, _alice(ids, 0, CFN), "blog-pictures-1a2b3c4d5e6f")
    return Expected((one, other, deletion), other, "likely")


def two_stacks_and_no_name(ids: Ids) -> Expected:
    """Both came into question in the same minute: none is picked."""
    one, other = _delete_stack(ids), _delete_stack(ids, 1, "blog")
    return Expected((one, other, _delete_bucket(ids, 90, _alice(ids, 1, CFN), "plain-name")), None, "ambiguous")


def two_stacks_one_after_the_other(ids: Ids) -> Expected:
    """The rights that CloudFormation went on with began with the later call."""
    one, other = _delete_stack(ids), _delete_stack(ids, 1200, "blog")
    return Expected((one, other, _delete_bucket(ids, 1290, _alice(ids, 1200, CFN), "plain-name")), other, "likely")


def stack_deleted_again(ids: Ids) -> Expected:
    """The same stack twice, since the first time failed halfway: the later call counts."""
    one, other = _delete_stack(ids), _delete_stack(ids, 60)
    return Expected((one, other, _delete_bucket(ids, 90, _alice(ids, 30, CFN), "plain-name")), other, "likely")


def _made_by_stack(ids: Ids, bucket: str, stack: str) -> Record:
    tags = [
        {"Key": "aws:cloudformation:stack-id", "Value": stack},
        {"Key": "aws:cloudformation:stack-name", "Value": stack.split("/")[1]},
    ]
    request = {"bucketName": bucket, "Tagging": {"TagSet": {"Tag": tags}}}
    return _call(ids, -80_000, "s3:PutBucketTagging", _alice(ids, -80_000, CFN), request)


def stack_by_its_change_set(ids: Ids) -> Expected:
    """Carrying out a change set changes the stack that it names."""
    request = {"changeSetName": "to-v2", "stackName": "blog"}
    other = _delete_stack(ids)
    changed = _call(ids, 1, "cloudformation:ExecuteChangeSet", ALICE.calling(DESK), request)
    deletion = _delete_bucket(ids, 90, _alice(ids, 0, CFN), "blog-pictures-1a2b3c4d5e70")
    return Expected((other, changed, deletion), changed, "likely")


def stack_by_the_tags_of_the_thing(ids: Ids) -> Expected:
    """The log of its making says which stack it is a part of."""
    made = _made_by_stack(ids, "any-name-1", STACK.format("shop", 1))
    one, other = _delete_stack(ids), _delete_stack(ids, 1, "blog")
    deletion = _delete_bucket(ids, 90, _alice(ids, 0, CFN), "any-name-1")
    return Expected((made, one, other, deletion), one, "exact")


def stack_by_the_tags_of_a_thing_with_an_odd_name(ids: Ids) -> Expected:
    """A name that JSON writes otherwise than it is."""
    name = 'odd "quoted" name'
    tags = [{"Key": "aws:cloudformation:stack-name", "Value": "shop"}]
    made = _call(ids, -80_000, "ssm:PutParameter", _alice(ids, -80_000, CFN), {"name": name, "tags": tags})
    one, other = _delete_stack(ids), _delete_stack(ids, 1, "blog")
    deletion = _call(ids, 90, "ssm:DeleteParameter", _alice(ids, 0, CFN), {"name": name})
    return Expected((made, one, other, deletion), one, "exact")


def stack_by_the_tags_of_another_thing(ids: Ids) -> Expected:
    made = _made_by_stack(ids, "any-name-2", STACK.format("shop", 2))
    one, other = _delete_stack(ids), _delete_stack(ids, 1, "blog")
    deletion = _delete_bucket(ids, 90, _alice(ids, 0, CFN), "any-name-3")
    return Expected((made, one, other, deletion), None, "ambiguous")


def stack_that_the_thing_is_no_part_of(ids: Ids) -> Expected:
    """By its tags it belongs to a stack that nobody deleted."""
    made = _made_by_stack(ids, "any-name-4", STACK.format("other", 4))
    stack = _delete_stack(ids)
    return Expected((made, stack, _delete_bucket(ids, 90, _alice(ids, 0, CFN), "any-name-4")), None, None)


def stack_within_a_stack(ids: Ids) -> Expected:
    """The cause is the first call, not the one that CloudFormation made in between."""
    stack, inner = _delete_stack(ids), STACK.format("shop-Inner-1A2B3C4D5E6F", 5)
    nested = _delete_stack(ids, 10, inner, _alice(ids, 0, CFN))
    made = _made_by_stack(ids, "any-name-5", inner)
    return Expected((made, stack, nested, _delete_bucket(ids, 20, _alice(ids, 0, CFN), "any-name-5")), stack, "likely")


def stacks_that_forged_each_other(ids: Ids) -> Expected:
    """Forged records that cause each other end the walk."""
    stack = STACK.format("ring", 6)
    one = _delete_stack(ids, 0, stack, _alice(ids, 0, CFN))
    return Expected((one, _delete_stack(ids, 1, stack, _alice(ids, 0, CFN))), one, "exact")


def stack_with_a_role(ids: Ids) -> Expected:
    """Whoever deletes a stack may give it a role to do so."""
    stack = _delete_stack(ids, request={"roleARN": STACK_ROLE.arn})
    return Expected((stack, _delete_bucket(ids, 90, _in_role(ids, STACK_ROLE), "plain-name")), stack, "likely")


def stack_with_another_role(ids: Ids) -> Expected:
    stack = _delete_stack(ids, request={"roleARN": STACK_ROLE.arn})
    return Expected((stack, _delete_bucket(ids, 90, _in_role(ids, OTHER_ROLE), "plain-name")), None, None)


def _in_role(ids: Ids, role: Role, service: str = CFN, session: str = "AWSCloudFormation") -> Principal:
    issued = service_assumes(ids, AT, service, role, session, HOME).session
    return Principal(CI, issued.identity | {"invokedBy": service}, Client(service, service))


def role_of_a_stack_elsewhere(ids: Ids) -> Expected:
    """Calls to IAM are logged in us-east-1, wherever the stack is."""
    stack = _delete_stack(ids, region=EUROPE)
    deletion = _call(ids, 90, "iam:DeleteRole", _alice(ids, 0, CFN), {"roleName": "worker"})
    return Expected((stack, deletion), stack, "likely")


def bucket_of_a_stack_elsewhere(ids: Ids) -> Expected:
    """A stack deletes nothing in other regions."""
    stack = _delete_stack(ids, region=EUROPE)
    return Expected((stack, _delete_bucket(ids, 90, _alice(ids, 0, CFN), "plain-name")), None, None)


def program_that_calls_itself_cloudformation(ids: Ids) -> Expected:
    """What a caller says of its program makes no service of it."""
    stack = _delete_stack(ids)
    return Expected((stack, _delete_bucket(ids, 90, ALICE.calling(DESK).using(CFN), "shop-a-1b")), None, None)


def stack_of_a_session(ids: Ids) -> Expected:
    """A role's session that deletes a stack, and the same session that CloudFormation goes on with."""
    issued = assume_role(ids, AT - timedelta(minutes=5), ALICE.calling(DESK), OTHER_ROLE, "alice-1", HOME)
    stack = _delete_stack(ids, who=issued.session)
    onward = issued.session.through(CFN, ids, AT)
    return Expected((*issued.records, stack, _delete_bucket(ids, 90, onward, "plain-name")), stack, "likely")


def _terminate(ids: Ids, seconds: int, instance: str, who: Principal | None = None) -> Record:
    who = who or _in_role(ids, SCALING_ROLE, SCALING, "AutoScaling")
    return _call(ids, seconds, "ec2:TerminateInstances", who, {"instancesSet": {"items": [{"instanceId": instance}]}})


def _launched(ids: Ids, instance: str, group: str) -> Record:
    tags = {"items": [{"resourceType": "instance", "tags": [{"key": "aws:autoscaling:groupName", "value": group}]}]}
    response = {"instancesSet": {"items": [{"instanceId": instance}]}}
    who = _in_role(ids, SCALING_ROLE, SCALING, "AutoScaling")
    return _call(ids, -80_000, "ec2:RunInstances", who, {"tagSpecificationSet": tags}, response=response)


def _scaling(ids: Ids, seconds: int, name: str, group: str, **request: object) -> Record:
    request = {"autoScalingGroupName": group, **request}
    return _call(ids, seconds, f"autoscaling:{name}", ALICE.calling(DESK), request)


def group_by_the_tags_of_the_instance(ids: Ids) -> Expected:
    launched = _launched(ids, "i-0ca5e000000000001", "web")
    one, other = (_scaling(ids, 0, "DeleteAutoScalingGroup", group) for group in ("web", "jobs"))
    return Expected((launched, one, other, _terminate(ids, 1500, "i-0ca5e000000000001")), one, "exact")


def group_that_became_smaller(ids: Ids) -> Expected:
    """The group still stands: that this instance went because of the call is likely."""
    launched = _launched(ids, "i-0ca5e000000000002", "web")
    smaller = _scaling(ids, 0, "SetDesiredCapacity", "web", desiredCapacity=1)
    return Expected((launched, smaller, _terminate(ids, 60, "i-0ca5e000000000002")), smaller, "likely")


def group_of_others(ids: Ids) -> Expected:
    launched = _launched(ids, "i-0ca5e000000000003", "web")
    other = _scaling(ids, 0, "DeleteAutoScalingGroup", "jobs")
    return Expected((launched, other, _terminate(ids, 60, "i-0ca5e000000000003")), None, None)


def group_by_time_alone(ids: Ids) -> Expected:
    deleted = _scaling(ids, 0, "DeleteAutoScalingGroup", "web")
    return Expected((deleted, _terminate(ids, 300, "i-0ca5e000000000004")), deleted, "likely")


def group_too_long_ago(ids: Ids) -> Expected:
    """Without a tag a quarter of an hour is too long: groups end instances every day."""
    deleted = _scaling(ids, 0, "DeleteAutoScalingGroup", "web")
    return Expected((deleted, _terminate(ids, 900, "i-0ca5e000000000005")), None, None)


def instance_by_its_id(ids: Ids) -> Expected:
    name, instance = "TerminateInstanceInAutoScalingGroup", "i-0ca5e000000000006"
    asked = _call(ids, 0, f"autoscaling:{name}", ALICE.calling(DESK), {"instanceId": instance})
    other = _scaling(ids, 1, "SetDesiredCapacity", "web")
    return Expected((asked, other, _terminate(ids, 60, instance)), asked, "exact")


def node_group(ids: Ids) -> Expected:
    """EKS deletes the group, the group its instance; the cause is who deleted the node group."""
    who = ALICE.calling(DESK)
    asked = _call(ids, 0, "eks:DeleteNodegroup", who, {"name": "prod", "nodegroupName": "n1"})
    acting = _in_role(ids, NODES_ROLE, NODES, "EKS")
    group = _call(ids, 30, "autoscaling:DeleteAutoScalingGroup", acting, {"autoScalingGroupName": "eks-n1-a"})
    launched = _launched(ids, "i-0ca5e000000000007", "eks-n1-a")
    return Expected((asked, launched, group, _terminate(ids, 90, "i-0ca5e000000000007")), asked, "likely")


def node_group_of_which_two_were_deleted(ids: Ids) -> Expected:
    """Who deleted the group is known; which of two calls made EKS do so is not: the cause is EKS's own call."""
    who = ALICE.calling(DESK)
    two = [
        _call(ids, number, "eks:DeleteNodegroup", who, {"name": "prod", "nodegroupName": f"n{number}"})
        for number in (1, 2)
    ]
    acting = _in_role(ids, NODES_ROLE, NODES, "EKS")
    group = _call(ids, 30, "autoscaling:DeleteAutoScalingGroup", acting, {"autoScalingGroupName": "eks-x-b"})
    launched = _launched(ids, "i-0ca5e000000000009", "eks-x-b")
    return Expected((*two, launched, group, _terminate(ids, 90, "i-0ca5e000000000009")), group, "exact")


def batch(ids: Ids) -> Expected:
    parent, *children = batch_delete(ids, AT, ALICE.calling(DESK), HOME, "cause-batch-1", ["a", "b"])
    return Expected((parent, *children), parent, "exact")


def batch_under_another_request(ids: Ids) -> Expected:
    """AWS does not say that the objects have the call's request id: caller, bucket and second do as well."""
    parent, child = batch_delete(ids, AT, ALICE.calling(DESK), HOME, "cause-batch-2", ["a"])
    return Expected((parent, child | {"requestID": "ANOTHER0REQUEST0"}), parent, "likely")


def batch_in_another_bucket(ids: Ids) -> Expected:
    parent, child = batch_delete(ids, AT, ALICE.calling(DESK), HOME, "cause-batch-3", ["a"])
    (other, _) = batch_delete(ids, AT, ALICE.calling(DESK), HOME, "cause-batch-3b", ["a"])
    assert parent["requestID"] == child["requestID"]
    return Expected((other, child), None, None)


def object_alone(ids: Ids) -> Expected:
    """An object that somebody deleted by its key is nobody's batch."""
    parent, *_ = batch_delete(ids, AT, ALICE.calling(DESK), HOME, "cause-batch-4", ["a"])
    single = object_call(ids, AT, "DeleteObject", ALICE.calling(DESK), HOME, "cause-batch-4", "b")
    return Expected((parent, single), None, None)


def _secret(ids: Ids, name: str) -> Record:
    arn = f"arn:aws:secretsmanager:{HOME}:{CI}:secret:{name}-AbCdEf"
    response = {"aRN": arn, "name": name}
    return _call(ids, 0, "secretsmanager:DeleteSecret", ALICE.calling(DESK), {"secretId": arn}, response=response)


def _secret_ends(ids: Ids, name: str) -> Record:
    details = {"ARN": f"arn:aws:secretsmanager:{HOME}:{CI}:secret:{name}-AbCdEf", "Name": name}
    at = AT + timedelta(minutes=4)
    return service_action(ids, at, "secretsmanager:EndSecretVersionDelete", CI, HOME, additionalEventData=details)


def secret(ids: Ids) -> Expected:
    one, other = _secret(ids, "cause/one"), _secret(ids, "cause/two")
    return Expected((one, other, _secret_ends(ids, "cause/one")), one, "exact")


def secret_of_another_name(ids: Ids) -> Expected:
    return Expected((_secret(ids, "cause/three"), _secret_ends(ids, "cause/four")), None, None)


def service_without_a_row(ids: Ids) -> Expected:
    """Of services that are not in the table: what the same caller deleted in that service."""
    app = _call(ids, 0, "amplify:DeleteApp", ALICE.calling(DESK), {"appId": "d1abc"})
    return Expected((app, _delete_bucket(ids, 5, _alice(ids, 0, "amplify.amazonaws.com"), "plain-name")), app, "likely")


def service_without_a_row_for_another(ids: Ids) -> Expected:
    app = _call(ids, 0, "amplify:DeleteApp", MALLORY.calling(ELSEWHERE), {"appId": "d1abc"})
    return Expected((app, _delete_bucket(ids, 5, _alice(ids, 0, "amplify.amazonaws.com"), "plain-name")), None, None)


def nobodys_call(ids: Ids) -> Expected:
    """A service that deletes with no call before has no cause in the log, and none is made up."""
    return Expected((_terminate(ids, 0, "i-0ca5e000000000008"),), None, None)


def deletion_by_a_person(ids: Ids) -> Expected:
    """Who deletes something while a stack goes is the cause herself."""
    stack = _delete_stack(ids)
    return Expected((stack, _delete_bucket(ids, 90, ALICE.calling(DESK), "shop-a-1b")), None, None)


def stack_without_a_caller(ids: Ids) -> Expected:
    """Records that lack what they should have are no cause, and break nothing."""
    stack = _delete_stack(ids) | {"userIdentity": None}
    deletion = _delete_bucket(ids, 90, replace(_alice(ids, 0, CFN), identity={"invokedBy": CFN}), "plain-name")
    return Expected((stack, deletion | {"requestParameters": ["odd"]}), stack, "likely")
