"""Text that somebody hostile wrote, printed: no command reaches the terminal, and no format ends in a traceback."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path

import pytest

from tests.cli.processes import Done, on_terminal, piped
from tests.integrity.spoiled import Spoiled
from tests.trail.digests import Document
from tests.trail.small import CHAIN

pytestmark = pytest.mark.slow

ESCAPE = "\x1b]0;owned\x07\x1b[2J\r\n\u202e"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Spoiled:
    """A mirror with such text wherever a digest, metadata, a key file or a name can hold some."""
    place = Spoiled(tmp_path_factory.mktemp("words"))
    trail = place.trail
    first, second, third = trail.digests(*CHAIN)

    def change(fields: Document) -> None:
        fields["logFiles"][0] |= {"s3Bucket": f"b{ESCAPE}", "s3Object": f"=cmd|{ESCAPE}"}

    trail.edit_digest(second, change, signed=True)
    trail.relink(*CHAIN, after=second)
    trail.edit_digest(first, lambda fields: fields.update(digestSignatureAlgorithm=ESCAPE))
    trail.bucket.metadata[third]["signature-algorithm"] = f"{ESCAPE}\ud800"
    place.sync()
    keys = json.loads(place.keys.read_text())
    odd = {"Value": keys["PublicKeyList"][0]["Value"], "Fingerprint": f"\ud800{ESCAPE}"}
    place.keys.write_text(json.dumps({"PublicKeyList": [*keys["PublicKeyList"], odd, odd | {"Value": "é"}]}))
    place.put(os.fsencode(f"odd{ESCAPE}/{first.rpartition('/')[2]}"), b"junk")
    (place.root / f"link{ESCAPE}").symlink_to("/etc")
    return place


def ask(place: Spoiled, *options: str) -> Done:
    return piped("validate", place.root, "--public-keys", place.keys, *options, folder=place.folder)


@pytest.mark.parametrize("kind", ["table", "json", "jsonl", "csv", "tsv", "markdown"])
def test_every_format_ends_well(place: Spoiled, kind: str) -> None:
    done = ask(place, "--format", kind, "--verbose")
    assert (done.code, "Traceback" in done.err) == (1, False), done.err
    assert not set("\x1b\x07\r\u202e") & set(done.err)
    if kind in ("table", "markdown", "json", "jsonl"):
        assert not set("\x1b\x07\r") & set(done.out)
    if kind == "json":
        assert len(json.loads(done.out)["findings"]) >= 6
    if kind == "csv":
        rows = list(csv.reader(io.StringIO(done.out)))
        assert {len(row) for row in rows} == {14}
        assert any("cmd|" in cell for row in rows for cell in row)
        assert not any(cell.startswith("=") for row in rows for cell in row)


def test_a_terminal_is_told_nothing_but_colours(place: Spoiled) -> None:
    done = on_terminal("validate", place.root, "--public-keys", place.keys, width=400, folder=place.folder)
    assert done.code == 1
    assert "\x1b]" not in done.out + done.err
    assert "\x1b[2J" not in done.out + done.err
    assert "owned" in done.out, "it is shown, not left out"


@pytest.mark.parametrize("text", ["{}", "[1]", '{"version": 1, "chains": [{"end": 5}]}', "\ud800"])
def test_a_state_that_is_none_is_a_wrong_use(place: Spoiled, tmp_path: Path, text: str) -> None:
    state = tmp_path / "state.json"
    state.write_bytes(text.encode("utf-8", "surrogatepass"))
    done = ask(place, "--state", str(state))
    assert (done.code, done.out, "Traceback" in done.err) == (2, "", False)
    assert state.read_bytes() == text.encode("utf-8", "surrogatepass"), "it stays as it was"
