"""Which regions a bucket has log files of, by the names of its folders alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from ctaudit.sources.objects import Unavailable
from ctaudit.sources.s3 import S3
from ctaudit.sources.s3_listing import LOGS_AND_DIGESTS

_ORGANIZATION = re.compile(r"o-[a-z0-9]{10,32}")
_ACCOUNT = re.compile(r"\d{12}")
_REGION = re.compile(r"[a-z]{2,}(?:-[a-z]+)+-\d+")
_MOST = 100
"""Listings: an organization's accounts have the same regions, nearly all of them."""


def regions_in(s3: S3) -> tuple[list[str], str | None]:
    """Return the regions that folders of CloudTrail's layout below the prefix name, and why some could not be listed.

    Looks into the folders of so many accounts as a hundred listings reach.
    """
    names = s3.prefix.split("/")
    found = {name for kind, name in pairwise(names) if _is_region(kind, name)}
    waiting = [f"{s3.prefix.rstrip('/')}/".lstrip("/")]
    for _ in range(_MOST):
        if not waiting:
            break
        try:
            for folder in _folders(s3, waiting.pop(0)):
                names = folder.rstrip("/").split("/")
                if len(names) > 1 and _is_region(*names[-2:]):
                    found.add(names[-1])
                elif _may_lead_on(names):
                    waiting.append(folder)
        except Unavailable as trouble:
            return sorted(found), trouble.reason
    return sorted(found), None


def _is_region(kind: str, name: str) -> bool:
    return LOGS_AND_DIGESTS.fullmatch(kind) is not None and _REGION.fullmatch(name) is not None


def _folders(s3: S3, folder: str) -> Iterator[str]:
    for page in s3.pages("list_objects_v2", Bucket=s3.bucket, Prefix=folder, Delimiter="/"):
        yield from (each["Prefix"] for each in page.get("CommonPrefixes", ()))


def _may_lead_on(names: list[str]) -> bool:
    """Tell whether a folder lies on the way from the top of the layout to its regions."""
    if "AWSLogs" not in names:
        return True  # a prefix that nobody named
    last = names[-1]
    if last == "AWSLogs" or _ORGANIZATION.fullmatch(last) or _ACCOUNT.fullmatch(last):
        return True
    return LOGS_AND_DIGESTS.fullmatch(last) is not None
