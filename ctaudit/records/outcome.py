"""Whether a call did what it asked for: succeeded, failed, only rehearsed, or failed for some of its targets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from ctaudit.records.anyjson import fold, get_folded, object_of, source_of, text_of

_NOBODY: Mapping[str, str] = MappingProxyType({})
PARTIAL = "PartialFailure"
"""Our word, not one of AWS: a call without an errorCode whose response lists targets that failed."""
DENIED = "Denied|Unauthorized|NotAuthorized|Forbidden|AuthFailure|AuthorizationError"
"""What the error codes of refused calls hold, as a regular expression of Python and of DuckDB alike: `AccessDenied`,
`AccessDeniedException`, `Client.UnauthorizedOperation`, `NotAuthorizedException`, SNS's `AuthorizationError`."""
QUOTA = "LimitExceeded|QuotaExceeded|LimitReached|LimitFault|QuotaFault|TooManyBuckets|MaxSpotInstanceCount"
"""What the error codes of calls hold that would have gone beyond what an account may have."""
THROTTLED = (
    "Throttl|TooManyRequests|RequestLimitExceeded|RequestThrottled|SlowDown|ProvisionedThroughputExceeded"
    "|BandwidthLimitExceeded|Insufficient[A-Za-z]*Capacity"
)
"""The same of calls that came too fast, or for which there was no capacity: what waiting mends."""


@dataclass(frozen=True, slots=True)
class Outcome:
    result: Literal["succeeded", "failed", "dry-run"]
    """`dry-run`: nothing was done, and it would have been allowed."""
    error_code: str | None = None
    """As recorded, with EC2's `Client.` or `Server.`; `PartialFailure` when only the response tells."""
    error_message: str | None = None
    failed_targets: Mapping[str, str] = field(default_factory=lambda: _NOBODY)
    """Failed target's id, as the response writes it, and its error code."""


_SUCCEEDED = Outcome("succeeded")
# `Client.DryRunOperation` of EC2, `DryRunOperationException` of KMS
_DRY_RUN = re.compile(r"(?:.*\.)?DryRunOperation(?:Exception)?")
_FAILURE_LIST = re.compile(
    r"unsuccessful\w*|failures?|failed\w*|unprocessed\w*|errors|batchitemerrors|errorentries|invalidparameters"
)
_CODE_KEYS = ("errorcode", "code", "failurecode", "errortype", "reason", "failurereason", "result", "status")
_MESSAGE_KEYS = ("errormessage", "message", "failuremessage", "statusmessage", "detail", "details")
_ERROR_KEYS = ("error", "errordetail", "errordetails", "failuredetails")
_NO_IDS = frozenset((*_CODE_KEYS, *_MESSAGE_KEYS, *_ERROR_KEYS, "senderfault", "xmlns", "tag"))
_WRAPPERS = ("items", "item", "member")
_MAX_LIST_DEPTH = 4
_MAX_ITEM_DEPTH = 6


def outcome(record: Mapping[str, Any]) -> Outcome:
    """Judge a record; a partial failure counts as succeeded and names the targets that were not."""
    code, message = record.get("errorCode"), text_of(record.get("errorMessage"))
    response = object_of(record.get("responseElements"))
    if code:
        shown = code if isinstance(code, str) else str(code)
        message = message or text_of(get_folded(response, "message"))
        return Outcome("dry-run" if _DRY_RUN.fullmatch(shown) else "failed", shown, message)
    if message is not None and _is_sign_in(record):
        return Outcome("failed", None, message)
    if not response:
        return _SUCCEEDED
    if _says_failure(record, response):
        return Outcome("failed", None, message)
    return _partial(response, message)


def outcome_for(judged: Outcome, ids: Iterable[str]) -> Outcome:
    """Return the outcome for one target, known by any of `ids`, of a call with several.

    A partial failure that names no target at all says nothing about this one, so it stays as it is.
    """
    if judged.error_code != PARTIAL or not judged.failed_targets:
        return judged
    known = {fold(one) for one in ids}
    for failed, code in judged.failed_targets.items():
        if fold(failed) in known:
            return Outcome("failed", code, judged.error_message)
    return _SUCCEEDED


