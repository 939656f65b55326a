"""Partition projection: Athena computes the folders of a lake from what accounts, regions and dates there are.

AWS, "Partition projection with Amazon Athena": enum for a few dozen values at most, injected where there are more, and
then each query has to name the value.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ctaudit.records.columns import ACCOUNT, DATE, REGION

MOST_ACCOUNTS = 30
MOST_REGIONS = 60
"""AWS has some 35; more than these come from hostile logs."""
FIRST_DATE = "2013-11-13"
"""The day CloudTrail was announced: older dates are wrong, and projection would look into a folder for each day."""
_ACCOUNT = re.compile(r"[0-9]{12}", re.ASCII)
_REGION = re.compile(r"[a-z]{2,6}(-[a-z]{1,12}){1,4}-[0-9]{1,2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Values:
    """What the store has, as the logs say it."""

    accounts: tuple[str | None, ...] = ()
    regions: tuple[str | None, ...] = ()
    dates: tuple[str, ...] = ()


def properties(values: Values, partition_by: Sequence[str], location: str) -> dict[str, str]:
    """Return the table properties that project these keys."""
    template = "".join(f"/{key}=${{{key}}}" for key in partition_by)
    found = {"projection.enabled": "true"}
    if ACCOUNT in partition_by:
        found |= _chosen(ACCOUNT, _plain(values.accounts, _ACCOUNT), MOST_ACCOUNTS)
    if REGION in partition_by:
        found |= _chosen(REGION, _plain(values.regions, _REGION), MOST_REGIONS)
    if DATE in partition_by:
        found |= {
            f"projection.{DATE}.type": "date",
            f"projection.{DATE}.format": "yyyy-MM-dd",
            f"projection.{DATE}.range": f"{first_date(values.dates)},NOW",
            f"projection.{DATE}.interval": "1",
            f"projection.{DATE}.interval.unit": "DAYS",
        }
    return found | {"storage.location.template": f"{location}{template}/"}


def _chosen(key: str, values: Sequence[str], most: int) -> dict[str, str]:
    if not 0 < len(values) <= most:
        return {f"projection.{key}.type": "injected"}
    return {f"projection.{key}.type": "enum", f"projection.{key}.values": ",".join(values)}


def _plain(values: Sequence[str | None], form: re.Pattern[str]) -> list[str]:
    return sorted(value for value in values if value is not None and form.fullmatch(value))


def first_date(dates: Sequence[str]) -> str:
    return min((date for date in dates if _is_projected(date)), default=FIRST_DATE)


def _is_projected(date: str) -> bool:
    return FIRST_DATE <= date <= "9999"


def injected(values: Values, partition_by: Sequence[str]) -> list[str]:
    """Return the keys that every query has to name a value of."""
    found = properties(values, partition_by, "")
    return [key for key in partition_by if found.get(f"projection.{key}.type") == "injected"]


def beyond(values: Values, partition_by: Sequence[str], today: str) -> list[str]:
    """Return `key=value` of each partition value that the projection does not reach; what has no value is told too."""
    lists = {ACCOUNT: (values.accounts, _ACCOUNT), REGION: (values.regions, _REGION)}
    left_out: list[str] = []
    asked_for = injected(values, partition_by)
    for key, (given, form) in lists.items():
        if key in partition_by and key not in asked_for:
            left_out += [f"{key}={value or 'none'}" for value in given if value is None or not form.fullmatch(value)]
        elif key in asked_for:
            left_out += [f"{key}=none"] if None in given or "" in given else []
    if DATE in partition_by:
        left_out += [f"{DATE}={date}" for date in values.dates if not FIRST_DATE <= date <= today]
    return sorted(left_out)
