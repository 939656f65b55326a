"""Evidence in files: found once each in a fixed order, read without touching it, and every obstacle told."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ctaudit import limits
from ctaudit.fault import Fault
from ctaudit.sources import files
from ctaudit.sources.files import SourceFile, find, read


def listed(*patterns: object, skip: Iterable[str] = ()) -> tuple[list[str], list[Fault]]:
    """The paths of the files found, and the faults."""
    skipped = set(skip)
    entries = list(find([str(pattern) for pattern in patterns], lambda folder: Path(folder).name in skipped))
    return [each.path for each in entries if isinstance(each, SourceFile)], [
        each for each in entries if isinstance(each, Fault)
    ]


def source(path: Path) -> SourceFile:
    (found,) = find([str(path)], lambda folder: False)
    assert isinstance(found, SourceFile)
    return found


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("b/2.json", "b/1.json.gz", "a/x/3", "c.json"):
        path = tmp_path / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path / "tree"


def inside(tree: Path, *names: str) -> list[str]:
    return [str(tree / name) for name in names]


def test_a_folder_gives_all_files_below_it_in_order(tree: Path) -> None:
    assert listed(tree) == (inside(tree, "a/x/3", "b/1.json.gz", "b/2.json", "c.json"), [])


def test_each_file_is_given_once_however_often_it_is_named(tree: Path) -> None:
    found, faults = listed(tree / "c.json", tree, tree / "*.json", tree / "b" / ".." / "c.json")
    assert (sorted(found), faults) == (sorted(inside(tree, "a/x/3", "b/1.json.gz", "b/2.json", "c.json")), [])


def test_globs_reach_into_folders(tree: Path) -> None:
    assert listed(tree / "**/*.json*")[0] == inside(tree, "b/1.json.gz", "b/2.json", "c.json")


def test_a_name_with_glob_signs_is_that_file(tree: Path) -> None:
    (tree / "[x]*.json").write_text("")
    (tree / "x1.json").write_text("")
    assert listed(tree / "[x]*.json") == (inside(tree, "[x]*.json"), [])


def test_skipped_folders_are_not_entered(tree: Path) -> None:
    assert listed(tree, skip=["b"]) == (inside(tree, "a/x/3", "c.json"), [])


@pytest.mark.parametrize("pattern", ["nothing.json", "*.nothing", "no/such/folder", "\udcff.json", "a\0b"])
def test_what_is_not_there_is_a_fault(tree: Path, pattern: str) -> None:
    found, (fault,) = listed(f"{tree}/{pattern}")
    assert (found, fault.kind) == ([], "file.missing")
    fault.path.encode()  # a name of any bytes can be stored and printed


def test_a_link_to_nowhere_is_a_fault_and_the_rest_is_found(tree: Path) -> None:
    (tree / "b/1a.json").symlink_to("gone")
    found, faults = listed(tree)
    assert len(found) == 4
    assert [(fault.path, fault.kind) for fault in faults] == [(str(tree / "b/1a.json"), "file.missing")]


@pytest.mark.parametrize("target", [".", "..", "../..", "../../a"])
def test_a_link_back_to_a_folder_above_is_a_fault(tree: Path, target: str) -> None:
    (tree / "a/x/loop").symlink_to(target)
    found, faults = listed(tree)
    assert found == inside(tree, "a/x/3", "b/1.json.gz", "b/2.json", "c.json")
    assert [(fault.path, fault.kind) for fault in faults] == [(str(tree / "a/x/loop"), "file.loop")]


def test_a_link_to_itself_is_a_fault(tree: Path) -> None:
    (tree / "self").symlink_to("self")
    found, (fault,) = listed(tree)
    assert (len(found), fault.kind) == (4, "file.loop")


def test_links_to_files_and_folders_elsewhere_are_followed(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tree / "b")
    (tmp_path / "one.json").symlink_to(tree / "c.json")
    assert listed(tmp_path / "link") == (inside(tmp_path, "link/1.json.gz", "link/2.json"), [])
    assert listed(tmp_path / "one.json") == (inside(tmp_path, "one.json"), [])


def test_folders_that_link_to_each_other_are_walked_in_bounded_time(tmp_path: Path) -> None:
    """Twelve folders, each with links to all others: as many paths as twelve has orders, 479 million."""
    for one in range(12):
        folder = tmp_path / f"d{one}"
        folder.mkdir()
        (folder / "log.json").write_text("")
        for other in range(12):
            (folder / f"to{other}").symlink_to(tmp_path / f"d{other}")
    found, faults = listed(tmp_path)
    assert set(inside(tmp_path, *(f"d{n}/log.json" for n in range(12)))) <= set(found)
    assert len(found) < 500
    assert {fault.kind for fault in faults} == {"file.loop"}


@contextmanager
def chain_of_folders(name: str, length: int) -> Iterator[str]:
    """Make that many folders in one another, apart from pytest's own: Python's `rmtree` recurses, and fails on them."""
    before, top = Path.cwd(), tempfile.mkdtemp()
    os.chdir(top)
    try:
        for _ in range(length):  # one by one: a name of the whole path is too long for the system
            Path(name).mkdir()
            os.chdir(name)
        Path("deep.json").write_text("{}")
        os.chdir(before)
        yield top
    finally:
        os.chdir(before)
        subprocess.run(["rm", "-rf", top], check=True)


def test_folders_a_thousand_deep_are_walked() -> None:
    with chain_of_folders("d", 1200) as top:
        found, faults = listed(top)
        assert ([Path(path).name for path in found], faults) == (["deep.json"], [])
        assert read(source(Path(found[0]))) == (b"{}", None)


def test_a_path_too_long_for_the_system_is_a_fault() -> None:
    with chain_of_folders("d" * 200, 25) as top:
        found, faults = listed(top)
    assert (found, [fault.kind for fault in faults]) == ([], ["file.unreadable"])


def test_pipes_sockets_and_devices_are_faults_and_never_opened(tree: Path) -> None:
    os.mkfifo(tree / "pipe.json")
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(tree / "s.json"))
        (tree / "null.json").symlink_to("/dev/null")
        found, faults = listed(tree)
    assert len(found) == 4
    assert [(Path(fault.path).name, fault.kind) for fault in faults] == [
        ("null.json", "file.special"),
        ("pipe.json", "file.special"),
        ("s.json", "file.special"),
    ]


def test_a_file_that_became_a_pipe_does_not_hang(tree: Path) -> None:
    file = source(tree / "c.json")
    (tree / "c.json").unlink()
    os.mkfifo(tree / "c.json")
    data, fault = read(file)
    assert (data, fault and fault.kind) == (b"", "file.special")


def test_a_file_that_went_away_is_a_fault(tree: Path) -> None:
    file = source(tree / "c.json")
    (tree / "c.json").unlink()
    data, fault = read(file)
    assert (data, fault and (fault.path, fault.kind)) == (b"", (str(tree / "c.json"), "file.missing"))


def test_a_file_that_became_a_folder_is_a_fault(tree: Path) -> None:
    file = source(tree / "c.json")
    (tree / "c.json").unlink()
    (tree / "c.json").mkdir()
    data, fault = read(file)
    assert (data, fault and fault.kind) == (b"", "file.special")


@pytest.mark.parametrize("size", [0, 1, files._STEP - 1, files._STEP, files._STEP + 1, 3 * files._STEP])
def test_a_file_is_read_whole(tree: Path, size: int) -> None:
    content = os.urandom(size)
    (tree / "c.json").write_bytes(content)
    assert read(source(tree / "c.json")) == (content, None)


def test_reading_leaves_no_trace_but_the_time_of_access(tree: Path) -> None:
    before = (tree / "c.json").stat()
    read(source(tree / "c.json"))
    after = (tree / "c.json").stat()
    assert (before.st_mtime_ns, before.st_ctime_ns, before.st_mode) == (
        after.st_mtime_ns,
        after.st_ctime_ns,
        after.st_mode,
    )


@pytest.mark.parametrize("change", ["grow", "shrink", "rewrite"])
def test_a_file_that_changes_while_it_is_read_is_kept_and_told(
    tree: Path, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tree / "c.json"
    path.write_bytes(b"1" * 100)
    os.utime(path, (1, 1))
    file = source(path)
    genuine = os.read
    changes = [0] * 10 + [1]

    def read_and_change(descriptor: int, size: int) -> bytes:
        data = genuine(descriptor, 40)
        if changes.pop() == 0:
            return data
        if change == "grow":
            with path.open("ab") as growing:
                growing.write(b"2")
        elif change == "shrink":
            os.truncate(path, 50)
        else:
            path.write_bytes(b"2" * 100)
        return data

    monkeypatch.setattr(os, "read", read_and_change)
    data, fault = read(file)
    assert data.startswith(b"1" * 40)
    assert fault is not None
    assert (fault.path, fault.kind, fault.offset) == (str(path), "file.changed", len(data))


def test_a_file_beyond_the_limit_is_read_up_to_it(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_UNPACKED_BYTES", 2 * files._STEP)
    path = tree / "c.json"
    with path.open("wb") as sparse:
        sparse.truncate(50 * files._STEP)
    data, fault = read(source(path))
    assert 2 * files._STEP < len(data) <= 3 * files._STEP
    assert fault is not None
    assert (fault.kind, fault.offset) == ("file.too_large", 2 * files._STEP)


def test_names_of_any_bytes_are_shown_as_text(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/caf\xe9.json"
    Path(os.fsdecode(name)).write_bytes(b"{}")
    (found,) = find([str(tmp_path)], lambda folder: False)
    assert isinstance(found, SourceFile)
    assert found.shown == f"{tmp_path}/caf\\xe9.json"
    assert read(found) == (b"{}", None)


@pytest.mark.parametrize(
    ("path", "hinted", "day"),
    [
        ("/x/111122223333_CloudTrail_eu-west-1_20260131T0405Z_AbCdEfGhIjKlMnOp.json.gz", True, "2026-01-31"),
        ("/x/AWSLogs/111122223333/CloudTrail/eu-west-1/2026/01/31/file", False, "2026-01-31"),
        ("/x/event.json.cloudtrail", True, ""),
        ("/x/events.raw", True, ""),
        ("/x/events.LOG", True, ""),
        ("/x/events.jsonl", True, ""),
        ("/x/README.md", False, ""),
        ("/x/SHA256SUMS", False, ""),
        ("/x/json", False, ""),
        ("/x/export_CloudTrail_1", True, ""),
    ],
)
def test_a_name_hints_at_a_log_and_its_day(path: str, hinted: bool, day: str) -> None:
    file = SourceFile(path, 1, 1)
    assert (file.hinted, file.day) == (hinted, day)


UNPRIVILEGED = textwrap.dedent("""
    import os, sys
    from ctaudit.fault import Fault
    from ctaudit.sources.files import find, read
    from ctaudit.store.layout import is_store
    if os.getuid() == 0:  # not before the imports: Python itself may lie where only root may look
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
    for entry in find(sys.argv[1:], is_store):
        if isinstance(entry, Fault):
            print(entry.kind, os.path.basename(entry.path))
        else:
            data, fault = read(entry)
            print(fault.kind if fault else "read", os.path.basename(entry.path))
""")


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that anybody may enter, unlike those of pytest."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)
        for name in ("unlisted", "unentered"):
            (Path(folder) / name).chmod(0o755)


def test_what_may_not_be_read_is_a_fault_and_the_rest_is_read(public: Path) -> None:
    """In a process without the rights of root, which may read everything."""
    for name in ("open.json", "closed.json", "unlisted/in.json", "unentered/in.json", "zlast.json"):
        (public / name).parent.mkdir(exist_ok=True)
        (public / name).write_text("{}")
    (public / "closed.json").chmod(0)
    (public / "unlisted").chmod(0o311)
    (public / "unentered").chmod(0o644)
    done = subprocess.run(
        [sys.executable, "-c", UNPRIVILEGED, str(public)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "file.permission closed.json",
        "read open.json",
        "file.permission unentered",
        "file.permission unlisted",
        "read zlast.json",
    ]
