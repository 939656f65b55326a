"""The plan of the house: imports only go down, each room keeps to its trade, files and functions stay small.

Imports inside functions count as well: they are late, not different.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[1] / "ctaudit"
MAX_LINES = 300
MAX_FUNCTION_LINES = 45
EXCUSE = "Long because"
"""A longer function says why in its docstring, in a sentence that begins so."""
FACE_NAMES = 11

GROUND = {"errors", "fault", "limits", "parse", "times", "table", "query", "progress", "stretches", "tree", "cards"}
DOORS = {
    *("ingest", "sharing", "spark_shares", "workers", "processors", "intake", "interrupts", "listing", "restores"),
    *("follow", "queue_rounds", "summary"),
    *("admission", "capture", "capturing"),
    *("validate", "evidence", "validation", "tallies", "chain_reading", "log_hashing", "inventory", "restarts"),
    *("key_rings", "state_file", "proof_ledger", "validation_report", "compat"),
    *("coverage", "coverage_report", "posture_report", "account_names", "learned_names", "named_queries"),
    *(
        "tracing",
        "trace_report",
        "session_report",
        "origin_report",
        "biography_report",
        "attribution",
        "causing",
        "undoing",
    ),
    *("spreading", "spread_beside", "held", "blast_report", "blast_rows", "blast_steps", "blast_notes", "blast_tree"),
    *("investigate", "asking", "shown", "on_lake", "on_athena", "on_spark", "one_state", "given", "left_out"),
    *("anomaly_report", "anomaly_ground", "anomaly_samples", "anomaly_insights"),
    *("anomaly_table", "anomaly_words", "anomaly_answer", "anomaly_memory", "suppressions", "emitting", "outbox"),
    *("collect", "copying", "detect", "export", "export_ddl", "upkeep", "collection", "collect_facts"),
}
"""Public verbs, and parts of them that have a question of their own: what a worker process of `ingest` does with its
share of files; what `validate` keeps, reads, looks for, and tells the store; which hours the logs speak for."""
FACE = "face"
"""`ctaudit/__init__.py`, which lends its eleven names out of the rooms, and so stands beside the doors."""

MAY_IMPORT: Mapping[str, set[str]] = {
    "ground": {"ground"},
    "records": {"records", "ground"},
    "integrity": {"integrity", "ground"},
    "posture": {"posture", "ground"},
    "reports": {"reports", "ground"},
    "sources": {"sources", "ground"},
    "store": {"store", "records", "ground"},
    "dialect": {"dialect", "records", "ground"},
    "library": {"library", "dialect", "ground"},
    "engines": {"engines", "dialect", "store", "records", "ground"},
    "lineage": {"lineage", "records", "ground"},
    "undo": {"undo", "records", "ground"},
    "queries": {"queries", "lineage", "undo", "records", "ground"},
    "anomalies": {"anomalies", "queries", "records", "ground"},
    "detections": {"detections", "queries", "records", "ground"},
    "doors": {
        "doors", "detections", "anomalies", "queries", "lineage", "undo", "engines", "dialect", "library", "store",
        "sources", "integrity", "posture", "records", "ground",
    },
    FACE: {"doors", "queries", "ground"},
    "cli": {"cli", FACE, "doors", "reports", "ground"},
    "main": {"cli"},
}  # fmt: skip
"""Room -> rooms it may import from."""

INPUT_OUTPUT = {
    "os", "io", "pathlib", "shutil", "tempfile", "glob", "socket", "ssl", "urllib.request", "http", "subprocess",
    "threading", "multiprocessing", "asyncio", "signal", "time", "random", "secrets", "logging", "sys",
}  # fmt: skip
"""Files, network, clock, chance and environment. `datetime` is none of these: `now` has a test of its own."""
DATABASES, TERMINALS, CLOUDS = {"duckdb"}, {"click", "rich"}, {"boto3", "botocore", "obstore"}
SQL_TEXT = {"sqlglot"}

_OUTSIDE: Mapping[str, set[str]] = {
    "ground": INPUT_OUTPUT | DATABASES | TERMINALS | CLOUDS | SQL_TEXT | {"pyarrow"},
    "records": INPUT_OUTPUT | DATABASES | TERMINALS | CLOUDS | SQL_TEXT,
    "integrity": INPUT_OUTPUT | DATABASES | TERMINALS | CLOUDS | SQL_TEXT,
    "posture": INPUT_OUTPUT | DATABASES | TERMINALS | CLOUDS | SQL_TEXT | {"pyarrow"},
    "reports": INPUT_OUTPUT | DATABASES | CLOUDS | SQL_TEXT | {"click", "pyarrow"},
    "sources": DATABASES | TERMINALS | SQL_TEXT | {"pyarrow"},
    "store": TERMINALS | CLOUDS | SQL_TEXT,
    "dialect": INPUT_OUTPUT | DATABASES | TERMINALS | CLOUDS | {"pyarrow"},
    "library": INPUT_OUTPUT | DATABASES | TERMINALS | CLOUDS | SQL_TEXT | {"pyarrow"},
    "engines": TERMINALS | SQL_TEXT,
    "lineage": INPUT_OUTPUT | DATABASES | TERMINALS | CLOUDS | SQL_TEXT | {"pyarrow"},
    "undo": INPUT_OUTPUT | DATABASES | TERMINALS | CLOUDS | SQL_TEXT | {"pyarrow"},
    "queries": INPUT_OUTPUT | DATABASES | TERMINALS | CLOUDS | SQL_TEXT | {"pyarrow"},
    "anomalies": INPUT_OUTPUT | DATABASES | TERMINALS | CLOUDS | SQL_TEXT,
    "detections": INPUT_OUTPUT | DATABASES | TERMINALS | CLOUDS | SQL_TEXT,
    "doors": DATABASES | TERMINALS | CLOUDS | SQL_TEXT | {"pyarrow"},
    FACE: INPUT_OUTPUT | DATABASES | TERMINALS | CLOUDS | SQL_TEXT | {"pyarrow"},
    "cli": DATABASES | CLOUDS | SQL_TEXT | {"pyarrow", "socket", "sqlite3"},
    "main": DATABASES | TERMINALS | CLOUDS | SQL_TEXT | {"pyarrow"},
}
CLUSTERS = {"pyspark", "py4j", "pandas"}
MAY_NEVER = {room: names | (set() if room == "engines" else CLUSTERS) for room, names in _OUTSIDE.items()}
"""Room -> modules from outside that it must not know. Arrow batches are values in `records/`, so pyarrow may be there;
`reports/` measures text with `rich.cells`, which its own tests hold it to."""

IO_CALLS = {"open", "print", "input", "now", "utcnow", "today"}
PURE = (
    "ground",
    "records",
    "dialect",
    "library",
    "integrity",
    "posture",
    "lineage",
    "undo",
    "queries",
    "anomalies",
    "detections",
)


@dataclass(frozen=True, slots=True)
class File:
    path: Path
    tree: ast.Module
    lines: int

    @property
    def name(self) -> str:
        """The module, below `ctaudit`: `store.catalog`."""
        parts = self.path.relative_to(HOUSE).with_suffix("").parts
        return ".".join(part for part in parts if part != "__init__")

    @property
    def room(self) -> str:
        return room_of(self.name)

    def imports(self) -> Iterator[tuple[str, int]]:
        """Yield every module imported, wherever in the file, with the line."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((alias.name, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{self.path}:{node.lineno}: relative import"
                for alias in node.names:
                    inner = f"{node.module}.{alias.name}"
                    yield (inner if _is_module(inner) else str(node.module)), node.lineno

    def own_imports(self) -> Iterator[tuple[str, int]]:
        """Yield the imports from ctaudit itself, named as `name` does."""
        for module, line in self.imports():
            if module == "ctaudit" or module.startswith("ctaudit."):
                yield module.removeprefix("ctaudit").removeprefix("."), line


