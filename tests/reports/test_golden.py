"""Every format byte for byte against the files in `golden/`.

After a wanted change of a format: `CTAUDIT_REWRITE_GOLDEN=1 pytest tests/reports/test_golden.py`, then read the diff.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ctaudit.reports.formats import Format, Style, render, render_document
from ctaudit.table import Document, Table
from tests.reports import answers

GOLDEN = Path(__file__).parent / "golden"
REWRITE = "CTAUDIT_REWRITE_GOLDEN" in os.environ
SUFFIXES = {
    Format.TABLE: "txt",
    Format.JSON: "json",
    Format.JSONL: "jsonl",
    Format.CSV: "csv",
    Format.TSV: "tsv",
    Format.MARKDOWN: "md",
}
ANSWERS: dict[str, Table | Document] = {
    "lookup": answers.LOOKUP,
    "empty": answers.EMPTY,
    "event": answers.EVENT,
    "hostile": answers.HOSTILE,
}


def _cases() -> Iterator[tuple[str, str, Format, Style]]:
    """Yield file name, answer, format and style of each golden file."""
    for answer in ANSWERS:
        for form, suffix in SUFFIXES.items():
            yield f"{answer}.{suffix}", answer, form, Style()
        for width in (80, 120, 200):
            for color in (False, True):
                name = f"{answer}.{width}{'.color' if color else ''}.txt"
                yield name, answer, Format.TABLE, Style(width, color)


CASES = list(_cases())


def _printed(answer: Table | Document, form: Format, style: Style) -> bytes:
    parts = render(answer, form, style) if isinstance(answer, Table) else render_document(answer, form, style)
    return "".join(parts).encode()


@pytest.mark.parametrize(("name", "answer", "form", "style"), CASES, ids=[case[0] for case in CASES])
def test_output_is_the_golden_file(name: str, answer: str, form: Format, style: Style) -> None:
    printed = _printed(ANSWERS[answer], form, style)
    if REWRITE:
        (GOLDEN / name).write_bytes(printed)
        pytest.skip("golden file written anew")
    assert printed == (GOLDEN / name).read_bytes()


def test_every_golden_file_is_compared() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == {case[0] for case in CASES}


def test_every_format_has_a_golden_file() -> None:
    assert set(SUFFIXES) == set(Format)
