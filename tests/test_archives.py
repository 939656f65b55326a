"""Evidence as it is handed over: a folder, any archive, standard input, packed anew; the rows are the same."""

from __future__ import annotations

import bz2
import gzip
import io
import itertools
import json
import os
import signal
import subprocess
import sys
import tarfile
import time
import zipfile
from array import array
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from backports import zstd

import ctaudit
from ctaudit.errors import Interrupted
from ctaudit.fault import Fault
from ctaudit.ingest import Summary, ingest
from ctaudit.intake import take_in
from ctaudit.sources import files
from ctaudit.sources.bodies import AT_ONCE_BYTES, bodies
from tests.cli.evidence import event
from tests.cli.processes import COMMAND, environment
from tests.records.archives import entry, info, patched, tarred, zipped
from tests.store.processes import ingesting, until
from tests.store.stores import CATALOG, left_overs, select
from tests.trail.company import PRODUCTION
from tests.trail.evidence import SAMPLE, stored
from tests.trail.packing import gzipped, minified, unpacked

pytestmark = pytest.mark.slow

FOLDER = {name: data for name, data in stored().items() if f"/{PRODUCTION}/" in name and "/2026/03/11/" in name}
"""A day of the sample: logs, one of them cut, and digests."""
Pack = Callable[[bytes], bytes]


def packed_anew(pack: Pack, suffix: str) -> dict[str, bytes]:
    """Every file of a folder that was unpacked and packed by something else; the cut one stayed as it was."""
    made = {}
    for name, data in FOLDER.items():
        try:
            made[name.removesuffix(".gz") + suffix] = pack(unpacked(data) if name.endswith(".gz") else data)
        except EOFError:
            made[name] = data
    return made


def over(pack: Pack, suffix: str) -> dict[str, bytes]:
    return {name + suffix: pack(data) for name, data in FOLDER.items()}


ARCHIVES: dict[str, Callable[[], bytes]] = {
    "zip": lambda: zipped(FOLDER),
    "stored.zip": lambda: zipped(FOLDER, zipfile.ZIP_STORED),
    "tar": lambda: tarred(FOLDER),
    "tar.gz": lambda: gzip.compress(tarred(FOLDER)),
    "tar.zst": lambda: zstd.compress(tarred(FOLDER)),
    "tar.bz2": lambda: bz2.compress(tarred(FOLDER)),
    "zst logs in a zip": lambda: zipped(packed_anew(zstd.compress, ".zst")),
}
FOLDERS: dict[str, Callable[[], Mapping[str, bytes]]] = {
    "folder": lambda: FOLDER,
    "zst": lambda: packed_anew(zstd.compress, ".zst"),
    "bz2": lambda: packed_anew(bz2.compress, ".bz2"),
    "gz.zst": lambda: over(zstd.compress, ".zst"),
    "gz.bz2": lambda: over(bz2.compress, ".bz2"),
}
FORMS = (*ARCHIVES, *FOLDERS)
EACH_FORM = [
    pytest.param(form, jobs, marks=() if (form, jobs) in (("zip", 1), ("tar.gz", 2)) else pytest.mark.slow)
    for form, jobs in (*((form, 1) for form in FORMS), ("zip", 2), ("tar.gz", 2))
]


