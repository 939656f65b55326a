"""Record in, record out: from a row the record comes back equal as JSON, for every record there is and many made up."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ctaudit.ingest import ingest
from ctaudit.records.unpack import Content, unpack
from ctaudit.store import rebuild
from tests.conftest import SAMPLE
from tests.plain_reader import canonical, records, shared_data, texts
from tests.records.json_values import records as any_records
from tests.records.json_values import spell
from tests.records.taken import Taken, read, stored


@pytest.fixture(params=["sample_logs", "shared data"], scope="module")
def evidence(request: pytest.FixtureRequest) -> Path:
    folder = SAMPLE if request.param == "sample_logs" else shared_data()
    if folder is None:
        pytest.skip("the shared records of third parties are not here (CTAUDIT_SHARED_DATA)")
    return folder


def contents(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Every distinct text below the folder."""
    seen: set[bytes] = set()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        for text in texts(path.read_bytes()):
            if (digest := hashlib.sha256(text).digest()) not in seen:
                seen.add(digest)
                yield path, text


def spellings(found: list[Any]) -> Counter[str]:
    return Counter(map(canonical, found))


def test_every_record_comes_back_from_its_row(evidence: Path, tmp_path: Path) -> None:
    sink = Taken()
    read_from: list[tuple[Path, bytes]] = []
    for path in sorted(path for path in evidence.rglob("*") if path.is_file()):
        data = path.read_bytes()
        unpacked, _ = unpack(str(path), data)
        assert [content.text for content in unpacked] == texts(data)
        for content in unpacked:
            read(content, sink, hinted=True, file_id=len(read_from))
            read_from.append((path, content.text))
    rows: dict[int, list[dict[str, Any]]] = {number: [] for number in range(len(read_from))}
    for row in stored(sink.rows, tmp_path):
        rows[row["file_id"]].append(row)
    for number, (path, text) in enumerate(read_from):
        expected = spellings(records(text))
        exactly = [json.loads(row["eventjson"], parse_float=Decimal) for row in rows[number]]
        assert spellings(exactly) == expected, path
        assert spellings([rebuild.record(row) for row in rows[number]]) == spellings(records(text, float)), path
    assert sum(map(len, rows.values())) > 2500


@pytest.mark.slow
def test_every_record_comes_back_from_a_store_that_anyone_opens(evidence: Path, tmp_path: Path) -> None:
    """By the view `cloudtrail_logs` and DuckDB alone: events with an id once each, those without as often as read."""
    with_id: set[str] = set()
    without: Counter[str] = Counter()
    for _, text in contents(evidence):
        for record in records(text):
            if isinstance(record.get("eventID") or record.get("eventId"), str):
                with_id.add(canonical(record))
            else:
                without[canonical(record)] += 1
    ingest(tmp_path / "store", [str(evidence)], jobs=1)
    with duckdb.connect(str(tmp_path / "store" / "ctaudit.duckdb"), read_only=True) as connection:
        rows = connection.execute("SELECT eventjson FROM cloudtrail_logs").fetchall()
    found = Counter(canonical(json.loads(text, parse_float=Decimal)) for (text,) in rows)
    expected = Counter(with_id) + without
    assert (found - expected, expected - found) == (Counter(), Counter())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rows")


@pytest.mark.slow
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(values=st.lists(any_records(), min_size=1, max_size=10))
def test_any_record_comes_back(values: list[Any], folder: Path) -> None:
    text = spell({"Records": values})
    sink = Taken()
    reading = read(Content("x", text.encode()), sink, hinted=True)
    assert reading.faults == []
    taken = set(sink.records)
    assert {index for index, value in enumerate(values) if "eventVersion" in value} <= taken
    if not taken:
        return
    rows = stored(sink.rows, folder)
    given_back = [canonical(json.loads(row["eventjson"], parse_float=doubled)) for row in rows]
    expected = json.loads(text, parse_float=doubled)["Records"]
    assert given_back == [canonical(expected[row["record"]]) for row in rows]
    for row in rows:
        assert canonical(twice(rebuild.record(row))) == canonical(twice(expected[row["record"]]))


def doubled(text: str) -> Any:
    """A fraction as the double that any reader makes of it, or exactly where there is none."""
    return float(text) if abs(float(text)) != float("inf") else Decimal(text)


def twice(value: Any) -> Any:
    """What no double holds is given by Python as its text."""
    if isinstance(value, dict):
        return {key: twice(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [twice(inner) for inner in value]
    return "1e400" if isinstance(value, Decimal) else value
