"""The fuzz run: it finds a reader that loses something, and finds nothing wrong with ours."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ctaudit.records.unpack import unpack
from tests.records.taken import log, numbered

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def checking() -> Iterator[Any]:
    """The module that compares, imported as its script does."""
    sys.path.insert(0, str(BENCHMARKS))
    yield importlib.import_module("fuzz_check")
    sys.path.remove(str(BENCHMARKS))


def failures(checking: Any, *batch: bytes) -> list[str]:
    tally = checking.Tally()
    checking.check(batch, 1, tally)
    assert tally.inputs == len(batch)
    return [failure.complaint for failure in tally.failures]


GOOD = log(numbered(3))
LINES = b"\n".join(map(log, (numbered(2), numbered(1, 2))))


def test_a_whole_and_a_damaged_file_are_read_as_they_must_be(checking: Any) -> None:
    assert failures(checking, GOOD, LINES, GOOD[:-30], b"{", b"") == []


@pytest.mark.parametrize("data", [GOOD, LINES, b" " + GOOD])
@pytest.mark.parametrize("lost", [b'"event-1"', b'"eventVersion":"1.11",', b'"Alice"'])
def test_a_reader_that_loses_a_value_or_a_record_is_found(
    checking: Any, monkeypatch: pytest.MonkeyPatch, data: bytes, lost: bytes
) -> None:
    def careless(path: str, data: bytes) -> Any:
        (content,), faults = unpack(path, data)
        text = content.text.replace(lost, b'""' if lost.endswith(b'"') else b"", 1)
        return [type(content)(content.path, text)], faults

    unchanged = checking.oracle.claim(data, exactly=True)
    monkeypatch.setattr(checking, "unpack", careless)
    monkeypatch.setattr(checking.oracle, "unpacked", lambda given: ([careless("", given)[0][0].text], True))
    monkeypatch.setattr(checking.oracle, "claim", lambda text, exactly: unchanged)
    assert len(failures(checking, data)) == 1


def test_a_reader_that_says_nothing_of_damage_is_found(checking: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(*given: Any) -> Any:
        found = reading(*given)
        for each in found:
            each.faults.clear()
        return found

    reading = checking._read
    monkeypatch.setattr(checking, "_read", silent)
    assert failures(checking, GOOD, GOOD[:-30]) == ["is damaged, and no fault says so"]


def test_an_exception_is_traced_to_its_file(checking: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def raising(path: str, data: bytes) -> Any:
        if data == LINES:
            raise ValueError("odd")
        return unpack(path, data)

    monkeypatch.setattr(checking, "unpack", raising)
    assert failures(checking, GOOD, LINES, GOOD) == ["raised ValueError: odd"]


@pytest.mark.slow
@pytest.mark.parametrize("target", ["records", "envelopes", "gzip"])
def test_thousands_of_inputs_are_read_as_they_must_be(target: str) -> None:
    options = ["--inputs", "6667", "--hypothesis", "100", "--atheris-seconds", "0", "--jobs", "1", "--seed", "7"]
    command = [sys.executable, str(BENCHMARKS / "fuzz.py"), "--target", target, *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^6,767 inputs, 0 failures$", done.stdout, re.MULTILINE)
