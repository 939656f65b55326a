"""Captured files and the list of the time they speak for: nothing twice, nothing lost, nothing written over."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from ctaudit.store.captures import MANIFEST, OVERLAP, Captures, Form
from ctaudit.stretches import joined, without

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
FORM = Form(b'{"Events":[')


def at(hour: float) -> datetime:
    """Return a moment so many hours before noon."""
    return NOW - hour * HOUR


def opened(folder: Path) -> Captures:
    return Captures(folder, "history:1/x", FORM)


def spans(folder: Path) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads((folder / MANIFEST).read_text())["spans"]
    return listed


def events(folder: Path) -> list[list[int]]:
    return [json.loads(gzip.decompress(Path(each).read_bytes()))["Events"] for each in opened(folder).files()]


@pytest.mark.parametrize(
    ("taken", "left"),
    [
        ([], [(0, 10)]),
        ([(2, 4)], [(0, 2), (4, 10)]),
        ([(6, 8), (2, 4), (3, 5)], [(0, 2), (5, 6), (8, 10)]),
        ([(-5, 3), (9, 20)], [(3, 9)]),
        ([(-5, 20)], []),
        ([(0, 5), (5, 10)], []),
        ([(1, 9), (2, 3)], [(0, 1), (9, 10)]),
        ([(10, 12), (-3, 0)], [(0, 10)]),
    ],
)
def test_what_is_left_of_a_stretch(taken: list[tuple[int, int]], left: list[tuple[int, int]]) -> None:
    def of(stretches: list[tuple[int, int]]) -> list[tuple[datetime, datetime]]:
        return [(NOW + since * HOUR, NOW + until * HOUR) for since, until in stretches]

    assert without(of([(0, 10)])[0], of(taken)) == of(left)
    assert without(of([(0, 10)])[0], joined(of(taken))) == of(left)


def test_what_was_captured_is_not_asked_for_again_but_the_last_hours_are(tmp_path: Path) -> None:
    first = opened(tmp_path)
    assert first.lacking((at(100), NOW)) == [(at(100), NOW)]
    assert first.write([b"1", b"2"], (at(100), NOW), NOW) == 2
    later = opened(tmp_path)
    assert later.lacking((at(120), NOW + HOUR)) == [(NOW - OVERLAP, NOW + HOUR), (at(120), at(100))]  # latest first
    assert later.write([b"3", b"2"], (NOW - OVERLAP, NOW + HOUR), NOW + HOUR) == 1
    assert sorted(chain(*events(tmp_path))) == [1, 2, 3]


def test_an_event_at_the_edge_of_what_was_captured_is_not_kept_twice(tmp_path: Path) -> None:
    opened(tmp_path).write([b"2", b"1"], (at(40), at(30)), NOW)
    before, after = opened(tmp_path), opened(tmp_path)
    assert before.lacking((at(50), at(40))) == [(at(50), at(40))]
    assert before.write([b"1", b"0"], (at(50), at(40)), NOW) == 1
    assert after.lacking((at(30), at(20))) == [(at(30), at(20))]
    assert after.write([b"3", b"2"], (at(30), at(20)), NOW) == 1


def test_a_file_that_is_gone_or_cut_speaks_for_nothing(tmp_path: Path) -> None:
    opened(tmp_path).write([b"1"], (at(50), at(40)), NOW)
    opened(tmp_path).write([b"2"], (at(40), at(30)), NOW)
    assert opened(tmp_path).lacking((at(50), at(30))) == []
    path = Path(opened(tmp_path).files()[0])
    path.write_bytes(path.read_bytes()[:-1])
    assert opened(tmp_path).lacking((at(50), at(30))) == [(at(50), at(40))]
    path.unlink()
    assert opened(tmp_path).lacking((at(50), at(30))) == [(at(50), at(40))]


def test_events_of_an_unfinished_time_are_kept_and_stand_for_none(tmp_path: Path) -> None:
    captures = opened(tmp_path)
    captures.write([b"1"], None, NOW)
    assert (events(tmp_path), (tmp_path / MANIFEST).exists()) == ([[1]], False)
    assert opened(tmp_path).lacking((at(50), at(40))) == [(at(50), at(40))]
    captures.write([b"2"], (at(50), at(40)), NOW)
    (span,) = spans(tmp_path)
    assert sum(each["events"] for each in span["files"]) == 2  # both files are needed


def test_no_file_is_written_over(tmp_path: Path) -> None:
    opened(tmp_path).write([b"1"], (at(50), at(40)), NOW)
    (path,) = map(Path, opened(tmp_path).files())
    (tmp_path / MANIFEST).unlink()
    before = path.stat()
    opened(tmp_path).write([b"1"], (at(50), at(40)), NOW)  # the same once more
    assert opened(tmp_path).files() == [str(path)]
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    path.write_bytes(b"something else")
    (tmp_path / MANIFEST).unlink()
    opened(tmp_path).write([b"1"], (at(50), at(40)), NOW)
    assert (path.read_bytes(), len(opened(tmp_path).files())) == (b"something else", 2)


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:-3],
        lambda text: text.replace("history:1/x", "history:1/y"),
        lambda text: text.replace("2026", "year"),
        lambda text: "[]",
    ],
)
def test_a_list_that_cannot_be_trusted_says_nothing(damage: Callable[[str], str], tmp_path: Path) -> None:
    opened(tmp_path).write([b"1"], (at(50), at(40)), NOW)
    path = tmp_path / MANIFEST
    path.write_text(damage(path.read_text()))
    assert opened(tmp_path).lacking((at(50), at(40))) == [(at(50), at(40))]


def test_what_a_killed_run_left_half_written_is_swept(tmp_path: Path) -> None:
    (tmp_path / ".events_x.json.gz").write_bytes(b"half")
    assert opened(tmp_path).files() == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("busy", [True, False])
def test_the_list_stays_short_however_often_it_is_asked(busy: bool, tmp_path: Path) -> None:
    """A run every half hour for four days; each is told the events of the last hours once more."""
    told: list[tuple[datetime, bytes]] = []
    for run in range(192):
        now = NOW + run * HOUR / 2
        if busy:
            told.append((now, b"%d" % run))
        captures = opened(tmp_path)
        for since, until in captures.lacking((NOW - HOUR, now)):
            captures.write([text for moment, text in told if since <= moment <= until], (since, until), now)
    end = NOW + 191 * HOUR / 2
    assert opened(tmp_path).lacking((NOW - HOUR, end)) == [(end - OVERLAP, end)]
    assert sorted(chain(*events(tmp_path))) == (list(range(192)) if busy else [])
    assert len(spans(tmp_path)) <= (6 if busy else 1)
    listed = [each["name"] for span in spans(tmp_path) for each in span["files"]]
    assert set(listed) == {Path(each).name for each in opened(tmp_path).files()}
    assert len(listed) <= len(set(listed)) + 7 * len(spans(tmp_path))
