"""A mirror that somebody hostile filled with links, pipes and odd names: no pass, no traceback, and an end."""

from __future__ import annotations

import json
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from ctaudit.errors import UsageError
from ctaudit.evidence import Options
from ctaudit.validate import Report, validate
from ctaudit.validation_report import verdict
from tests.integrity.running import NOWHERE
from tests.integrity.spoiled import Spoiled
from tests.trail.small import NOON, small_trail
from tests.trail.trail import HOUR

NOBODY = 65534
PATIENCE = 10
DIGEST = "123456789012_CloudTrail-Digest_us-east-1_junk-trail_us-east-1_{}.json.gz"
LOG = (
    "AWSLogs/123456789012/CloudTrail/us-east-1/2026/03/09/123456789012_CloudTrail_us-east-1_{}_ABCDEFGHIJKLMNOP.json.gz"
)


@pytest.fixture
def place(tmp_path: Path) -> Spoiled:
    return Spoiled(tmp_path)


def link_digest_out(place: Spoiled) -> None:
    path = place.folder / "digest.json.gz"
    place.digest(2).rename(path)
    place.digest(2).symlink_to(path)


def link_digest_to_nothing(place: Spoiled) -> None:
    place.digest(2).unlink()
    place.digest(2).symlink_to("gone")


def link_digest_to_itself(place: Spoiled) -> None:
    place.digest(2).unlink()
    place.digest(2).symlink_to(place.digest(2).name)


def link_digest_inside(place: Spoiled) -> None:
    """Git-annex and deduplicating tools leave such links: what they lead to has another name, and is not walked."""
    path = place.root / "objects" / "1f8b"
    path.parent.mkdir()
    place.digest(2).rename(path)
    place.digest(2).symlink_to(path)


def link_folder_out(place: Spoiled) -> None:
    path = place.folder / "moved"
    shutil.move(place.root / "AWSLogs", path)
    (place.root / "AWSLogs").symlink_to(path)


def folder_for_digest(place: Spoiled) -> None:
    place.digest(2).unlink()
    place.digest(2).mkdir()


def pipe_for_digest(place: Spoiled) -> None:
    place.digest(2).unlink()
    os.mkfifo(place.digest(2))


def pipe_for_log(place: Spoiled) -> None:
    place.log(2).unlink()
    os.mkfifo(place.log(2))


def folder_for_log(place: Spoiled) -> None:
    place.log(2).unlink()
    place.log(2).mkdir()


def link_log_to_a_device(place: Spoiled) -> None:
    place.log(2).unlink()
    place.log(2).symlink_to("/dev/zero")


@pytest.mark.parametrize(
    "spoil",
    [
        link_digest_out,
        link_digest_to_nothing,
        link_digest_to_itself,
        link_digest_inside,
        link_folder_out,
        folder_for_digest,
        pipe_for_digest,
        pipe_for_log,
        folder_for_log,
        link_log_to_a_device,
    ],
)
@pytest.mark.parametrize("open_ended", [False, True])
def test_what_is_no_file_is_no_evidence(place: Spoiled, spoil: Callable[[Spoiled], None], open_ended: bool) -> None:
    """Told even when nobody says up to when there ought to be digests: something lies there and was not looked at."""
    spoil(place)
    outcome = place.validate(open_ended=open_ended)
    if spoil is folder_for_digest and open_ended:
        assert outcome.verdict == "proven", "a folder is no digest, and nothing tells that there was one"
    else:
        assert outcome.verdict in ("incomplete", "error", "failed")
    assert len([status for status in outcome.files.values() if status == "proven"]) < 9


@pytest.mark.parametrize(
    "make",
    [
        os.mkfifo,
        Path.mkdir,
        lambda path: path.symlink_to("/dev/zero"),
        lambda path: path.symlink_to(path.name),
        lambda path: path.symlink_to("gone"),
        lambda path: path.write_bytes(b" " * 2_000_000),
    ],
)
def test_what_is_no_sidecar_proves_nothing(place: Spoiled, make: Callable[[Path], object]) -> None:
    place.sidecar(2).unlink()
    make(place.sidecar(2))
    outcome = place.validate()
    assert outcome.verdict in ("incomplete", "error")
    assert "digest.unverifiable" in outcome.codes
    assert outcome.status(place.key(place.digest(2))) == "unproven"


def test_a_log_slipped_in_as_a_link_is_told(place: Spoiled) -> None:
    """`ingest` follows such a link, so its events are believed: nothing lists them, and that must be said."""
    hidden = place.put("objects/1f8b", place.log(2).read_bytes())
    log = place.log(2)
    log.with_name(log.name.replace(log.name[-24:-8], "ABCDEFGHIJKLMNOP")).symlink_to(hidden)
    assert place.validate().verdict != "proven"


def test_loops_of_links_end(place: Spoiled) -> None:
    (place.root / "AWSLogs" / "again").symlink_to(place.root)
    (place.root / "up").symlink_to("..")
    (place.root / "one").symlink_to("two")
    (place.root / "two").symlink_to("one")
    outcome = place.validate()
    assert outcome.codes == {"listing.outside"}, "`up` leads out of the folder"
    assert set(outcome.files.values()) == {"proven"}


