"""From a bucket's policy to checks: whether CloudTrail may deliver, for which trails, and what others may do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ctaudit.posture.check import Check, Verdict, failed, listed, passed, unknown
from ctaudit.posture.facts import Bucket, Trail, Unknown
from ctaudit.posture.patterns import ANY_SEGMENT
from ctaudit.posture.policy import CLOUDTRAIL, EVERYBODY, Answer, Statement, account_of, parse

_WRITE = ("s3:PutObject", "s3:ReplicateObject")
_DELETE = ("s3:DeleteObject", "s3:DeleteObjectVersion", "s3:ReplicateDelete", "s3:BypassGovernanceRetention")
_DELETE_BUCKET = ("s3:DeleteBucket", "s3:PutLifecycleConfiguration")
_ADMIN = ("s3:PutObjectAcl", "s3:PutObjectVersionAcl", "s3:PutObjectRetention", "s3:PutObjectLegalHold")
_ADMIN_BUCKET = (
    "s3:PutBucketPolicy", "s3:DeleteBucketPolicy", "s3:PutBucketAcl", "s3:PutBucketVersioning",
    "s3:PutBucketObjectLockConfiguration", "s3:PutBucketPublicAccessBlock", "s3:PutBucketOwnershipControls",
    "s3:PutEncryptionConfiguration", "s3:PutReplicationConfiguration",
)  # fmt: skip
_READ = ("s3:GetObject", "s3:GetObjectVersion")
_FOLDERS = ("CloudTrail", "CloudTrail-Digest")
_REGION_DAY_AND_NAME = "us-east-1/2026/01/31/x.json.gz"
_WORD = {Answer.YES: "allows", Answer.PERHAPS: "may allow", Answer.NO: "does not allow"}


def policy_checks(bucket: Bucket, trails: Sequence[Trail]) -> Iterator[Check]:
    """Yield the checks of a bucket's policy, and of what it has for each of the trails that deliver into the bucket."""
    policy = _policy(bucket)
    for trail in trails:
        for id_, verdict in _deliveries(bucket, trail, policy).items():
            yield Check(id_, verdict[0], trail.arn, verdict[1])
    for id_, verdict in _others(bucket, policy).items():
        yield Check(id_, verdict[0], f"s3://{bucket.name}", verdict[1])


def _policy(bucket: Bucket) -> Sequence[Statement] | Unknown:
    fact = bucket.facts["policy"]
    if isinstance(fact, Unknown) or fact is None:
        return () if fact is None else fact
    try:
        return parse(str(fact.get("Policy")))
    except ValueError as error:
        return Unknown(f"the policy cannot be read, {error}")


def _deliveries(bucket: Bucket, trail: Trail, policy: Sequence[Statement] | Unknown) -> dict[str, Verdict]:
    """Judge what the policy has for one trail."""
    logs = f"{bucket.name}/{trail.prefix}AWSLogs/"
    found = {
        "policy.acl_check": _may(policy, trail, "s3:GetBucketAcl", [bucket.name]),
        "policy.write": _may(policy, trail, "s3:PutObject", _samples(f"{logs}{trail.account}/")),
    }
    if trail.organization is not None:
        found["policy.organization_write"] = _organization_write(policy, trail, logs)
    return found


def _organization_write(policy: Sequence[Statement] | Unknown, trail: Trail, logs: str) -> Verdict:
    if isinstance(trail.organization, Unknown):
        return unknown(f"the id of the organization could not be asked: {trail.organization.reason}")
    # Any account of it: the policy cannot know which ones there will be.
    return _may(policy, trail, "s3:PutObject", _samples(f"{logs}{trail.organization}/000000000000/"))


def _samples(folder: str) -> list[str]:
    return [f"{folder}{each}/{_REGION_DAY_AND_NAME}" for each in _FOLDERS]


def _may(policy: Sequence[Statement] | Unknown, trail: Trail, action: str, resources: Sequence[str]) -> Verdict:
    """Judge whether CloudTrail may do something for a trail with all of the resources."""
    if isinstance(policy, Unknown):
        return unknown(policy)
    where = _common(resources)
    on = [each for each in policy if each.is_on(action) and each.is_for(CLOUDTRAIL)]
    allowed = min((_best(on, trail, each, allows=True) for each in resources), key=_RANKS.index)
    denied = max((_best(on, trail, each, allows=False) for each in resources), key=_RANKS.index)
    if denied is Answer.YES:
        return failed(f"the policy denies {action} on {where} to CloudTrail")
    found = f"the policy {_WORD[allowed]} CloudTrail {action} on {where} for this trail"
    if allowed is Answer.NO:
        return failed(found)
    if Answer.PERHAPS in (allowed, denied):
        return unknown(f"{found}: that depends on conditions which are not known of its deliveries")
    return passed(found)


