"""What a call is in the life of a thing: its creation, a change, its policy, its tags, its end, or merely a use."""

from __future__ import annotations

import re

from ctaudit.query import Record
from ctaudit.records.anyjson import fold, object_of, source_of, text_of
from ctaudit.records.targets import Target, done_to, targets
from ctaudit.records.verbs import Verb, bare_name, noun_of, verb

KINDS = (
    *("created", "changed", "policy", "tags", "attached", "detached", "deleted", "restored"),
    *("child", "failed", "dry-run", "read", "used"),
)
"""`child`: what a service made or changed because of a call on this thing. `failed` and `dry-run` changed nothing;
`read` and `used` are shown only when they are asked for."""
QUIET = frozenset({"read", "used"})

_TAGS = re.compile(r"(?:Create|Delete|Add|Remove|Put)\w*Tag(?:s|ging|set)?\w*|(?:Tag|Untag)[A-Z]\w*|TagResource")
# A policy of who may do what; schedules, expiry and scaling are called policies, too.
_POLICY = re.compile(
    r"\w*(?:Policy|PolicyVersion|Permissions?|PermissionsBoundary|Acl|PublicAccessBlock|Grants?|LoginProfile|AccessKey)"
    r"|(?:Authorize|Revoke)SecurityGroup\w*|Modify(?:Image|Snapshot|DBSnapshot|DBClusterSnapshot)Attribute"
)
_NO_ACCESS = re.compile(r"\w*(?:Retention|Lifecycle|Scaling|Backup|Password|Signing|Repository)Policy")
_ATTACHED = re.compile(
    r"(?:Attach|Associate|Assign)[A-Z]\w*|Add\w+To[A-Z]\w*|Register(?:Targets|InstancesWithLoadBalancer)"
)
_DETACHED = re.compile(
    r"(?:Detach|Disassociate|Unassign)[A-Z]\w*|Remove\w+From[A-Z]\w*"
    r"|Deregister(?:Targets|InstancesFromLoadBalancer)|RemoveTargets"
)
_SIGNS_OF_LIFE = frozenset(
    {
        *("UpdateInstanceInformation", "UpdateInstanceAssociationStatus", "PutInventory", "PutComplianceItems"),
        *("CreateLogStream", "PutLogEvents", "SubmitTaskStateChange", "SubmitContainerStateChange"),
        *("RecordLifecycleActionHeartbeat", "UpdateInstanceCustomHealthStatus"),
    }
)
"""What agents and functions report by themselves every few minutes."""
_EMPTYING = ("Purge", "Empty", "Truncate")
"""The thing is still there."""
_SERVICE_ENDS = re.compile(r"(?:Start|End)SecretVersionDelete")
_ALIASING = frozenset({"CreateAlias", "UpdateAlias"})
_UPLOADS = frozenset({"AWS::S3::Object"})
_ON_OBJECTS = ("PutObject", "CopyObject", "CompleteMultipartUpload", "DeleteObject", "RestoreObject")
_AFTER_NOUNS = ("from", "to", "in", "read", "deletion", "result")
"""What may follow the noun in a name that is about the thing itself: `RestoreDBInstanceFromS3`."""
_OTHER_WORDS = {"eip": "address", "cluster": "jobflow", "domain": "elasticsearchdomain", "alarm": "metricalarm"}
"""What some types are called in the names of calls."""


def kind_of(record: Record, target: Target, result: str) -> str:
    """Return which of `KINDS` a call is for one of its targets, given the outcome for that one."""
    name, call = bare_name(text_of(record.get("eventName")) or ""), verb(record)
    if call is Verb.READ:
        return "read"
    if result != "succeeded":
        return result
    if call is Verb.OTHER or name in _SIGNS_OF_LIFE or _is_copied(record, name, target):
        return "used"
    if _TAGS.fullmatch(name):
        return "tags"
    return _by_name(record, name, target, done_to(target, call))


def _is_copied(record: Record, name: str, target: Target) -> bool:
    """Tell whether an object is only what another one was made of."""
    copies = name in ("CopyObject", "UploadPartCopy") and target.type in _UPLOADS
    return copies and target.name != next((each.name for each in targets(record)), None)


def _by_name(record: Record, name: str, target: Target, done: Verb) -> str:
    whole = not target.owner and _is_own(name, target)
    if name.startswith(_EMPTYING):
        return "changed"
    if whole and done is Verb.DESTROY:
        return "deleted"
    if whole and (done is Verb.CREATE or _is_first_version(record)):
        return "created"
    if name in _ALIASING and target.type != "AWS::KMS::Alias":
        return "attached"
    for pattern, kind in ((_DETACHED, "detached"), (_ATTACHED, "attached")):
        if pattern.fullmatch(name):
            return kind
    if _POLICY.fullmatch(name) and not _NO_ACCESS.fullmatch(name):
        return "policy"
    if done is Verb.DESTROY:
        return "changed" if _is_part(name, target) and not _SERVICE_ENDS.fullmatch(name) else "deleted"
    if done is Verb.UNDO and name != "EnableKey":
        return "restored"
    if done is Verb.CREATE and not target.owner:
        return "changed" if _is_part(name, target) else "used"
    return "changed"


def _is_own(name: str, target: Target) -> bool:
    """Tell whether the call's noun is what the thing is: `RunInstances` of an instance, not `CreateGrant` of a key."""
    word = fold((target.type or "").rpartition("::")[2])
    noun = noun_of(name)
    if not word or target.type in _UPLOADS:
        return not word or name in _ON_OBJECTS
    singular = noun[:-3] + "y" if noun.endswith("ies") else noun.removesuffix("s")
    if noun == _OTHER_WORDS.get(word) or (len(singular) > 2 and word.endswith(singular)):
        return True
    return noun == word or noun.startswith(tuple(f"{word}{more}" for more in _AFTER_NOUNS))


def _is_part(name: str, target: Target) -> bool:
    word = fold((target.type or "").rpartition("::")[2])
    return bool(word) and noun_of(name).startswith(word)


def _is_first_version(record: Record) -> bool:
    """Tell whether a parameter was made: `PutParameter` writes the first version of one that was not there."""
    first = object_of(record.get("responseElements")).get("version") == 1
    return first and source_of(record) == "ssm" and record.get("eventName") == "PutParameter"


_REPEATABLE = frozenset(
    {
        *("AWS::SNS::Topic", "AWS::SQS::Queue", "AWS::ECS::Cluster", "AWS::Lambda::LayerVersion"),
        *(*_UPLOADS, None),
    }
)
"""Types whose creation succeeds although the thing is there, and unknown ones: it says nothing of what was before."""
_OWNERS_ALONE = "AWS::S3::Bucket"
"""Who owns a bucket may ask for it again; anybody else may not, so that this is another bucket."""


def makes_anew(target: Target) -> bool:
    """Tell whether a creation means that the thing was not there before."""
    return target.type not in _REPEATABLE


def begins_another(target: Target, same_account: bool) -> bool:
    """Tell whether a creation while the thing is there means that its end is lacking; else it may have been there."""
    return makes_anew(target) and not (target.type == _OWNERS_ALONE and same_account)


def when_created(target: Target, again: bool) -> str:
    """Return what must be said of a creation that says nothing of what was before."""
    if target.type in _UPLOADS:
        return "it was replaced" if again else "it may have replaced one that was there"
    if again:
        return "made again, or asked for while it was there: the log does not tell"
    return "it may have been there before" if target.type in _REPEATABLE and target.type else ""
