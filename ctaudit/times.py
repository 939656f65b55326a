"""Times as CloudTrail and users write them, always converted to UTC; the clock is a parameter."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

_CANONICAL = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ", re.ASCII)
_LENIENT = re.compile(
    r"(\d{4})-?(\d\d)-?(\d\d)(?:[Tt ]+(\d\d):?(\d\d)(?::?(\d\d)(?:[.,]\d+)?)?)?\s*([Zz]|[+-]\d\d(?::?\d\d)?|UTC|GMT)?",
    re.ASCII,  # otherwise \d takes the digits of every script
)
_AGO = re.compile(r"(\d{1,6})\s*([smhdw])", re.ASCII)
_DURATION = re.compile(r"(\d{1,6})\s*([smhdw])?", re.ASCII)
_FIRST, _LAST = -62_135_596_800, 253_402_300_799
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def is_canonical(text: str) -> bool:
    """Tell whether `text` is `YYYY-MM-DDTHH:MM:SSZ`, the only form of a stored event time.

    The 31st of a short month passes here and is caught by `canonical`.
    """
    return _CANONICAL.fullmatch(text) is not None


def canonical(text: str) -> str | None:
    """Return `text` as `YYYY-MM-DDTHH:MM:SSZ` in UTC, or None when it is no usable time.

    A time without a zone is read as UTC, as CloudTrail writes it; fractions of a second are cut.
    """
    moment = _parse(text.strip())
    return None if moment is None else format_utc(moment)


def parse_canonical(text: str) -> datetime | None:
    """Read `YYYY-MM-DDTHH:MM:SSZ`, or return None: ten times as fast as `strptime`, and strict."""
    if not is_canonical(text):
        return None
    try:
        return datetime(
            *(int(text[:4]), int(text[5:7]), int(text[8:10])),
            *(int(text[11:13]), int(text[14:16]), int(text[17:19])),
            tzinfo=UTC,
        )
    except ValueError:  # the 31st of a short month
        return None


def format_utc(moment: datetime) -> str:
    """Format an aware datetime as RFC 3339 in UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")


def format_epoch(seconds: int) -> str:
    """Spell a moment, given in seconds since 1970, as `YYYY-MM-DDTHH:MM:SSZ`.

    One before the year 1 or after 9999, as 28 days before a forged record, is told as the first or last there is.
    """
    return format_utc(datetime.fromtimestamp(min(max(seconds, _FIRST), _LAST), UTC))


def parse_user_time(text: str, now: datetime) -> datetime:
    """Read a time given by a user: ISO 8601 with zone, a date, or `90m`, `36h`, `7d` before `now`.

    Raises ValueError with a sentence that says what is accepted.
    """
    stripped = text.strip()
    if ago := _AGO.fullmatch(stripped.removesuffix(" ago")):
        try:
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        except OverflowError:
            raise ValueError(f"'{text}' lies before the year 1") from None
    if stripped == "now":
        return now
    moment = _parse(stripped)
    if moment is None:
        raise ValueError(f"'{text}' is not a time: give 2026-01-31T14:00Z, 2026-01-31, or an age such as 90m, 36h, 7d")
    return moment


def parse_duration(text: str) -> timedelta:
    """Read `30s`, `5m`, `1h`, or a number of seconds, from one second to a week.

    Raises ValueError with a sentence that says what is accepted.
    """
    found = _DURATION.fullmatch(text.strip())
    span = timedelta(**{_UNITS[found[2] or "s"]: int(found[1])}) if found else timedelta()
    if not timedelta(seconds=1) <= span <= timedelta(weeks=1):
        raise ValueError(f"'{text}' is no duration from a second to a week: give 30s, 5m or 1h")
    return span


def _parse(text: str) -> datetime | None:
    found = _LENIENT.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, zone = found.groups()
    try:
        return datetime(
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), tzinfo=_zone(zone)
        ).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _zone(text: str | None) -> timezone:
    if text is None or text[0] not in "+-":
        return UTC
    digits = text[1:].replace(":", "")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0))
    return timezone(offset if text[0] == "+" else -offset)
