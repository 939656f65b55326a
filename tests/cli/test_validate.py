"""`validate` as a command: its document is a contract, its exit code an API, and stdout holds nothing else."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.cli.processes import Done, on_terminal
from tests.conftest import Ask
from tests.store.proving import Scene, scene, slipped_in, tiny
from tests.trail.packing import unpacked
from tests.trail.small import CHAIN
from tests.trail.trail import Trail

FORMATS = ("table", "json", "jsonl", "csv", "tsv", "markdown")
DOCUMENT = ["verdict", "chains", "findings", "public_keys", "recorded"]
CHAIN_KEYS = [
    "trail", "account", "region", "digests", "digests_proven", "logs", "proven", "failed", "unproven", "pending",
    "from", "until", "gaps", "worst", "home", "unlisted", "undigested", "spans",
]  # fmt: skip
FINDING_KEYS = [
    "severity", "code", "account", "region", "trail", "from", "until", "object", "sentence", "expected", "found",
    "proven_by", "count", "samples",
]  # fmt: skip
CHAIN_COLUMNS = CHAIN_KEYS[:-4]


@dataclass(frozen=True, slots=True)
class Run:
    """The command on one scene."""

    ask: Ask
    scene: Scene

    def __call__(self, *words: str) -> Done:
        return self.ask("validate", "mirror", "--public-keys", "keys.json", *words, folder=self.scene.folder)


@pytest.fixture
def clean(ask: Ask, tmp_path: Path) -> Run:
    return Run(ask, scene(tmp_path, tiny()))


def broken_trail() -> Trail:
    """An edited log, one slipped in, and a young one."""
    trail = tiny()
    trail.edit_log(trail.log_keys()[1], lambda records: records[1:])
    trail.put_log(slipped_in())
    trail.put_log(slipped_in(hour=3))
    return trail


@pytest.fixture
def broken(ask: Ask, tmp_path: Path) -> Run:
    return Run(ask, scene(tmp_path, broken_trail()))


# ---- what is printed


def test_json_is_a_document_with_everything(broken: Run) -> None:
    done = broken("--format", "json")
    told = json.loads(done.out)
    assert (done.code, list(told), told["verdict"]) == (1, DOCUMENT, "failed")
    (chain,) = told["chains"]
    assert list(chain) == CHAIN_KEYS
    assert [chain[key] for key in CHAIN_KEYS] == [
        "small-trail", CHAIN[0], CHAIN[1], 3, 3, 3, 2, 1, 0, 1, "2026-03-09T12:00:00Z", "2026-03-09T15:00:00Z",
        0, "log.hash_mismatch", "us-east-1", 1, 0, [["2026-03-09T12:00:00Z", "2026-03-09T15:00:00Z"]],
    ]  # fmt: skip
    assert [list(finding) for finding in told["findings"]] == [FINDING_KEYS] * 3
    assert [(one["severity"], one["code"]) for one in told["findings"]] == [
        ("failed", "log.hash_mismatch"), ("failed", "log.unlisted"), ("info", "log.pending"),
    ]  # fmt: skip
    assert [list(key) for key in told["public_keys"]] == [["fingerprint", "sha256"]]
    assert told["recorded"] is False


def test_a_finding_has_its_evidence(broken: Run) -> None:
    finding = json.loads(broken("--format", "json").out)["findings"][0]
    trail = broken.scene.trail
    digest = trail.digests(*CHAIN)[1]
    assert finding["object"] == next(key for key in trail.log_keys() if "T1310Z" in key)
    assert finding["expected"] == trail.document(digest)["logFiles"][0]["hashValue"] != finding["found"]
    assert len(finding["found"]) == 64
    assert finding["proven_by"].startswith(f"digest {digest}, proven by the signature in its own metadata")
    assert (finding["from"], finding["until"]) == ("2026-03-09T13:00:00Z", "2026-03-09T14:00:00Z")
    assert finding["sentence"].startswith("A log file is not what AWS delivered")


def test_json_lines_are_the_same_document_on_one_line(broken: Run) -> None:
    (line,) = broken("--format", "jsonl").out.splitlines()
    assert json.loads(line) == json.loads(broken("--format", "json").out)


@pytest.mark.parametrize(("form", "dialect"), [("csv", "excel"), ("tsv", "excel-tab")])
def test_csv_and_tsv_are_the_findings(form: str, dialect: str, broken: Run) -> None:
    rows = list(csv.reader(io.StringIO(broken("--format", form).out), dialect=dialect))
    assert rows[0] == FINDING_KEYS
    assert [row[1] for row in rows[1:]] == ["log.hash_mismatch", "log.unlisted", "log.pending"]


@pytest.mark.parametrize("form", ["table", "markdown"])
def test_a_table_of_chains_comes_before_the_findings(form: str, broken: Run) -> None:
    chains, findings = broken("--format", form).out.split("\n\n")
    plain = [re.sub(r"[|`]", " ", block.splitlines()[0]).split() for block in (chains, findings)]
    assert plain == [CHAIN_COLUMNS, FINDING_KEYS]
    assert [len(block.strip().splitlines()) for block in (chains, findings)] == [2 + 1, 2 + 3]


@pytest.mark.parametrize("form", FORMATS)
def test_nothing_found_leaves_the_findings_away(form: str, clean: Run) -> None:
    done = clean("--format", form)
    assert (done.code, done.err) == (
        0,
        "proven: 3 of 3 digests and 3 of 3 log files proven, 0 failed, 0 unproven; findings: none\n",
    )
    assert len(done.out.splitlines()) == {"table": 3, "markdown": 3, "csv": 1, "tsv": 1, "jsonl": 1}.get(form, 38)


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_evidence_gives_the_same_bytes(form: str, broken: Run) -> None:
    assert broken("--format", form, "--jobs", "1") == broken("--format", form, "--jobs", "7")


def test_verbose_says_what_became_of_each_file(broken: Run) -> None:
    done = broken("--verbose", "--format", "csv")
    *files, summary = done.err.splitlines()
    told = [line.split(maxsplit=3) for line in files]
    assert sorted((status, kind) for status, kind, _, _ in told) == [
        ("failed", "log"), ("pending", "log"), *[("proven", "digest")] * 3, *[("proven", "log")] * 2,
        ("unlisted", "log"),
    ]  # fmt: skip
    trail = broken.scene.trail
    assert {key for _, kind, key, _ in told if kind == "digest"} == set(trail.digests(*CHAIN))
    assert summary.startswith(
        "failed: 3 of 3 digests and 2 of 3 log files proven, 1 failed, 0 unproven, 1 slipped in, "
    )
    assert done.out == broken("--format", "csv").out


def test_verbose_has_a_line_for_each_log_of_a_digest_that_is_false(ask: Ask, tmp_path: Path) -> None:
    trail = tiny()
    trail.edit_digest(trail.digests(*CHAIN)[1], lambda digest: digest.update(awsAccountId="1" * 12))
    run = Run(ask, scene(tmp_path, trail))
    kinds = [line.split()[1] for line in run("--verbose").err.splitlines()[:-1]]
    assert sorted(kinds) == ["digest"] * 3 + ["log"] * 3


# ---- exit codes


def unreadable_log(made: Scene) -> None:
    """A folder lies where a log ought to: it cannot be read, which says nothing of its integrity."""
    log = made.mirror / made.trail.log_keys()[0]
    log.unlink()
    log.mkdir()


def no_metadata(made: Scene) -> None:
    for sidecar in made.mirror.rglob("*.meta.json"):
        sidecar.unlink()


def unpacked_digest(made: Scene) -> None:
    digest = made.mirror / made.trail.digests(*CHAIN)[0]
    digest.write_bytes(unpacked(digest.read_bytes()))


def edited_log(made: Scene) -> None:
    (made.mirror / made.trail.log_keys()[1]).write_bytes(b"")


def nothing(made: Scene) -> None:
    """Leave all as it is."""


Trouble = Callable[[Scene], None]


@pytest.mark.parametrize(
    ("code", "verdict", "troubles", "words"),
    [
        (0, "proven", [nothing], []),
        (0, "proven", [nothing], ["--strict"]),
        (1, "failed", [edited_log], []),
        (3, "incomplete", [no_metadata], []),
        (4, "error", [unreadable_log], []),
        (4, "error", [unreadable_log, no_metadata], []),
        (1, "failed", [unreadable_log, edited_log, no_metadata], []),
        (0, "proven", [unpacked_digest], []),
        (1, "failed", [unpacked_digest], ["--strict"]),
        (3, "incomplete", [no_metadata], ["--strict"]),
        (4, "error", [unreadable_log], ["--strict"]),
        (1, "failed", [unreadable_log, unpacked_digest], ["--strict"]),
        (3, "incomplete", [nothing], ["--pin", "0" * 64]),
        (2, "", [edited_log, unreadable_log], ["--pin", "short"]),
    ],
)
def test_exit_codes(code: int, verdict: str, troubles: list[Trouble], words: list[str], clean: Run) -> None:
    """`--strict` takes warnings as failures, and nothing else: what could not be read was not tampered with."""
    for trouble in troubles:
        trouble(clean.scene)
    done = clean("--format", "json", *words)
    assert done.code == code, done.err
    assert (json.loads(done.out)["verdict"] if done.out else "") == verdict
    assert done.err.startswith(f"{verdict}: " if verdict else "ctaudit: ")


def test_quiet_leaves_only_what_is_not_proven(clean: Run) -> None:
    loud = clean()
    assert clean("--quiet") == Done(0, loud.out, "")
    assert clean("--quiet", "--verbose").err == ""
    edited_log(clean.scene)
    assert clean("--quiet").err == clean().err
    assert len(clean().err.splitlines()) == 1


# ---- on a terminal


@pytest.mark.parametrize("width", [120, 40])
def test_a_bar_shows_the_files_and_is_gone_at_the_end(width: int, clean: Run) -> None:
    words = ("validate", "mirror", "--public-keys", "keys.json")
    done = on_terminal(*words, width=width, folder=clean.scene.folder)
    shown, cursor, rest = done.err.rpartition("\x1b[?25h")
    assert (done.code, bool(cursor)) == (0, True)
    assert "looking for files" in shown
    assert "6/6 files" in shown
    assert "/s)" in shown or width < 120
    frames = [frame for frame in re.split(r"\r\x1b\[2K|\n", shown) if "files" in frame]
    assert max(cell_len(re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", frame)) for frame in frames) <= width
    assert rest.startswith("\r\x1b[1A\x1b[2K")
    assert "━" not in rest
    assert "events" not in shown
    assert "proven: 3 of 3 digests" in rest


def test_neither_quiet_nor_verbose_has_a_bar(clean: Run) -> None:
    words = ("validate", "mirror", "--public-keys", "keys.json", "--no-color")
    assert on_terminal(*words, "--quiet", folder=clean.scene.folder).err == ""
    verbose = on_terminal(*words, "--verbose", folder=clean.scene.folder).err
    assert len(verbose.splitlines()) == 7
    assert "\x1b" not in verbose
