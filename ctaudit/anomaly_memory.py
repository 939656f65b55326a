"""Which anomalies were reported before, for `--since-last-run`: a file in the store, written whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ctaudit.anomalies.anomaly import Anomaly
from ctaudit.anomaly_report import Judged
from ctaudit.errors import StoreError
from ctaudit.state_file import write_whole
from ctaudit.store.layout import Layout

_FORM = "ctaudit anomalies reported"
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Reported:
    """An anomaly that was reported."""

    id: str
    about: tuple[str, ...]
    """Kind, account, region and subject."""
    start: int
    end: int
    severity: int

    def covers(self, anomaly: Anomaly) -> bool:
        """Tell whether an anomaly is this one: also where its beginning moved, since more logs came or fewer are asked.

        One that has become worse is not covered.
        """
        same = self.id == anomaly.id or (
            self.about == _about(anomaly) and self.start < anomaly.end and anomaly.start < self.end
        )
        return same and anomaly.severity <= self.severity


@dataclass(frozen=True, slots=True)
class Memory:
    reported: tuple[Reported, ...] = ()
    until: str | None = None
    """Until when the last run judged, `YYYY-MM-DDTHH:MM:SSZ`."""

    def new(self, found: Iterable[Judged]) -> list[Judged]:
        """Return what was not reported before."""
        by_id, by_about = self._indexes()
        fresh = []
        for each in found:
            before = [*by_id.get(each.anomaly.id, ()), *by_about.get(_about(each.anomaly), ())]
            if not any(one.covers(each.anomaly) for one in before):
                fresh.append(each)
        return fresh

    def with_those(self, told: Iterable[Judged], until: str | None) -> Memory:
        """Return what is to be kept once these were reported."""
        kept = {each.id: each for each in self.reported}
        kept |= {each.anomaly.id: _reported(each.anomaly) for each in told}
        return Memory(tuple(kept.values()), until or self.until)

    def _indexes(self) -> tuple[dict[str, list[Reported]], dict[tuple[str, ...], list[Reported]]]:
        by_id: dict[str, list[Reported]] = {}
        by_about: dict[tuple[str, ...], list[Reported]] = {}
        for each in self.reported:
            by_id.setdefault(each.id, []).append(each)
            by_about.setdefault(each.about, []).append(each)
        return by_id, by_about


def _about(anomaly: Anomaly) -> tuple[str, ...]:
    return (anomaly.kind, anomaly.account, anomaly.region, *anomaly.subject)


def _reported(anomaly: Anomaly) -> Reported:
    return Reported(anomaly.id, _about(anomaly), anomaly.start, anomaly.end, int(anomaly.severity))


def recall(layout: Layout) -> Memory:
    """Read what was reported; nothing when there is no such file yet.

    Raises StoreError when the file is something else: with an empty one in its place all would be told again.
    """
    path = layout.reported
    try:
        content = json.loads(path.read_bytes())
        return _memory(content)
    except FileNotFoundError:
        return Memory()
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        advice = "delete it to have all anomalies reported once more"
        raise StoreError(f"{path} is no list of reported anomalies", advice) from error


def remember(store: Path, memory: Memory) -> None:
    """Write into a store what was reported; raises CtauditError when that cannot be written."""
    content = {
        "form": _FORM,
        "version": _VERSION,
        "until": memory.until,
        "reported": [
            [each.id, list(each.about), each.start, each.end, each.severity]
            for each in sorted(memory.reported, key=lambda each: (each.start, each.id))
        ],
    }
    write_whole(Layout(store.absolute()).reported, json.dumps(content, indent=0).encode() + b"\n", "what was reported")


def _memory(content: Mapping[str, Any]) -> Memory:
    if content["form"] != _FORM or content["version"] != _VERSION:
        raise ValueError(content["form"])
    until = content["until"]
    return Memory(tuple(_read(each) for each in content["reported"]), None if until is None else str(until))


def _read(entry: Sequence[Any]) -> Reported:
    id_, about, start, end, severity = entry
    return Reported(str(id_), tuple(map(str, about)), int(start), int(end), int(severity))
