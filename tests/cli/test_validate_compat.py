"""`validate --compat awscli` of a folder: byte for byte what the AWS CLI prints of the bucket, and its exit code."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.processes import Done
from tests.cli.test_contract import error_lines
from tests.conftest import Ask
from tests.store.proving import Scene, scene, tiny
from tests.trail.small import CHAIN

KEYS = ("--public-keys", "keys.json")


@pytest.fixture
def clean(tmp_path: Path) -> Scene:
    return scene(tmp_path, tiny())


HEAD = "Validating log files for trail {arn} between 2026-03-09T12:00:00Z and 2026-03-09T15:00:00Z\n\n"
FOUND = (
    "Results requested for 2026-03-09T12:00:00Z to 2026-03-09T15:00:00Z\n"
    "Results found for 2026-03-09T12:00:00Z to 2026-03-09T15:00:00Z:\n\n3/3 digest files valid\n"
)


def like_awscli(ask: Ask, made: Scene, *words: str, keys: tuple[str, ...] = KEYS, source: str = "mirror") -> Done:
    span = ("--since", "2026-03-09T12:00Z", "--until", "2026-03-09T15:00Z")
    arn = made.trail.arn(CHAIN[0])
    return ask("validate", source, *keys, "--compat", "awscli", "--trail", arn, *span, *words, folder=made.folder)


def test_the_reference_is_spoken_of_a_mirror(ask: Ask, clean: Scene) -> None:
    done = like_awscli(ask, clean)
    assert (done.code, done.err) == (0, "")
    assert done.out == HEAD.format(arn=clean.trail.arn(CHAIN[0])) + FOUND + "3/3 log files valid\n"


def test_the_reference_says_on_stderr_what_is_invalid(ask: Ask, tmp_path: Path) -> None:
    trail = tiny()
    key = trail.log_keys()[1]
    trail.edit_log(key, lambda records: records[1:])
    made = scene(tmp_path, trail)
    done = like_awscli(ask, made)
    place = f"s3://{trail.bucket.name}/{key}"
    assert (done.code, done.err) == (1, f"Log file\t{place}\tINVALID: hash value doesn't match\n\n")
    assert done.out.endswith(FOUND + "2/3 log files valid, 1/3 log files INVALID\n")


def test_the_reference_names_each_file_when_verbose(ask: Ask, clean: Scene) -> None:
    lines = like_awscli(ask, clean, "--verbose").out.splitlines()
    places = [*clean.trail.digests(*CHAIN), *clean.trail.log_keys()]
    told = sorted(line.split("\t")[1] for line in lines if line.endswith("\tvalid"))
    assert told == sorted(f"s3://{clean.trail.bucket.name}/{key}" for key in places)


@pytest.mark.parametrize(
    ("keys", "source"),
    [(("--public-keys", "nowhere.json"), "mirror"), (KEYS, "nowhere"), (KEYS, "keys.json"), ((), "nowhere")],
)
def test_the_reference_cannot_be_asked_of_what_is_not_there(
    keys: tuple[str, ...], source: str, ask: Ask, clean: Scene
) -> None:
    done = like_awscli(ask, clean, keys=keys, source=source)
    assert (done.code, done.out) == (2, "")
    assert "nowhere" in error_lines(done.err)[0] or "keys.json" in error_lines(done.err)[0]


def test_the_reference_takes_a_folder_of_keys_too(ask: Ask, clean: Scene) -> None:
    (clean.folder / "keys").mkdir()
    clean.keys.rename(clean.folder / "keys" / "us-east-1.json")
    assert like_awscli(ask, clean, keys=("--public-keys", "keys")).code == 0


@pytest.mark.parametrize("words", [("--pin", "0" * 64), ("--state", "state.json"), ("--format", "json"), ("--strict",)])
def test_what_the_reference_cannot_do_is_refused(words: tuple[str, ...], ask: Ask, clean: Scene) -> None:
    """A pin that is passed over in silence would be a false proof."""
    done = like_awscli(ask, clean, *words)
    assert (done.code, done.out) == (2, "")
    assert words[0] in error_lines(done.err)[0]
