"""`validate` asked wrongly, of nothing, or of hostile evidence: one sentence, never a pass, nothing unseen."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.evidence import BIDI, ESCAPE, FORMULA, MARKUP
from tests.cli.processes import COMMAND, Done, environment, on_terminal
from tests.cli.test_contract import error_lines
from tests.cli.test_hostile_evidence import unseen
from tests.conftest import Ask
from tests.store.proving import Scene, add_hours, scene, slipped_in, tiny
from tests.trail.small import CHAIN
from tests.trail.trail import Trail

pytestmark = pytest.mark.slow

FORMATS = ("table", "json", "jsonl", "csv", "tsv", "markdown")
KEYS = ("--public-keys", "keys.json")


@pytest.fixture
def clean(tmp_path: Path) -> Scene:
    return scene(tmp_path, tiny())


def findings(done: Done) -> list[dict[str, Any]]:
    return list(json.loads(done.out)["findings"])


# ---- errors


def no_json(folder: Path) -> None:
    (folder / "odd.json").write_text("{")


def no_list(folder: Path) -> None:
    (folder / "odd.json").write_text('{"PublicKeys": []}')


def a_folder(folder: Path) -> None:
    (folder / "odd.json").mkdir()


def nothing(folder: Path) -> None:
    """Leave the name free."""


@pytest.mark.parametrize(
    ("words", "prepare", "sentence", "advice"),
    [
        (["nowhere", *KEYS], nothing, "nowhere does not exist", "name a folder that mirrors a bucket"),
        (["", *KEYS], nothing, "does not exist", "name a folder that mirrors a bucket"),
        (["keys.json", *KEYS], nothing, "keys.json is a file", "name a folder that mirrors a bucket"),
        (["mirror", "--public-keys", "odd.json"], nothing, "cannot read the public keys in odd.json", "check"),
        (["mirror", "--public-keys", "odd.json"], no_json, "odd.json is no JSON", "`list-public-keys` wrote"),
        (["mirror", "--public-keys", "odd.json"], no_list, "odd.json is not what `aws", "`list-public-keys` wrote"),
        (["mirror", *KEYS, "--metadata", "odd.json"], nothing, "cannot read the metadata in odd.json", "name a folder"),
        (["mirror", *KEYS, "--state", "odd.json"], no_json, "odd.json is not a state", "restore it from a copy"),
        (["mirror", *KEYS, "--state", "odd.json"], a_folder, "cannot read the state odd.json", ""),
        (["mirror", "--pin", "abc"], nothing, "'abc' is no SHA-256, which has 64 hexadecimal digits", "--help"),
        (["mirror", "--pin", "g" * 64], nothing, "is no SHA-256", "--help"),
        (["mirror", "--bucket-map", "old"], nothing, "'old' is not OLD=NEW", "--help"),
        (["mirror", "--bucket-map", "=new"], nothing, "is not OLD=NEW", "--help"),
        (["mirror", "--bucket-map", "old="], nothing, "is not OLD=NEW", "--help"),
        (["mirror", "--since", "2026-03-10", "--until", "2026-03-09"], nothing, "must lie before", "--help"),
        (["mirror", "--compat", "awscli", *KEYS], nothing, "needs one --trail, its ARN, and --since", "--help"),
    ],
)
def test_what_cannot_be_asked_is_one_sentence(
    words: list[str], prepare: Callable[[Path], None], sentence: str, advice: str, ask: Ask, clean: Scene
) -> None:
    prepare(clean.folder)
    done = ask("validate", *words, folder=clean.folder)
    assert (done.code, done.out) == (2, "")
    told = error_lines(done.err)
    assert sentence in told[0]
    assert advice in told[1]


def test_without_source_and_store_there_is_nothing_to_ask(ask: Ask, clean: Scene) -> None:
    done = ask("validate", *KEYS, folder=clean.folder)
    assert (done.code, done.out) == (4, "")
    assert "there is no store at" in error_lines(done.err)[0]


# ---- nothing to prove


def test_an_empty_folder_is_no_pass(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = ask("validate", "empty", "--format", "json", folder=tmp_path)
    (finding,) = findings(done)
    assert (done.code, finding["code"]) == (3, "coverage.nothing_found")
    assert finding["sentence"].endswith("0 log files and 0 digests lie there")


@pytest.mark.parametrize("words", [["--region", "eu-west-1"], ["--account", "1" * 12], ["--trail", "small"]])
def test_wrong_filters_are_told_what_there_is(words: list[str], ask: Ask, clean: Scene) -> None:
    done = ask("validate", "mirror", *KEYS, *words, "--format", "json", folder=clean.folder)
    (finding,) = findings(done)
    assert (done.code, finding["code"]) == (3, "coverage.nothing_found")
    assert finding["sentence"].endswith(
        f"there is trail small-trail of us-east-1, account {CHAIN[0]}, region {CHAIN[1]}"
    )


@pytest.mark.parametrize("words", [["--since", "2026-04-01"], ["--until", "2026-02-01"]])
def test_a_span_without_digests_is_no_pass(words: list[str], ask: Ask, clean: Scene) -> None:
    done = ask("validate", "mirror", *KEYS, *words, "--format", "json", folder=clean.folder)
    assert (done.code, json.loads(done.out)["verdict"]) == (3, "incomplete")


def test_no_keys_are_no_pass(ask: Ask, clean: Scene) -> None:
    (clean.folder / "none").mkdir()
    for words in ([], ["--public-keys", "none"]):
        done = ask("validate", "mirror", *words, "--format", "json", folder=clean.folder)
        assert (done.code, json.loads(done.out)["chains"][0]["digests_proven"]) == (3, 0)
        assert "digest.key_unknown" in {finding["code"] for finding in findings(done)}


def test_keys_from_the_evidence_itself_are_used_and_are_no_proof_unless_pinned(ask: Ask, clean: Scene) -> None:
    (clean.mirror / "public-keys").mkdir()
    clean.keys.rename(clean.mirror / "public-keys" / "us-east-1.json")
    done = ask("validate", "mirror", "--format", "json", folder=clean.folder)
    told = json.loads(done.out)
    (finding,) = told["findings"]
    assert (done.code, finding["code"], told["chains"][0]["proven"]) == (3, "key.from_evidence", 3)
    assert "--pin" in finding["sentence"]
    pinned = ask("validate", "mirror", "--pin", told["public_keys"][0]["sha256"], folder=clean.folder)
    assert pinned.code == 0


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, Path.touch])
def test_a_key_file_in_the_evidence_that_is_none_stops_nothing(make: Callable[[Path], None], clean: Scene) -> None:
    """A pipe would be waited for without end, so a process of its own is given some seconds."""
    keys = clean.mirror / "public-keys"
    keys.mkdir()
    clean.keys.rename(keys / "us-east-1.json")
    make(keys / "a.json")
    command = [*COMMAND, "validate", "mirror", "--format", "json"]
    done = subprocess.run(command, cwd=clean.folder, env=environment(), capture_output=True, timeout=15, check=False)
    assert done.returncode == 3, done.stderr
    codes = [finding["code"] for finding in json.loads(done.stdout)["findings"]]
    assert codes == ["key.from_evidence", "key.invalid"]


# ---- which trail


def test_a_trail_is_known_by_its_name_and_by_its_arn(ask: Ask, clean: Scene) -> None:
    add_hours(Trail(name="small-trail-b", bucket=clean.trail.bucket), 1, minute=20)
    folder = clean.folder / "two"
    folder.mkdir()
    two = scene(folder, clean.trail)
    asked = [
        ask("validate", "mirror", *KEYS, "--trail", name, "--format", "json", folder=two.folder)
        for name in ("small-trail", two.trail.arn(CHAIN[0]))
    ]
    assert asked[0] == asked[1]
    assert [chain["trail"] for chain in json.loads(asked[0].out)["chains"]] == ["small-trail"]
    both = ask("validate", "mirror", *KEYS, "--format", "json", folder=two.folder)
    assert [chain["trail"] for chain in json.loads(both.out)["chains"]] == ["small-trail", "small-trail-b"]


# ---- hostile evidence

TEXTS = (ESCAPE, MARKUP, BIDI, FORMULA, "-2+3", "@cmd", "a\nb", "a\tb", 'q"uo,te')


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """Digests that list log files of every hostile name, in a folder whose name is hostile, too."""
    trail = tiny(1)
    digest = trail.digests(*CHAIN)[0]

    def list_more(document: dict[str, Any]) -> None:
        entry = document["logFiles"][0]
        document["logFiles"] += [entry | {"s3Object": text} for text in TEXTS]

    trail.edit_digest(digest, list_more, signed=True)
    made = scene(tmp_path_factory.mktemp("hostile"), trail)
    odd = made.mirror / ESCAPE.replace("/", "") / BIDI
    odd.mkdir(parents=True)
    (odd / slipped_in().key("").rpartition("/")[2]).write_bytes(b"x")
    return made


@pytest.mark.parametrize("form", FORMATS)
def test_hostile_names_come_out_visibly(form: str, ask: Ask, hostile: Scene) -> None:
    done = ask("validate", "mirror", *KEYS, "--verbose", "--format", form, folder=hostile.folder)
    assert done.code == 1
    assert unseen(done.out, "\n\t" if form == "tsv" else "\n") == set()
    assert unseen(done.err) == set()
    assert r"\x1b[31mred" in done.err
    if form in ("json", "jsonl"):
        assert set(TEXTS) <= {finding["object"] for finding in findings(done)}
    else:
        assert r"\x1b[31mred" in done.out


def test_no_cell_of_csv_is_a_formula(ask: Ask, hostile: Scene) -> None:
    done = ask("validate", "mirror", *KEYS, "--format", "csv", folder=hostile.folder)
    cells = [cell for row in csv.reader(io.StringIO(done.out)) for cell in row]
    assert f"'{FORMULA}" in cells
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))] == []


@pytest.mark.parametrize("words", [[], ["--verbose"]])
def test_a_terminal_gets_no_escape_of_the_evidence(words: list[str], hostile: Scene) -> None:
    done = on_terminal("validate", "mirror", *KEYS, "--quiet", "--no-color", *words, width=200, folder=hostile.folder)
    assert unseen(done.out) | unseen(done.err) == set()


def _odd_folder(made: Scene) -> str:
    inner = made.mirror / "b\udcff"
    made.mirror.rename(made.folder / "moved")
    made.mirror.mkdir()
    (made.folder / "moved").rename(inner)
    return "mirror"


def _odd_source(made: Scene) -> str:
    made.mirror.rename(made.folder / "b\udcff")
    return "b\udcff"


def _early_digest(made: Scene) -> str:
    first = made.mirror / made.trail.digests(*CHAIN)[0]
    first.with_name(first.name.replace("20260309T130000Z", "00010101T000000Z")).write_bytes(b"x")
    return "mirror"


def _late_log(made: Scene) -> str:
    first = made.mirror / made.trail.log_keys()[0]
    first.with_name(first.name.replace("20260309T1210Z", "99991231T2359Z")).write_bytes(b"x")
    return "mirror"


@pytest.mark.parametrize(("prepare", "code"), [(_odd_folder, 0), (_odd_source, 0), (_early_digest, 0), (_late_log, 1)])
def test_odd_names_in_the_evidence_are_no_error_of_ours(
    prepare: Callable[[Scene], str], code: int, ask: Ask, clean: Scene
) -> None:
    done = ask("validate", prepare(clean), *KEYS, "--format", "json", folder=clean.folder)
    assert done.code == code, done.err
    assert "unexpected" not in done.err
    assert json.loads(done.out)["chains"][0]["digests_proven"] == 3
