"""Each query on a trail it finds something in, beside look-alikes; and all of them on events of odd shapes."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

import duckdb
import pytest

from ctaudit.dialect.translate import translate
from ctaudit.named_queries import Library
from tests.dialect.asking import holding, insert
from tests.library import access_cases, resource_cases
from tests.library.making import Case, call

pytestmark = pytest.mark.slow

CASES = (*access_cases.CASES, *resource_cases.CASES)
LIBRARY = Library()
_VALUES = {
    "text": "x", "number": "3", "date": "2026-03-11", "time": "2026-03-11T10:00:00Z", "account": "111122223333",
    "region": "eu-west-1", "address": "192.0.2.7", "key": "AKIAIOSFODNN7EXAMPLE",
}  # fmt: skip
_ODD: tuple[Any, ...] = (
    {},
    [],
    "text",
    7,
    None,
    {"items": "x"},
    {"items": {"a": 1}},
    [{"a": [1]}],
    True,
    {"changes": 7, "items": 7, "bytesTransferredOut": "many"},
)
_MULTIPLIED = """
INSERT INTO cloudtrail_logs SELECT e.* REPLACE (
  source || '.amazonaws.com' AS eventsource, name AS eventname, time AS eventtime, request AS requestparameters,
  other AS responseelements, other AS additionaleventdata, other AS serviceeventdetails)
FROM cloudtrail_logs e, calls, shapes
"""
_TIMES = ("", "odd", "2026-03-11T10:00:00Z", None)
_LITERALS = re.compile(r"'([a-z0-9-]+)\.amazonaws\.com'|'([A-Z][A-Za-z]{3,60})'")
_PLACES = (
    "instanceIds", "targets", "ipPermissions", "changeBatch", "valuesToAdd", "policyDocument", "layers", "names",
    "instancesSet", "bucketName", "createVolumePermission", "VersioningConfiguration", "roleArn", "principal",
    "desiredCapacity",
)  # fmt: skip


@pytest.fixture(scope="module")
def engine() -> duckdb.DuckDBPyConnection:
    """A DuckDB with all the macros, which take longer to make than a question to ask."""
    return holding(())


def test_enough_queries_are_tried_on_events_of_their_own() -> None:
    assert max(Counter(case.query for case in CASES).values()) == 1
    assert len(CASES) >= 70


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.query)
def test_a_query_finds_what_it_is_for_and_nothing_that_looks_like_it(
    case: Case, engine: duckdb.DuckDBPyConnection
) -> None:
    asked = LIBRARY.asked(case.query, case.params)
    translation = translate(asked.sql, params=asked.params)
    assert translation.names == LIBRARY.find(case.query).returns
    assert translation.names is not None
    events = [{"eventID": f"e{index}", **event} for index, event in enumerate(case.events)]
    engine.execute("DELETE FROM cloudtrail_logs")
    insert(engine, events)
    rows = engine.execute(translation.sql).fetchall()
    places = [translation.names.index(column) for column in case.columns.split()]
    assert sorted((tuple(row[place] for place in places) for row in rows), key=repr) == sorted(case.rows, key=repr)


def test_no_query_stumbles_over_events_of_odd_shapes() -> None:
    """A record is hostile text: one that has a number where a list belongs must not hide all the others."""
    connection = holding([call("s3", "CreateBucket", ip=None)])
    calls = _calls_in_queries()
    assert len(calls) > 300
    connection.execute("CREATE TABLE calls (source VARCHAR, name VARCHAR)")
    connection.executemany("INSERT INTO calls VALUES (?, ?)", calls)
    connection.execute("CREATE TABLE shapes (request VARCHAR, other VARCHAR, time VARCHAR)")
    for index, shape in enumerate(_ODD):
        request, other = json.dumps(dict.fromkeys(_PLACES, shape)), json.dumps(shape)
        connection.execute("INSERT INTO shapes VALUES (?, ?, ?)", [request, other, _TIMES[index % len(_TIMES)]])
    connection.execute(_MULTIPLIED)
    for name in LIBRARY.names:
        given = {each.name: _VALUES[each.kind] for each in LIBRARY.find(name).parameters if each.default is None}
        asked = LIBRARY.asked(name, given)
        connection.execute(translate(asked.sql, params=asked.params).sql).fetchall()


def _calls_in_queries() -> list[tuple[str, str]]:
    """Return the calls that queries look for: each service they name, with the calls named after it."""
    found: dict[tuple[str, str], None] = {}
    for name in LIBRARY.names:
        source = "iam"
        for service, called in _LITERALS.findall(LIBRARY.find(name).sql):
            source = service or source
            found.update({(source, called): None} if called else {})
    return list(found)
