"""Printing is paid for only when it happens: each format brings its own library, and none brings rich's renderer."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"orjson", "csv", "json", "rich", "rich.cells", "rich.table", "rich.console", "duckdb", "pyarrow", "click"}
PROGRAM = """
import sys
from ctaudit.reports.formats import Format, Style, render
from ctaudit.table import Column, Table
for form in sys.argv[1:]:
    list(render(Table((Column("a"),), [("x",), (1,), (None,)]), Format(form), Style(80, True)))
print("\\n".join(sys.modules))
"""


def loaded(*formats: str) -> set[str]:
    done = subprocess.run([sys.executable, "-c", PROGRAM, *formats], capture_output=True, text=True, check=True)
    return set(done.stdout.split("\n")) & HEAVY


@pytest.mark.parametrize(
    ("form", "libraries"),
    [
        (None, set()),
        ("csv", set()),
        ("tsv", set()),
        ("markdown", set()),
        ("table", {"rich", "rich.cells"}),
    ],
)
def test_a_format_loads_only_what_it_needs(form: str | None, libraries: set[str]) -> None:
    assert loaded(*([form] if form else [])) == libraries


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_json_loads_its_encoder_but_no_terminal_library(form: str) -> None:
    assert "orjson" in loaded(form)
    assert loaded(form).isdisjoint({"rich", "rich.cells", "csv", "duckdb", "click"})