@pytest.mark.parametrize("time", ["00010101T000000Z", "00010101T003000Z", "99991231T235959Z"])
def test_names_at_the_ends_of_time(place: Spoiled, time: str) -> None:
    """They may be names or none; what lies beside them is judged as ever."""
    place.put(DIGEST.format(time))
    place.put(LOG.format(f"{time[:-3]}Z"))
    for open_ended in (True, False):
        outcome = place.validate(open_ended=open_ended)
        assert [outcome.status(place.key(place.digest(hour))) for hour in range(3)] == ["proven"] * 3


@pytest.mark.parametrize(
    "folder", [b"\xff", b"\xed\xa0\x80", b"a\nb", b"a\x1b[2Jb", b"a\rb", b"'; DROP TABLE logs; --", b"*"]
)
@pytest.mark.parametrize("name", [DIGEST.format("20260309T130000Z"), LOG.format("20260309T1230Z")])
def test_odd_names(place: Spoiled, folder: bytes, name: str) -> None:
    place.put(folder + b"/" + name.encode(), b"junk")
    outcome = place.validate()
    assert outcome.verdict in ("failed", "incomplete")
    assert outcome.status(place.key(place.digest(1))) == "proven"


@pytest.mark.parametrize("folder", [b"mirror-\xff", b"mirror\nof", b"mirror '; --"])
def test_an_odd_name_of_the_mirror_itself(tmp_path: Path, folder: bytes) -> None:
    (under := tmp_path / os.fsdecode(folder)).mkdir()
    assert Spoiled(under).validate().verdict == "proven"


@pytest.fixture
def readable() -> Iterator[Path]:
    """A folder that everybody may enter, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="ctaudit-hostile-"))
    folder.chmod(0o755)
    yield folder
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755)
    shutil.rmtree(folder)


def as_nobody(ask: Callable[[], object]) -> object:
    """Ask in a process that is not root, whom no mode stops; return the answer, or how it failed."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(NOBODY)
                os.setuid(NOBODY)
            answer = ask()
        except BaseException as error:
            answer = repr(error)
        os.write(writing, json.dumps(answer).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        answer = json.load(pipe)
    os.waitpid(child, 0)
    return answer


@pytest.mark.parametrize("what", ["digest", "log", "digests", "digests of a day", "logs"])
def test_what_may_not_be_read_is_an_error(readable: Path, what: str) -> None:
    """It says nothing of integrity: what lies in a folder that cannot be listed is not gone."""
    begins = NOON + 10 * HOUR  # the trail goes on over midnight, its days lie in two folders
    place = Spoiled(readable, small_trail(hours=4, start=begins), since=begins, until=begins + 4 * HOUR)
    assert place.validate().verdict == "proven"
    days = place.digest(0).parent
    where = {"digest": place.digest(2), "log": place.log(2), "digests": days.parent, "digests of a day": days}
    where.get(what, place.log(2).parent).chmod(0)

    def ask() -> object:
        outcome = place.validate()
        return [outcome.verdict, *sorted(code for code in outcome.codes if code.endswith(".unreadable"))]

    unreadable = [f"{what}.unreadable"] if what in ("digest", "log") else ["listing.unreadable"]
    assert as_nobody(ask) == ["error", *(["listing.unreadable", "log.unreadable"] if what == "logs" else unreadable)]


def test_keys_that_may_not_be_read_are_no_traceback(readable: Path) -> None:
    place = Spoiled(readable)
    (keys := place.root / "public-keys").mkdir()
    shutil.copy(place.keys, keys)
    report = keyless(place)
    assert [found.code for found in report.findings] == ["key.from_evidence"]
    keys.chmod(0)

    def ask() -> object:
        try:
            return verdict(keyless(place))
        except UsageError:
            return "refused"

    assert as_nobody(ask) in ("refused", "incomplete", "error")


def keyless(place: Spoiled) -> Report:
    """Validate with the keys that lie in the mirror."""
    return validate(str(place.root), place.folder / NOWHERE, Options(), now=place.until, jobs=2)


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir, lambda path: path.symlink_to("gone")])
def test_what_is_no_key_file_among_the_keys_of_a_mirror(place: Spoiled, make: Callable[[Path], object]) -> None:
    """It takes nothing from the keys beside it: who can put a pipe there must not stop the validation."""
    (keys := place.root / "public-keys").mkdir()
    shutil.copy(place.keys, keys / "good.json")
    make(keys / "bad.json")
    report = in_time(lambda: keyless(place))
    assert {found.code for found in report.findings} <= {"key.from_evidence", "key.invalid", "key.unreadable"}
    assert report.chains[0].proven == 6


def in_time(ask: Callable[[], Report]) -> Report:
    """Ask, and fail when there is no answer in some seconds: opening a pipe waits for a writer, for ever."""

    def late(*_: object) -> NoReturn:
        pytest.fail("no answer")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(PATIENCE)
    try:
        return ask()
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