_RANKS = (Answer.NO, Answer.PERHAPS, Answer.YES)


def _best(statements: Sequence[Statement], trail: Trail, resource: str, *, allows: bool) -> Answer:
    answers = [
        each.meets_conditions(trail.arn, trail.account)
        for each in statements
        if each.allows == allows and each.takes_in(resource)
    ]
    return max(answers, key=_RANKS.index, default=Answer.NO)


def _common(resources: Sequence[str]) -> str:
    """Name the folder of samples, or the one resource."""
    first = resources[0]
    return first if len(resources) == 1 else f"{first.rpartition(f'/{_FOLDERS[0]}/')[0]}/*"


def _others(bucket: Bucket, policy: Sequence[Statement] | Unknown) -> dict[str, Verdict]:
    """Judge what the policy allows to others than CloudTrail."""
    ids = ("policy.source_arn", "policy.writers", "policy.deleters", "policy.admins", "policy.readers")
    if isinstance(policy, Unknown):
        return dict.fromkeys(ids, unknown(policy))
    keys, itself = _keys(bucket), [bucket.name]
    deleters = _who(policy, _DELETE, keys) | _who(policy, _DELETE_BUCKET, itself)
    admins = _who(policy, _ADMIN, keys) | _who(policy, _ADMIN_BUCKET, itself)
    verdicts = (
        _source_arn(policy, keys, itself),
        _nobody(_who(policy, _WRITE, keys), "write"),
        _nobody(deleters, "delete"),
        _nobody(admins, "change who may do what"),
        _readers(_who(policy, _READ, keys), bucket.owner),
    )
    return dict(zip(ids, verdicts, strict=True))


def _keys(bucket: Bucket) -> list[str]:
    """Return the families of keys that logs and digests have: of an account, and of an organization's members."""
    some = ANY_SEGMENT
    rest = "/".join([f"CloudTrail{some}", *[some] * 5])
    logs = f"{bucket.name}/{bucket.prefix}AWSLogs/"
    return [f"{logs}{some}/{rest}", f"{logs}o-{some}/{some}/{rest}"]


def _who(policy: Sequence[Statement], actions: Sequence[str], families: Sequence[str]) -> dict[str, str]:
    """Return who but CloudTrail may do any of the actions: the principal, and how the policy puts it."""
    found: dict[str, str] = {}
    for action in actions:
        for family in families:
            if any(each.denies_to_all(action, family) for each in policy):
                continue
            for statement in policy:
                if statement.allows and statement.is_on(action) and statement.touches(family):
                    bound = ", under conditions" if statement.conditions else ""
                    for principal in set(statement.principals) - {CLOUDTRAIL}:
                        found.setdefault(principal, f"{principal} ({statement.name}{bound})")
    return found


def _nobody(who: Mapping[str, str], does: str) -> Verdict:
    if who:
        return failed(f"the policy lets others {does}: {listed(who.values())}")
    return passed(f"the policy lets nobody else {does}")


def _readers(who: Mapping[str, str], owner: str | Unknown) -> Verdict:
    foreign = [said for each, said in who.items() if each == EVERYBODY or _is_foreign(each, owner)]
    if foreign:
        return failed(f"the policy lets others read: {listed(foreign)}")
    doubtful = [said for each, said in who.items() if isinstance(owner, Unknown) or not account_of(each)]
    if doubtful:
        return unknown(f"the policy lets read {listed(doubtful)}, and of which account that is is not known")
    return passed("the policy lets no other account read")


def _is_foreign(principal: str, owner: str | Unknown) -> bool:
    if isinstance(owner, Unknown):
        return False
    account = account_of(principal)
    return ".amazonaws.com" in principal or bool(account and account != owner)


def _source_arn(policy: Sequence[Statement], keys: Sequence[str], itself: Sequence[str]) -> Verdict:
    own = [
        each
        for each in policy
        if each.allows
        and each.is_for(CLOUDTRAIL)
        and ((each.is_on("s3:PutObject") and any(map(each.touches, keys))) or _asks_acl(each, itself))
    ]
    open_ = [each.name for each in own if not each.bounds()]
    if open_:
        return failed(f"statements for CloudTrail are open to anybody's trail: {listed(open_)}")
    if not own:
        return passed("no statement lets CloudTrail in")
    bounds = listed(value for each in own for value in each.bounds())
    return passed(f"each statement for CloudTrail is bound, to {bounds}")


def _asks_acl(statement: Statement, itself: Sequence[str]) -> bool:
    return statement.is_on("s3:GetBucketAcl") and any(map(statement.takes_in, itself))
