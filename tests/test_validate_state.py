"""`--state`: what was proven once is looked for again; the file is written whole or not at all, and never goes back."""

from __future__ import annotations

import json
import resource
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ctaudit.errors import UsageError
from ctaudit.integrity.verdict import Finding
from tests.cli.processes import COMMAND, PATIENCE, environment, piped
from tests.store.proving import Scene, codes, flat_copy, scene, tiny
from tests.trail.small import CHAIN, NOON, go_on
from tests.trail.trail import HOUR

pytestmark = pytest.mark.slow

END = NOON + 4 * HOUR


@pytest.fixture
def proven(tmp_path: Path) -> Scene:
    """Four hours that were proven, and the state that remembers it."""
    made = scene(tmp_path, tiny(4))
    assert prove(made) == []
    return made


def state_of(made: Scene) -> Path:
    return made.folder / "state.json"


def prove(made: Scene, source: Path | None = None, **options: Any) -> list[str]:
    return codes(made.prove(source or made.mirror, state=str(state_of(made)), **options))


def entry(made: Scene) -> dict[str, Any]:
    content = json.loads(state_of(made).read_text())
    assert content["version"] == 1
    (only,) = content["chains"]
    return dict(only)


# ---- what it remembers, and how it is written


def test_it_remembers_the_last_proven_digest_of_each_chain(proven: Scene) -> None:
    newest = proven.trail.digests(*CHAIN)[-1]
    assert entry(proven) | {"sha256": ""} == {
        "account": CHAIN[0],
        "region": CHAIN[1],
        "trail": "small-trail",
        "home": "us-east-1",
        "backfill": False,
        "key": newest,
        "sha256": "",
        "signature": proven.trail.bucket.metadata[newest]["signature"],
        "end": "2026-03-09T16:00:00Z",
    }
    proven.trail.cut_digest(*CHAIN, END, END + HOUR)
    held = proven.trail.document(proven.trail.digests(*CHAIN)[-1])["previousDigestHashValue"]
    assert entry(proven)["sha256"] == held


def test_it_is_for_its_owner_alone_and_nothing_else_is_left(proven: Scene) -> None:
    assert state_of(proven).stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in proven.folder.iterdir()) == ["keys.json", "mirror", "state.json"]


def test_the_same_evidence_gives_the_same_bytes(proven: Scene) -> None:
    before = state_of(proven).read_bytes()
    assert prove(proven) == []
    assert state_of(proven).read_bytes() == before


def test_a_write_that_fails_leaves_the_old_state(proven: Scene) -> None:
    """The process may not write files of more than a hundred bytes, as on a disk that is full."""
    before = state_of(proven).read_bytes()
    go_on(proven.trail, END, 1)
    later = _anew(proven)
    done = subprocess.run(
        [*COMMAND, "validate", later.mirror, "--public-keys", later.keys, "--state", state_of(proven)],
        capture_output=True,
        cwd=proven.folder,
        env=environment(PYTHONDONTWRITEBYTECODE="1"),  # it would leave compiled modules cut after 100 bytes, too
        timeout=PATIENCE,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)),
        check=False,
    )
    assert done.returncode == 4, done.stderr
    assert b"cannot write the state" in done.stderr
    assert len(done.stderr.splitlines()) == 2
    assert state_of(proven).read_bytes() == before
    assert [path.name for path in proven.folder.iterdir() if path.name.startswith(".")] == []


def _anew(made: Scene) -> Scene:
    """Write the trail down as it is now, beside the old mirror; it shares the state."""
    folder = made.folder / "later"
    folder.mkdir()
    return scene(folder, made.trail)


def test_a_run_that_cannot_be_asked_writes_none(tmp_path: Path) -> None:
    made = scene(tmp_path, tiny(1))
    with pytest.raises(UsageError):
        prove(made, tmp_path / "nowhere")
    assert not state_of(made).exists()


# ---- what it finds


def found(made: Scene, code: str, source: Path, **options: Any) -> Finding:
    report = made.prove(source, state=str(state_of(made)), **options)
    return next(each for each in report.findings if each.code == code)


def test_newest_digests_that_are_gone_are_missed_at_every_later_run(proven: Scene) -> None:
    newest = proven.trail.digests(*CHAIN)[-1]
    proven.trail.withhold(newest)
    cut = _anew(proven)
    before = state_of(proven).read_bytes()
    for _ in range(2):
        assert prove(proven, cut.mirror) == ["coverage.tail", "state.rollback"]
        assert state_of(proven).read_bytes() == before
    gone = found(proven, "state.rollback", cut.mirror)
    assert (gone.severity.word, gone.key, gone.expected) == ("failed", newest, entry(proven)["sha256"])
    tail = found(proven, "coverage.tail", cut.mirror)
    assert (tail.severity.word, tail.span) == ("failed", (END - HOUR, END))


def test_a_bucket_that_went_back_is_found(tmp_path: Path) -> None:
    """All of it is proven, and it is older than what was proven already."""
    trail = tiny(2)
    old = scene(tmp_path, trail)
    go_on(trail, NOON + 2 * HOUR, 2)
    new = _anew(old)
    assert prove(old, new.mirror) == []
    assert prove(old, old.mirror) == ["coverage.tail", "state.rollback"]
    assert entry(old)["end"] == "2026-03-09T16:00:00Z"


def test_a_chain_that_is_gone_whole_is_found(proven: Scene) -> None:
    for digest in proven.mirror.rglob("*CloudTrail-Digest_*"):
        digest.unlink()
    assert "state.rollback" in prove(proven)


