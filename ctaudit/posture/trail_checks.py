"""From what AWS says of a trail to checks: whether it records, what it leaves out, and whether it still delivers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from ctaudit import times
from ctaudit.posture import selectors
from ctaudit.posture.check import Check, Verdict, failed, listed, passed, unknown
from ctaudit.posture.facts import Fact, Trail, Unknown

_GLOBAL_HOME = "us-east-1"
"""Where global services are recorded since November 2021: a trail of another region alone misses them."""
_ERROR_LENGTH = 200
_RECENT = timedelta(hours=1)
"""CloudTrail delivers every few minutes where anything is done, and in an account something nearly always is."""
_INSIGHTS = ("ApiCallRateInsight", "ApiErrorRateInsight")

Judge = Callable[[Mapping[str, Any]], Verdict]


def trail_checks(trail: Trail, now: datetime) -> Iterator[Check]:
    """Yield the checks of a trail; those of its description are unknown when it could not be described."""
    described = trail.described
    verdicts: dict[str, Verdict | None] = {
        "trail.logging": _of(trail.status, _logging),
        "trail.validation": _of(described, _validation),
        "trail.multi_region": _of(described, _multi_region),
        "trail.global_events": _of(described, lambda said: _global_events(said, trail.region)),
        "trail.kms": _of(described, _kms),
        "trail.delivery": _of(trail.status, _delivery),
        "trail.recent_delivery": _recent_delivery(trail.status, now),
        "trail.digest_delivery": _digest_delivery(trail),
        "trail.sns": _sent(described, trail.status, "SnsTopicARN", "LatestNotificationError", "topic"),
        "trail.cloudwatch": _sent(
            described, trail.status, "CloudWatchLogsLogGroupArn", "LatestCloudWatchLogsDeliveryError", "log group"
        ),
        "trail.management_events": _of(trail.selectors, _management_events),
        "trail.excluded_sources": _of(trail.selectors, _excluded_sources),
        "trail.hidden": _of(trail.selectors, _hidden),
        "trail.data_events": _of(trail.selectors, lambda said: _data_events(said, described)),
        "trail.insights": _insights(trail.insights),
    }
    for id_, verdict in verdicts.items():
        if verdict is not None:
            yield Check(id_, verdict[0], trail.arn, verdict[1])


def _of(fact: Fact, judge: Judge) -> Verdict:
    return unknown(fact) if isinstance(fact, Unknown) else judge(fact or {})


def _told(value: Any, word: str, no_word: str) -> Verdict:
    """Judge a yes or no of AWS's; that it says neither is no word on it."""
    if value is None:
        return unknown("AWS does not say")
    return passed(word) if value is True else failed(no_word)


def _logging(status: Mapping[str, Any]) -> Verdict:
    return _told(status.get("IsLogging"), "it is recording", "it is stopped")


def _validation(said: Mapping[str, Any]) -> Verdict:
    return _told(said.get("LogFileValidationEnabled"), "it writes digests", "it writes no digests")


def _multi_region(said: Mapping[str, Any]) -> Verdict:
    return _told(said.get("IsMultiRegionTrail"), "it records all regions", "it records its own region alone")


def _global_events(said: Mapping[str, Any], region: str) -> Verdict:
    included, everywhere = said.get("IncludeGlobalServiceEvents"), said.get("IsMultiRegionTrail")
    if included is None or everywhere is None:
        return unknown("AWS does not say")
    if not included:
        return failed("it leaves out global services")
    if everywhere or region == _GLOBAL_HOME or not region.startswith(_COMMERCIAL):
        return passed("it records global services")
    return failed(f"it records {region} alone, and global services are recorded in {_GLOBAL_HOME}")


_COMMERCIAL = ("us-east-", "us-west-", "eu-", "ap-", "sa-", "ca-", "af-", "me-", "il-", "mx-")
"""Regions of the partition `aws`; others have global services of their own."""


def _kms(said: Mapping[str, Any]) -> Verdict:
    key = said.get("KmsKeyId")
    return passed(f"logs are encrypted with {key}") if key else failed("logs are encrypted without a KMS key of yours")


def _delivery(status: Mapping[str, Any]) -> Verdict:
    if error := status.get("LatestDeliveryError"):
        return failed(f"the last delivery failed: {str(error)[:_ERROR_LENGTH]}")
    return _at(status.get("LatestDeliveryTime"), "log file")