def room_of(module: str) -> str:
    first, _, rest = module.partition(".")
    if not first:
        return FACE
    if rest or (HOUSE / first).is_dir():
        return first
    if first == "__main__":
        return "main"
    if first in GROUND:
        return "ground"
    assert first in DOORS, f"{first}.py has no place in the plan of the house"
    return "doors"


def _is_module(name: str) -> bool:
    if not name.startswith("ctaudit."):
        return False
    path = HOUSE.parent / Path(*name.split("."))
    return path.with_suffix(".py").is_file() or path.is_dir()


@cache
def house() -> tuple[File, ...]:
    paths = sorted(HOUSE.rglob("*.py"))
    assert len(paths) > 50
    return tuple(File(path, ast.parse(text := path.read_text("utf-8")), text.count("\n")) for path in paths)


def functions() -> Iterator[tuple[File, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for file in house():
        for node in ast.walk(file.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield file, node


def test_every_room_is_in_the_plan() -> None:
    rooms = {file.room for file in house()}
    assert rooms <= MAY_IMPORT.keys()
    assert MAY_IMPORT.keys() == MAY_NEVER.keys()


def test_the_plan_itself_only_goes_down() -> None:
    settled: set[str] = set()
    while rest := MAY_IMPORT.keys() - settled:
        next_up = {room for room in rest if MAY_IMPORT[room] - {room} <= settled}
        assert next_up, f"rooms that may import one another: {sorted(rest)}"
        settled |= next_up


def test_imports_only_go_down() -> None:
    wrong = [
        f"{file.path.name}:{line}: {file.room} imports {module or 'ctaudit'} of {room_of(module)}"
        for file in house()
        for module, line in file.own_imports()
        if room_of(module) not in MAY_IMPORT[file.room]
    ]
    assert wrong == []


def test_no_import_cycles() -> None:
    """Of modules, within a room too; `from ctaudit import X` is looked up late and closes no circle."""
    waiting = {file.name: {module for module, _ in file.own_imports() if module} - {file.name} for file in house()}
    while ready := {name for name, needs in waiting.items() if not needs & waiting.keys()}:
        for name in ready:
            del waiting[name]
    assert waiting == {}


def test_rooms_do_not_know_what_is_not_their_trade() -> None:
    wrong = [
        f"{file.path.name}:{line}: {file.room} imports {module}"
        for file in house()
        for module, line in file.imports()
        if any(module == banned or module.startswith(f"{banned}.") for banned in MAY_NEVER[file.room])
    ]
    assert wrong == []


def test_the_core_opens_prints_and_clocks_nothing() -> None:
    wrong = [
        f"{file.path.name}:{node.lineno}: {_called(node)}()"
        for file in house()
        if file.room in PURE
        for node in ast.walk(file.tree)
        if isinstance(node, ast.Call) and _called(node) in IO_CALLS
    ]
    assert wrong == []


def _called(call: ast.Call) -> str:
    if isinstance(call.func, ast.Name):
        return call.func.id
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


@pytest.mark.parametrize("file", house(), ids=lambda file: file.name or "face")
def test_the_first_line_is_the_sign_on_the_door(file: File) -> None:
    said = ast.get_docstring(file.tree) or ""
    sign = said.splitlines()[0] if said else ""
    body = file.tree.body[0] if file.tree.body else None
    assert body is not None
    assert body.lineno == 1
    assert sign.endswith("."), f"one sentence, ended by a full stop: {sign!r}"
    assert sign[0].isupper() or sign[0] == "`"
    assert ". " not in sign.replace("e.g. ", "")


def test_files_stay_small() -> None:
    assert {file.name: file.lines for file in house() if file.lines > MAX_LINES} == {}


def test_functions_stay_small_or_say_why() -> None:
    long = {
        f"{file.name}:{node.name}": length
        for file, node in functions()
        if (length := (node.end_lineno or node.lineno) - node.lineno + 1) > MAX_FUNCTION_LINES
        and EXCUSE not in (ast.get_docstring(node) or "")
    }
    assert long == {}


def test_names_are_the_fields_own() -> None:
    empty_names = {"util", "utils", "helper", "helpers", "manager", "base", "common", "misc"}
    assert [file.name for file in house() if set(file.name.split(".")) & empty_names] == []


def test_the_face_shows_few_names_and_each_has_a_home() -> None:
    import ctaudit

    assert len(ctaudit.__all__) <= FACE_NAMES
    assert sorted(ctaudit.__all__) == ctaudit.__all__
    assert all(getattr(ctaudit, name).__module__.startswith("ctaudit.") for name in ctaudit.__all__)


@pytest.mark.parametrize("first", ["Summary", "ingest"])
def test_ingest_is_the_function_whatever_was_asked_for_first(first: str) -> None:
    program = f"import ctaudit; ctaudit.{first}; assert type(ctaudit.ingest).__name__ == 'function'"
    subprocess.run([sys.executable, "-c", program], check=True)
