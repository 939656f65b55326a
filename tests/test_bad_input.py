"""One folder of everything that can be wrong with evidence: each is a fault or a count, all good records are kept."""

from __future__ import annotations

import gzip
import json
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ctaudit.fault import Fault
from ctaudit.ingest import Summary, ingest
from tests.records.taken import log, numbered, packed
from tests.records.test_envelope import DIGEST, DYNAMODB, KINESIS, S3, bridge
from tests.trail.packing import gzipped

pytestmark = pytest.mark.slow

_number = iter(range(0, 1_000_000, 1000))


def fresh(count: int = 3) -> list[dict[str, Any]]:
    """Records that no other file holds."""
    return numbered(count, next(_number))


def bomb() -> bytes:
    deflate = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(deflate.compress(b" " * 2**20) for _ in range(40)) + deflate.flush()


def changed(data: bytes, at: int, byte: bytes) -> bytes:
    return data[:at] + byte + data[at + len(byte) :]


PACKED = gzipped(log(fresh(200)))
TWO, TAIL, CRC, LENGTH = (gzipped(log(fresh())) for _ in range(4))
DEEP = packed(fresh(1)[0] | {"requestParameters": 0}).replace(
    b'"requestParameters":0', b'"requestParameters":' + b"[" * 10_000 + b"]" * 10_000
)

