"""Event history and log groups page by page: what a page settles, when it is asked again, and when it is given up."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError

from ctaudit.errors import CtauditError, UsageError
from ctaudit.sources import event_history, log_group, turns
from ctaudit.sources.log_group import Group
from ctaudit.sources.objects import Unavailable
from ctaudit.sources.turns import Page, Stopped, Turns

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
SINCE = NOW - timedelta(hours=1)


def told(*pages: list[int | None]) -> Iterator[dict[str, Any]]:
    """Return answers with events so many seconds before noon; None is one without a time."""
    for number, seconds in enumerate(pages):
        events = [{} if each is None else {"EventTime": NOW - timedelta(seconds=each)} for each in seconds]
        yield {"Events": events} | ({"NextToken": str(number)} if number + 1 < len(pages) else {})


def settled(*pages: list[int | None]) -> list[tuple[int, int] | None]:
    """Return the seconds before noon that each page settles: until and since."""
    answers = told(*pages)
    found = event_history.pages(lambda **_: next(answers), SINCE, NOW, lambda: NOW)
    stretches = [each.settled for each in found]
    return [each and (int((NOW - each[1]).total_seconds()), int((NOW - each[0]).total_seconds())) for each in stretches]


def test_a_page_settles_the_time_above_its_last_second() -> None:
    # An event of second 30 may be on the next page, too.
    assert settled([10, 20, 30], [30, 31, 50], [60]) == [(0, 29), (29, 49), (49, 3600)]
    assert settled([30] * 50, [30] * 50, [30]) == [(0, 29), None, (29, 3600)]
    assert settled([], [5], []) == [None, (0, 4), (4, 3600)]


@pytest.mark.parametrize("odd", [[40, 20], [5], [None], [-90]])
def test_a_page_out_of_order_settles_nothing_before_the_end(odd: list[int | None]) -> None:
    assert settled([10, 20, 30], odd, [50], [60]) == [(0, 29), None, None, (29, 3600)]


def test_the_same_token_again_is_no_way_to_the_end() -> None:
    pages = event_history.pages(lambda **_: {"Events": [], "NextToken": "x"}, SINCE, NOW, lambda: NOW)
    with pytest.raises(Unavailable, match="the same page again"):
        list(pages)
    searched = log_group.pages(lambda **_: {"nextToken": "x"}, Group("g"), SINCE, NOW, lambda: NOW)
    with pytest.raises(Unavailable, match="the same page again"):
        list(searched)


def test_a_token_that_is_never_good_is_not_tried_for_ever() -> None:
    def ask(**asked: Any) -> dict[str, Any]:
        if "NextToken" in asked:
            refused = {"Error": {"Code": "InvalidNextTokenException"}}
            raise Unavailable("unreadable", "no") from ClientError(refused, "LookupEvents")
        return {"Events": [{"EventTime": NOW - timedelta(seconds=9)}] * 50, "NextToken": "x"}

    given: list[Page] = []
    with pytest.raises(Unavailable):
        given.extend(event_history.pages(ask, SINCE, NOW, lambda: NOW))


def test_a_slice_grows_over_silence_and_each_speaks_for_its_time() -> None:
    asked: list[tuple[int, int]] = []

    def ask(**given: Any) -> dict[str, Any]:
        asked.append((given["startTime"], given["endTime"]))
        return {"events": []}

    since = NOW - timedelta(days=3650)
    pages = list(log_group.pages(ask, Group("g"), since, NOW, lambda: NOW))
    assert len(asked) < 15
    assert asked[0][0] == since.timestamp() * 1000
    assert asked[-1][1] == NOW.timestamp() * 1000 - 1
    assert all(one[1] + 1 == other[0] for one, other in pairwise(asked))
    assert [page.settled[1] for page in pages if page.settled][-1] == NOW


@pytest.mark.parametrize(
    ("groups", "days"),
    [
        ([], None),
        ([{"logGroupName": "other", "creationTime": 0}], None),
        ([{"logGroupName": "g", "creationTime": (NOW - timedelta(days=10)).timestamp() * 1000}], 24),
        ([{"logGroupName": "g", "creationTime": 0, "retentionInDays": 30}], 30),
    ],
)
def test_where_a_group_begins(groups: list[dict[str, Any]], days: int | None) -> None:
    begin = log_group.first(lambda **_: {"logGroups": groups}, Group("g"), NOW)
    assert begin == (datetime(2014, 11, 10, tzinfo=UTC) if days is None else NOW - timedelta(days=days))


def test_how_a_group_is_named() -> None:
    arn = "arn:aws-cn:logs:cn-north-1:111122223333:log-group:/aws/trail#1"
    assert log_group.parse(f"logs:{arn}:*") == Group("/aws/trail#1", "cn-north-1", "111122223333", arn)
    assert log_group.parse("logs:a/b") == Group("a/b")
    for odd in ("logs:", "logs:a b", "logs:a*", "logs:é", f"logs:{'x' * 513}", "logs:arn:aws:logs:x"):
        with pytest.raises(UsageError, match="names no log group"):
            log_group.parse(odd)


def failing(*errors: Exception) -> tuple[list[float], Any]:
    """Return the moments of calls, and a call that fails so before it answers."""
    left, moments = list(errors), list[float]()

    def call(**_: Any) -> dict[str, Any]:
        moments.append(time.monotonic())
        if left:
            raise left.pop(0)
        return {"yes": 1}

    return moments, call


def refused(code: str, status: int = 400) -> ClientError:
    answer: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "LookupEvents")


SILENCE = EndpointConnectionError(endpoint_url="https://cloudtrail.xx-none-1.amazonaws.com")


@pytest.mark.parametrize(
    ("errors", "calls", "kind"),
    [
        ([refused("ThrottlingException")] * 7, 8, None),
        ([refused("ThrottlingException")] * 9, 8, "service"),
        ([refused("InternalFailure", 500)] * 3, 4, None),
        ([SILENCE] * 2, 3, None),
        ([SILENCE] * 3, 3, "network"),
        ([refused("AccessDeniedException")], 1, "denied"),
        ([refused("OptInRequired", 403)], 1, "denied"),
    ],
)
def test_what_passes_is_asked_again(
    errors: list[Exception], calls: int, kind: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "_FIRST_PAUSE", 0.001)
    moments, call = failing(*errors)
    ask = Turns(call, 0.0, threading.Event())
    if kind is None:
        assert ask() == {"yes": 1}
    else:
        with pytest.raises(Unavailable) as raised:
            ask()
        assert raised.value.kind == kind
    assert len(moments) == calls


def test_the_pace_is_kept_by_attempts_too_and_a_stop_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "_FIRST_PAUSE", 0.001)
    moments, call = failing(refused("ThrottlingException"), refused("ThrottlingException"))
    stop = threading.Event()
    ask = Turns(call, 0.1, stop)
    ask()
    ask()
    assert all(later - earlier >= 0.099 for earlier, later in pairwise(moments))
    slow = Turns(call, 30.0, stop)
    slow()
    threading.Timer(0.05, stop.set).start()
    began = time.monotonic()
    with pytest.raises(Stopped):
        slow()
    assert time.monotonic() - began < 5


def test_without_credentials_nothing_is_asked_again() -> None:
    moments, call = failing(NoCredentialsError())
    with pytest.raises(CtauditError, match="no usable AWS credentials"):
        Turns(call, 0.0, threading.Event())()
    assert len(moments) == 1
