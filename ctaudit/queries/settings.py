"""What a successful call says of a thing's configuration: settings put, merged, added to, taken from, dropped."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ctaudit import limits
from ctaudit.queries.aliases import connections
from ctaudit.query import Record
from ctaudit.records.anyjson import fold, get_folded, object_of, source_of, text_of
from ctaudit.records.difference import cut, document_of
from ctaudit.records.plain_values import listed, plain, tags_of
from ctaudit.records.security_rules import rules_by_id, rules_in
from ctaudit.records.target_rule import unwrap
from ctaudit.records.targets import Target, targets, unwrap_response
from ctaudit.records.verbs import Verb, bare_name, noun_of, verb

TAGS, POLICIES, INLINE, PERMISSIONS, ATTACHMENTS = "tags", "policies", "inlinePolicies", "permissions", "attachments"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that a call says of one setting."""

    setting: str
    how: Literal["put", "merge", "take", "add", "remove", "drop", "know"]
    """`merge` and `take` are of objects by key, `add` and `remove` of the elements of a list, `drop` of all of it;
    `know` says what elements are called otherwise."""
    value: Any = None
    first: bool = False
    """A part was made by this call: it had no such setting before."""


_NOISE = re.compile(
    r"\w*token|dryrun|host|x-(?!amz-(?:storage|acl|server-side|object-lock|copy|grant)).*|xmlns\w*"
    r"|callerreference|clientrequestid|requestid|_return|reservationid|ownerid|\w*accountid|skipfinalsnapshot"
    r"|applyimmediately|overwrite|force\w*|fullyqualifiedarn|maxcount|mincount|tier"
)
_ID_KEY = re.compile(r"\w*(?:id|name|arn|identifier|url|bucket)s?|resource|instancesset|cluster|service|rule|task")
_NEW_NAMES = ("newdbinstanceidentifier", "newdbclusteridentifier", "newusername", "newgroupname")
_TAG_KEYS = ("tags", "tagset", "tagging", "taglist", "tagspecificationset", "tagspecifications", "tag")
_TAGS_IN_NAME = re.compile(r"Tag|^Untag")
_RULES = re.compile(r"(Authorize|Revoke)SecurityGroup(Ingress|Egress)")
_OWNED_POLICY = re.compile(r"(Attach|Detach|Put|Delete)(User|Role|Group)Policy")


def steps(record: Record, target: Target) -> list[Step]:
    """Return what a successful call says of the configuration of `target`."""
    parameters = unwrap(object_of(record.get("requestParameters")))
    name = bare_name(text_of(record.get("eventName")) or "")
    if _TAGS_IN_NAME.search(name) and (found := _tag_steps(name, parameters)):
        return found
    for special in (_owned_policy, _rules, _shared, _permission, _part, _attachment, _attribute, _dropped):
        if found := list(special(record, name, parameters, target)):
            return found
    return [*_plain_steps(name, parameters, target), *_code(record)]


def _code(record: Record) -> Iterator[Step]:
    """Read the hash of a function's code, which the request to change it does not hold."""
    digest = text_of(object_of(record.get("responseElements")).get("codeSha256"))
    if digest and source_of(record) == "lambda":
        yield Step("codeSha256", "put", digest)


def learned(record: Record, target: Target) -> dict[str, Any]:
    """Return the settings that a successful call's response tells of the thing as it is then; not those of a part."""
    return {} if target.owner else _answered(record, target)


def _answered(record: Record, target: Target) -> dict[str, Any]:
    response: Any = unwrap_response(object_of(record.get("responseElements")))
    inner = {key: value for key, value in object_of(response).items() if not _NOISE.fullmatch(fold(key))}
    if len(inner) == 1 and isinstance(only := next(iter(inner.values())), Mapping) and "items" not in only:
        inner = dict(only)
    for item in listed(get_folded(response, "instancesset") if isinstance(response, Mapping) else None):
        if isinstance(item, Mapping) and item.get("instanceId") == target.name:
            inner = dict(item)
    return dict(_told(inner, target))


def given(record: Record, target: Target) -> list[tuple[str, Any]]:
    """Return what the call that ends a thing was told: a waiting period, a last snapshot."""
    parameters = unwrap(object_of(record.get("requestParameters")))
    asked = ("skipfinalsnapshot", "forcedeletewithoutrecovery")
    forced = [(key, value) for key, value in parameters.items() if fold(key) in asked]
    return [*_told(parameters, target), *forced]


