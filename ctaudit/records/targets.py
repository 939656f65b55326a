"""What a record's call acted on: the things it names, as names and ARNs, best first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote

from ctaudit.records.anyjson import account_of, fold, object_of, source_of, text_of
from ctaudit.records.arns import build_arn, names_of, parse_arn, same_resource, type_of_arn
from ctaudit.records.parts import deletes_a_part
from ctaudit.records.target_kinds import kind_of_id, kind_of_key
from ctaudit.records.target_paths import OBJECT_CALLS_WITHOUT_KEY, OWN_USER, PATHS, TABLE_ITEM_CALLS
from ctaudit.records.target_rule import STRONG, best_of, only_one, scored_leaves, texts_at, unwrap, usable
from ctaudit.records.verbs import Verb, bare_name, noun_of, verb


@dataclass(frozen=True, slots=True)
class Target:
    name: str
    """The bare name or id; `bucket/key` for an S3 object; the ARN itself when it holds no name."""
    arn: str | None = None
    """As recorded, else built from type, name, account and region, else unknown."""
    type: str | None = None
    """CloudFormation type such as `AWS::EC2::Volume`."""
    account: str | None = None
    """The account it lives in; unknown for an S3 bucket unless the record says."""
    container: bool = False
    """It merely contains what was acted on: the bucket of an object, the table of an item."""
    owner: bool = False
    """A part of it was acted on, such as a user's access key or a bucket's policy: who deletes the part changes it."""
    verb: Verb | None = None
    """What was done to this one where a call does several things, as with DNS records; None: what the call does."""


_ENDS = (Verb.DESTROY, Verb.DETACH)
QUEUE_URL = re.compile(r"https?://([^/]+)/(\d{12})/([^/?#]+)")
_QUEUE_REGION = re.compile(r"sqs\.([a-z0-9-]+)\.|([a-z0-9-]+)\.queue\.")
# `123456789012:function:NAME:ALIAS`, `function:NAME`, `NAME:ALIAS`
_FUNCTION = re.compile(r"(?:(\d{12}):)?(?:function:)?([^:]+)(?::[^:]+)?")
# "is not authorized to perform: iam:DeleteUser on resource: user bob because no identity-based policy allows ..."
_DENIED_ON = re.compile(r"on resource:? (?:(arn:aws[^\s\"']+)|(user|role|group|policy|instance profile) (\S+))")
_DENIED_KINDS = {
    "user": "AWS::IAM::User",
    "role": "AWS::IAM::Role",
    "group": "AWS::IAM::Group",
    "policy": "AWS::IAM::Policy",
    "instance profile": "AWS::IAM::InstanceProfile",
}


def targets(record: Mapping[str, Any]) -> tuple[Target, ...]:
    """Return what the call acted on; empty when it names nothing, as a sign-in or an account-wide switch."""
    source, event = source_of(record), record.get("eventName")
    name = bare_name(event) if isinstance(event, str) else ""
    parameters = unwrap(object_of(record.get("requestParameters")))
    found = list(_from_parameters(record, parameters, source, name))
    found += _from_resources(record.get("resources"), source)
    if source == "iam" and name in OWN_USER:
        found += _own_user(record)
    if not found and not parameters:
        found += _from_message(record.get("errorMessage"))
    if not found:
        return ()
    merged = [replace(each, owner=True) if deletes_a_part(name, each.type) else each for each in _merge(found)]
    return tuple(_complete(target, record, source) for target in _mark_containers(merged, source, name))


def done_to(target: Target, call: Verb) -> Verb:
    """Return what a call of class `call` did to one of its targets: who deletes a user's key has changed the user."""
    if call not in (Verb.DESTROY, Verb.CREATE, Verb.MODIFY):
        return call
    if target.verb is not None:
        return target.verb
    return Verb.MODIFY if target.owner else call


def _from_parameters(
    record: Mapping[str, Any], parameters: Mapping[str, Any], source: str, name: str
) -> Iterable[Target]:
    if source in ("s3", "s3express") and (found := list(_s3_targets(parameters, name))):
        return found
    if (source, name) == ("route53", "ChangeResourceRecordSets"):
        return _dns_targets(parameters)
    paths = PATHS.get((source, name))
    if paths is not None:
        fields = {"requestParameters": parameters}
        listed = [
            replace(target_named(text, path.kind), owner=path.owner)
            for path in paths
            for text in texts_at(fields.get(path.field, record.get(path.field)), path.keys)
            if usable(text)
        ]
        if listed or not paths:
            return listed
    return _by_rule(record, parameters, source, name)


