"""Read which anomalies are known to be harmless: until when, and why, or they are not kept quiet."""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from ctaudit import times
from ctaudit.anomalies.anomaly import Anomaly
from ctaudit.anomaly_report import Judged
from ctaudit.errors import UsageError

_PATTERNS = ("id", "kind", "account", "region", "subject")
_KEYS = (*_PATTERNS, "reason", "until")
_MOST_BYTES = 4 << 20
_MOST_DOTS = 200
"""In one line: each part of a dotted key costs as much as all before it."""


@dataclass(frozen=True, slots=True)
class Suppression:
    """What is not reported; all of its patterns must fit."""

    patterns: tuple[tuple[str, str], ...]
    """What of an anomaly, and the glob that it must fit."""
    reason: str
    until: str
    """When it ends, `YYYY-MM-DDTHH:MM:SSZ`, exclusive."""

    def fits(self, anomaly: Anomaly) -> bool:
        return all(_fits(anomaly, key, glob) for key, glob in self.patterns)

    @property
    def told(self) -> str:
        return ", ".join(f"{key} {glob}" for key, glob in self.patterns)


def _fits(anomaly: Anomaly, key: str, glob: str) -> bool:
    if key == "subject":
        return any(fnmatchcase(each, glob) for each in (*anomaly.subject, " ".join(anomaly.subject)))
    if key == "kind":
        return anomaly.kind.startswith(f"{glob}.") or fnmatchcase(anomaly.kind, glob)
    return fnmatchcase(str(getattr(anomaly, key)), glob)


def without(
    found: Sequence[Judged], suppressions: Sequence[Suppression], now: str
) -> tuple[list[Judged], tuple[str, ...]]:
    """Return what is not suppressed at the time `now`, and sentences on what is, and on what has expired."""
    valid = [each for each in suppressions if each.until > now]
    kept, reasons = [], Counter[str]()
    for each in found:
        why = next((one.reason for one in valid if one.fits(each.anomaly)), None)
        if why is None:
            kept.append(each)
        else:
            reasons[why] += 1
    notes = [f"{_counted(count)} suppressed: {why}" for why, count in reasons.items()]
    expired = [each for each in suppressions if each.until <= now]
    notes += [
        f"a suppression has expired ({each.told}; until {each.until}; {each.reason}): what it hid is reported"
        for each in expired
    ]
    return kept, tuple(notes)


def _counted(count: int) -> str:
    return "1 anomaly is" if count == 1 else f"{count:,} anomalies are"


def read_suppressions(path: Path) -> tuple[Suppression, ...]:
    """Read a file of suppressions, JSON where its name ends so and TOML otherwise.

    Raises UsageError, which names the entry, when it is none: misread, it would hide what it should not.
    """
    content = _content(path)
    entries = content.get("suppress", []) if isinstance(content, dict) else content
    if isinstance(content, dict) and (unknown := sorted({*content} - {"suppress"})):
        raise UsageError(f"{path} has '{unknown[0]}', and only [[suppress]] is known there")
    if not isinstance(entries, list):
        raise UsageError(f"{path}: suppress is no list of entries", "write [[suppress]] above each")
    return tuple(_entry(f"{path}, entry {place}", entry) for place, entry in enumerate(entries, 1))


def _content(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    if len(data) > _MOST_BYTES:
        raise UsageError(f"{path} is larger than any list of suppressions")
    try:
        text = data.decode("utf-8-sig")
        return json.loads(text) if path.suffix.lower() == ".json" else _toml(text)
    except (ValueError, RecursionError) as error:
        form = "JSON" if path.suffix.lower() == ".json" else "TOML"
        raise UsageError(f"{path} is no {form}: {error}") from error


def _toml(text: str) -> Any:
    for place, line in enumerate(text.split("\n"), 1):
        if line.count(".") > _MOST_DOTS:
            raise ValueError(f"line {place:,} has more than {_MOST_DOTS} dots")
    return tomllib.loads(text)


def _entry(where: str, entry: Any) -> Suppression:
    if not isinstance(entry, dict):
        raise UsageError(f"{where} is no table of keys")
    if unknown := sorted({*entry} - {*_KEYS}):
        raise UsageError(f"{where} has the unknown key '{unknown[0]}'", f"there are {', '.join(_KEYS)}")
    for key in (*_PATTERNS, "reason"):
        if key in entry and not (isinstance(entry[key], str) and entry[key].strip()):
            raise UsageError(f"{where}: {key} must be text")
    if "reason" not in entry:
        raise UsageError(f"{where} has no reason")
    patterns = tuple((key, entry[key]) for key in _PATTERNS if key in entry)
    if not patterns:
        raise UsageError(f"{where} would suppress everything", f"give one of {', '.join(_PATTERNS)}")
    return Suppression(patterns, entry["reason"], _until(where, entry.get("until")))


def _until(where: str, value: Any) -> str:
    if isinstance(value, datetime):
        try:
            return times.format_utc(value if value.tzinfo else value.replace(tzinfo=UTC))
        except OverflowError as error:  # the last hours of the year 9999, west of Greenwich
            raise UsageError(f"{where} has no date until when it holds", "write until = 2026-12-31") from error
    if isinstance(value, date):
        return times.format_utc(datetime.combine(value, time(), UTC))
    found = times.canonical(value) if isinstance(value, str) else None
    if found is None:
        raise UsageError(f"{where} has no date until when it holds", "write until = 2026-12-31")
    return found