def turned(record: Record, target: Target) -> list[tuple[str, Any, Any]]:
    """Return settings of which a call tells both values: the state of an instance, the name of a renamed thing."""
    found: list[tuple[str, Any, Any]] = []
    for item in listed(object_of(record.get("responseElements")).get("instancesSet")):
        if isinstance(item, Mapping) and item.get("instanceId") == target.name:
            old, new = (object_of(item.get(key)).get("name") for key in ("previousState", "currentState"))
            found += [("state", old, new)] if old and new else []
    names = [(link.one.name, link.other.name) for link in connections(record) if link.how == "renames" and link.other]
    return [*found, *(("name", old, new) for old, new in names if old != new)]


def _plain_steps(name: str, parameters: Mapping[str, Any], target: Target) -> Iterator[Step]:
    """Yield a call's parameters as the settings that they put; those of a new thing with its tags."""
    for key, value in _told(parameters, target):
        setting = "assumeRolePolicyDocument" if name == "UpdateAssumeRolePolicy" and key == "policyDocument" else key
        yield Step(setting, "merge" if fold(key) == "attributes" and isinstance(value, dict) else "put", value)


def _told(parameters: Mapping[str, Any], target: Target) -> Iterator[tuple[str, Any]]:
    """Yield keys and values that say how the thing is, not which thing it is."""
    names = {fold(name) for name in (target.name, target.arn) if name}
    renamed = {fold(str(parameters[key])) for key in parameters if fold(key) in _NEW_NAMES}
    names |= renamed
    for key, value in parameters.items():
        folded = fold(key)
        if renamed and f"new{folded}" in _NEW_NAMES:
            continue
        if value in (None, "", {}) or _NOISE.fullmatch(folded):
            continue
        if folded in _TAG_KEYS:
            yield TAGS, tags_of(value)
            continue
        if folded == "policyname" and get_folded(parameters, "policy") is not None:
            continue
        if target.type == "AWS::S3::Object" and folded in ("bucketname", "key"):
            continue
        if _ID_KEY.fullmatch(folded) and (fold(str(value)) in names or folded == "instancesset"):
            continue
        yield _key(folded, key, target), plain(value)


def _key(folded: str, key: str, target: Target) -> str:
    """S3 writes a bucket's policy as `bucketPolicy`; elsewhere it is `policy`."""
    return "policy" if folded == "bucketpolicy" and target.type == "AWS::S3::Bucket" else key


def _tag_steps(name: str, parameters: Mapping[str, Any]) -> list[Step]:
    """Read calls on tags: `PutBucketTagging` replaces all, others add some or take some away."""
    tags = next((parameters[key] for key in parameters if fold(key) in _TAG_KEYS and parameters[key]), None)
    keys = next((parameters[key] for key in parameters if fold(key) == "tagkeys"), None)
    if name.endswith("Tagging"):
        return [Step(TAGS, "put", {} if name.startswith("Delete") else tags_of(tags))]
    if keys is not None:
        return [Step(TAGS, "take", [str(each) for each in listed(keys)])]
    if tags is None:
        return []
    if name.startswith(("Delete", "Remove", "Untag")):
        return [Step(TAGS, "take", list(tags_of(tags)))]
    return [Step(TAGS, "merge", tags_of(tags))]


def _owned_policy(record: Record, name: str, parameters: Mapping[str, Any], target: Target) -> Iterator[Step]:
    """Read IAM's calls on the policies of a user, role or group, from either's side."""
    found = _OWNED_POLICY.fullmatch(name)
    if found is None or source_of(record) != "iam":
        return
    does, kind = found.groups()
    owner = text_of(get_folded(parameters, f"{fold(kind)}name"))
    arn, inline = text_of(get_folded(parameters, "policyarn")), text_of(get_folded(parameters, "policyname"))
    if does in ("Attach", "Detach"):
        how: Literal["add", "remove"] = "add" if does == "Attach" else "remove"
        is_policy = target.type == "AWS::IAM::Policy"
        yield Step("attachedTo" if is_policy else POLICIES, how, [owner if is_policy else arn])
    elif not target.owner:
        yield from _plain_steps(name, parameters, target) if does == "Put" else ()
    elif does == "Put":
        yield Step(INLINE, "merge", {inline or "": document_of(get_folded(parameters, "policydocument"))})
    else:
        yield Step(INLINE, "take", [inline or ""])


def _rules(record: Record, name: str, parameters: Mapping[str, Any], target: Target) -> Iterator[Step]:
    found = _RULES.fullmatch(name)
    if found is None:
        return
    setting = found[2].lower()
    if known := rules_by_id(record):
        yield Step(setting, "know", known)
    if rules := rules_in(parameters):
        yield Step(setting, "add" if found[1] == "Authorize" else "remove", rules)


