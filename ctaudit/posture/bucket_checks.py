"""From what AWS says of a bucket to checks: versions, locks, lifecycle, encryption, who is let in beside the policy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ctaudit.posture.check import Check, Verdict, failed, listed, passed, unknown
from ctaudit.posture.facts import Bucket, Fact, Unknown
from ctaudit.posture.lifecycle import expiries

_DAYS_OF_YEAR = 365
_BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
_PUBLIC_GROUPS = ("/global/AllUsers", "/global/AuthenticatedUsers")
_DELIVERY_GROUP = "/s3/LogDelivery"


def bucket_checks(bucket: Bucket, retention: int) -> Iterator[Check]:
    """Yield the checks of a bucket whose logs have to be kept for `retention` days."""
    verdicts: dict[str, Verdict | None] = {
        "bucket.versioning": _versioning(bucket.facts["versioning"]),
        "bucket.mfa_delete": _mfa_delete(bucket.facts["versioning"], bucket.facts["object_lock"]),
        "bucket.object_lock": _object_lock(bucket.facts["object_lock"]),
        "bucket.lock_mode": _lock_mode(bucket.facts["object_lock"]),
        "bucket.lock_days": _lock_days(bucket.facts["object_lock"], retention),
        "bucket.lifecycle": _lifecycle(bucket, retention, noncurrent=False),
        "bucket.noncurrent": _lifecycle(bucket, retention, noncurrent=True),
        "bucket.encryption": _encryption(bucket.facts["encryption"]),
        "bucket.public_access_block": _block(bucket.facts["public_access_block"]),
        "bucket.public": _public(bucket),
        "bucket.acl": _acl(bucket.facts["ownership"], bucket.facts["acl"]),
    }
    for id_, verdict in verdicts.items():
        if verdict is not None:
            yield Check(id_, verdict[0], f"s3://{bucket.name}", verdict[1])


def _versioning(fact: Fact) -> Verdict:
    if isinstance(fact, Unknown):
        return unknown(fact)
    status = (fact or {}).get("Status")
    if status == "Enabled":
        return passed("versioning is on")
    return failed("versioning is suspended" if status else "versioning was never turned on")


def _mfa_delete(versioning: Fact, lock: Fact) -> Verdict:
    if not isinstance(versioning, Unknown) and (versioning or {}).get("MFADelete") == "Enabled":
        return passed("MFA delete is on")
    if not isinstance(lock, Unknown) and _rule(lock).get("Mode") == "COMPLIANCE":
        return passed("MFA delete is not needed, new objects are locked in compliance mode")
    for fact in (versioning, lock):
        if isinstance(fact, Unknown):
            return unknown(fact)
    return failed("MFA delete is off, and objects are not locked in compliance mode")


def _rule(lock: Fact) -> Mapping[str, Any]:
    """Return the default retention of an Object Lock; empty when there is none."""
    if not isinstance(lock, Mapping):
        return {}
    rule: Mapping[str, Any] = ((lock.get("ObjectLockConfiguration") or {}).get("Rule") or {}).get(
        "DefaultRetention"
    ) or {}
    return rule


def _days(rule: Mapping[str, Any]) -> int:
    return int(rule.get("Days") or 0) or int(rule.get("Years") or 0) * _DAYS_OF_YEAR


def _object_lock(lock: Fact) -> Verdict:
    if isinstance(lock, Unknown):
        return unknown(lock)
    if lock is None:
        return failed("Object Lock is off")
    rule = _rule(lock)
    if not rule:
        return failed("Object Lock is on and locks nothing, there is no default retention")
    return passed(f"new objects are locked in {rule.get('Mode')} mode for {_days(rule):,} days")


def _lock_mode(lock: Fact) -> Verdict | None:
    rule = _rule(lock)
    if not rule:
        return unknown(lock) if isinstance(lock, Unknown) else None
    mode = rule.get("Mode")
    return passed("the mode is COMPLIANCE") if mode == "COMPLIANCE" else failed(f"the mode is {mode}")


def _lock_days(lock: Fact, retention: int) -> Verdict | None:
    rule = _rule(lock)
    if not rule:
        return unknown(lock) if isinstance(lock, Unknown) else None
    found = f"objects are locked for {_days(rule):,} days, {retention:,} are asked for"
    return passed(found) if _days(rule) >= retention else failed(found)


def _lifecycle(bucket: Bucket, retention: int, *, noncurrent: bool) -> Verdict:
    fact = bucket.facts["lifecycle"]
    if isinstance(fact, Unknown):
        return unknown(fact)
    found = [
        each
        for each in expiries((fact or {}).get("Rules") or (), f"{bucket.prefix}AWSLogs/")
        if each.noncurrent == noncurrent
    ]
    early = [each for each in found if each.days is None or each.days < retention]
    if certain := [each for each in early if not each.doubtful]:
        return failed(f"{listed(each.words for each in certain)}; {retention:,} days are asked for")
    if early:
        said = listed(each.words for each in early)
        return unknown(f"{said}, of a tag or size that logs may have or not; {retention:,} days are asked for")
    return passed(listed(each.words for each in found) or "no rule deletes them")


def _encryption(fact: Fact) -> Verdict:
    if isinstance(fact, Unknown):
        return unknown(fact)
    rules = ((fact or {}).get("ServerSideEncryptionConfiguration") or {}).get("Rules") or ()
    methods = [str((rule.get("ApplyServerSideEncryptionByDefault") or {}).get("SSEAlgorithm") or "") for rule in rules]
    if any(methods):
        return passed(f"new objects are encrypted by {listed(filter(None, methods))}")
    return failed("new objects are not encrypted by default")


def _off(fact: Fact) -> list[str]:
    """Return the settings of the public access block that are off."""
    settings = (fact.get("PublicAccessBlockConfiguration") or {}) if isinstance(fact, Mapping) else {}
    return [name for name in _BLOCKS if settings.get(name) is not True]


def _block(fact: Fact) -> Verdict:
    if isinstance(fact, Unknown):
        return unknown(fact)
    if fact is None:
        return failed("the bucket itself blocks no public access; whether its account does was not asked")
    if off := _off(fact):
        return failed(f"{listed(off)} are off in the bucket; whether its account has them on was not asked")
    return passed("all four settings are on")


def _public(bucket: Bucket) -> Verdict:
    status, acl, block = (bucket.facts[name] for name in ("policy_status", "acl", "public_access_block"))
    off = _off(block)
    if not off:
        return passed("the public access block keeps the public out")
    said = (status.get("PolicyStatus") or {}).get("IsPublic") if isinstance(status, Mapping) else None
    groups = _grantees(acl, "URI") if isinstance(acl, Mapping) else []
    let_in = [f"the ACL lets in {group}" for group in groups if group.endswith(_PUBLIC_GROUPS)]
    ways = [*(let_in if "IgnorePublicAcls" in off else ())]
    ways += ["AWS says that the policy is public"] if said is True and "RestrictPublicBuckets" in off else []
    if ways and isinstance(block, Unknown):
        return unknown(f"{listed(ways)}; whether the public access block is on could not be asked: {block.reason}")
    if ways:
        return failed(f"{listed(ways)}, unless the whole account has the public access block on")
    for fact in (status, acl):
        if isinstance(fact, Unknown):
            return unknown(fact)
    if status is not None and said is None:
        return unknown("AWS does not say whether the policy is public")
    return passed("neither the policy nor the ACL is public")


def _grantees(acl: Mapping[str, Any], kind: str) -> list[str]:
    return [str(grantee) for grant in acl.get("Grants") or () if (grantee := (grant.get("Grantee") or {}).get(kind))]


def _acl(ownership: Fact, acl: Fact) -> Verdict:
    rules = ((ownership.get("OwnershipControls") or {}).get("Rules") or ()) if isinstance(ownership, Mapping) else ()
    if any(rule.get("ObjectOwnership") == "BucketOwnerEnforced" for rule in rules):
        return passed("ACLs are turned off")
    if isinstance(acl, Unknown):
        return unknown(acl)
    owner = ((acl or {}).get("Owner") or {}).get("ID")
    people = [each for each in _grantees(acl or {}, "ID") if each != owner]
    others = people + [each for each in _grantees(acl or {}, "URI") if not each.endswith(_DELIVERY_GROUP)]
    others += _grantees(acl or {}, "EmailAddress")
    return failed(f"the ACL lets in {listed(others)}") if others else passed("the ACL lets in the owner alone")
