"""A mirror that is made to take for ever: loops, bombs, long names and many files; bounded time, bounded memory."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import zlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from time import perf_counter

import pytest

from ctaudit import limits
from ctaudit.integrity.asked import Asked
from ctaudit.integrity.authenticate import Trust
from ctaudit.integrity.chain import ChainWalk
from ctaudit.integrity.loaded import load
from ctaudit.integrity.names import digest_name
from ctaudit.integrity.packed import Packing, inspect
from ctaudit.integrity.signature import KeyRing
from ctaudit.integrity.verdict import Finding
from tests.integrity.spoiled import GENUINE, STRANGER, Spoiled
from tests.trail import company
from tests.trail.digests import Document
from tests.trail.packing import gzipped
from tests.trail.small import CHAIN, NOON, go_on, small_trail
from tests.trail.trail import HOUR, Trail

pytestmark = pytest.mark.slow

PATIENCE = 60.0
"""Seconds for what takes a few on a quiet machine; what is quadratic takes many minutes."""
MEMORY = 600 * limits.MIB
JUNK = "{account:012}_CloudTrail-Digest_us-east-1_{trail}_us-east-1_20260309T13{minute:02}{second:02}Z.json.gz"


def pointing(trail: Trail, names: Callable[[list[str], int], str]) -> None:
    """Let every digest name another one as its predecessor, each signed as AWS would."""
    keys = trail.digests(*CHAIN)
    for number, key in enumerate(keys):

        def change(fields: Document, number: int = number) -> None:
            hashes = {"previousDigestHashValue": "0" * 64, "previousDigestHashAlgorithm": "SHA-256"}
            where = {"previousDigestS3Bucket": trail.bucket.name, "previousDigestS3Object": names(keys, number)}
            fields.update({"previousDigestSignature": "00", **hashes, **where})

        trail.edit_digest(key, change, signed=True)


@pytest.mark.parametrize("hours", [1, 2, 100])
@pytest.mark.parametrize(
    "names",
    [
        lambda keys, number: keys[number],
        lambda keys, number: keys[number - 1],
        lambda keys, number: keys[(number + 1) % len(keys)],
    ],
    ids=["itself", "the one before, the oldest the newest", "the one after"],
)
def test_pointers_that_loop(tmp_path: Path, hours: int, names: Callable[[list[str], int], str]) -> None:
    trail = small_trail(hours=hours, logs_an_hour=0)
    pointing(trail, names)
    began = perf_counter()
    outcome = Spoiled(tmp_path, trail, until=NOON + hours * HOUR).validate()
    assert perf_counter() - began < PATIENCE
    assert outcome.verdict == "failed"
    assert outcome.codes & {"digest.cycle", "digest.link_mismatch"}, "the hash in a loop can only be a false one"


def bomb(size: int) -> bytes:
    """Pack so many zeros, a thousand in each byte: the same packed block is laid down over and over."""
    step = 16 * limits.MIB
    deflate = zlib.compressobj(9, zlib.DEFLATED, 31)
    head = deflate.compress(bytes(step)) + deflate.flush(zlib.Z_FULL_FLUSH)
    block = deflate.compress(bytes(step)) + deflate.flush(zlib.Z_FULL_FLUSH)
    return head + block * (size // step - 1)


_RUN = """
import json, sys
from datetime import datetime, UTC
from ctaudit.evidence import Options
from ctaudit.validate import validate
from ctaudit.validation_report import verdict
root, keys, store = sys.argv[1:]
report = validate(root, store, Options(public_keys=(keys,)), now=datetime(2026, 3, 10, tzinfo=UTC), jobs=2)
with open("/proc/self/status") as status:  # getrusage never says less than the peak of our parent
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
print(json.dumps([verdict(report), peak * 1024, sorted({found.code for found in report.findings})]))
"""


def run(place: Spoiled) -> tuple[str, int, list[str]]:
    """Validate in a process of its own; returns the verdict, the most memory that it had, and the codes."""
    command = [sys.executable, "-c", _RUN, str(place.root), str(place.keys), str(place.folder / "none")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE * 5, check=False)
    assert done.returncode == 0, done.stderr
    verdict, peak, codes = json.loads(done.stdout)
    return verdict, peak, codes


def test_bombs_for_digests(tmp_path: Path) -> None:
    place = Spoiled(tmp_path)
    data = bomb(1024 * limits.MIB)
    assert len(data) < 1.1 * limits.MIB
    for hour in range(3):
        place.digest(hour).write_bytes(data)
    verdict, peak, codes = run(place)
    assert (verdict, "digest.too_large" in codes) == (
        "failed" if "coverage.no_digests" in codes else "incomplete",
        True,
    )
    assert peak < MEMORY


@pytest.mark.slow
def test_a_bomb_of_ten_gigabytes_for_a_log(tmp_path: Path) -> None:
    place = Spoiled(tmp_path)
    data = bomb(10 * 1024 * limits.MIB)
    assert len(data) < 11 * limits.MIB
    place.log(2).write_bytes(data)
    verdict, peak, codes = run(place)
    assert (verdict, codes) == ("incomplete", ["log.too_large"])
    assert peak < MEMORY


def test_no_more_than_the_limit_is_unpacked() -> None:
    data, most = bomb(1024 * limits.MIB), 20 * limits.MIB
    for chunks in ([data], [data[at : at + 1000] for at in range(0, len(data), 1000)]):
        for keep in (False, True):
            began = perf_counter()
            packed = inspect(chunks, most, keep=keep)
            assert packed.packing is Packing.TOO_LARGE
            assert packed.size <= most + 16 * limits.MIB
            assert perf_counter() - began < PATIENCE


@pytest.mark.parametrize("size", [999, 1000, 1001])
@pytest.mark.parametrize("pack", [gzip.compress, bytes])
def test_the_limit_to_the_byte(size: int, pack: Callable[[bytes], bytes]) -> None:
    packing = inspect([pack(b"x" * size)], 1000).packing
    assert (packing is Packing.TOO_LARGE) is (size > 1000)


@pytest.mark.slow
@pytest.mark.parametrize("filler", [b"[],", b"{},", b'"",', b'{"a":0},'])
def test_content_that_swells_when_it_is_read(tmp_path: Path, filler: bytes) -> None:
    """The shortest values there are, as many as a digest may hold bytes, in a packed file of some kilobytes."""
    place = Spoiled(tmp_path)
    data = gzipped(b'{"x":[' + filler * ((limits.MAX_DIGEST_BYTES - 100) // len(filler)) + b"0]}")
    for hour in range(3):
        place.digest(hour).write_bytes(data)
    _, peak, codes = run(place)
    assert "digest.invalid_format" in codes
    assert peak < MEMORY


def many_logs(trail: Trail, count: int) -> None:
    """Let the second digest list so many log files that are not there, signed as AWS would."""
    key = trail.digests(*CHAIN)[1]

    def change(fields: Document) -> None:
        entry = fields["logFiles"][0]
        names = (f"{entry['s3Object'][:-24]}{number:016}.json.gz" for number in range(count))
        fields["logFiles"] = [entry | {"s3Object": name} for name in names]

    trail.edit_digest(key, change, signed=True)
    trail.relink(*CHAIN, after=key)


@pytest.mark.slow
def test_thirty_thousand_logs_in_one_digest(tmp_path: Path) -> None:
    trail = small_trail(hours=3)
    many_logs(trail, 30_000)
    began = perf_counter()
    outcome = Spoiled(tmp_path, trail).validate()
    assert perf_counter() - began < PATIENCE
    assert outcome.verdict == "failed"
    assert sum(found.count for found in outcome.report.findings if found.code == "log.missing") >= 29_990


@pytest.mark.slow
def test_a_digest_of_more_logs_than_can_be_read_is_unread_evidence(tmp_path: Path) -> None:
    trail = small_trail(hours=3)
    many_logs(trail, 100_000)
    outcome = Spoiled(tmp_path, trail).validate()
    assert outcome.verdict == "incomplete"
    assert "digest.too_large" in outcome.codes


def in_one_folder(number: int) -> str:
    return JUNK.format(account=1, trail=f"junk-{number}", minute=0, second=0)


def of_many_accounts(number: int) -> str:
    return JUNK.format(account=number, trail="junk", minute=0, second=0)


def in_many_folders(number: int) -> str:
    """Each could be the chain of a trail of its own, all of one name."""
    return f"{number}/{JUNK.format(account=1, trail='junk', minute=number % 60, second=0)}"


@pytest.mark.slow
@pytest.mark.parametrize("name", [in_one_folder, of_many_accounts, in_many_folders])
def test_twenty_thousand_files_of_junk(tmp_path: Path, name: Callable[[int], str]) -> None:
    place = Spoiled(tmp_path)
    for number in range(20_000):
        place.put(name(number))
    began = perf_counter()
    outcome = place.validate()
    assert perf_counter() - began < PATIENCE
    assert outcome.verdict == "failed"
    assert outcome.status(place.key(place.digest(1))) == "proven"


def texts(found: Finding) -> list[str]:
    parts = (found.sentence, found.key, found.expected, found.found, found.proven_by, *found.samples)
    return [text for text in parts if text is not None]


@pytest.mark.parametrize(
    "field", ["digestS3Bucket", "previousDigestS3Bucket", "previousDigestSignature", "s3Bucket", "hashAlgorithm"]
)
@pytest.mark.parametrize("hour", [0, 1, 2])
def test_long_values_are_not_kept_in_findings(tmp_path: Path, field: str, hour: int) -> None:
    """There may be a hundred thousand findings: what somebody hostile wrote must not fill the memory with them."""
    trail = small_trail(hours=3)
    key = trail.digests(*CHAIN)[hour]

    def change(fields: Document) -> None:
        if fields["previousDigestS3Object"] is not None or not field.startswith("previous"):
            (fields["logFiles"][0] if field in fields["logFiles"][0] else fields)[field] = "a0" * 500_000
            fields["digestPublicKeyFingerprint"] = STRANGER.fingerprint  # not known: it is unproven, and goes on

    trail.edit_digest(key, change)
    place = Spoiled(tmp_path, trail)
    outcome = place.validate()
    longest = max((len(text) for found in outcome.report.findings for text in texts(found)), default=0)
    assert longest < 10_000
    if hour or not field.startswith("previous"):
        assert outcome.verdict != "proven"


def test_the_gravest_finding_is_told_however_many_there_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Junk that sorts before the real trail must not hide what was done to that."""
    monkeypatch.setattr(limits, "MAX_FINDINGS", 2)
    trail = small_trail(hours=3)
    junk = Trail(name="a-trail", bucket=trail.bucket, keys={company.HOME: STRANGER})
    junk.cut_digests(NOON, NOON + 8 * HOUR, [("000000000001", company.HOME)])
    trail.edit_log(trail.log_keys()[2], lambda records: records[1:])
    outcome = Spoiled(tmp_path, trail, (GENUINE,)).validate()
    assert outcome.verdict == "failed"
    assert "log.hash_mismatch" in outcome.codes