def _recent_delivery(fact: Fact, now: datetime) -> Verdict | None:
    """Judge whether a trail that records still delivers; one that is stopped, or new, has nothing to deliver."""
    if isinstance(fact, Unknown):
        return unknown(fact)
    status = fact or {}
    time = status.get("LatestDeliveryTime")
    if status.get("IsLogging") is not True or time is None:
        return None
    if now - time <= _RECENT:
        return _at(time, "log file")
    return failed(f"it records, and the last log file was delivered at {times.format_utc(time)}")


def _at(time: Any, what: str) -> Verdict:
    if time is None:
        return unknown(f"no {what} was delivered yet")
    return passed(f"the last {what} was delivered at {times.format_utc(time)}")


def _digest_delivery(trail: Trail) -> Verdict | None:
    if isinstance(trail.described, Mapping) and trail.described.get("LogFileValidationEnabled") is not True:
        return None
    if isinstance(trail.status, Unknown):
        return unknown(trail.status)
    status = trail.status or {}
    if error := status.get("LatestDigestDeliveryError"):
        return failed(f"the last delivery of a digest failed: {str(error)[:_ERROR_LENGTH]}")
    return _at(status.get("LatestDigestDeliveryTime"), "digest")


def _sent(described: Fact, status: Fact, place: str, error: str, word: str) -> Verdict:
    """Judge whether a copy, or word of it, still reaches the place it is sent to beside the bucket."""
    if isinstance(status, Unknown):
        return unknown(status)
    if isinstance(described, Unknown):
        return unknown(described)
    if said := (status or {}).get(error):
        return failed(f"the last delivery to its {word} failed: {str(said)[:_ERROR_LENGTH]}")
    if to := (described or {}).get(place):
        return passed(f"no error with its {word} {to}")
    return passed(f"it has no {word}")


def _management_events(said: Mapping[str, Any]) -> Verdict:
    found = selectors.selectors(said)
    if not found:
        return unknown("AWS names no selector")
    lacking = selectors.left_out(found).halves
    return failed(f"it records no {listed(lacking)}") if lacking else passed("it records reads and writes")


def _excluded_sources(said: Mapping[str, Any]) -> Verdict:
    found = selectors.selectors(said)
    if not found:
        return unknown("AWS names no selector")
    out = selectors.left_out(found)
    if out.sources:
        return failed(f"it leaves out {listed(out.sources)}")
    if some := [each for each in out.hidden if each.startswith("eventSource ")]:
        return failed(f"it records only management events with {listed(some)}")
    if out.unclear:
        return unknown(f"several selectors together may leave something out: {listed(out.unclear)}")
    return passed("it leaves out no service")


def _hidden(said: Mapping[str, Any]) -> Verdict:
    found = selectors.selectors(said)
    if not found:
        return unknown("AWS names no selector")
    out = selectors.left_out(found)
    if out.hidden:
        return failed(f"it records only management events with {listed(out.hidden)}")
    if out.unclear:
        return unknown(f"several selectors together may leave something out: {listed(out.unclear)}")
    return passed("nothing else is left out")


def _data_events(said: Mapping[str, Any], described: Fact) -> Verdict:
    found = selectors.selectors(said)
    if not found:
        return unknown("AWS names no selector")
    others = listed(selectors.resource_types(found) - {selectors.S3_OBJECT})
    beside = f"; of other data events it records {others}" if others else "; it records no other data events"
    bucket = described.get("S3BucketName") if isinstance(described, Mapping) else None
    if lacking := selectors.objects_lacking(found, bucket):
        return failed(f"it does not record {listed(lacking)}{beside}")
    if bucket is None and selectors.objects_lacking(found, "?"):
        return unknown("it leaves out buckets, and whether they are more than the log bucket is not known")
    return passed(f"it records reads and writes of all S3 objects{beside}")


def _insights(fact: Fact) -> Verdict:
    if isinstance(fact, Unknown):
        return unknown(fact)
    on = [str(each.get("InsightType")) for each in (fact or {}).get("InsightSelectors") or ()]
    lacking = [each for each in _INSIGHTS if each not in on]
    if not on:
        return failed("Insights are off")
    return failed(f"it has no {listed(lacking)}") if lacking else passed(f"it has {listed(on)}")