def _by_rule(record: Mapping[str, Any], parameters: Mapping[str, Any], source: str, name: str) -> Iterator[Target]:
    """Apply the general rule to the parameters, to a new thing's response and to a service event's details."""
    noun = noun_of(name)
    places: list[Any] = [parameters] if parameters else []
    creates = verb(record) is Verb.CREATE
    if creates and (response := record.get("responseElements")):
        places.append(unwrap_response(response))
    details = record.get("serviceEventDetails")
    places += [details] if details else []
    if record.get("eventType") == "AwsServiceEvent" and record.get("additionalEventData"):
        places.append(record["additionalEventData"])
    leaves = [leaf for place in places for leaf in scored_leaves(place, name, noun, source)]
    best = best_of(leaves)
    # A thing about to be made is not the subnet, image and profile that it is made from.
    if creates and best and best[0].score < STRONG and len({leaf.text for leaf in best}) > 1:
        return
    for leaf in best or (only_one(leaves) if verb(record) in _ENDS else ()):
        yield target_named(leaf.text, kind_of_key(source, leaf.key))


def unwrap_response(response: Any) -> Any:
    """Take newer EC2 responses out of their wrapper: `{"CreateFlowLogsResponse": {...}}`."""
    if isinstance(response, Mapping) and len(response) == 1:
        key, value = next(iter(response.items()))
        if key.endswith("Response"):
            return value
    return response


_DNS_VERBS = {"DELETE": Verb.DESTROY, "CREATE": Verb.CREATE, "UPSERT": Verb.MODIFY}


def _dns_targets(parameters: Mapping[str, Any]) -> Iterator[Target]:
    """Name each record set with what was done to it: one call may create some and delete others."""
    changes = object_of(parameters.get("changeBatch")).get("changes")
    for change in changes if isinstance(changes, list) else ():
        action = _DNS_VERBS.get(str(object_of(change).get("action")).upper())
        for name in texts_at(change, ("resourcerecordset", "name")):
            yield replace(target_named(name, "AWS::Route53::RecordSet"), verb=action)
    for zone in texts_at(parameters, ("hostedzoneid",)):
        yield replace(target_named(zone, "AWS::Route53::HostedZone"), owner=True)


_OBJECT_PARTS = frozenset({"DeleteObjectTagging", "AbortMultipartUpload", "CreateMultipartUpload"})


def _s3_targets(parameters: Mapping[str, Any], event: str) -> Iterator[Target]:
    """Name bucket and object; `DeleteBucketPolicy` and its like act on a part of the bucket."""
    bucket = next(texts_at(parameters, ("bucketname",)), None)
    if bucket is None:
        return
    key = next(texts_at(parameters, ("key",)), None)
    place = target_named(bucket, "AWS::S3::Bucket")
    if key is not None:
        yield Target(f"{place.name}/{key}", type="AWS::S3::Object", owner=event in _OBJECT_PARTS)
    yield replace(place, owner=re.match("(?:Delete|Create)Bucket.", event) is not None)
    # `"x-amz-copy-source": "/bucket/key?versionId=..."`, percent-encoded
    for copied in texts_at(parameters, ("x-amz-copy-source",)):
        origin = unquote(copied.partition("?versionId=")[0]).removeprefix("/")
        if "/" in origin and not origin.startswith("arn:"):
            yield Target(origin, type="AWS::S3::Object")


def target_named(text: str, kind: str | None) -> Target:
    """Return the target that a recorded string names: a bare name, an ARN, a queue's URL, a partial function ARN."""
    if text[:6].lower() == "arn%3a":
        text = unquote(text)
    arn = parse_arn(text) if text[:4].lower() == "arn:" else None
    if arn is not None:
        account = arn.account if arn.account.isdigit() else None
        return Target(names_of(arn)[0], text, type_of_arn(arn) or kind, account)
    if kind == "AWS::SQS::Queue" and (url := QUEUE_URL.fullmatch(text)):
        host, account, name = url.groups()
        where = _QUEUE_REGION.match(host)
        region = where[1] or where[2] if where else None
        return Target(name, build_arn(kind, name, account, region), kind, account)
    if kind == "AWS::Lambda::Function" and (function := _FUNCTION.fullmatch(text)):
        return Target(function[2], type=kind, account=function[1])
    if kind == "AWS::KMS::Key" and text.startswith("alias/"):
        kind = "AWS::KMS::Alias"
    if kind == "AWS::Route53::HostedZone":
        text = text.removeprefix("/hostedzone/") or text
    return Target(text, type=kind or kind_of_id(text))


