"""Whether evidence is safe where it lies: a bucket and the trails that deliver into it, asked of AWS and judged."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ctaudit.errors import CtauditError, UsageError
from ctaudit.posture.bucket_checks import bucket_checks
from ctaudit.posture.check import CHECKS, Check, Status, agreed, failed, listed, passed, unknown
from ctaudit.posture.facts import Bucket, Fact, Trail, Unknown
from ctaudit.posture.patterns import ANY_PATH
from ctaudit.posture.policy_checks import policy_checks
from ctaudit.posture.trail_checks import trail_checks
from ctaudit.sources import bucket_facts, trail_facts
from ctaudit.sources.aws_login import Login
from ctaudit.sources.aws_questions import Aws
from ctaudit.sources.objects import PASSING, Unavailable
from ctaudit.sources.s3 import S3
from ctaudit.sources.s3_regions import regions_in
from ctaudit.sources.s3_urls import split_url
from ctaudit.table import Column, Table

__all__ = ["CHECKS", "Login", "Report", "posture"]

RETENTION = 365
"""Days that logs have to be kept, unless said otherwise."""
_ARN = re.compile(r"arn:aws[a-z-]*:cloudtrail:([a-z0-9-]{1,40}):\d{12}:trail/[A-Za-z0-9._-]{1,128}")
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]")
_COLUMNS = (
    Column("check", 0),
    Column("status", 0, styles={"fail": "red", "unknown": "yellow", "pass": "green"}),
    Column("subject", 2),
    Column("found", 1),
    Column("why", 3),
    Column("fix", 3),
)
_GRAVITY = (Status.FAIL, Status.UNKNOWN, Status.PASS)
_NOTES = (
    "what IAM policies of the bucket's own account allow, and the policies of keys and topics, were not looked at",
)


@dataclass(frozen=True, slots=True)
class Report:
    table: Table
    """One row for each check, the failed ones first."""
    failed: int
    unknown: int


def posture(
    source: str | None,
    trail: str | None = None,
    *,
    login: Login,
    now: datetime,
    retention: int = RETENTION,
    skipped: Iterable[str] = (),
    regions: Sequence[str] = (),
) -> Report:
    """Check the bucket `s3://bucket[/prefix]` and the trails that deliver there, or a trail, by ARN, and its bucket.

    `retention` is for how many days logs have to be kept; `skipped` are ids of checks to be left out. Trails of a
    bucket are looked for in `regions`; else in its own, in the one that is set, and in those that its keys name. Raises
    UsageError, and CtauditError when nothing can be asked at all, or the bucket or trail does not exist.
    """
    if (source is None) == (trail is None):
        raise UsageError("name a bucket or a trail", "ctaudit posture s3://BUCKET, or ctaudit posture --trail ARN")
    if trail is not None and regions:
        raise UsageError("a trail's ARN names its region", "leave --region out")
    left_out = frozenset(skipped)
    if strange := left_out - CHECKS.keys():
        raise UsageError(f"there is no check '{min(strange)}'", "the ids are those that `ctaudit posture` prints")
    if source is not None:
        bucket, prefix = split_url(source)
        checks = _of_bucket(login, bucket, prefix, _How(retention, now, tuple(regions)))
    else:
        checks = _of_trail(login, str(trail), _How(retention, now))
    return _report([each for each in checks if each.id not in left_out], left_out)


@dataclass(frozen=True, slots=True)
class _How:
    """By what is judged, and where trails are looked for."""

    retention: int
    now: datetime
    regions: tuple[str, ...] = ()


def _of_bucket(login: Login, name: str, prefix: str, how: _How) -> list[Check]:
    aws = Aws(login)
    facts = bucket_facts.bucket_facts(aws, name)
    if bucket_facts.is_gone(facts):
        raise CtauditError(f"there is no bucket {name}", "see: aws s3api list-buckets")
    _must_be_reached(facts.values())
    regions, unlisted = how.regions, None
    if not regions:
        in_keys, unlisted = regions_in(S3(f"s3://{name}/{prefix}", login=login))
        regions = aws.region, bucket_facts.region_of(facts) or aws.region, *in_keys
    found = trail_facts.trails_into(aws, name, regions)
    trails = [_trail(aws, arn, said) for arn, said in sorted(found.described.items())]
    prefixes = {each.prefix for each in trails} | ({_before_logs(prefix)} if prefix else set())
    checks = [_found(f"s3://{name}", found, unlisted)]
    return checks + _all(aws, name, facts, sorted(prefixes), trails, how)


def _before_logs(prefix: str) -> str:
    """Return what comes before `AWSLogs/`, whether the user named that folder, one above it, or one within it."""
    parts = [part for part in prefix.split("/") if part]
    if "AWSLogs" in parts:
        parts = parts[: len(parts) - 1 - parts[::-1].index("AWSLogs")]
    return "".join(f"{part}/" for part in parts)


def _must_be_reached(facts: Collection[Mapping[str, Any] | Unavailable | None]) -> None:
    """Raise CtauditError when the network lets no question through: asking all others would take minutes."""
    troubles = [fact for fact in facts if isinstance(fact, Unavailable) and fact.kind in PASSING]
    if troubles and len(troubles) == len(facts):
        raise CtauditError(
            f"AWS cannot be asked: {troubles[0].reason}", "see that the network and the region are right"
        )


def _of_trail(login: Login, arn: str, how: _How) -> list[Check]:
    matched = _ARN.fullmatch(arn)
    if matched is None:
        raise UsageError(f"'{arn}' is no trail's ARN", "such as arn:aws:cloudtrail:us-east-1:111122223333:trail/NAME")
    aws = Aws(login)
    said = trail_facts.describe(aws, arn, matched[1])
    _must_be_reached([said])
    if said is None:
        raise CtauditError(f"there is no trail {arn}", "see: aws cloudtrail list-trails")
    trail = _trail(aws, arn, said)
    if isinstance(said, Unavailable):
        reason = f"it could not be described, so its bucket is not known and was not checked: {said.reason}"
        return [_check("trail.found", arn, unknown(reason)), *trail_checks(trail, how.now)]
    bucket = str(said.get("S3BucketName"))
    if not _BUCKET.fullmatch(bucket):
        raise CtauditError(f"AWS names no bucket that the trail {arn} delivers into")
    facts = bucket_facts.bucket_facts(aws, bucket)
    if bucket_facts.is_gone(facts):
        gone = failed(f"the trail {arn} delivers into it, and there is no such bucket")
        return [_check("bucket.exists", f"s3://{bucket}", gone), *trail_checks(trail, how.now)]
    return _all(aws, bucket, facts, [trail.prefix], [trail], how)


def _all(
    aws: Aws, name: str, facts: Mapping[str, Any], prefixes: Sequence[str], trails: Sequence[Trail], how: _How
) -> list[Check]:
    """Return the checks of a bucket, of its policy and of the trails.

    Without any prefix the logs may lie below each: what holds at the top of the bucket and not everywhere is unknown.
    """
    candidates = filter(None, (bucket_facts.caller(aws), *(trail.account for trail in trails)))
    owner = bucket_facts.owner_of(aws, name, candidates)
    own = owner if isinstance(owner, str) else Unknown(owner.reason)
    answers = {key: _fact(each) for key, each in facts.items()}

    def at(prefix: str) -> list[Check]:
        bucket = Bucket(name, prefix, own, answers)
        return [*bucket_checks(bucket, how.retention), *policy_checks(bucket, trails)]

    if not prefixes:
        return agreed(at(""), at(ANY_PATH))
    checks = _gravest(check for prefix in prefixes for check in at(prefix))
    return [*checks, *(check for trail in trails for check in trail_checks(trail, how.now))]


def _gravest(checks: Iterable[Check]) -> Iterable[Check]:
    """Return one check of each id and subject: trails with prefixes of their own share a bucket."""
    found: dict[tuple[str, str], Check] = {}
    for check in checks:
        before = found.setdefault((check.id, check.subject), check)
        if _GRAVITY.index(check.status) < _GRAVITY.index(before.status):
            found[check.id, check.subject] = check
    return found.values()


def _fact(fact: Mapping[str, Any] | Unavailable | None) -> Fact:
    return Unknown(fact.reason) if isinstance(fact, Unavailable) else fact


def _trail(aws: Aws, arn: str, said: Mapping[str, Any] | Unavailable) -> Trail:
    home = str(said.get("HomeRegion") or arn.split(":")[3]) if isinstance(said, Mapping) else arn.split(":")[3]
    facts = trail_facts.trail_facts(aws, arn, home)
    of_organization = isinstance(said, Mapping) and said.get("IsOrganizationTrail") is True
    organization = trail_facts.organization_id(aws) if of_organization else None
    return Trail(
        arn,
        _fact(said),
        _fact(facts["status"]),
        _fact(facts["selectors"]),
        _fact(facts["insights"]),
        Unknown(organization.reason) if isinstance(organization, Unavailable) else organization,
    )


def _found(subject: str, found: trail_facts.Trails, unlisted: str | None) -> Check:
    """Say which trails deliver into a bucket, as far as that could be asked; `unlisted` tells why keys were not."""
    asked, unasked = listed(found.asked), [f"{region}: {said.reason}" for region, said in found.unasked.items()]
    if unasked:
        return _check("trail.found", subject, unknown(f"trails could not be asked for in {listed(unasked)}"))
    if unlisted is not None:
        seen = f"; {listed(found.described)} is seen in {asked}" if found.described else ""
        return _check(
            "trail.found", subject, unknown(f"which regions its keys name could not be listed: {unlisted}{seen}")
        )
    if not found.described:
        return _check(
            "trail.found",
            subject,
            unknown(f"no trail that is seen in {asked} delivers here; other regions and accounts were not asked"),
        )
    return _check("trail.found", subject, passed(f"seen in {asked}: {listed(found.described)}"))


def _check(id_: str, subject: str, verdict: tuple[Status, str]) -> Check:
    return Check(id_, verdict[0], subject, verdict[1])


def _report(checks: Sequence[Check], left_out: frozenset[str]) -> Report:
    order = {id_: place for place, id_ in enumerate(CHECKS)}
    ranked = sorted(checks, key=lambda each: (_GRAVITY.index(each.status), order[each.id], each.subject, each.found))
    rows = [(each.id, each.status.value, each.subject, each.found, each.why, each.fix) for each in ranked]
    counts = {status: sum(each.status is status for each in checks) for status in Status}
    said = f"{counts[Status.PASS]:,} passed, {counts[Status.FAIL]:,} failed, {counts[Status.UNKNOWN]:,} unknown"
    notes = (said, *_NOTES, *([f"left out as asked: {', '.join(sorted(left_out))}"] if left_out else []))
    doubt = counts[Status.UNKNOWN]
    partial = (f"{doubt:,} {'check has' if doubt == 1 else 'checks have'} no answer, see their rows",) if doubt else ()
    return Report(Table(_COLUMNS, rows, len(rows), notes, partial), counts[Status.FAIL], doubt)