def _is_sign_in(record: Mapping[str, Any]) -> bool:
    kind = record.get("eventType")
    # Old records write `AwsConsoleSignin`.
    return source_of(record) == "signin" or (isinstance(kind, str) and fold(kind) == "awsconsolesignin")


def _says_failure(record: Mapping[str, Any], response: Mapping[str, Any]) -> bool:
    """Find `"ConsoleLogin": "Failure"` and EC2's `"_return": false`."""
    if response.get("_return") is False or response.get("_return") == "false":
        return True
    name = record.get("eventName")
    if isinstance(name, str) and response.get(name) == "Failure":
        return True
    return _is_sign_in(record) and any(value == "Failure" for value in response.values())


def _partial(response: Mapping[str, Any], message: str | None) -> Outcome:
    failed: dict[str, str] = {}
    messages: list[str] = []
    found = False
    for item in _failure_items(response, _MAX_LIST_DEPTH):
        found = True
        code, item_message, ids = _read_item(item)
        messages += [item_message] if item_message else []
        for one in ids:
            failed.setdefault(one, code)
    if not found:
        return _SUCCEEDED
    return Outcome("succeeded", PARTIAL, message or next(iter(messages), None), MappingProxyType(failed))


def _failure_items(value: Mapping[str, Any], depth: int) -> Iterator[Any]:
    """Yield the items of every failure list; EC2 nests them: `DeleteFlowLogsResponse.unsuccessful`."""
    for key, inner in value.items():
        if not isinstance(inner, list | dict) or not inner:
            continue
        if isinstance(key, str) and _FAILURE_LIST.fullmatch(fold(key)):
            yield from _items(inner)
        elif isinstance(inner, dict) and depth > 1:
            yield from _failure_items(inner, depth - 1)


def _items(listed: list[Any] | dict[str, Any]) -> Iterator[Any]:
    """Yield the failures of a list, or of EC2's `{"items": [...]}`, a single one, or a map by id."""
    if isinstance(listed, list):
        yield from (item for item in listed if item)
        return
    for wrapper in _WRAPPERS:
        inner = get_folded(listed, wrapper)
        if inner is not None:
            yield from inner if isinstance(inner, list) else [inner] if inner else []
            return
    if any(isinstance(value, str) for value in listed.values()) or any(get_folded(listed, key) for key in _ERROR_KEYS):
        yield listed
    else:
        yield from ({"id": key, "error": value} for key, value in listed.items())


def _read_item(item: Any) -> tuple[str, str | None, list[str]]:
    """Return the error code, the message and the ids of one failure.

    Shapes: `"id"`, `{resourceId, error: {code, message}}`, `{imageId: {imageDigest}, failureCode}`, `{arn, reason}`.
    """
    if not isinstance(item, Mapping):
        return PARTIAL, None, [item] if isinstance(item, str) else []
    places = [item, *(object_of(get_folded(item, key)) for key in _ERROR_KEYS)]
    code = _first_text(places, _CODE_KEYS) or text_of(get_folded(item, "error")) or PARTIAL
    return code, _first_text(places, _MESSAGE_KEYS), list(_ids(item, _MAX_ITEM_DEPTH))


def _first_text(places: list[Any], keys: tuple[str, ...]) -> str | None:
    return next((text for place in places for key in keys if (text := text_of(get_folded(place, key)))), None)


def _ids(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        if value:
            yield value
    elif depth and isinstance(value, list):
        for item in value:
            yield from _ids(item, depth - 1)
    elif depth and isinstance(value, Mapping):
        for key, inner in value.items():
            if not isinstance(key, str) or fold(key) not in _NO_IDS:
                yield from _ids(inner, depth - 1)
