"""What Athena would reject or do otherwise is said, each thing once; of what it takes as it is, nothing."""

from __future__ import annotations

import pytest

from ctaudit.dialect.dialects import Dialect
from ctaudit.dialect.translate import translate

SAID = {
    "SELECT requestparameters.a, requestparameters.b FROM t": "does not read a part of JSON text by a dot",
    "SELECT eventid FROM t WHERE eventtime > now()": "does not compare text with a time",
    "SELECT eventid FROM t WHERE now() > '2026-01-01'": "does not compare a time with text",
    "SELECT eventid FROM t WHERE useridentity.accountid = 111122223333": "does not compare text with a number",
    "SELECT eventid FROM t WHERE readonly = false": "does not compare text with true or false",
    "SELECT eventid # x\nFROM t": "does not read comments that begin with #",
    "SELECT `eventid` FROM t": "does not read backticks around a name",
    "SELECT eventid FROM t WHERE eventid = ‘x’": "does not read typographic quotes",
    "SELECT\u00a0eventid FROM t": "does not read spaces that are no plain spaces",
    "SELECT CAST(eventtime AS timestamp) FROM t": "CAST reads no time with a T in it",
    "SELECT date_trunc('day', eventtime) FROM t": "date_trunc takes no text",
    "SELECT dateadd('day', 1, now())": "has no dateadd",
    "SELECT 'a' || 1": "joins (||) text with text alone",
    "SELECT sum(additionaleventdata.x) FROM t": "does not add up text",
    "SELECT additionaleventdata.x + 1 FROM t": "does not calculate with text",
    "SELECT approx_distinct(eventid) FROM t": "approx_distinct is exact here",
    "SELECT approx_percentile(length(eventid), 0.5) FROM t": "approx_percentile is exact here",
    "SELECT eventname, count(*) FROM t GROUP BY ALL": "has no GROUP BY ALL",
    "FROM t": "begin with SELECT",
    "SELECT count(*) FROM users": "the table users is taken for CloudTrail's events",
    "SELECT json_parse(requestparameters) FROM t": "sorts the members of objects",
    "SELECT requestparameters['a'] FROM eds": "Lake ends the query where a map lacks the key",
    "SELECT 1::bigint": "there it is CAST(x AS type)",
}
QUIET = (
    "SELECT eventid FROM db.t WHERE year = '2026' AND dt >= '2026/01/01' AND account_id = '1'",
    "SELECT eventid FROM t WHERE from_iso8601_timestamp(eventtime) > date_add('day', -1, now())",
    "SELECT json_extract_scalar(requestparameters, '$.a') FROM t WHERE eventtime > '2026-01-01' ORDER BY 1",
    "SELECT element_at(requestparameters, 'a') FROM eds WHERE eventtime > '2026-01-01 00:00:00' AND readonly = true",
    "SELECT useridentity.arn AS who, count(*) FROM t GROUP BY useridentity.arn ORDER BY who",
)


@pytest.mark.parametrize("sql", SAID)
def test_what_athena_does_otherwise_is_said_once(sql: str) -> None:
    notes = translate(sql).notes
    assert len([note for note in notes if SAID[sql] in note]) == 1, notes
    assert len({*notes}) == len(notes)
    assert not any(note.endswith(".") or "\n" in note for note in notes)


@pytest.mark.parametrize("sql", QUIET)
def test_nothing_is_said_of_what_athena_takes(sql: str) -> None:
    assert translate(sql).notes == ()


def test_lake_is_not_told_what_holds_of_athena() -> None:
    assert translate("SELECT eventid FROM t WHERE eventtime > '2026-01-01 00:00:00'", Dialect.LAKE).notes == ()
