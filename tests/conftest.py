"""What many tests share: the sample evidence in a store of its own, read once a session (once a worker of xdist)."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from ctaudit.cli.main import run
from tests.cli.processes import Done

# What a script starts in the background ignores Ctrl-C, and so would all programs started here: tests of it would fail.
signal.signal(signal.SIGINT, signal.default_int_handler)

# How long inputs take to be made tells how busy the machine is, not whether the code is right.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")

SAMPLE = Path(__file__).parents[1] / "sample_logs"


@dataclass(frozen=True, slots=True)
class Case:
    """A folder to work in, as the sample's README supposes it: `sample_logs` beside the default store."""

    folder: Path
    evidence: Path
    store: Path


def made(folder: Path) -> Case:
    """Put the sample evidence into a folder, and ingest it."""
    from ctaudit.ingest import ingest

    evidence, store = folder / "sample_logs", folder / "ctaudit-store"
    evidence.symlink_to(SAMPLE)
    summary = ingest(store, [str(evidence)], jobs=1)
    assert summary.events > 4000
    return Case(folder, evidence, store)


@pytest.fixture(scope="session")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """The sample evidence and its store; tests must not write to either."""
    return made(tmp_path_factory.mktemp("case"))


Ask = Callable[..., Done]


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Ask:
    """`ctaudit` without a process of its own, many times faster: `ask("status", folder=...)`."""
    for name in ("CTAUDIT_STORE", "NO_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)

    def inside(*words: str, folder: Path) -> Done:
        monkeypatch.chdir(folder)
        code = run(words)
        out, err = capsys.readouterr()
        return Done(code, out, err)

    return inside
