"""One lookup on the sample in every format, byte for byte, and what is said beside it.

After a wanted change: `CTAUDIT_REWRITE_GOLDEN=1 pytest tests/cli/test_golden_lookup.py`, then read the diff.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.conftest import Ask, Case

GOLDEN = Path(__file__).parent / "golden" / "lookup"
REWRITE = "CTAUDIT_REWRITE_GOLDEN" in os.environ
SUFFIXES = {"table": "txt", "json": "json", "jsonl": "jsonl", "csv": "csv", "tsv": "tsv", "markdown": "md"}


def _agreed(name: str, text: str) -> str:
    if REWRITE:
        (GOLDEN / name).write_text(text, encoding="utf-8")
    return (GOLDEN / name).read_text("utf-8")


def _elsewhere(text: str, evidence: Path) -> str:
    """Put a fixed folder in the place of this run's own, and a mark in that of widths that follow from it."""
    return re.sub(r"-{20,}| {20,}", "~", text.replace(str(evidence), "/evidence"))


@pytest.mark.parametrize("form", SUFFIXES)
def test_the_answer_is_what_was_agreed(form: str, ask: Ask, case: Case) -> None:
    done = ask("who-deleted", "example-payroll-archive", "--format", form, folder=case.folder)
    found = _elsewhere(done.out, case.evidence)
    assert found.count("/evidence/AWSLogs/") == 2
    assert found == _agreed(f"who-deleted.{SUFFIXES[form]}", found)
    assert done.err == _agreed("who-deleted.stderr.txt", done.err)