@pytest.fixture(scope="module")
def forms(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same evidence in every form; an archive's name tells nothing."""
    folder = tmp_path_factory.mktemp("forms")
    made: dict[str, Path] = {}
    for number, (form, pack) in enumerate(ARCHIVES.items()):
        made[form] = folder / f"evidence-{number}"
        made[form].write_bytes(pack())
    for form, give in FOLDERS.items():
        made[form] = folder / form
        for name, data in give().items():
            path = made[form] / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    return made


def rows(store: Path) -> tuple[str, int]:
    """Hash all rows, of all columns but where they were read; file ids are of contents, and so are among them."""
    ((digest, count),) = select(
        store,
        """SELECT md5(string_agg(r, chr(10) ORDER BY r)), count(*)
           FROM (SELECT (c::VARCHAR) AS r FROM (SELECT * EXCLUDE (source_file) FROM cloudtrail_logs) c)""",
    )
    return digest, count


@pytest.fixture(scope="module")
def expected(forms: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[str, int]:
    store = tmp_path_factory.mktemp("expected") / "store"
    ingest(store, [str(forms["folder"])], jobs=1)
    assert rows(store)[1] > 500
    return rows(store)


def contents(store: Path) -> list[tuple[Any, ...]]:
    return select(store, "SELECT file_id, sha256, kind, bytes, records, events, refused FROM contents ORDER BY ALL")


@pytest.mark.parametrize(("form", "jobs"), EACH_FORM)
def test_the_same_rows_come_of_every_form(
    form: str,
    jobs: int,
    forms: dict[str, Path],
    expected: tuple[str, int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(import_module("ctaudit.ingest"), "INLINE_BYTES", 0)
    summary = ingest(tmp_path / "store", [str(forms[form])], jobs=jobs)
    assert rows(tmp_path / "store") == expected
    assert {fault.kind for fault in summary.faults} == {"gzip.truncated", "json.cut"}
    assert summary.refused["digest"] == sum("/CloudTrail-Digest/" in name and name.endswith(".gz") for name in FOLDER)
    if form in ARCHIVES:
        assert (summary.files, summary.files_faulty, summary.bytes) == (1, 1, forms[form].stat().st_size)


@pytest.mark.slow
@pytest.mark.parametrize(
    "order",
    [("folder", "zip", "tar.gz", "gz.zst"), ("bz2", "tar.zst", "zip"), ("tar", "zst", "folder"), ("zip", "stored.zip")],
)
def test_one_form_after_another_adds_no_row_and_every_place(
    order: tuple[str, ...], forms: dict[str, Path], expected: tuple[str, int], tmp_path: Path
) -> None:
    store = tmp_path / "store"
    for number, form in enumerate(order):
        summary = ingest(store, [str(forms[form])], jobs=1)
        assert (summary.events == 0) == (number > 0)
        assert rows(store) == expected
        assert summary.logs > 30
    places = select(
        store, "SELECT count(*) FROM paths p JOIN contents USING (file_id) WHERE events > 0 GROUP BY file_id"
    )
    assert min(places) == max(places) == (len(order),)
    together = ingest(tmp_path / "together", [str(forms[form]) for form in order], jobs=1)
    assert rows(tmp_path / "together") == expected
    assert contents(tmp_path / "together") == contents(store)
    assert together.events == expected[1]


def given(store: Path, data: bytes, *more: str) -> subprocess.CompletedProcess[bytes]:
    """Ingest what comes on standard input."""
    return subprocess.run(
        [*COMMAND, "ingest", "-", *more, "--store", str(store), "--format", "json"],
        input=data, capture_output=True, check=False, timeout=120, env=environment(),
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("form", ["zip", "tar", "tar.zst"])
def test_standard_input_is_read_like_a_file(
    form: str, forms: dict[str, Path], expected: tuple[str, int], tmp_path: Path
) -> None:
    done = given(tmp_path / "store", forms[form].read_bytes())
    assert (done.returncode, rows(tmp_path / "store")) == (3, expected), done.stderr
    assert b"no CloudTrail log" not in done.stderr
    places = {row["source"] for row in ctaudit.open(tmp_path / "store").timeline(limit=None)}
    assert {str(place).partition("AWSLogs/")[0] for place in places} == {"-!/"}
    assert left_overs(tmp_path / "store") == set()


@pytest.mark.slow
@pytest.mark.parametrize(
    "data",
    [
        minified({"Records": [event(1), event(2)]}),
        gzipped(minified({"Records": [event(1), event(2)]})),
        zstd.compress(minified(event(1)) + b"\n" + minified(event(2))),
        minified(event(1)) + b"\n" + minified(event(2)),
    ],
)
def test_a_log_on_standard_input_is_read(data: bytes, tmp_path: Path) -> None:
    done = given(tmp_path / "store", data)
    assert (done.returncode, json.loads(done.stdout)["events"]) == (0, 2)
    assert {row["source"] for row in ctaudit.open(tmp_path / "store").timeline()} == {"-"}
    again = json.loads(given(tmp_path / "store", data).stdout)
    assert (again["files_known"], again["events"]) == (1, 0)


@pytest.mark.slow
def test_standard_input_is_told_like_a_file_that_was_named(tmp_path: Path) -> None:
    """Faults of one input are not void because another came; the same input again does not double them."""
    store = tmp_path / "store"
    assert given(store, b"not json at all").returncode == 3
    assert given(store, b"").returncode == 3
    assert given(store, minified({"Records": [event(1)]})[:-9]).returncode == 3
    good = tmp_path / "good.json"
    good.write_bytes(minified({"Records": [event(2)]}))
    assert given(store, minified({"Records": [event(3)]}), str(good), "-").returncode == 0
    assert given(store, b"").returncode == 3
    kinds = [str(row["kind"]) for row in ctaudit.open(store).faults()]
    assert sorted(kinds) == ["file.empty", "json.cut", "json.not_json"]
    assert ctaudit.open(store).status().content["events"] == 2


def test_a_file_that_is_called_like_standard_input_can_be_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "-").write_bytes(minified({"Records": [event(1)]}))
    assert ingest("store", ["./-"], jobs=1).events == 1


def test_closed_standard_input_is_said(tmp_path: Path) -> None:
    line = f"{' '.join(COMMAND)} ingest - --store {tmp_path / 'store'} <&-"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False, env=environment())
    assert done.returncode == 2
    assert "standard input cannot be read" in done.stderr


@pytest.mark.slow
def test_a_killed_ingest_leaves_its_spool_to_the_next_one(tmp_path: Path) -> None:
    store = tmp_path / "store"
    process = subprocess.Popen(
        [*COMMAND, "ingest", "-", "--store", str(store)],
        stdin=subprocess.PIPE,
        env=environment(),
        stderr=subprocess.PIPE,
    )
    with process:
        assert process.stdin is not None
        process.stdin.write(b"x" * 100_000)
        process.stdin.flush()
        assert until(lambda: (store / "stdin.spool").exists() and (store / "stdin.spool").stat().st_size > 0)
        assert (store / "stdin.spool").stat().st_mode & 0o777 == 0o600
        process.kill()
    assert left_overs(store) == {"stdin.spool"}
    ingest(store, [str(SAMPLE / "README.md")], jobs=1)
    assert left_overs(store) == set()


@pytest.mark.slow
def test_ctrl_c_ends_the_waiting_for_input(tmp_path: Path) -> None:
    store = tmp_path / "store"
    with subprocess.Popen(
        [*COMMAND, "ingest", "-", "--store", str(store)],
        stdin=subprocess.PIPE,
        env=environment(),
        stderr=subprocess.PIPE,
    ) as process:
        assert until((store / "stdin.spool").exists)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
    assert left_overs(store) == set()


# ---- what is known


def counts(summary: Summary) -> tuple[int, int, int, int]:
    return summary.files_read, summary.files_known, summary.events, summary.files


def test_a_known_archive_costs_a_look_and_a_changed_one_is_read_again(tmp_path: Path) -> None:
    store, archive = tmp_path / "store", tmp_path / "evidence.zip"
    logs = {f"{number}.json": minified({"Records": [event(number)]}) for number in range(4)}
    archive.write_bytes(zipped(logs))
    assert counts(ingest(store, [str(archive)], jobs=1)) == (1, 0, 4, 1)
    archive.chmod(0)
    archive.chmod(0o600)
    os.utime(archive, ns=(1, 1))
    assert counts(ingest(store, [str(archive)], jobs=1)) == (0, 1, 0, 1)  # its time is another: its contents are known
    before = archive.stat().st_atime_ns
    os.utime(archive, ns=(before, archive.stat().st_mtime_ns))
    ingest(store, [str(archive)], jobs=1)
    unread = ingest(store, [str(archive)], jobs=1)
    assert (counts(unread), unread.bytes) == ((0, 1, 0, 1), 0)
    archive.write_bytes(zipped(logs | {"4.json": minified({"Records": [event(4)]})}))
    again = ingest(store, [str(archive)], jobs=1)
    assert counts(again) == (1, 0, 1, 1)
    assert again.bytes > 0


@pytest.mark.parametrize("empty", [zipped({}), tarred({}, others=[info("d", tarfile.DIRTYPE)]), zipped({"a/": b""})])
def test_an_archive_without_files_is_set_aside_and_known(empty: bytes, tmp_path: Path) -> None:
    (tmp_path / "e.zip").write_bytes(empty)
    first = ingest(tmp_path / "store", [str(tmp_path / "e.zip")], jobs=1)
    assert (first.faults, dict(first.refused), first.files_refused) == ([], {"empty-archive": 1}, 1)
    again = ingest(tmp_path / "store", [str(tmp_path / "e.zip")], jobs=1)
    assert (again.files_known, again.bytes) == (1, 0)


def test_what_macos_adds_is_set_aside_and_counted(tmp_path: Path) -> None:
    names = ("__MACOSX/x/._a.json", "._a.json", "b/._a.json.gz", "__MACOSX/a.json")
    log = minified({"Records": [event(1)]})
    for pack in (zipped, tarred):
        (tmp_path / "m").write_bytes(pack({"a.json": log} | dict.fromkeys(names, b"\0\5\x16\7 junk")))
        summary = ingest(tmp_path / pack.__name__, [str(tmp_path / "m")], jobs=1)
        assert (summary.events, summary.faults, dict(summary.refused)) == (1, [], {"macos-junk": 4})
        assert summary.files_read == 1


# ---- one archive of everything that can be wrong


_number = itertools.count(100)


def log(pack: Pack = bytes) -> bytes:
    return pack(minified({"Records": [event(1, eventID=f"id-{next(_number)}")]}))


GOOD: dict[str, bytes] = {
    "good.json": log(),
    "/etc/absolute.json": log(),
    "../../up.json.gz": log(gzipped),
    "a\\b\\windows.json.zst": log(zstd.compress),
    "\x1b[31m\n.json.bz2": log(bz2.compress),
    "a/" * 400 + "deep.json": log(),
    "\udcff\udcfe.json": log(),
    "real.json.gz#member2": log(gzipped),
    "evidence.zip!/in.json": log(),
    "two.json.gz": log(gzipped),
}
BAD: dict[str, tuple[bytes, list[str], int]] = {
    # name: bytes, kinds of faults, events that are kept
    "cut.json.gz": (log(gzipped)[:-4], ["gzip.truncated"], 1),
    "cut.json.zst": (log(zstd.compress)[:-3], ["zstd.truncated"], 0),
    "prose.json": (b"not json at all", ["json.not_json"], 0),
    "inner.zip": (zipped({"x.json": log()}), ["archive.nested"], 0),
    "inner.tar.gz": (gzip.compress(tarred({"x.json": log()})), ["archive.nested"], 0),
    "logs.7z": (b"7z\xbc\xaf\x27\x1c" + bytes(99), ["archive.unsupported"], 0),
    "a/" * 3000 + "deeper.json": (log(), ["archive.name"], 1),
    "members.json.gz": (log(gzipped) + log(gzipped), ["gzip.extra_member"], 2),
}


def name_in(path: str, archive: Path) -> str:
    return path.removeprefix(f"{archive}!/")


@pytest.fixture(scope="module", params=["zip", "tar", "tar.gz"])
def hostile(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Summary]:
    folder = tmp_path_factory.mktemp("hostile")
    archive, store = folder / f"evidence.{request.param}", folder / "store"
    everything = list(GOOD.items()) + [(name, bad[0]) for name, bad in BAD.items()] + [("good.json", log())]
    packs: dict[str, Callable[[Any], bytes]] = {
        "zip": zipped_twice,
        "tar": tarred,
        "tar.gz": lambda given: gzip.compress(tarred(given)),
    }
    archive.write_bytes(packs[request.param](everything))
    return archive, store, ingest(store, [str(archive)], jobs=1)


def zipped_twice(given: Any) -> bytes:
    """As `zipped`; names that are no UTF-8 are put in afterwards, and that a name stands twice is no surprise."""
    safe = [(name.replace("\udcff\udcfe", "\u00fc"), data) for name, data in given]
    with pytest.warns(UserWarning, match="Duplicate name"):
        return zipped(safe).replace("\u00fc.json".encode(), b"\xff\xfe.json")


def test_each_bad_member_is_a_fault_with_its_name(hostile: tuple[Path, Path, Summary]) -> None:
    archive, _, summary = hostile
    found: dict[str, list[str]] = {}
    for fault in summary.faults:
        found.setdefault(name_in(fault.path, archive).partition("#member")[0], []).append(fault.kind)
    assert found == {name[-1024:]: kinds for name, (_, kinds, _) in BAD.items()}


def test_every_good_member_is_kept_whatever_its_name(hostile: tuple[Path, Path, Summary]) -> None:
    archive, store, _ = hostile
    found: dict[str, int] = {}
    for row in ctaudit.open(store).timeline(limit=None):
        name = name_in(str(row["source"]), archive)
        name = name if name in {files.shown(good) for good in GOOD} else name.partition("#member")[0]
        found[name] = found.get(name, 0) + 1
    kept = {files.shown(name): 1 for name in GOOD} | {name[-1024:]: kept for name, (_, _, kept) in BAD.items() if kept}
    assert found == kept | {"good.json": 2}


def test_nothing_is_written_beside_the_store(hostile: tuple[Path, Path, Summary]) -> None:
    archive, store, _ = hostile
    assert {path.name for path in archive.parent.iterdir()} == {archive.name, store.name}
    assert left_overs(store) == set()
    assert not Path("/etc/absolute.json").exists()


def test_a_bad_archive_is_read_and_told_again_and_again(hostile: tuple[Path, Path, Summary]) -> None:
    archive, store, first = hostile
    before = sorted(map(tuple, ctaudit.open(store).faults().rows), key=repr)
    again = ingest(store, [str(archive)], jobs=1)
    assert (again.faults, again.events, again.refused) == (first.faults, 0, first.refused)
    assert sorted(map(tuple, ctaudit.open(store).faults().rows), key=repr) == before


def test_a_mended_archive_has_no_faults_left(tmp_path: Path) -> None:
    archive, store = tmp_path / "e.zip", tmp_path / "store"
    archive.write_bytes(zipped({"a.json": log(), "b.json.gz": log(gzipped)[:-12], "c.txt": b"prose"}))
    assert ingest(store, [str(archive)], jobs=1).faults
    archive.write_bytes(zipped({"a.json": log(), "b.json.gz": log(gzipped)}))
    assert ingest(store, [str(archive)], jobs=1).faults == []
    status = ctaudit.open(store).status().content
    assert (status["faults"], status["refused"]) == ({}, {})


LOGS: dict[str, bytes] = {name: log() for name in ("a.json", "b.json", "c.json")}
LINK = info("l.json", tarfile.SYMTYPE, linkname="/etc/passwd")
FAULTY: dict[str, Callable[[], tuple[bytes, dict[str, str], int]]] = {
    # bytes, kind by name (empty: the archive itself), logs kept
    "a link": lambda: (tarred(LOGS, others=[LINK]), {"l.json": "archive.link"}, 3),
    "a device": lambda: (tarred(LOGS, others=[info("d.json", tarfile.CHRTYPE)]), {"d.json": "archive.special"}, 3),
    "encrypted": lambda: (_flagged(1), {"b.json": "zip.encrypted"}, 2),
    "a method": lambda: (_flagged(14, 10), {"b.json": "zip.method"}, 2),
    "a checksum": lambda: (_flagged(7, 16), {"b.json": "zip.corrupt"}, 3),
    "a cut zip": lambda: (_cut(zipped(LOGS, zipfile.ZIP_STORED)), {"": "zip.directory", "c.json": "zip.truncated"}, 2),
    "a cut tar": lambda: (_cut(tarred(LOGS, tarfile.USTAR_FORMAT)), {"c.json": "tar.truncated"}, 2),
    "a cut tar.gz": lambda: (gzip.compress(tarred(LOGS))[:-6], {"": "gzip.truncated"}, 3),
    "7z": lambda: (b"7z\xbc\xaf\x27\x1c" + bytes(99), {"": "archive.unsupported"}, 0),
}  # fmt: skip


def _flagged(value: int, at: int = 8) -> bytes:
    data = zipped(LOGS)
    return patched(data, entry(data, "b.json") + at, "<H", value)


def _cut(data: bytes) -> bytes:
    return data[: data.index(LOGS["c.json"]) + len(LOGS["c.json"]) // 2]


@pytest.mark.parametrize("what", FAULTY)
def test_what_of_an_archive_is_unread_is_told_and_the_rest_kept(what: str, tmp_path: Path) -> None:
    data, expected, kept = FAULTY[what]()
    path = tmp_path / "evidence"
    path.write_bytes(data)
    summary = ingest(tmp_path / "store", [str(path)], jobs=1)
    found = {name_in(fault.path, path).replace(str(path), ""): fault.kind for fault in summary.faults}
    assert {name: found.get(name) for name in expected} == expected
    assert set(found) == set(expected)
    assert (summary.events, summary.files) == (kept, 1)
    assert all(fault.reason for fault in summary.faults)


def test_faults_without_end_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctaudit.limits.MAX_ARCHIVE_FAULTS", 10)
    (tmp_path / "t").write_bytes(tarred({}, others=[info(f"{n}", tarfile.SYMTYPE) for n in range(100)]))
    summary = ingest(tmp_path / "store", [str(tmp_path / "t")], jobs=1)
    assert [fault.kind for fault in summary.faults].count("archive.link") == 10
    assert summary.faults[0] == Fault(str(tmp_path / "t"), None, "archive.faults", "90 more faults in this archive")


# ---- while it is read


def test_an_archive_that_changes_under_the_reading_is_told(tmp_path: Path) -> None:
    path = tmp_path / "e.tar"
    path.write_bytes(tarred(LOGS | {"filler": bytes(AT_ONCE_BYTES)}))  # smaller ones are read in one moment
    (found,) = files.find([str(path)], lambda folder: False)
    assert isinstance(found, files.SourceFile)
    asked = itertools.count()

    def stopped() -> bool:
        if next(asked) == 2:
            with path.open("ab") as file:
                file.write(bytes(10_240))
        return False

    ingest(tmp_path / "store", [str(SAMPLE / "README.md")], jobs=1)
    share = take_in(tmp_path / "store", bodies([found], None, tmp_path), array("q"), stopped)
    assert [fault.kind for fault in share.files[0].faults] == ["file.changed"]


def test_an_interruption_comes_through_between_two_members(tmp_path: Path) -> None:
    (tmp_path / "e.tar").write_bytes(tarred({f"{n}.json": log() for n in range(50)}))
    (found,) = files.find([str(tmp_path / "e.tar")], lambda folder: False)
    assert isinstance(found, files.SourceFile)
    ingest(tmp_path / "store", [str(SAMPLE / "README.md")], jobs=1)
    asked = itertools.count()
    with pytest.raises(Interrupted):
        take_in(tmp_path / "store", bodies([found], None, tmp_path), array("q"), lambda: next(asked) > 10)
    assert next(asked) == 12


@pytest.mark.slow
def test_ctrl_c_ends_the_reading_of_a_large_archive(tmp_path: Path) -> None:
    big = minified({"Records": [event(n % 60, eventID=f"{n}") for n in range(3000)]})
    with tarfile.open(tmp_path / "e.tar", "w") as archive:
        for number in range(400):
            member = tarfile.TarInfo(f"{number}.json")
            member.size = len(big)
            archive.addfile(member, io.BytesIO(big[:-2] + b" " * 2))
    with ingesting(tmp_path / "store", tmp_path / "e.tar") as process:
        assert until((tmp_path / "store" / CATALOG).exists)
        time.sleep(1.0)
        os.killpg(process.pid, signal.SIGINT)
        started = time.monotonic()
        assert process.wait(30) == 130
        assert time.monotonic() - started < 10
    assert select(tmp_path / "store", "SELECT count(*) FROM contents") == [(0,)]


_PEAK = """
import sys
from array import array
from pathlib import Path
from ctaudit.intake import take_in
from ctaudit.sources import files
from ctaudit.sources.bodies import bodies
store, source = map(Path, sys.argv[1:])
(found,) = files.find([str(source)], lambda folder: False)
share = take_in(store, bodies([found], None, store), array("q"))
peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM:"))
(report,) = share.files
print(sum(segment.rows for segment in share.segments), len(report.contents), len(report.faults), peak // 1024)
"""


def reading(source: Path, store: Path) -> tuple[int, int, int, int]:
    """Read in a process of its own, as a worker does: events, members, faults and the most megabytes it ever had."""
    done = subprocess.run([sys.executable, "-c", _PEAK, store, source], capture_output=True, text=True, check=True)
    events, contents, faults, megabytes = map(int, done.stdout.split())
    return events, contents, faults, megabytes


def write_tar(path: Path, logs: int, records: int, dates: int = 1) -> None:
    """Write an archive of many logs, no two alike, without holding it in memory."""
    template = minified({"Records": [event(n % 60, eventID=f"{n:06}-NUMBER") for n in range(records)]})
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        for number in range(logs):
            day = date(2020, 1, 1) + timedelta(days=number % dates)
            data = template.replace(b"NUMBER", b"%06d" % number).replace(b"2026-02-03", str(day).encode())
            member = tarfile.TarInfo(f"AWSLogs/{number % 500}/CloudTrail/{number}.json")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))


@pytest.mark.slow
def test_memory_does_not_grow_with_the_archive(tmp_path: Path) -> None:
    """1.1 GB of logs in one archive, against a tenth of that; then as much over many days."""
    found = []
    for name, logs, dates in (("small", 100, 1), ("large", 1000, 1), ("dates", 1000, 1000)):
        write_tar(tmp_path / name, logs, 1000, dates)
        found.append(reading(tmp_path / name, tmp_path / f"store-{name}"))
    assert [each[:3] for each in found] == [(100_000, 100, 0), (1_000_000, 1000, 0), (1_000_000, 1000, 0)]
    peaks = [each[3] for each in found]
    assert max(peaks) < peaks[0] + 400, peaks


@pytest.mark.slow
def test_an_archive_of_a_hundred_thousand_members_fits_in_memory(tmp_path: Path) -> None:
    write_tar(tmp_path / "many", 100_000, 1)
    found = reading(tmp_path / "many", tmp_path / "store")
    assert found[:3] == (100_000, 100_000, 0)
    assert found[3] < 500
