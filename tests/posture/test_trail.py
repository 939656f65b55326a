"""A trail's settings: what its selectors leave out, whether it records and still delivers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ctaudit.posture.facts import Fact, Trail, Unknown
from ctaudit.posture.trail_checks import trail_checks

ARN = "arn:aws:cloudtrail:{}:111122223333:trail/main"
AT = datetime(2026, 2, 1, 12, tzinfo=UTC)
DESCRIBED = {
    "S3BucketName": "logs",
    "LogFileValidationEnabled": True,
    "IsMultiRegionTrail": True,
    "IncludeGlobalServiceEvents": True,
    "KmsKeyId": "arn:aws:kms:us-east-1:111122223333:key/x",
}
STATUS = {"IsLogging": True, "LatestDeliveryTime": AT, "LatestDigestDeliveryTime": AT}
S3_ALL = {"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}
BASIC = {"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": [S3_ALL]}
INSIGHTS = {"InsightSelectors": [{"InsightType": "ApiCallRateInsight"}, {"InsightType": "ApiErrorRateInsight"}]}
DENIED = Unknown("AWS refuses access")


def judged(
    described: Fact = DESCRIBED,
    status: Fact = STATUS,
    selectors: Fact = {"EventSelectors": [BASIC]},  # noqa: B006  (never changed)
    insights: Fact = INSIGHTS,
    region: str = "us-east-1",
) -> dict[str, tuple[str, str]]:
    """Return what does not pass: check -> status and sentence."""
    checks = trail_checks(Trail(ARN.format(region), described, status, selectors, insights), AT + timedelta(minutes=30))
    return {
        each.id.removeprefix("trail."): (each.status.value, each.found)
        for each in checks
        if each.status.value != "pass"
    }


def statuses(found: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    return {name: status for name, (status, _) in found.items()}


def basic(**changes: Any) -> dict[str, Any]:
    return {"EventSelectors": [BASIC | changes]}


def advanced(*given: Mapping[str, Any]) -> dict[str, Any]:
    """Make selectors of `{"eventSource NotEquals": ["kms.amazonaws.com"]}`, all S3 objects beside them."""
    data = {"eventCategory Equals": ["Data"], "resources.type Equals": ["AWS::S3::Object"]}
    return {"AdvancedEventSelectors": [{"FieldSelectors": list(map(_field, each.items()))} for each in (*given, data)]}


def _field(item: tuple[str, Any]) -> dict[str, Any]:
    name, _, operator = item[0].partition(" ")
    return {"Field": name, operator: item[1]}


MANAGEMENT = {"eventCategory Equals": ["Management"]}


def test_a_good_trail_passes() -> None:
    assert judged() == {}
    assert judged(selectors=advanced(MANAGEMENT)) == {}


@pytest.mark.parametrize(
    ("selectors", "check", "said"),
    [
        (basic(ReadWriteType="WriteOnly"), "management_events", "no reads"),
        (basic(ReadWriteType="ReadOnly"), "management_events", "no writes"),
        (basic(IncludeManagementEvents=False), "management_events", "no reads, writes"),
        (basic(ExcludeManagementEventSources=["kms.amazonaws.com"]), "excluded_sources", "kms.amazonaws.com"),
        (basic(DataResources=[]), "data_events", "events of S3 objects; it records no other"),
        (
            basic(DataResources=[{"Type": "AWS::Lambda::Function", "Values": ["arn:aws:lambda"]}]),
            "data_events",
            "records AWS::Lambda::Function",
        ),
        (basic(DataResources=[S3_ALL | {"Values": ["arn:aws:s3:::one/"]}]), "data_events", "reads of some S3 objects"),
        (advanced(MANAGEMENT | {"readOnly Equals": ["false"]}), "management_events", "no reads"),
        (advanced(MANAGEMENT | {"readOnly NotEquals": ["false"]}), "management_events", "no writes"),
        (advanced(), "management_events", "no reads, writes"),
        (
            advanced(MANAGEMENT | {"eventSource NotEquals": ["kms.amazonaws.com", "rdsdata.amazonaws.com"]}),
            "excluded_sources",
            "kms.amazonaws.com, rdsdata.amazonaws.com",
        ),
        (
            advanced(MANAGEMENT | {"userIdentity.arn NotEquals": ["arn:aws:iam::111122223333:user/quiet"]}),
            "hidden",
            "userIdentity.arn NotEquals arn:aws:iam::111122223333:user/quiet",
        ),
        (advanced(MANAGEMENT | {"eventName NotStartsWith": ["Delete"]}), "hidden", "eventName NotStartsWith Delete"),
        (advanced(MANAGEMENT | {"eventSource Equals": ["iam.amazonaws.com"]}), "hidden", "eventSource Equals iam"),
        (advanced(MANAGEMENT | {"sessionCredentialFromConsole Equals": ["true"]}), "hidden", "sessionCredential"),
    ],
)
def test_what_selectors_leave_out(selectors: dict[str, Any], check: str, said: str) -> None:
    found = judged(selectors=selectors)
    assert statuses(found)[check] == "fail"
    assert said in found[check][1]
    # A selector for some services alone hides, and leaves services out.
    also = {"hidden", "excluded_sources"} if "eventSource Equals" in said else set()
    assert {"management_events", "excluded_sources", "hidden"} & found.keys() <= {check} | also


def test_selectors_make_up_for_each_other() -> None:
    writes, reads = basic(ReadWriteType="WriteOnly"), basic(ReadWriteType="ReadOnly")
    assert judged(selectors={"EventSelectors": writes["EventSelectors"] + reads["EventSelectors"]}) == {}
    quiet = MANAGEMENT | {"userIdentity.arn NotEquals": ["arn:aws:iam::111122223333:user/quiet"]}
    assert judged(selectors=advanced(MANAGEMENT, quiet)) == {}
    halves = [MANAGEMENT | {"readOnly Equals": [word]} for word in ("true", "false")]
    assert judged(selectors=advanced(*halves)) == {}
    without = [
        MANAGEMENT | {"eventSource NotEquals": [name]} for name in ("kms.amazonaws.com", "rdsdata.amazonaws.com")
    ]
    assert judged(selectors=advanced(*without)) == {}
    assert statuses(judged(selectors=advanced(halves[0], halves[1] | quiet))) == {"hidden": "fail"}


def test_selectors_that_may_make_up_for_each_other_are_not_judged() -> None:
    some = [MANAGEMENT | {f"eventName {operator}": ["Delete"]} for operator in ("StartsWith", "NotStartsWith")]
    assert statuses(judged(selectors=advanced(*some))) == {"hidden": "unknown", "excluded_sources": "unknown"}


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"resources.ARN StartsWith": ["arn:aws:s3:::"]}, None),
        ({"resources.ARN NotStartsWith": ["arn:aws:s3:::logs/"]}, None),
        ({"resources.ARN NotStartsWith": ["arn:aws:s3:::logs/", "arn:aws:s3:::payroll/"]}, "fail"),
        ({"resources.ARN StartsWith": ["arn:aws:s3:::payroll/"]}, "fail"),
        ({"eventName Equals": ["DeleteObject"]}, "fail"),
        ({"userIdentity.arn NotEquals": ["arn:aws:iam::111122223333:user/quiet"]}, "fail"),
        ({"readOnly Equals": ["false"]}, "fail"),
    ],
)
def test_events_of_s3_objects(fields: dict[str, Any], status: str | None) -> None:
    data = {"eventCategory Equals": ["Data"], "resources.type Equals": ["AWS::S3::Object"]}
    given = advanced(MANAGEMENT, data | fields)
    del given["AdvancedEventSelectors"][-1]
    assert statuses(judged(selectors=given)).get("data_events") == status


@pytest.mark.parametrize(
    ("changes", "region", "check", "status"),
    [
        ({"LogFileValidationEnabled": False}, "us-east-1", "validation", "fail"),
        ({"IsMultiRegionTrail": False}, "us-east-1", "multi_region", "fail"),
        ({"IncludeGlobalServiceEvents": False}, "us-east-1", "global_events", "fail"),
        ({"IsMultiRegionTrail": False}, "eu-west-1", "global_events", "fail"),
        ({"IsMultiRegionTrail": False}, "us-gov-west-1", "global_events", None),
        ({"KmsKeyId": None}, "us-east-1", "kms", "fail"),
        ({"LogFileValidationEnabled": None}, "us-east-1", "validation", "unknown"),
        ({"IsMultiRegionTrail": None}, "us-east-1", "global_events", "unknown"),
    ],
)
def test_a_trails_description(changes: dict[str, Any], region: str, check: str, status: str | None) -> None:
    assert statuses(judged(DESCRIBED | changes, region=region)).get(check) == status


@pytest.mark.parametrize(
    ("changes", "check", "status"),
    [
        ({"IsLogging": False}, "logging", "fail"),
        ({"LatestDeliveryError": "NoSuchBucket"}, "delivery", "fail"),
        ({"LatestDigestDeliveryError": "AccessDenied"}, "digest_delivery", "fail"),
        ({"LatestNotificationError": "AuthorizationError"}, "sns", "fail"),
        ({"LatestCloudWatchLogsDeliveryError": "AccessDenied"}, "cloudwatch", "fail"),
        ({"LatestDeliveryTime": None}, "delivery", "unknown"),
        ({"LatestDeliveryTime": AT - timedelta(minutes=31)}, "recent_delivery", "fail"),
        ({"LatestDigestDeliveryTime": None}, "digest_delivery", "unknown"),
    ],
)
def test_a_trails_status(changes: dict[str, Any], check: str, status: str) -> None:
    assert statuses(judged(status=STATUS | changes)) == {check: status}


def test_a_trail_that_is_stopped_is_not_said_to_deliver_late() -> None:
    old = {"IsLogging": False, "LatestDeliveryTime": AT - timedelta(days=9)}
    assert statuses(judged(status=STATUS | old)) == {"logging": "fail"}
    assert statuses(judged(status=STATUS | {"LatestDeliveryTime": AT - timedelta(minutes=30)})) == {}


def test_what_could_not_be_asked_is_unknown() -> None:
    found = judged(DENIED, DENIED, DENIED, DENIED)
    assert set(statuses(found).values()) == {"unknown"}
    assert len(found) == 15
    assert all(said == "could not be asked: AWS refuses access" for _, said in found.values())
    assert statuses(judged(selectors={"EventSelectors": []})).keys() == {
        *("management_events", "excluded_sources", "hidden", "data_events"),
    }


def test_insights() -> None:
    assert statuses(judged(insights=None)) == {"insights": "fail"}
    half = {"InsightSelectors": INSIGHTS["InsightSelectors"][:1]}
    assert judged(insights=half) == {"insights": ("fail", "it has no ApiErrorRateInsight")}


def test_a_long_error_is_cut() -> None:
    assert len(judged(status=STATUS | {"LatestDeliveryError": "x" * 10_000})["delivery"][1]) < 300
