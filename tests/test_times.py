"""Times as logs and users write them: read leniently, given back in one spelling, converted and never relabelled."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctaudit.times import canonical, format_utc, is_canonical, parse_user_time

NOW = datetime(2026, 3, 11, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-31T04:05:06Z", "2026-01-31T04:05:06Z"),
        ("2026-01-31T04:05:06z", "2026-01-31T04:05:06Z"),
        ("2026-01-31t04:05:06Z", "2026-01-31T04:05:06Z"),
        ("2026-01-31T04:05:06.789Z", "2026-01-31T04:05:06Z"),
        ("2026-01-31T04:05:06,999999999Z", "2026-01-31T04:05:06Z"),
        ("2026-01-31 04:05:06", "2026-01-31T04:05:06Z"),
        ("  2026-01-31T04:05:06Z\n", "2026-01-31T04:05:06Z"),
        ("2026-01-31T04:05Z", "2026-01-31T04:05:00Z"),
        ("2026-01-31", "2026-01-31T00:00:00Z"),
        ("20260131T040506Z", "2026-01-31T04:05:06Z"),
        ("2026-01-31 04:05:06 UTC", "2026-01-31T04:05:06Z"),
        # `aws cloudtrail lookup-events` prints local time: 2022-02-08 09:23:37+11:00
        ("2022-02-08 09:23:37+11:00", "2022-02-07T22:23:37Z"),
        ("2026-01-01T00:30:00+0530", "2025-12-31T19:00:00Z"),
        ("2026-01-31T23:30:00-01", "2026-02-01T00:30:00Z"),
        ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
    ],
)
def test_a_usable_time_becomes_utc_in_one_spelling(text: str, expected: str) -> None:
    assert canonical(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-02-30T00:00:00Z",
        "2025-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-01-31T24:00:00Z",
        "2026-01-31T23:59:61Z",
        "2014-03-06T21: 22: 54Z",  # as an old example of the user guide prints it
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "2026-01-31T04:05:06+99:00",
        "1769832306",
        "2026-01-31T04:05:06ZZ",
        "२०२६-०१-३१T०४:०५:०६Z",
        "2026-01-31T04:05:0\u0666Z",
    ],
)
def test_an_unusable_time_is_none(text: str) -> None:
    assert canonical(text) is None


@pytest.mark.parametrize(
    "text", ["2026-01-31T04:05:0\u0666Z", "2026-01-31T04:05:06Z\n", "2026-01-31t04:05:06Z", "2026-1-31T04:05:06Z"]
)
def test_only_ascii_digits_in_exactly_one_form_are_canonical(text: str) -> None:
    assert not is_canonical(text)
    assert is_canonical("2026-01-31T04:05:06Z")


@given(st.text(alphabet="0123456789-:TtZz+., UGMC\u0666", max_size=30) | st.text(max_size=30))
def test_any_text_gives_a_canonical_time_or_none(text: str) -> None:
    found = canonical(text)
    assert found is None or (is_canonical(found) and canonical(found) == found)


@given(st.datetimes(timezones=st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))))
def test_iso_times_keep_their_moment(moment: datetime) -> None:
    try:
        utc = moment.replace(microsecond=0).astimezone(UTC)
    except OverflowError:
        assert canonical(moment.isoformat()) is None
        return
    assert canonical(moment.isoformat()) == format_utc(utc)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90m", NOW - timedelta(minutes=90)),
        ("36h", NOW - timedelta(hours=36)),
        ("7d ago", NOW - timedelta(days=7)),
        (" 2w ", NOW - timedelta(weeks=2)),
        ("now", NOW),
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
        ("2026-01-31T14:00+02:00", datetime(2026, 1, 31, 12, tzinfo=UTC)),
    ],
)
def test_a_user_may_give_ages_dates_and_zones(text: str, expected: datetime) -> None:
    assert parse_user_time(text, NOW) == expected


@pytest.mark.parametrize("text", ["", "soon", "90", "7 days", "٧d", "2026-02-30", "999999w"])
def test_a_user_is_told_what_is_accepted(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a time|before the year"):
        parse_user_time(text, NOW)