def _shared(record: Record, name: str, parameters: Mapping[str, Any], target: Target) -> Iterator[Step]:
    """Read with whom a snapshot or image is shared: `{"add": {"items": [...]}}`, or RDS's `valuesToAdd`."""
    for key, value in parameters.items():
        inner = object_of(plain(value))
        if inner and not inner.keys() - {"add", "remove"}:
            for how in ("add", "remove"):
                if each := [_shared_with(one) for one in listed(inner.get(how))]:
                    yield Step(key, "add" if how == "add" else "remove", each)
    attribute = text_of(get_folded(parameters, "attributename")) or "values"
    for key, adds in (("valuestoadd", True), ("valuestoremove", False)):
        if each := listed(get_folded(parameters, key)):
            yield Step(attribute, "add" if adds else "remove", each)


def _shared_with(item: Any) -> Any:
    values = list(object_of(item).values())
    return values[0] if len(values) == 1 and isinstance(values[0], str) else item


def _permission(record: Record, name: str, parameters: Mapping[str, Any], target: Target) -> Iterator[Step]:
    if name not in ("AddPermission", "RemovePermission"):
        return
    statement = next((text for key in ("statementid", "label") if (text := text_of(get_folded(parameters, key)))), "")
    if name == "RemovePermission":
        yield Step(PERMISSIONS, "take", [statement])
        return
    rest = {key: value for key, value in _told(parameters, target) if fold(key) not in ("statementid", "label")}
    yield Step(PERMISSIONS, "merge", {statement: rest})


_JOINS = re.compile(r"(Attach|Associate|Detach|Disassociate|Add|Remove)[A-Z]\w*|(Create|Update)Alias")


def _attachment(record: Record, name: str, parameters: Mapping[str, Any], target: Target) -> Iterator[Step]:
    """Read what a thing was joined with: the other ids and names in the call."""
    found = _JOINS.fullmatch(name)
    if found is None or target.type == "AWS::KMS::Alias":
        return
    own = {fold(text) for text in (target.name, target.arn) if text}
    others = [
        value
        for key, value in parameters.items()
        if isinstance(value, str) and value and _ID_KEY.fullmatch(fold(key)) and fold(value) not in own
    ]
    if others:
        yield Step(ATTACHMENTS, "remove" if found[1] in ("Detach", "Disassociate", "Remove") else "add", others)


def _attribute(record: Record, name: str, parameters: Mapping[str, Any], target: Target) -> Iterator[Step]:
    """Read `{"attribute": "x", "value": y}` and `{"attributeName": "x", "attributeValue": y}`."""
    for key, worth in (("attribute", "value"), ("attributename", "attributevalue")):
        setting = text_of(get_folded(parameters, key))
        if setting and get_folded(parameters, worth) is not None:
            value = plain(get_folded(parameters, worth))
            if key == "attribute":
                yield Step(setting, "put", value)
            else:
                yield Step("attributes", "merge", {setting: value})


def _dropped(record: Record, name: str, parameters: Mapping[str, Any], target: Target) -> Iterator[Step]:
    """Read `DeleteBucketLifecycle` and its like: a part of the thing is no more."""
    word = fold((target.type or "").rpartition("::")[2])
    part = noun_of(name).removeprefix(word)
    if name.startswith("Delete") and word and part and noun_of(name).startswith(word):
        yield Step(part, "drop")


_PART_KEYS = re.compile(r"destination\w*|rulenumber|egress|filtername|policyname|routename")


def _part(record: Record, name: str, parameters: Mapping[str, Any], target: Target) -> Iterator[Step]:
    """Read calls on one of several parts of a thing, such as one of a user's access keys, a route of a table."""
    if not target.owner:
        return
    others = [each.name for each in targets(record) if not each.owner and not each.container]
    keys = [f"{parameters[key]}" for key in sorted(parameters) if _PART_KEYS.fullmatch(fold(key))]
    part = ", ".join(others or keys)
    if not part:
        return
    setting, call = f"{noun_of(name)}[{cut(part, limits.MAX_DIFFERENCE_NAME)}]", verb(record)
    if call in (Verb.DESTROY, Verb.DETACH):
        yield Step(setting, "drop")
        return
    told = dict(_told(parameters, target))
    told |= {key: value for key, value in _answered(record, target).items() if call is Verb.CREATE and key not in told}
    for key, value in told.items():
        if value != part and not _PART_KEYS.fullmatch(fold(key)):
            yield Step(f"{setting}.{key}", "put", value, call is Verb.CREATE)