BAD: dict[str, tuple[bytes, list[str], int]] = {
    # name: bytes, kinds of faults, events that are kept at least
    "header.json.gz": (changed(PACKED, 2, b"\x07"), ["gzip.corrupt"], 0),
    "cut.json.gz": (PACKED[: len(PACKED) // 2], ["gzip.truncated", "json.cut"], 80),
    "middle.json.gz": (changed(PACKED, len(PACKED) * 3 // 4, b"\xff" * 300), ["gzip.corrupt"], 100),
    "crc.json.gz": (changed(CRC, len(CRC) - 8, b"\1\2\3\4"), ["gzip.corrupt"], 3),
    "length.json.gz": (LENGTH[:-4] + struct.pack("<I", 5), ["gzip.corrupt"], 3),
    "two.json.gz": (TWO + gzipped(log(fresh())), ["gzip.extra_member"], 6),
    "tail.json.gz": (TAIL + b"tail", ["gzip.trailing_data"], 3),
    "bomb.json.gz": (bomb(), ["file.too_large"], 0),
    "cut.json": (log(fresh())[:-100], ["json.cut"], 2),
    "deep.json": (b'{"Records":[' + DEEP + b"," + packed(fresh(1)[0]) + b"]}", ["json.too_deep"], 1),
    "latin1.json": (log(fresh()).replace(b'"key":"k', b'"key":"\xe9'), ["text.invalid_utf8"], 3),
    "long.json": (
        b'{"Records":[' + packed(fresh(1)[0]) + b',{"eventVersion":"' + b"x" * 50_000_000 + b'"}]}',
        ["record.too_large"],
        1,
    ),
    "empty.json": (b"", ["file.empty"], 0),
    "empty.json.gz": (gzip.compress(b""), ["file.empty"], 0),
    "half.json": (log(fresh()).replace(b'"key":"k', b'"key":"\\ud800'), ["text.lone_surrogate"], 3),
    "nul.json": (log(fresh()) + b"\0" * 512, ["json.not_json"], 3),
    "prose.json": (b"not json at all", ["json.not_json"], 0),
    "script.json": (b"var x = " + log(fresh()), ["json.not_json"], 3),
    "comma.json": (log(fresh()).replace(b"},{", b"}{", 1), ["json.malformed"], 3),
    "glued.json": (log(fresh()) + log(fresh()), ["json.malformed"], 6),
}
GOOD: dict[str, bytes] = {
    "good.json.gz": gzipped(log(fresh())),
    "zz-good-and-last.json.gz": gzipped(log(fresh())),
    "mark.json": b"\xef\xbb\xbf" + log(fresh()),
    "wide.json": log(fresh()).decode().encode("utf-16"),
    "windows.json": json.dumps({"Records": fresh()}, indent=2).replace("\n", "\r\n").encode(),
    "escaped-nul.json": log(fresh()).replace(b'"key":"k', b'"key":"\\u0000'),
    "numbers.json": log(fresh()).replace(
        b'"key":"k', b'"n":[1e999,' + b"9" * 5000 + b',0.1000000000000000055],"key":"k'
    ),
    "lines": b"\n".join(map(packed, fresh())),
}
REFUSED: dict[str, tuple[bytes, dict[str, int]]] = {
    "README.md": (b"# Logs\n", {"not-json": 1}),
    "SHA256SUMS": (b"5ab0  good.json.gz\n", {"not-json": 1}),
    "s3.json": (packed({"Records": [S3, S3]}), {"s3-notification": 2}),
    "dynamodb.json": (packed({"Records": [DYNAMODB]}), {"dynamodb-stream": 1}),
    "kinesis.json": (packed({"Records": [KINESIS]}), {"kinesis-record": 1}),
    "ec2.json": (packed(bridge("EC2 Instance State-change Notification", {})), {"eventbridge-event": 1}),
    "digest.json.gz": (gzipped(packed(DIGEST)), {"digest": 1}),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bad") / "evidence"
    folder.mkdir()
    bad, refused = ({name: each[0] for name, each in table.items()} for table in (BAD, REFUSED))
    for name, data in (bad | refused | GOOD).items():
        (folder / name).write_bytes(data)
    os.mkfifo(folder / "pipe.json")
    (folder / "loop").symlink_to(".")
    (folder / "nowhere.json").symlink_to("gone")
    return folder


@pytest.fixture(scope="module", params=[1, 2])
def done(folder: Path, request: pytest.FixtureRequest) -> tuple[Path, Summary]:
    """Ingested in this process, and by two workers."""
    store = folder.parent / f"store{request.param}"
    return store, ingest(store, [str(folder)], jobs=request.param)


def faults_of(summary: Summary, folder: Path, name: str) -> list[Fault]:
    return [fault for fault in summary.faults if fault.path.removeprefix(f"{folder}/").partition("#")[0] == name]


@pytest.mark.parametrize("name", BAD)
def test_each_bad_file_is_a_fault_with_place_and_reason(name: str, folder: Path, done: tuple[Path, Summary]) -> None:
    _, kinds, _ = BAD[name]
    faults = faults_of(done[1], folder, name)
    assert set(kinds) <= {fault.kind for fault in faults}
    assert all(fault.offset is not None and fault.reason for fault in faults)


@pytest.mark.parametrize(
    ("name", "kind"), [("pipe.json", "file.special"), ("loop", "file.loop"), ("nowhere.json", "file.missing")]
)
def test_what_is_no_file_is_a_fault(name: str, kind: str, folder: Path, done: tuple[Path, Summary]) -> None:
    assert [fault.kind for fault in faults_of(done[1], folder, name)] == [kind]


def events(store: Path) -> dict[str, int]:
    with duckdb.connect(str(store / "ctaudit.duckdb"), read_only=True) as connection:
        rows = connection.execute("SELECT source_file, count(*) FROM cloudtrail_logs GROUP BY ALL").fetchall()
    found: dict[str, int] = {}
    for path, count in rows:
        name = Path(path).name.partition("#")[0]
        found[name] = found.get(name, 0) + count
    return found


def test_all_good_records_are_kept(done: tuple[Path, Summary]) -> None:
    found = events(done[0])
    for name, (_, _, least) in BAD.items():
        if name not in ("cut.json.gz", "middle.json.gz"):  # both hold the start of the same log
            assert found.get(name, 0) == least, name
    assert found.get("cut.json.gz", 0) + found.get("middle.json.gz", 0) >= 100
    assert {name: found.get(name) for name in GOOD} == dict.fromkeys(GOOD, 3)
    assert set(found) <= {*BAD, *GOOD}


def test_good_files_and_look_alikes_are_no_faults(folder: Path, done: tuple[Path, Summary]) -> None:
    named = {fault.path.removeprefix(f"{folder}/").partition("#")[0] for fault in done[1].faults}
    assert named == {*BAD, "pipe.json", "loop", "nowhere.json"}
    expected: dict[str, int] = {}
    for _, refused in REFUSED.values():
        for kind, count in refused.items():
            expected[kind] = expected.get(kind, 0) + count
    assert {kind: done[1].refused[kind] for kind in expected} == expected


@pytest.mark.parametrize(
    "command",
    [["timeline", "--format", "json"], ["who-deleted", "b"], ["query", "SELECT eventjson FROM cloudtrail_logs"]],
)
def test_what_was_taken_in_can_be_asked_for(command: list[str], done: tuple[Path, Summary]) -> None:
    """Numbers that no machine holds, NUL and half characters never stop a question; the faults turn the exit code."""
    ran = subprocess.run(
        [sys.executable, "-m", "ctaudit", *command, "--store", str(done[0])],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert ran.returncode in (0, 3), ran.stderr
    assert "Traceback" not in ran.stderr
    assert ran.stdout
