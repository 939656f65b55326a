"""Which events a question is about: the forms of a time, accounts, regions, limits."""

from __future__ import annotations

import csv
import io

import pytest

from tests.cli.conftest import Place
from tests.conftest import Ask

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("words", "minutes"),
    [
        (["--since", "2026-02-03T12:02Z"], ["02", "03"]),
        (["--since", "2026-02-03T12:02:00Z"], ["02", "03"]),
        (["--since", "2026-02-03T14:02+02:00"], ["02", "03"]),
        (["--since", "2026-02-03 12:02"], ["02", "03"]),
        (["--since", "20260203T120200Z"], ["02", "03"]),
        (["--since", "2026-02-03", "--until", "2026-02-04"], ["00", "01", "02", "03"]),
        (["--until", "2026-02-03T12:02Z"], ["00", "01"]),
        (["--since", "2026-02-03T12:01Z", "--until", "2026-02-03T12:02Z"], ["01"]),
        (["--since", "9999d"], ["00", "01", "02", "03"]),
        (["--until", "1m"], ["00", "01", "02", "03"]),
        (["--since", "36h"], []),
        (["--account", "111122223333"], ["00", "01"]),
        (["--account", "111122223333", "--account", "444455556666"], ["00", "01", "02"]),
        (["--region", "us-east-1"], ["01"]),
        (["--region", "us-east-1", "--region", "eu-west-1"], ["00", "01", "02", "03"]),
        (["--account", "111122223333", "--region", "eu-west-1"], ["00"]),
        (["--limit", "2"], ["00", "01"]),
        (["--limit", "0"], ["00", "01", "02", "03"]),
    ],
)
def test_what_is_asked_for_is_what_is_shown(words: list[str], minutes: list[str], ask: Ask, clean: Place) -> None:
    """The minutes are those after noon of the events in `clean`."""
    done = ask("timeline", "--format", "csv", *words, folder=clean.folder)
    assert done.code == (0 if minutes else 3)
    assert [row["time"][14:16] for row in csv.DictReader(io.StringIO(done.out))] == minutes


def test_a_limit_says_how_many_there_are(ask: Ask, clean: Place) -> None:
    done = ask("timeline", "--limit", "1", "--format", "csv", folder=clean.folder)
    assert (done.code, done.err) == (0, "1 of 4 rows shown; --limit 0 shows all\n")


@pytest.mark.parametrize("option", ["--since", "--until"])
@pytest.mark.parametrize(
    "text", ["yesterday", "", "2026-13-01", "2026-02-30", "12:00", "2026-02-03T25:00Z", "36", "-1h"]
)
def test_what_is_no_time_is_refused_with_what_is_accepted(option: str, text: str, ask: Ask, clean: Place) -> None:
    done = ask("timeline", f"{option}={text}", folder=clean.folder)
    assert (done.code, done.out) == (2, "")
    sentence, advice = done.err.splitlines()
    assert sentence.startswith(f"ctaudit: Invalid value for '{option}': '{text}' is not a time: give 2026-01-31T14:00Z")
    assert advice == "  see: ctaudit timeline --help"


@pytest.mark.parametrize("command", [["timeline"], ["who-deleted", "x"], ["query", "SELECT 1"], ["partitions"]])
@pytest.mark.parametrize("swapped", [False, True])
def test_a_span_that_ends_before_it_begins_is_refused(
    command: list[str], swapped: bool, ask: Ask, clean: Place
) -> None:
    bounds = [["--since", "2026-02-04"], ["--until", "2026-02-03T01:00+01:00"]]
    if swapped:
        bounds.reverse()
    done = ask(*command, *bounds[0], *bounds[1], folder=clean.folder)
    assert done.code == 2
    assert done.err.splitlines()[0] == (
        "ctaudit: --since (2026-02-04T00:00:00Z) must lie before --until (2026-02-03T00:00:00Z)"
    )