def _from_resources(resources: Any, source: str) -> Iterator[Target]:
    for resource in resources if isinstance(resources, list) else ():
        entry = object_of(resource)
        text = text_of(entry.get("ARN")) or text_of(entry.get("arn"))
        # S3 gives list and batch calls a prefix instead: `"ARNPrefix": "arn:aws:s3:::bucket/"`
        if text is None and (prefix := text_of(entry.get("ARNPrefix"))):
            text = prefix.removesuffix("*").removesuffix("/")
        kind = text_of(entry.get("type"))
        if text is None or (kind == "AWS::KMS::Key" and source != "kms"):
            continue
        if parse_arn(text) is None and not usable(text):
            continue
        # KMS calls an alias `AWS::KMS::Key` too; the ARN knows better.
        target = target_named(text, kind)
        yield replace(target, account=text_of(entry.get("accountId")) or target.account)


def _own_user(record: Mapping[str, Any]) -> list[Target]:
    """Return the caller's own user when the call names none: `DeleteAccessKey {"accessKeyId": "AKIA..."}`."""
    if any(True for _ in texts_at(record.get("requestParameters"), ("username",))):
        return []
    # A denied call has its parameters withheld, and with them the user.
    if record.get("errorCode") and not record.get("requestParameters"):
        return []
    identity = object_of(record.get("userIdentity"))
    if identity.get("type") not in ("IAMUser", "Root"):
        return []
    arn, name = text_of(identity.get("arn")), text_of(identity.get("userName"))
    target = target_named(arn, "AWS::IAM::User") if arn else Target(name or "", type="AWS::IAM::User")
    return [replace(target, type="AWS::IAM::User", owner=True)] if target.name else []


def _from_message(message: Any) -> Iterator[Target]:
    found = _DENIED_ON.search(message) if isinstance(message, str) else None
    if found is None:
        return
    if found[1] is None:
        yield target_named(found[3], _DENIED_KINDS[found[2]])
        return
    arn = parse_arn(found[1].rstrip(".,;)"))
    # `arn:aws:ec2:us-east-1:111122223333:instance/*` is a rule's pattern, not a thing.
    if arn is not None and not arn.resource.endswith("*"):
        yield target_named(":".join(("arn", *arn)), None)


def _merge(found: list[Target]) -> list[Target]:
    """Join entries for the same thing at its first place; the ARN, type and account come from whichever has them."""
    if len(found) == 1:
        return found
    merged: list[Target] = []
    places: dict[str, list[int]] = {}
    for target in found:
        names = _known_names(target)
        place = next((at for name in names for at in places.get(name, ()) if _same(merged[at], target)), None)
        if place is None:
            place = len(merged)
            merged.append(target)
        else:
            old = merged[place]
            merged[place] = Target(
                old.name,
                old.arn or target.arn,
                old.type or target.type,
                old.account or target.account,
                owner=old.owner,
                verb=old.verb,
            )
        for name in names:
            if place not in places.setdefault(name, []):
                places[name].append(place)
    return merged


def _known_names(target: Target) -> tuple[str, ...]:
    arn = parse_arn(target.arn) if target.arn else None
    return tuple({fold(name): None for name in (target.name, *(names_of(arn) if arn else ()))})


def _same(one: Target, other: Target) -> bool:
    """Tell whether two entries that share a name are one thing: a role and its instance profile often share theirs."""
    if (one.type and other.type and one.type != other.type) or one.verb is not other.verb:
        return False
    first, second = parse_arn(one.arn or ""), parse_arn(other.arn or "")
    return first is None or second is None or same_resource(first, second) or same_resource(second, first)


def _mark_containers(merged: list[Target], source: str, name: str) -> list[Target]:
    """Mark the bucket of objects and the table of items, and put them last."""
    if source in ("s3", "s3express", "s3-outposts"):
        keyless = name in OBJECT_CALLS_WITHOUT_KEY
        held = {target.name.partition("/")[0] for target in merged if target.type == "AWS::S3::Object"}
        contains = {at for at, t in enumerate(merged) if t.type == "AWS::S3::Bucket" and (keyless or t.name in held)}
    elif source == "dynamodb" and name in TABLE_ITEM_CALLS:
        contains = {at for at, target in enumerate(merged) if target.type == "AWS::DynamoDB::Table"}
    else:
        return merged
    things = [target for at, target in enumerate(merged) if at not in contains]
    return things + [replace(merged[at], container=True) for at in sorted(contains)]


def _complete(target: Target, record: Mapping[str, Any], source: str) -> Target:
    """Fill in the account, and the ARN where it follows from what is known."""
    if target.arn is not None and target.account is not None:
        return target
    in_s3 = source in ("s3", "s3express")
    account = target.account or (None if in_s3 or target.arn else account_of(record))
    arn = target.arn
    if arn is None and target.type is not None:
        arn = build_arn(target.type, target.name, account, text_of(record.get("awsRegion")))
    return replace(target, arn=arn, account=account)
