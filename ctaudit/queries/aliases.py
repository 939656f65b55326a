"""What calls say of the names of things: which two belong together, or no more, and which are names of one thing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

from ctaudit.query import Record
from ctaudit.records.anyjson import account_of, fold, get_folded, object_of, source_of, text_of
from ctaudit.records.arns import build_arn
from ctaudit.records.outcome import outcome
from ctaudit.records.target_rule import texts_at, unwrap
from ctaudit.records.targets import Target, done_to, target_named, targets
from ctaudit.records.verbs import Verb, bare_name, verb

How = Literal["joins", "names", "renames", "parts"]
"""`joins`: two things belong together from now on. `names`: both are names of one thing. `renames`: the second name is
from now on the name of what had the first. `parts`: what was joined is no more."""
_EC2 = {key: f"AWS::EC2::{kind}" for key, kind in (("i", "Instance"), ("vol", "Volume"), ("eni", "NetworkInterface"))}


@dataclass(frozen=True, slots=True)
class Link:
    """What one successful call says of two names."""

    one: Target
    other: Target | None
    """None: whatever `one` was joined with."""
    how: How
    token: str | None = None
    """The id of the connection itself, by which some calls part it: `eni-attach-…`."""


_ROWS = """
ec2 AttachVolume joins instanceId=EC2::Instance volumeId=EC2::Volume
ec2 AttachNetworkInterface joins instanceId=EC2::Instance networkInterfaceId=EC2::NetworkInterface
ec2 AssociateAddress joins instanceId=EC2::Instance allocationId=EC2::EIP
ec2 AssociateAddress joins networkInterfaceId=EC2::NetworkInterface allocationId=EC2::EIP
kms CreateAlias joins targetKeyId=KMS::Key aliasName=KMS::Alias
kms UpdateAlias joins targetKeyId=KMS::Key aliasName=KMS::Alias
ec2 CreateSecurityGroup names groupName=EC2::SecurityGroup >groupId=EC2::SecurityGroup
ec2 CreateLaunchTemplate names launchTemplateName=EC2::LaunchTemplate >launchTemplate.launchTemplateId
ec2 CreateKeyPair names keyName=EC2::KeyPair >keyPairId=EC2::KeyPair
ec2 ImportKeyPair names keyName=EC2::KeyPair >keyPairId=EC2::KeyPair
ec2 AllocateAddress names >publicIp=EC2::EIP >allocationId=EC2::EIP
rds CreateDBInstance names dBInstanceIdentifier=RDS::DBInstance >dbiResourceId=RDS::DBInstance
rds CreateDBCluster names dBClusterIdentifier=RDS::DBCluster >dbClusterResourceId=RDS::DBCluster
rds ModifyDBInstance renames dBInstanceIdentifier=RDS::DBInstance newDBInstanceIdentifier=RDS::DBInstance
rds ModifyDBCluster renames dBClusterIdentifier=RDS::DBCluster newDBClusterIdentifier=RDS::DBCluster
iam UpdateUser renames userName=IAM::User newUserName=IAM::User
iam UpdateGroup renames groupName=IAM::Group newGroupName=IAM::Group
route53 CreateHostedZone names name=Route53::HostedZone >hostedZone.id=Route53::HostedZone
apigateway CreateRestApi names name=ApiGateway::RestApi >id=ApiGateway::RestApi
cognito-idp CreateUserPool names poolName=Cognito::UserPool >userPool.id=Cognito::UserPool
cloudtrail CreateEventDataStore names name=CloudTrail::EventDataStore >eventDataStoreArn
wafv2 CreateWebACL names name=WAFv2::WebACL >summary.id=WAFv2::WebACL
"""
"""Service, call, what it does to two names, and where it has them: `>` is the response; each with its type."""
_JOINS: dict[tuple[str, str], list[list[str]]] = {}
for _service, _call, *_rest in map(str.split, _ROWS.strip().splitlines()):
    _JOINS.setdefault((_service, _call), []).append(_rest)
_PARTS: Mapping[tuple[str, str], tuple[tuple[str, str], ...]] = {
    ("ec2", "DetachVolume"): (("volumeId", "EC2::Volume"),),
    ("ec2", "DetachNetworkInterface"): (("attachmentId", "EC2::NetworkInterfaceAttachment"),),
    ("ec2", "DisassociateAddress"): (("associationId", "EC2::EIPAssociation"), ("publicIp", "EC2::EIP")),
}
_INSTANCE = "EC2::Instance"
ATTACHMENT = "NetworkInterfaceAttachment"
_LAUNCH = ("ec2", "RunInstances")
_NAMED = {_LAUNCH, *_PARTS, *_JOINS}
_TOKENS = ("attachmentid", "associationid")


def links(record: Record) -> list[Link]:
    """Return what a call says of the names of things; nothing, if it did not succeed."""
    return connections(record) or list(_ended(record))


def connections(record: Record) -> list[Link]:
    """Return what a call joined, named or parted; not that the end of a thing ends what it was joined with."""
    call = source_of(record), bare_name(text_of(record.get("eventName")) or "")
    if call not in _NAMED or outcome(record).result != "succeeded":
        return []
    return [*_joined(record, call), *_parted(record, call), *_launched(record, call)]


def _joined(record: Record, call: tuple[str, str]) -> Iterator[Link]:
    for how, *ends in _JOINS.get(call, ()):
        token = next((text for key in _TOKENS if (text := _at(record, f">{key}"))), None)
        paths, kinds = zip(*(end.partition("=")[::2] for end in ends), strict=True)
        first, second = (_target(record, path, kind or kinds[0]) for path, kind in zip(paths, kinds, strict=True))
        if first is not None and second is not None and first != second:
            yield Link(first, second, cast(How, how), token)


def _parted(record: Record, call: tuple[str, str]) -> Iterator[Link]:
    for path, kind in _PARTS.get(call, ()):
        if (found := _target(record, path, kind)) is not None:
            token = found.name if path in ("attachmentId", "associationId") else None
            instance = _target(record, "instanceId", _INSTANCE) or _target(record, ">instanceId", _INSTANCE)
            yield Link(found, instance, "parts", token)


def _ended(record: Record) -> Iterator[Link]:
    """Read that a thing is gone, and with it what it was joined with; a key that only waits for it is still there."""
    if verb(record) is not Verb.DESTROY or outcome(record).result != "succeeded":
        return
    if not str(record.get("eventName")).startswith("Schedule"):
        gone = (each for each in targets(record) if not each.container and done_to(each, Verb.DESTROY) is Verb.DESTROY)
        yield from (Link(each, None, "parts") for each in gone)


def _launched(record: Record, call: tuple[str, str]) -> Iterator[Link]:
    """Read the volumes and interfaces that an instance was launched with."""
    if call != _LAUNCH:
        return
    response = object_of(record.get("responseElements"))
    for item in _items(response.get("instancesSet")):
        instance = text_of(object_of(item).get("instanceId"))
        if instance is None:
            continue
        one = _complete(target_named(instance, _EC2["i"]), record)
        for each in _items(get_folded(object_of(item), "networkinterfaceset")):
            token = next(texts_at(each, ("attachment", "attachmentid")), None)
            for text in texts_at(each, ("networkinterfaceid",)):
                yield Link(one, _complete(target_named(text, _EC2["eni"]), record), "joins", token)
        for each in _items(get_folded(object_of(item), "blockdevicemapping")):
            for text in texts_at(each, ("ebs", "volumeid")):
                yield Link(one, _complete(target_named(text, _EC2["vol"]), record), "joins")


def _items(value: Any) -> list[Any]:
    inner = object_of(value).get("items") or object_of(value).get("item")
    return inner if isinstance(inner, list) else [inner] if inner else value if isinstance(value, list) else []


def _at(record: Record, path: str) -> str | None:
    """Return the text at a path of the request, or, after `>`, of the response."""
    field = "responseElements" if path.startswith(">") else "requestParameters"
    value = object_of(record.get(field))
    keys = tuple(fold(path.lstrip(">")).split("."))
    return next(texts_at(value if field == "responseElements" else unwrap(value), keys), None)


def _target(record: Record, path: str, kind: str) -> Target | None:
    text = _at(record, path)
    return None if text is None else _complete(target_named(text, f"AWS::{kind}"), record)


def _complete(target: Target, record: Record) -> Target:
    account = target.account or account_of(record)
    region = text_of(record.get("awsRegion"))
    arn = target.arn or build_arn(target.type or "", target.name, account, region)
    return replace(target, arn=arn, account=account)


@dataclass(frozen=True, slots=True)
class Seen:
    """A link, and the event that has it."""

    link: Link
    time: str
    event_id: str | None
    region: str
    """Folded."""


def seen(records: Iterable[Record]) -> list[Seen]:
    """Return all links of some records, in order of time."""
    found = [
        Seen(link, time, text_of(record.get("eventID")), fold(text_of(record.get("awsRegion")) or ""))
        for record in records
        if (time := text_of(record.get("eventTime")))
        for link in links(record)
    ]
    return sorted(found, key=lambda each: (each.time, each.event_id or "", each.link.one.name, each.link.how))


def renames(record: Record, target: Target) -> bool:
    """Tell whether a call gave another name to the thing that had this one."""
    return any(link.how == "renames" and link.one.name == target.name for link in connections(record))
