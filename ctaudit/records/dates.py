"""Dates inside responses, which most services write in American words, each in its own way."""

from __future__ import annotations

import re
from typing import Any

from ctaudit import times
from ctaudit.records.anyjson import fold, text_of

_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: f"{number:02}" for number, name in enumerate(_NAMES, 1)}
_US_DATE = re.compile(r"([a-z]{3})[a-z]* (\d{1,2}), (\d{4}),? (\d{1,2}):(\d\d):(\d\d)(?:\s([ap]m))?")


def date_of(value: Any) -> str | None:
    """Read `Jul 10, 2023, 6:30:22 PM`, `Apr 12, 2021 18:58:30 PM` or ISO 8601; None for what is none."""
    text = text_of(value)
    if text is None:
        return None
    found = _US_DATE.fullmatch(fold(text).replace("\u202f", " "))
    if found is None:
        return times.canonical(text)
    month, day, year, hour, minute, second, half = found.groups()
    hours = int(hour) % 12 + 12 if half == "pm" and int(hour) <= 12 else int(hour) % 12 if half == "am" else int(hour)
    return times.canonical(f"{year}-{_MONTHS.get(month, '00')}-{int(day):02}T{hours:02}:{minute}:{second}Z")