def test_a_digest_that_was_signed_anew_is_found(proven: Scene) -> None:
    """Whoever can sign can write a chain without a flaw, but not one with the hash that was remembered."""
    newest = proven.trail.digests(*CHAIN)[-1]
    proven.trail.edit_digest(newest, lambda digest: digest.update(logFiles=[]), signed=True)
    again = _anew(proven)
    assert "state.rollback" in prove(proven, again.mirror)
    finding = found(proven, "state.rollback", again.mirror)
    assert finding.expected == entry(proven)["sha256"] != finding.found


# ---- what is no alarm


def test_a_chain_that_went_on_is_followed(proven: Scene) -> None:
    go_on(proven.trail, END, 2)
    assert prove(proven, _anew(proven).mirror) == []
    assert entry(proven)["end"] == "2026-03-09T18:00:00Z"


def test_another_copy_has_the_same_checkpoints(proven: Scene) -> None:
    assert prove(proven, flat_copy(proven, proven.folder / "flat")) == []
    assert prove(proven, proven.mirror / "AWSLogs" / CHAIN[0]) == []


@pytest.mark.parametrize("minutes", [60, 120, 179, 181, 239, 240, 300])
def test_a_span_that_ends_earlier_raises_no_alarm(minutes: int, proven: Scene) -> None:
    before = state_of(proven).read_bytes()
    told = prove(proven, until=NOON + timedelta(minutes=minutes))
    assert set(told) <= {"coverage.tail"}
    assert state_of(proven).read_bytes() == before


def test_a_span_that_ends_before_a_short_last_digest_raises_no_alarm(tmp_path: Path) -> None:
    """When logging is stopped the last digest may cover some minutes only."""
    trail = tiny(2)
    trail.cut_digest(*CHAIN, NOON + 2 * HOUR, NOON + 2.5 * HOUR)
    trail.cut_digest(*CHAIN, NOON + 2.5 * HOUR, NOON + 2.75 * HOUR)
    made = scene(tmp_path, trail)
    assert prove(made) == []
    assert prove(made, until=NOON + 2.25 * HOUR) == []


def test_a_span_that_begins_later_raises_no_alarm(proven: Scene) -> None:
    assert "state.rollback" not in prove(proven, since=END + HOUR)
    assert prove(proven, since=END - HOUR) == []


@pytest.mark.parametrize("narrow", [{"trails": ("other",)}, {"regions": ("eu-west-1",)}, {"accounts": ("1" * 12,)}])
def test_what_was_not_asked_about_is_not_missed_and_not_forgotten(narrow: dict[str, Any], proven: Scene) -> None:
    before = state_of(proven).read_bytes()
    assert prove(proven, **narrow) == ["coverage.nothing_found"]
    assert state_of(proven).read_bytes() == before


# ---- a state that cannot be read

DAMAGED = {
    "empty": b"",
    "cut": b'{"version": 1, "chains": [{"account": "1111',
    "no JSON": b"\x00\xff",
    "a list": b"[]",
    "nothing": b"null",
    "without chains": b'{"version": 1}',
    "chains that are none": b'{"version": 1, "chains": {"a": 1}}',
    "newer": b'{"version": 2, "chains": []}',
    "nested": b"[" * 100_000,
}
ODD_ENDS: tuple[Any, ...] = (5, None, "", "yesterday", [], "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z")


def _refused(made: Scene, text: bytes) -> str:
    state_of(made).write_bytes(text)
    with pytest.raises(UsageError) as refused:
        prove(made)
    assert state_of(made).read_bytes() == text
    return refused.value.message


@pytest.mark.parametrize("text", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_state_is_refused_and_left_as_it_is(text: bytes, tmp_path: Path) -> None:
    made = scene(tmp_path, tiny(1))
    assert str(state_of(made)) in _refused(made, text)


@pytest.mark.parametrize("end", ODD_ENDS[:5])
def test_a_state_with_an_end_that_is_no_time_is_refused(end: Any, proven: Scene) -> None:
    content = {"version": 1, "chains": [entry(proven) | {"end": end}]}
    assert "is not a state that ctaudit wrote" in _refused(proven, json.dumps(content).encode())


@pytest.mark.parametrize("end", ODD_ENDS[5:])
def test_a_state_with_an_end_far_away_is_no_error_of_ours(end: str, proven: Scene) -> None:
    state_of(proven).write_text(json.dumps({"version": 1, "chains": [entry(proven) | {"end": end}]}))
    try:
        prove(proven)
    except UsageError:
        return
    assert entry(proven)["end"] >= end


def test_an_unreadable_state_is_exit_2(proven: Scene) -> None:
    words = ("validate", proven.mirror, "--public-keys", proven.keys, "--state")
    for state in (b"{", None):
        state_of(proven).unlink()
        if state is None:
            state_of(proven).mkdir()
        else:
            state_of(proven).write_bytes(state)
        done = piped(*words, state_of(proven), folder=proven.folder)
        assert (done.code, done.out) == (2, "")
        assert str(state_of(proven)) in done.err.splitlines()[0]
        assert "unexpected" not in done.err


def test_a_state_in_a_folder_that_is_not_there_is_exit_4(proven: Scene) -> None:
    where = "no/such/folder"
    done = piped("validate", proven.mirror, "--public-keys", proven.keys, "--state", where, folder=proven.folder)
    assert (done.code, done.out) == (4, "")
    assert done.err.splitlines() == [
        f"ctaudit: cannot write the state {where}: No such file or directory",
        "  name a file in a folder of yours",
    ]