def test_two_trails_whose_names_collide(tmp_path: Path) -> None:
    """The AWS CLI walks the other trail and passes: here neither hides anything of the other."""
    trail = small_trail(hours=3)
    other = Trail(name=f"{trail.name}_us-east-1_b", bucket=trail.bucket)
    go_on(other, NOON + timedelta(minutes=2), 3)
    place = Spoiled(tmp_path / "whole", trail)
    assert place.validate(open_ended=True).verdict == "proven"
    trail.edit_log(trail.log_keys()[0], lambda records: records[1:])
    outcome = Spoiled(tmp_path / "changed", trail).validate(open_ended=True)
    assert (outcome.verdict, outcome.codes) == ("failed", {"log.hash_mismatch"})


@pytest.mark.slow
def test_many_altered_copies_of_two_digests_that_are_linked() -> None:
    """Each of the newer ones points to all of the older ones by name, and to none of them by its hash."""
    trail = small_trail(hours=2, logs_an_hour=0)
    keys = trail.digests(*CHAIN)
    names = [name for name in map(digest_name, keys) if name is not None]
    walk, mismatches = ChainWalk(names[0].chain, Trust(KeyRing({})), Asked()), 0
    began = perf_counter()
    for key, name in reversed(list(zip(keys, names, strict=True))):
        for number in range(20_000):
            content = json.dumps(trail.document(key) | {"x": number}).encode()
            step = walk.step(load(key, f"/{number}/{name.end:%H}/{key}", name, None, [content], None))
            mismatches += any(found.code == "digest.link_mismatch" for found in step.findings)
    assert perf_counter() - began < PATIENCE
    assert mismatches == 20_000
