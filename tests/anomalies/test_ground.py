"""What is known of time: no baseline claims days that the logs do not tell of."""

from __future__ import annotations

from pathlib import Path

from ctaudit.anomalies import denied, keys
from ctaudit.anomalies.ground import HOUR as SECONDS
from ctaudit.anomaly_ground import ground
from ctaudit.query import Span
from tests.anomalies.test_denied import looks_around
from tests.anomalies.weeks import BEGIN, DAY, HOUR, at, background, call, judged, store_of, user

NIGHT = 3 * DAY + 2 * HOUR
SINCE = Span(at(3 * DAY))
OLD = call(-20 * DAY, user("mia"), "iam:ListUsers", userAgent="console")


def test_a_baseline_begins_with_the_logs_wherever_the_question_begins(tmp_path: Path) -> None:
    layout = store_of(tmp_path, [*background(4), *looks_around(user("mia"), NIGHT)])
    known, _ = ground(layout, SINCE)
    assert (known.first_hour * SECONDS, known.since) == (BEGIN, BEGIN + 3 * DAY)
    assert {len(mask) for mask in known.covered.values()} == {known.hours}
    asked, whole = (judged(layout, denied, span).one("denied.enumeration") for span in (SINCE, Span()))
    assert asked.baseline == whole.baseline == (BEGIN, BEGIN + NIGHT)
    assert asked.sentence.endswith("no hour had any in the 3 days before")


def test_a_baseline_reaches_28_days_back_where_the_logs_do(tmp_path: Path) -> None:
    older = [OLD | {"eventTime": at(-day * DAY)} for day in (20, 40)]
    layout = store_of(tmp_path, [*older, *background(4), *looks_around(user("mia"), NIGHT)])
    found = judged(layout, denied, SINCE).one("denied.enumeration")
    assert found.baseline == (BEGIN + NIGHT - 28 * DAY, BEGIN + NIGHT)
    assert found.sentence.endswith("no hour had any in the 28 days before")


def test_nothing_but_silence_is_no_reason_to_fail(tmp_path: Path) -> None:
    layout = store_of(tmp_path, [OLD])
    known, _ = ground(layout, Span(at(200 * DAY), at(201 * DAY)))
    assert known.since >= known.first_hour * SECONDS
    assert judged(layout, denied, Span(at(200 * DAY), at(201 * DAY))).anomalies == []


def test_few_days_are_told_of_keys_wherever_the_question_begins(tmp_path: Path) -> None:
    used = call(3 * DAY + 60, user("mia") | {"accessKeyId": "AKIAIOSFODNN7EXAMPLE"}, "iam:ListUsers")
    layout = store_of(tmp_path, [*background(4), used])
    for span in (SINCE, Span()):
        (note,) = judged(layout, keys, span).found.notes
        assert note.startswith("the calls of 4 days are looked at: access keys that nobody used for 45 days cannot")
