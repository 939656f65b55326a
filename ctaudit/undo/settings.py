"""What consists of nothing but its configuration: it is gone, and the log may show what to make it again from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ctaudit.records.anyjson import fold, object_of, text_of
from ctaudit.undo.verdict import (
    Event,
    Known,
    Lost,
    Rule,
    Undo,
    Wish,
    by_name,
    command,
    days_after,
    inside,
    nothing,
    told,
)

_TEMPLATE_DAYS = 90
"""Days for which CloudFormation tells the template of a deleted stack."""

_ROWS: tuple[tuple[str, str, str, str], ...] = (
    ("iam", "DeleteUser", "CreateUser PutUserPolicy AttachUserPolicy AddUserToGroup", "get-user --user-name"),
    ("iam", "DeleteRole", "CreateRole UpdateAssumeRolePolicy PutRolePolicy AttachRolePolicy", "get-role --role-name"),
    ("iam", "DeleteGroup", "CreateGroup PutGroupPolicy AttachGroupPolicy", "get-group --group-name"),
    ("iam", "DeletePolicy", "CreatePolicy CreatePolicyVersion", "get-policy --policy-arn"),
    ("iam", "DeleteUserPolicy", "PutUserPolicy", ""),
    ("iam", "DeleteRolePolicy", "PutRolePolicy", ""),
    ("iam", "DeleteGroupPolicy", "PutGroupPolicy", ""),
    ("iam", "DeleteInstanceProfile", "CreateInstanceProfile", "get-instance-profile --instance-profile-name"),
    ("iam", "DeleteAccessKey", "", ""),
    ("iam", "DeleteSAMLProvider", "CreateSAMLProvider UpdateSAMLProvider", ""),
    ("iam", "DeleteOpenIDConnectProvider", "CreateOpenIDConnectProvider", ""),
    ("kms", "DeleteAlias", "CreateAlias UpdateAlias", ""),
    (
        "ec2",
        "DeleteSecurityGroup",
        "CreateSecurityGroup AuthorizeSecurityGroupIngress",
        "",
    ),
    ("ec2", "DeleteVpc", "CreateVpc", ""),
    ("ec2", "DeleteSubnet", "CreateSubnet", ""),
    ("ec2", "DeleteRouteTable", "CreateRouteTable CreateRoute", ""),
    ("ec2", "DeleteInternetGateway", "CreateInternetGateway", ""),
    ("ec2", "DeleteNatGateway", "CreateNatGateway", ""),
    ("ec2", "DeleteNetworkInterface", "CreateNetworkInterface", ""),
    ("ec2", "DeleteNetworkAcl", "CreateNetworkAcl CreateNetworkAclEntry", ""),
    ("ec2", "DeleteLaunchTemplate", "CreateLaunchTemplate CreateLaunchTemplateVersion", ""),
    ("ec2", "DeleteFlowLogs", "CreateFlowLogs", ""),
    ("ec2", "DeleteKeyPair", "", ""),
    ("ec2", "DeleteVpcEndpoints", "CreateVpcEndpoint ModifyVpcEndpoint", ""),
    ("sns", "DeleteTopic", "CreateTopic SetTopicAttributes", ""),
    ("sqs", "DeleteQueue", "CreateQueue SetQueueAttributes", ""),
    ("events", "DeleteRule", "PutRule PutTargets", "events describe-rule --name"),
    ("monitoring", "DeleteAlarms", "PutMetricAlarm", "cloudwatch describe-alarms --alarm-names"),
    ("cloudtrail", "DeleteTrail", "CreateTrail UpdateTrail PutEventSelectors", "get-trail --name"),
    ("config", "DeleteConfigurationRecorder", "PutConfigurationRecorder", ""),
    ("config", "DeleteConfigRule", "PutConfigRule", ""),
    ("config", "DeleteDeliveryChannel", "PutDeliveryChannel", ""),
    ("guardduty", "DeleteDetector", "CreateDetector UpdateDetector", ""),
    ("states", "DeleteStateMachine", "CreateStateMachine UpdateStateMachine", ""),
    ("autoscaling", "DeleteAutoScalingGroup", "CreateAutoScalingGroup UpdateAutoScalingGroup", ""),
    ("elasticloadbalancing", "DeleteLoadBalancer", "CreateLoadBalancer", ""),
    ("elasticloadbalancing", "DeleteTargetGroup", "CreateTargetGroup ModifyTargetGroup", ""),
    ("elasticloadbalancing", "DeleteListener", "CreateListener ModifyListener", ""),
    ("ecs", "DeleteService", "CreateService UpdateService", ""),
    ("ecs", "DeleteCluster", "CreateCluster", ""),
    ("eks", "DeleteCluster", "CreateCluster", ""),
    ("eks", "DeleteNodegroup", "CreateNodegroup UpdateNodegroupConfig", ""),
    ("cloudfront", "DeleteDistribution", "CreateDistribution UpdateDistribution", ""),
    ("apigateway", "DeleteRestApi", "CreateRestApi ImportRestApi", ""),
    ("wafv2", "DeleteWebACL", "CreateWebACL UpdateWebACL", ""),
    ("glue", "DeleteTable", "CreateTable UpdateTable", ""),
    ("glue", "DeleteJob", "CreateJob UpdateJob", ""),
    ("ssm", "DeleteDocument", "CreateDocument UpdateDocument", ""),
    ("ssm", "DeleteParameter", "PutParameter", ""),
    ("ssm", "DeleteParameters", "PutParameter", ""),
    ("route53", "DeleteHostedZone", "CreateHostedZone", ""),
)
"""(service, event name, the call that makes it, those that change it, the command that looks for one by its name)."""

_OWNERS = ("username", "rolename", "groupname", "clustername", "databasename", "cluster", "hostedzoneid")
"""Folded parameters that name what the deleted thing belonged to."""
_ADDED = {
    ("iam", "DeleteAccessKey"): "a deleted key is never valid again; another one can be made for the user",
    ("iam", "DeleteUser"): "one made again under the name has another id, and policies do not know it",
    ("iam", "DeleteRole"): "one made again under the name has another id, and policies do not know it",
    ("ec2", "DeleteKeyPair"): "who has the private key can import its public one; instances keep it",
    ("sqs", "DeleteQueue"): "its messages are lost",
    ("ssm", "DeleteParameter"): "the log never has its value",
    ("ssm", "DeleteParameters"): "the log never has its value",
    ("glue", "DeleteTable"): "the data it described stays where it is",
    ("cloudtrail", "DeleteTrail"): "the logs that it delivered stay in their bucket",
    ("route53", "DeleteHostedZone"): "one made again has other name servers",
}


def _again(calls: str, look: str) -> Rule:
    """Return the rule for a kind of thing: the call that made it, and how often it was changed then."""

    def judge(lost: Lost, known: Known, now: str) -> Undo:
        texts = tuple(text for text in (lost.target.arn, lost.name) if text)
        before = [event for event in known.before(lost, calls, *texts) if _is_of_same(event, lost)]
        service = "" if look.count(" ") > 1 else f"{lost.event.source} "
        words = command(lost, *f"{service}{look}".split(), _shown(lost, look)) if look else None
        made, because = _made(before, calls)
        added = _ADDED.get((lost.event.source, lost.event.name))
        because = f"nothing brings it back; {because}" + (f"; {added}" if added else "")
        because += _anew(lost, known, calls.partition(" ")[0], texts)
        return Undo("gone", because, None, made.event_id if made is not None else None, words)

    return Rule(judge, by_name(calls) if calls else nothing)


def _made(before: Sequence[Event], calls: str) -> tuple[Event | None, str]:
    """Return the call that it can be made again from, and what is said of that; the first of `calls` makes it."""
    maker = calls.partition(" ")[0]
    first = max((at for at, event in enumerate(before) if event.name == maker), default=None)
    changes = before[first + 1 :] if first is not None else before
    because = "the store does not show how it was made" if first is None else f"it was made by {told(before[first])}"
    if changes:
        count = f"{len(changes)} calls, the last " if len(changes) > 1 else ""
        because += f", and then changed by {count}{told(changes[-1])}"
    made = before[first] if first is not None else changes[-1] if changes else None
    return made, because


def _is_of_same(event: Event, lost: Lost) -> bool:
    """Tell whether a call is about the same owner, where things of many owners have one name: inline policies."""
    owners = {text for key in _OWNERS if (text := text_of(lost.event.asked(key))) and text != lost.name}
    return all(fold(owner) in event.texts for owner in owners)


def _shown(lost: Lost, look: str) -> str | None:
    return lost.target.arn if look.endswith("-arn") else lost.name


def _anew(lost: Lost, known: Known, maker: str, texts: Sequence[str]) -> str:
    calls = [event for event in known.after(lost, maker, *texts) if _is_of_same(event, lost)] if maker else []
    return f"; a new one by this name was made: {told(calls[0])}" if calls else ""


def _stack(lost: Lost, known: Known, now: str) -> Undo:
    kept = inside(lost.event.request, "retainresources")
    names = ", ".join(text for text in kept if isinstance(text, str)) if isinstance(kept, list) else ""
    made = known.before(lost, "CreateStack UpdateStack", lost.name)
    again = _anew(lost, known, "CreateStack", (lost.name,))
    until = days_after(lost.event.time, _TEMPLATE_DAYS)
    look = command(lost, "cloudformation", "list-stacks", "--stack-status-filter", "DELETE_COMPLETE")
    because = "a deleted stack is gone, with what its template does not retain"
    because += f"; the call left these resources in place: {names}" if names else ""
    because += f"; it was made from {told(made[-1])}" if made else ""
    if until is not None and until > now:
        because += f"; until {until} get-template tells its template, by the stack's ARN"
    return Undo("gone", because + again, None, made[-1].event_id if made else None, look)


def _function(lost: Lost, known: Known, now: str) -> Undo:
    changes = known.before(lost, "CreateFunction UpdateFunctionCode", lost.name)
    published = known.before(lost, "PublishVersion", lost.name)
    look = command(lost, "lambda", "get-function", "--function-name", lost.name)
    qualifier = text_of(lost.event.asked("qualifier"))
    what = f"version {qualifier} of it" if qualifier else "it, with all its versions,"
    because = f"{what} is gone" + _anew(lost, known, "CreateFunction", (lost.name,))
    if qualifier and published:
        because += f"; other versions were published: {told(published[-1])}"
    for event in reversed(changes):
        place = [text_of(event.asked(key) or inside(event.request, "code", key)) for key in ("s3bucket", "s3key")]
        if all(place):
            because += f"; its code came from s3://{place[0]}/{place[1]}: {told(event)}"
            return Undo("gone", because, None, event.event_id, look)
    because += "; the log does not tell where its code came from"
    return Undo("gone", because, None, changes[-1].event_id if changes else None, look)


_EXPORTS = "CreateExportTask PutSubscriptionFilter"


def _group(lost: Lost) -> str:
    return text_of(lost.event.asked("loggroupname")) or lost.name


def _of_group(lost: Lost) -> Sequence[Wish]:
    return (Wish(_EXPORTS, (_group(lost),)),)


def _logs(lost: Lost, known: Known, now: str) -> Undo:
    """Judge a log group or stream: only what had been exported is left."""
    group = _group(lost)
    exports = known.before(lost, _EXPORTS, group)
    look = command(lost, "logs", "describe-log-groups", "--log-group-name-prefix", group)
    if exports:
        because = f"deleted logs are gone, but they were exported or passed on before: {told(exports[-1])}"
        return Undo("gone", because, None, exports[-1].event_id, look)
    return Undo("gone", "deleted logs are gone; the store shows no export of them", None, None, look)


def _record_set(lost: Lost, known: Known, now: str) -> Undo:
    """Judge a DNS record: a call that deletes one has to name all of its values."""
    zone = text_of(lost.event.asked("hostedzoneid"))
    changes = inside(lost.event.request, "changebatch", "changes")
    values = [
        each
        for each in (changes if isinstance(changes, list) else [])
        if fold(str(inside(each, "action"))) == "delete" and object_of(inside(each, "resourcerecordset"))
    ]
    look = command(lost, "route53", "list-resource-record-sets", "--hosted-zone-id", zone)
    if not values:
        return Undo("not known", "the call's parameters were not logged", None, None, look)
    calls = known.after(lost, "ChangeResourceRecordSets", lost.name)
    if calls:
        because = f"the record was changed again: {told(calls[0])}; the deletion's own event names the values it had"
        return Undo("not known", because, None, calls[0].event_id, look)
    return Undo("restorable", "the deletion's own event names all values that the record had", None, None, look)


def _member(lost: Lost, known: Known, now: str) -> Undo:
    because = "an account that left can be invited again; the store does not show whether it accepts"
    return Undo("not known", because, None, None, command(lost, "organizations", "list-accounts"))


def _purged(lost: Lost, known: Known, now: str) -> Undo:
    return replace(_GONE, because="messages that were purged are lost; the queue is there")


_GONE = Undo("gone", "AWS keeps nothing of it")


def _gone(because: str) -> Rule:
    return Rule(lambda lost, known, now: replace(_GONE, because=because), nothing)


RULES: dict[tuple[str, str], Rule] = {
    **{(source, name): _again(made_by, look) for source, name, made_by, look in _ROWS},
    ("cloudformation", "DeleteStack"): Rule(_stack, by_name("CreateStack UpdateStack")),
    ("lambda", "DeleteFunction"): Rule(_function, by_name("CreateFunction UpdateFunctionCode PublishVersion")),
    ("logs", "DeleteLogGroup"): Rule(_logs, _of_group),
    ("logs", "DeleteLogStream"): Rule(_logs, _of_group),
    ("route53", "ChangeResourceRecordSets"): Rule(_record_set, by_name("ChangeResourceRecordSets")),
    ("organizations", "RemoveAccountFromOrganization"): Rule(_member, nothing),
    ("sqs", "PurgeQueue"): Rule(_purged, nothing),
    ("lambda", "DeleteLayerVersion"): _gone("a deleted layer version is gone; functions that use it keep it"),
    ("ecr", "BatchDeleteImage"): _gone("a deleted image is gone, unless it is pushed again from where it was built"),
    ("ecr", "DeleteRepository"): _gone("the repository is gone with its images"),
    ("s3", "AbortMultipartUpload"): _gone("the parts that were uploaded are gone; no object was"),
    ("elasticfilesystem", "DeleteFileSystem"): _gone("the file system is gone with its files"),
    ("kinesis", "DeleteStream"): _gone("the stream is gone with its records"),
    ("cognito-idp", "DeleteUserPool"): _gone("the pool is gone with its users"),
    ("cognito-idp", "AdminDeleteUser"): _gone("the user is gone; one made again has another id"),
}
"""(service, event name) -> how its deletions are judged."""
