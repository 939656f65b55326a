"""Outcomes: errors, rehearsals, sign-ins, and calls that failed for some of their targets."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings

from ctaudit.records.outcome import DENIED, QUOTA, THROTTLED, Outcome, outcome, outcome_for
from tests.records.synthetic import any_json, record


def test_no_error_is_success() -> None:
    assert outcome(record("s3", "DeleteBucket")) == Outcome("succeeded")


@pytest.mark.parametrize("code", ["AccessDenied", "Client.UnauthorizedOperation", "x", 404])
def test_any_error_code_is_failure(code: Any) -> None:
    found = outcome(record("ec2", "DeleteVpc", errorCode=code))
    assert (found.result, found.error_code, found.error_message) == ("failed", str(code), None)


@pytest.mark.parametrize("code", ["", None])
def test_empty_error_code_is_none(code: Any) -> None:
    assert outcome(record("ec2", "DeleteVpc", errorCode=code)).result == "succeeded"


@pytest.mark.parametrize("code", ["Client.DryRunOperation", "DryRunOperation", "DryRunOperationException"])
def test_dry_run_is_neither(code: str) -> None:
    found = outcome(record("ec2", "TerminateInstances", errorCode=code, errorMessage="would have succeeded"))
    assert (found.result, found.error_code) == ("dry-run", code)


def test_a_code_that_only_speaks_of_dry_runs_is_failure() -> None:
    assert outcome(record("ec2", "X", errorCode="Client.DryRunOperationNotSupported")).result == "failed"


def test_message_without_code_fails_a_sign_in_but_nothing_else() -> None:
    failed = outcome(record("signin", "ConsoleLogin", errorMessage="Failed authentication"))
    assert (failed.result, failed.error_code, failed.error_message) == ("failed", None, "Failed authentication")
    old = record("x", "ConsoleLogin", errorMessage="no", eventType="AwsConsoleSignin")
    assert outcome(old).result == "failed"
    assert outcome(record("s3", "GetObject", errorMessage="odd")).result == "succeeded"


@pytest.mark.parametrize(
    ("name", "response", "result"),
    [
        ("ConsoleLogin", {"ConsoleLogin": "Failure"}, "failed"),
        ("ConsoleLogin", {"ConsoleLogin": "Success"}, "succeeded"),
        ("SwitchRole", {"SwitchRole": "Failure"}, "failed"),
        ("CheckMfa", {"CheckMfa": "Failure"}, "failed"),
        ("DeleteVpc", {"_return": False}, "failed"),
        ("DeleteVpc", {"_return": True}, "succeeded"),
        ("DeleteVpc", {"status": "Failure"}, "succeeded"),
    ],
)
def test_response_tells_failure(name: str, response: Any, result: str) -> None:
    source = "signin" if name != "DeleteVpc" else "ec2"
    assert outcome(record(source, name, responseElements=response)).result == result


def test_message_is_taken_from_the_response_when_the_record_has_none() -> None:
    found = outcome(record("appsync", "X", errorCode="AccessDenied", responseElements={"message": "not you"}))
    assert found.error_message == "not you"


PARTIAL: list[tuple[Any, dict[str, str]]] = [
    (
        {
            "DeleteFlowLogsResponse": {
                "unsuccessful": {"item": {"resourceId": "fl-1", "error": {"code": "No", "message": "m"}}}
            }
        },
        {"fl-1": "No"},
    ),
    (
        {"unsuccessful": {"items": [{"resourceId": "vpce-1", "error": {"code": "Gone"}}, {"resourceId": "vpce-2"}]}},
        {"vpce-1": "Gone", "vpce-2": "PartialFailure"},
    ),
    (
        {"failures": [{"imageId": {"imageDigest": "sha256:aa", "imageTag": "v1"}, "failureCode": "ImageNotFound"}]},
        {"sha256:aa": "ImageNotFound", "v1": "ImageNotFound"},
    ),
    ({"failures": [{"arn": "arn:aws:ecs:r:1:task/x", "reason": "MISSING"}]}, {"arn:aws:ecs:r:1:task/x": "MISSING"}),
    (
        {"unprocessedAccounts": [{"accountId": "444455556666", "result": "not a member"}]},
        {"444455556666": "not a member"},
    ),
    (
        {"errors": [{"tableName": "t", "errorDetail": {"errorCode": "EntityNotFoundException"}}]},
        {"t": "EntityNotFoundException"},
    ),
    (
        {"failedEntryCount": 1, "failedEntries": [{"targetId": "t1", "errorCode": "Nope", "errorMessage": "m"}]},
        {"t1": "Nope"},
    ),
    ({"failed": [{"id": "7", "senderFault": True, "code": "Bad", "message": "m"}]}, {"7": "Bad"}),
    ({"invalidParameters": ["/a"], "deletedParameters": ["/b"]}, {"/a": "PartialFailure"}),
    ({"unprocessedItems": {"orders": [{"deleteRequest": {}}]}}, {"orders": "PartialFailure"}),
]


@pytest.mark.parametrize(("response", "failed"), PARTIAL)
def test_partial_failure_names_the_targets_that_failed(response: Any, failed: dict[str, str]) -> None:
    found = outcome(record("x", "BatchDelete", responseElements=response))
    assert (found.result, found.error_code) == ("succeeded", "PartialFailure")
    assert failed.items() <= dict(found.failed_targets).items()


@pytest.mark.parametrize(
    "response",
    [
        {"DeleteFlowLogsResponse": {"unsuccessful": ""}},
        {"unsuccessful": {}},
        {"unsuccessful": {"items": []}},
        {"failures": []},
        {"failedEntryCount": 3},
        {"unprocessedItems": {}},
        {"errorDocument": {"key": "404.html"}},
    ],
)
def test_empty_failure_lists_mean_none_failed(response: Any) -> None:
    assert outcome(record("x", "BatchDelete", responseElements=response)) == Outcome("succeeded")


def test_outcome_of_one_target_of_a_partial_failure() -> None:
    whole = outcome(record("x", "Y", responseElements={"failures": [{"resourceId": "I-1", "errorCode": "InUse"}]}))
    assert outcome_for(whole, ["i-1"]) == Outcome("failed", "InUse")
    assert outcome_for(whole, ["i-2", "arn:x"]) == Outcome("succeeded")


def test_outcome_of_one_target_stays_when_nothing_singles_it_out() -> None:
    denied = outcome(record("x", "Y", errorCode="AccessDenied"))
    assert outcome_for(denied, ["i-1"]) == denied
    nameless = outcome(record("x", "Y", responseElements={"errors": [{"errorCode": "Bad"}]}))
    assert outcome_for(nameless, ["i-1"]).error_code == "PartialFailure"


@settings(deadline=None)
@given(any_json, any_json, any_json)
def test_no_json_makes_it_raise(code: Any, message: Any, response: Any) -> None:
    found = outcome({"eventName": "X", "errorCode": code, "errorMessage": message, "responseElements": response})
    assert found.result in ("succeeded", "failed", "dry-run")
    assert outcome_for(found, ["x"]).result in ("succeeded", "failed", "dry-run")


@pytest.mark.parametrize(
    ("pattern", "codes", "others"),
    [
        (
            DENIED,
            "AccessDenied AccessDeniedException VpceAccessDenied Client.UnauthorizedOperation AuthorizationError"
            " NotAuthorizedException ForbiddenException AuthFailure KMS.AccessDeniedException",
            "Throttling NoSuchBucket ValidationException LimitExceeded InvalidClientTokenId",
        ),
        (
            QUOTA,
            "LimitExceeded Client.VcpuLimitExceeded ServiceQuotaExceededException InstanceQuotaExceeded"
            " LimitExceededException TooManyBuckets MaxSpotInstanceCountExceeded",
            "AccessDenied ThrottlingException SlowDown Server.InsufficientInstanceCapacity TooManyRequestsException",
        ),
        (
            THROTTLED,
            "Throttling ThrottledException ThrottlingException Client.RequestLimitExceeded TooManyRequestsException"
            " SlowDown ProvisionedThroughputExceededException Server.InsufficientInstanceCapacity",
            "AccessDenied LimitExceeded Client.VcpuLimitExceeded ServiceQuotaExceededException",
        ),
    ],
)
def test_what_error_codes_mean(pattern: str, codes: str, others: str) -> None:
    assert [code for code in codes.split() if not re.search(pattern, code)] == []
    assert [code for code in others.split() if re.search(pattern, code)] == []
