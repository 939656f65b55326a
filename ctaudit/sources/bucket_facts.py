"""How a bucket is set, asked of AWS: one call for each fact, none of which keeps the others from being asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ctaudit.sources.aws_questions import Aws, Fact, Question
from ctaudit.sources.objects import Unavailable

_QUESTIONS = {
    "location": ("get_bucket_location", ""),
    "versioning": ("get_bucket_versioning", ""),
    "object_lock": ("get_object_lock_configuration", "ObjectLockConfigurationNotFoundError"),
    "lifecycle": ("get_bucket_lifecycle_configuration", "NoSuchLifecycleConfiguration"),
    "policy": ("get_bucket_policy", "NoSuchBucketPolicy"),
    "policy_status": ("get_bucket_policy_status", "NoSuchBucketPolicy"),
    "encryption": ("get_bucket_encryption", "ServerSideEncryptionConfigurationNotFoundError"),
    "public_access_block": ("get_public_access_block", "NoSuchPublicAccessBlockConfiguration"),
    "ownership": ("get_bucket_ownership_controls", "OwnershipControlsNotFoundError"),
    "acl": ("get_bucket_acl", ""),
}
"""Fact -> boto3's operation, and the code by which AWS says that nothing is set."""
_LEGACY_REGIONS = {None: "us-east-1", "": "us-east-1", "EU": "eu-west-1"}
"""What GetBucketLocation says of the oldest region, and of buckets made in Ireland long ago."""


def bucket_facts(aws: Aws, bucket: str) -> dict[str, Fact]:
    """Ask everything about a bucket; returns the facts by name."""
    return aws.ask_all(
        {
            name: Question("s3", aws.region, operation, {"Bucket": bucket}, absent)
            for name, (operation, absent) in _QUESTIONS.items()
        }
    )


def is_gone(facts: Mapping[str, Fact]) -> bool:
    """Tell whether AWS says that there is no such bucket."""
    return any(isinstance(fact, Unavailable) and fact.kind == "no-bucket" for fact in facts.values())


def region_of(facts: Mapping[str, Fact]) -> str | None:
    """Return the bucket's region, None when that could not be asked."""
    fact = facts["location"]
    if not isinstance(fact, Mapping):
        return None
    said = fact.get("LocationConstraint")
    return str(_LEGACY_REGIONS.get(said, said))


def owner_of(aws: Aws, bucket: str, candidates: Iterable[str]) -> str | Unavailable:
    """Return which of the accounts owns the bucket; AWS tells no more than whether one is the right guess."""
    trouble = Unavailable("denied", "AWS does not tell which account owns it")
    for account in dict.fromkeys(candidates):
        asked = {"Bucket": bucket, "ExpectedBucketOwner": account}
        if isinstance(aws.ask(Question("s3", aws.region, "head_bucket", asked)), Mapping):
            return account
    return trouble


def caller(aws: Aws) -> str | None:
    """Return the account that the credentials belong to, None when AWS does not say."""
    fact = aws.ask(Question("sts", aws.region, "get_caller_identity", {}))
    return str(fact["Account"]) if isinstance(fact, Mapping) else None
