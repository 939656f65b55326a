"""One check as a value: its stable id, what was found, why it matters and how it is put right."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ctaudit.posture.facts import Unknown

_NAMED = 5
"""Things that a sentence names; of more it gives the number."""
_NAME_LENGTH = 200
UNASKED = "could not be asked: "
"""How what was found begins when AWS gave no answer."""
_TO_ASK = "Ask again; if it was refused, with a login that has s3:GetBucket*, s3:Get*Configuration and cloudtrail:Get*."


class Status(enum.Enum):
    FAIL = "fail"
    UNKNOWN = "unknown"
    PASS = "pass"  # noqa: S105  (a verdict, no password)


@dataclass(frozen=True, slots=True)
class Check:
    id: str
    status: Status
    subject: str
    """`s3://bucket`, or the ARN of a trail."""
    found: str

    @property
    def why(self) -> str:
        return CHECKS[self.id][0]

    @property
    def fix(self) -> str:
        """What to do; empty when there is nothing to be done."""
        if self.status is Status.PASS:
            return ""
        return _TO_ASK if self.found.startswith(UNASKED) else CHECKS[self.id][1]


Verdict = tuple[Status, str]
"""The status, and a sentence on what was found."""


def passed(found: str) -> Verdict:
    return Status.PASS, found


def failed(found: str) -> Verdict:
    return Status.FAIL, found


def unknown(fact: Unknown | str) -> Verdict:
    return Status.UNKNOWN, f"{UNASKED}{fact.reason}" if isinstance(fact, Unknown) else fact


def agreed(one: Iterable[Check], other: Iterable[Check]) -> list[Check]:
    """Return the checks of two views of one thing: where they differ in their verdict, it is unknown."""
    theirs = {(each.id, each.subject): each for each in other}
    return [_agreed(each, theirs.get((each.id, each.subject), each)) for each in one]


def _agreed(one: Check, other: Check) -> Check:
    if one.status is other.status:
        return one
    found = f"that depends on where in the bucket the logs lie, which is not known: {other.found}"
    return Check(one.id, Status.UNKNOWN, one.subject, found)


def listed(names: Iterable[str]) -> str:
    """Join names for a sentence: sorted, each once, long ones cut, of many only the first."""
    each = sorted(set(names))
    shown = [name if len(name) <= _NAME_LENGTH else f"{name[:_NAME_LENGTH]}…" for name in each[:_NAMED]]
    more = f" and {len(each) - _NAMED} more" if len(each) > _NAMED else ""
    return ", ".join(shown) + more


_PUT = "aws s3api put-"
_UPDATE = "aws cloudtrail update-trail --name TRAIL"

CHECKS: Mapping[str, tuple[str, str]] = {
    "bucket.exists": (
        "A trail whose bucket is gone delivers nothing, and whoever makes a bucket of that name gets the logs.",
        "Make the bucket again in the account that owns the trail, or let the trail deliver into another one.",
    ),
    "bucket.versioning": (
        "Without versions a log file that is overwritten or deleted is gone.",
        f"{_PUT}bucket-versioning --bucket BUCKET --versioning-configuration Status=Enabled",
    ),
    "bucket.mfa_delete": (
        "Without MFA delete or a lock in compliance mode stolen credentials are enough to delete versions for good.",
        "Lock the bucket in COMPLIANCE mode, or let its root user turn MFADelete on with put-bucket-versioning --mfa.",
    ),
    "bucket.object_lock": (
        "Without Object Lock and a default retention whoever may delete versions may delete evidence.",
        f"{_PUT}object-lock-configuration with a DefaultRetention; versioning must be on.",
    ),
    "bucket.lock_mode": (
        "In GOVERNANCE mode whoever has s3:BypassGovernanceRetention may still delete; in COMPLIANCE mode nobody may.",
        f"{_PUT}object-lock-configuration with Mode COMPLIANCE in the DefaultRetention.",
    ),
    "bucket.lock_days": (
        "Evidence is locked for fewer days than it has to be kept.",
        f"{_PUT}object-lock-configuration with as many Days in the DefaultRetention as you have to keep logs.",
    ),
    "bucket.lifecycle": (
        "A lifecycle rule deletes logs without anybody doing it, and CloudTrail does not record it.",
        "Let the rule expire no sooner than you have to keep logs, or keep it away from AWSLogs/.",
    ),
    "bucket.noncurrent": (
        "Versions that were overwritten or deleted are what is left of a log after an attack.",
        "Let NoncurrentVersionExpiration keep versions for as many days as you have to keep logs.",
    ),
    "bucket.encryption": (
        "Logs name people, addresses and resources, and should lie encrypted.",
        f"{_PUT}bucket-encryption with aws:kms or AES256",
    ),
    "bucket.public_access_block": (
        "The block keeps a slip in a policy or an ACL from opening the bucket to everybody.",
        f"{_PUT}public-access-block with all four settings true",
    ),
    "bucket.public": (
        "Everybody could read or change the logs.",
        "Turn the public access block on, and take the public grants out of the policy and the ACL.",
    ),
    "bucket.acl": (
        "An ACL lets others in beside the policy, and is easily overlooked.",
        f"{_PUT}bucket-ownership-controls with BucketOwnerEnforced, which turns ACLs off",
    ),
    "policy.acl_check": (
        "CloudTrail asks for the bucket's ACL before it delivers.",
        "Add the statement AWSCloudTrailAclCheck20150319 of the CloudTrail user guide, with aws:SourceArn.",
    ),
    "policy.write": (
        "Without this statement CloudTrail cannot deliver log files and digests.",
        "Add the statement AWSCloudTrailWrite20150319 of the CloudTrail user guide, with aws:SourceArn.",
    ),
    "policy.organization_write": (
        "Without this statement the logs of the member accounts are not delivered.",
        "Add the statement AWSCloudTrailOrganizationWrite20150319 for AWSLogs/ORGANIZATION-ID/*.",
    ),
    "policy.source_arn": (
        "Without aws:SourceArn a trail of anybody's account can be told to write among your logs (confused deputy).",
        "Add StringEquals aws:SourceArn with the trail's ARN to each statement for cloudtrail.amazonaws.com.",
    ),
    "policy.writers": (
        "Who else may write can replace log files and slip some in.",
        "Let the policy allow s3:PutObject and s3:ReplicateObject under AWSLogs/ to cloudtrail.amazonaws.com alone.",
    ),
    "policy.deleters": (
        "Who may delete, or set a lifecycle rule, can destroy the logs.",
        "Take the permission out of the policy; better, deny s3:DeleteObject* under AWSLogs/ to everybody.",
    ),
    "policy.admins": (
        "Who may change the bucket's policy, ACLs, versioning or locks can let himself in.",
        "Take the permission out of the policy.",
    ),
    "policy.readers": (
        "Who reads the logs knows what is watched and what is there; other accounts are out of your control.",
        "Take readers of other accounts out of the policy unless you know each.",
    ),
    "trail.found": (
        "What writes the logs cannot be judged when it is not known.",
        "Log in with cloudtrail:DescribeTrails in the account and region of the trail, or name it with --trail.",
    ),
    "trail.logging": (
        "A trail that is stopped records nothing.",
        "aws cloudtrail start-logging --name TRAIL",
    ),
    "trail.validation": (
        "Without digests nobody can prove that logs are what AWS wrote and that none is gone.",
        f"{_UPDATE} --enable-log-file-validation",
    ),
    "trail.multi_region": (
        "What is done in another region is not recorded.",
        f"{_UPDATE} --is-multi-region-trail",
    ),
    "trail.global_events": (
        "IAM, STS and CloudFront are recorded in us-east-1 alone, and not without global events.",
        f"{_UPDATE} --include-global-service-events --is-multi-region-trail",
    ),
    "trail.kms": (
        "With SSE-S3 whoever may read the bucket may read the logs; a KMS key asks for a second permission.",
        f"{_UPDATE} --kms-key-id KEY",
    ),
    "trail.delivery": (
        "Log files that cannot be delivered are lost after some time.",
        "Read the error: mostly the bucket's policy, the KMS key's policy, or a bucket that is gone.",
    ),
    "trail.recent_delivery": (
        "A trail that records and delivers nothing loses logs without an error.",
        "See whether anything was done in the account meanwhile; if so, read the policies of the bucket and the key.",
    ),
    "trail.digest_delivery": (
        "Hours without a delivered digest cannot be proven.",
        "Read the error: mostly the bucket's policy or the KMS key's policy.",
    ),
    "trail.sns": (
        "Who waits for notifications of new log files hears nothing.",
        "Let the topic's policy allow SNS:Publish to cloudtrail.amazonaws.com, or take the topic out of the trail.",
    ),
    "trail.cloudwatch": (
        "Alarms on the log group stay silent.",
        "Let the trail's role write into the log group, or take the group out of the trail.",
    ),
    "trail.management_events": (
        "Calls that the trail does not record leave no trace in these logs; AssumeRole counts as a read.",
        "aws cloudtrail put-event-selectors with ReadWriteType All and IncludeManagementEvents true",
    ),
    "trail.excluded_sources": (
        "What is done with keys (KMS) or through the RDS Data API leaves no trace in these logs.",
        "aws cloudtrail put-event-selectors without ExcludeManagementEventSources or NotEquals on eventSource",
    ),
    "trail.hidden": (
        "An advanced selector can hide what a principal does, and an intruder can set one.",
        "aws cloudtrail put-event-selectors with eventCategory Management and no other field",
    ),
    "trail.data_events": (
        "Without data events nobody can tell who read, replaced or deleted objects.",
        "aws cloudtrail put-event-selectors with AWS::S3::Object for all buckets (the log bucket may be left out)",
    ),
    "trail.insights": (
        "Unusual rates of calls and of errors are not told of by AWS itself.",
        "aws cloudtrail put-insight-selectors with ApiCallRateInsight and ApiErrorRateInsight",
    ),
}
"""Every check there is, in the order of the answer: why it matters, and what puts it right."""
