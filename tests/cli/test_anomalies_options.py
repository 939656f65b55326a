"""Options of `anomalies` that would do nothing together are refused, not passed over."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.odd_store import add, calls
from tests.conftest import Ask


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return add(tmp_path_factory.mktemp("few"), calls(3))


@pytest.mark.parametrize("answer", ["--insights", "--agree"])
@pytest.mark.parametrize(
    "more", [("--plot", "x.png"), ("--emit", "jsonl:x.jsonl"), ("--since-last-run",), ("--limit", "3")]
)
def test_insights_neither_draw_nor_send_nor_remember(answer: str, more: tuple[str, ...], ask: Ask, few: Path) -> None:
    done = ask("anomalies", answer, *more, folder=few)
    assert (done.code, done.out) == (2, "")
    assert f"{more[0]} does nothing with {answer}" in done.err
    assert not [*few.glob("x.*")]


def test_two_answers_are_not_given_at_once(ask: Ask, few: Path) -> None:
    done = ask("anomalies", "--insights", "--agree", folder=few)
    assert (done.code, done.out) == (2, "")
    assert "two different answers" in done.err


@pytest.mark.parametrize("answer", ["--insights", "--agree"])
def test_each_of_them_is_given_alone(answer: str, ask: Ask, few: Path) -> None:
    done = ask("anomalies", answer, "--kind", "rate", folder=few)
    assert done.code == 0
    assert done.out
