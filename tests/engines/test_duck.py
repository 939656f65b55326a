"""Answers of the embedded engine: what narrows never loses a row, what decides is asked, hostile text stays text."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import ctaudit
from ctaudit import times
from ctaudit.engines import duck
from ctaudit.query import Answer, AnyOf, AnySet, Condition, Contains, OneOf, Query, Record, Span
from ctaudit.store.duplicates import canonical
from ctaudit.store.layout import Layout
from tests.cli.evidence import HOSTILE, event, hostile_events
from tests.conftest import Case
from tests.store.stores import put
from tests.trail.company import PAYROLL_BUCKET, PRODUCTION
from tests.trail.evidence import whole_records

pytestmark = pytest.mark.slow

QUOTES = ("it's", 'a"b', "100%", "_", "\\", "'; DROP TABLE files; --", "ü東💩", "a\nb", "nul\0nul", "{{}}", "$1", "?")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in which every text that a caller chooses is hostile."""
    folder = tmp_path_factory.mktemp("hostile")
    named = [
        event(number + 10, requestParameters={"bucketName": text}, eventName=f"Delete{text}", userAgent=text)
        for number, text in enumerate(QUOTES)
    ]
    put(folder / "logs.json", [*hostile_events(), *named])
    ctaudit.ingest(folder / "store", [str(folder / "logs.json")], jobs=1)
    return folder / "store"


def answer(store: Path, query: Query, limit: int | None = None) -> Answer:
    return duck.answer(Layout(store), query, limit)


def ids(found: Answer) -> list[str]:
    return [hit.parse()["eventID"] for hit in found.hits]


def of_sample(test: Callable[[Record], bool]) -> list[str]:
    """Say what an answer must be: the events that pass a test, in order of time, then id."""
    records = sorted(whole_records().values(), key=lambda record: (record["eventTime"], record["eventID"]))
    return [record["eventID"] for record in records if test(record)]


def only_whole(found: Answer) -> list[str]:
    """Leave out the events of the sample's damaged file."""
    return [each for each in ids(found) if each in whole_records()]


def test_no_condition_gives_every_event_in_order(case: Case) -> None:
    assert only_whole(answer(case.store, Query())) == of_sample(lambda record: True)


def test_what_decides_sees_whole_records(case: Case) -> None:
    seen: list[Record] = []

    def decide(record: Record) -> bool:
        seen.append(record)
        return False

    assert answer(case.store, Query(decide=decide)).hits == ()
    whole = {canonical(record) for record in whole_records().values()}
    assert {canonical(record) for record in seen} >= whole


def is_deleting(record: Record) -> bool:
    return str(record.get("eventName")).startswith("Delete")


CONDITIONS: dict[str, tuple[Condition, Callable[[Record], bool]]] = {
    "equal": (OneOf("eventname", ("deletebucket",)), lambda record: record.get("eventName") == "DeleteBucket"),
    "one of": (
        OneOf("eventsource", ("s3.amazonaws.com", "kms.amazonaws.com")),
        lambda record: record.get("eventSource") in ("s3.amazonaws.com", "kms.amazonaws.com"),
    ),
    "contains": (
        Contains(("requestparameters", "resources"), (PAYROLL_BUCKET,)),
        lambda record: PAYROLL_BUCKET in json.dumps([record.get("requestParameters"), record.get("resources")]),
    ),
    "nested": (
        Contains(("useridentity.sessioncontext.sessionissuer.arn",), ("platform-admin", "deploy-production")),
        lambda record: any(
            name in json.dumps(record.get("userIdentity", {}).get("sessionContext", {}).get("sessionIssuer", {}))
            for name in ("role/platform-admin", "role/deploy-production")
        ),
    ),
    "set": (AnySet(("errorcode", "errormessage")), lambda record: "errorCode" in record or "errorMessage" in record),
    "any": (
        AnyOf((OneOf("eventname", ("deletebucket",)), AnySet(("insightdetails",)))),
        lambda record: record.get("eventName") == "DeleteBucket" or "insightDetails" in record,
    ),
}


@pytest.mark.parametrize("name", CONDITIONS)
def test_a_condition_finds_what_a_loop_finds(name: str, case: Case) -> None:
    condition, test = CONDITIONS[name]
    found = answer(case.store, Query(conditions=(condition,)))
    assert only_whole(found) == of_sample(test)
    assert found.matched == len(found.hits) > 0
    decided = answer(case.store, Query(conditions=(condition,), decide=is_deleting))
    assert only_whole(decided) == of_sample(lambda record: test(record) and is_deleting(record))


def test_names_narrow_by_all_that_is_known_of_them(case: Case) -> None:
    asked: set[tuple[str | None, str | None, bool | None]] = set()

    def named(source: str | None, name: str | None, read_only: bool | None) -> bool:
        asked.add((source, name, read_only))
        return source == "s3.amazonaws.com" and read_only is False

    found = answer(case.store, Query(names=named, decide=lambda record: record["eventSource"] == "s3.amazonaws.com"))
    names = {record["eventName"] for record in whole_records().values() if named_as(record, "s3", False)}
    assert only_whole(found) == of_sample(
        lambda record: record.get("eventSource") == "s3.amazonaws.com" and record.get("eventName") in names
    )
    assert (None, None, None) in asked


def named_as(record: Record, service: str, read_only: bool) -> bool:
    return record.get("eventSource") == f"{service}.amazonaws.com" and record.get("readOnly") is read_only


def test_events_without_a_name_are_found_by_names(case: Case) -> None:
    found = answer(case.store, Query(names=lambda source, name, read_only: name is None))
    assert only_whole(found) == of_sample(lambda record: "eventName" not in record) != []


@pytest.fixture(scope="module")
def whole(case: Case) -> Answer:
    return answer(case.store, Query())


@pytest.mark.parametrize("limit", [0, 7, 1001, 10_000])
@pytest.mark.parametrize("decide", [None, lambda record: True])
def test_a_limit_gives_the_first_ones_and_counts_all(
    limit: int, decide: Callable[[Record], bool] | None, case: Case, whole: Answer
) -> None:
    cut = answer(case.store, Query(decide=decide), limit)
    assert cut.hits == whole.hits[:limit]
    assert cut.matched == whole.matched == len(whole.hits)


@pytest.mark.parametrize("count", [1, 499, 500, 501, 2000])
def test_few_candidates_and_many_are_answered_alike(count: int, case: Case) -> None:
    """Up to some hundred candidates rows are looked up one by one, above that all are streamed."""
    chosen = tuple(of_sample(lambda record: True)[:count])
    found = answer(case.store, Query(conditions=(OneOf("eventid", chosen),), decide=lambda record: True))
    assert tuple(ids(found)) == chosen


# Letter case


CASES = ("Needle-Ä", "NEEDLE-Ä", "needle-ä", "nEEdle-ä")
CASED = ("eventName", "requestParameters", "userAgent", "sourceIPAddress")


@pytest.fixture(scope="module")
def cased(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in which each field of each record has a needle of its own in the letter case of the record."""
    folder = tmp_path_factory.mktemp("cased")
    records = [event(number, **{name: needle(name, text) for name in CASED}) for number, text in enumerate(CASES)]
    put(folder / "logs.json", [*records, event(9, eventName="nee-dle")])
    ctaudit.ingest(folder / "store", [str(folder / "logs.json")], jobs=1)
    return folder / "store"


def needle(name: str, text: str) -> Any:
    return {"x": f"{text}-{name}"} if name == "requestParameters" else f"{text}-{name}"


@pytest.mark.parametrize("name", CASED)
def test_conditions_hold_in_any_letter_case(name: str, cased: Path) -> None:
    expected = [event(number)["eventID"] for number in range(len(CASES))]
    column, text = name.lower(), f"needle-ä-{name.lower()}"
    assert ids(answer(cased, Query(conditions=(Contains((column,), ("needle-ä",)),)))) == expected
    equal = answer(cased, Query(conditions=(OneOf(column, (text,)),)))
    assert ids(equal) == ([] if name == "requestParameters" else expected)


# Hostile text


@pytest.mark.slow
@pytest.mark.parametrize("text", QUOTES)
def test_hostile_needles_find_themselves_and_nothing_else(text: str, hostile: Path) -> None:
    lowered = text.lower()
    held = answer(hostile, Query(conditions=(Contains(("useragent",), (lowered,)),)))
    assert text in [hit.parse()["userAgent"] for hit in held.hits]
    assert all(lowered in hit.parse()["userAgent"].lower() for hit in held.hits)
    equal = answer(hostile, Query(conditions=(OneOf("useragent", (lowered,)),)))
    assert [hit.parse()["userAgent"] for hit in equal.hits] == [text]
    assert [
        hit.parse()["eventName"] for hit in answer(hostile, Query(names=lambda s, n, r: n == f"Delete{text}")).hits
    ] == [f"Delete{text}"]


@pytest.mark.parametrize("text", [*HOSTILE, "'", "''", "%", "\\'", "x" * 100_000, "*'", "'*", "arn:aws:s3:::it's*"])
def test_hostile_questions_are_answered(text: str, hostile: Path) -> None:
    store = ctaudit.open(hostile)
    assert store.what_did(f"{text}!").rows == []
    assert store.show(f"{text}!").content["event"] is None
    assert all(row["resource"] for row in store.who_touched(text))


@pytest.mark.parametrize("text", [text for text in QUOTES if text not in ("\\",)])
def test_a_bucket_of_a_hostile_name_is_found(text: str, hostile: Path) -> None:
    assert text in [row["resource"] for row in ctaudit.open(hostile).who_touched(text)]


@pytest.mark.slow
@pytest.mark.parametrize("text", QUOTES)
def test_filters_of_hostile_text_are_answered(text: str, hostile: Path) -> None:
    store = ctaudit.open(hostile)
    assert [row["event_name"] for row in store.timeline(filters=ctaudit.Filters(events=(f"Delete{text}",)))] == [
        f"Delete{text}"
    ]
    assert store.timeline(filters=ctaudit.Filters(services=(text,))).rows == []
    assert store.timeline(region=[text, "x"]).rows == []
    with pytest.raises(ctaudit.UsageError, match="no account that the store knows"):
        store.timeline(account=text)


# Spans


def spanned(store: Path, **span: Any) -> list[str]:
    return [str(row["time"]) for row in ctaudit.open(store).timeline(**span)]


@pytest.fixture(scope="module")
def minutes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Events around midnight, one of them without a time."""
    folder = tmp_path_factory.mktemp("minutes")
    times = ["2026-02-03T23:59:59Z", "2026-02-04T00:00:00Z", "2026-02-04T00:00:01Z", "2026-02-05T00:00:00Z", "never"]
    put(folder / "logs.json", [event(number, eventTime=time) for number, time in enumerate(times)])
    ctaudit.ingest(folder / "store", [str(folder / "logs.json")], jobs=1)
    return folder / "store"


FIRST, MIDNIGHT, SECOND, LAST = (
    "2026-02-03T23:59:59Z",
    "2026-02-04T00:00:00Z",
    "2026-02-04T00:00:01Z",
    "2026-02-05T00:00:00Z",
)


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (MIDNIGHT, None, [MIDNIGHT, SECOND, LAST]),
        (None, MIDNIGHT, [FIRST]),
        (MIDNIGHT, SECOND, [MIDNIGHT]),
        (SECOND, LAST, [SECOND]),
        (FIRST, MIDNIGHT, [FIRST]),
        ("2026-02-04", "2026-02-05", [MIDNIGHT, SECOND]),
        ("2026-02-04T01:00:00+01:00", "2026-02-04T01:00:01+01:00", [MIDNIGHT]),
        ("2026-02-04T00:00:02Z", "2026-02-04T23:00:00Z", []),
        ("2026-02-06", None, []),
    ],
)
def test_since_is_inclusive_and_until_exclusive(
    since: str | None, until: str | None, expected: list[str], minutes: Path
) -> None:
    assert spanned(minutes, since=since, until=until) == expected
    start, end = (None if text is None else times.canonical(text) for text in (since, until))
    assert [hit.time for hit in answer(minutes, Query(Span(start, end), decide=lambda record: True)).hits] == expected


def test_an_event_without_a_time_is_left_out_of_spans_and_told(minutes: Path) -> None:
    assert spanned(minutes)[-1] == "None"
    assert answer(minutes, Query(Span(since=FIRST))).omitted == {"no usable time": 1}
    assert answer(minutes, Query()).omitted == {}


def test_a_span_outside_the_store_says_what_it_covers(minutes: Path) -> None:
    found = answer(minutes, Query(Span(since="2031-01-01T00:00:00Z")))
    assert (found.hits, found.matched, found.span_events) == ((), 0, 0)
    assert found.covered == (FIRST, LAST)


def test_accounts_and_regions_add_up(case: Case) -> None:
    def count(**span: Any) -> int:
        return ctaudit.open(case.store).timeline(limit=0, **span).matched

    accounts = ("111122223333", PRODUCTION, "777788889999")
    assert sum(count(account=account) for account in accounts) == count() == count(account=accounts)
    assert count(account=PRODUCTION, region="eu-west-1") + count(account=PRODUCTION, region="us-east-1") == count(
        account=PRODUCTION
    )


def test_ties_of_time_are_in_order_of_id(tmp_path: Path) -> None:
    records = [event(number, eventTime="2026-02-03T12:00:00Z") for number in (5, 3, 9, 1)]
    put(tmp_path / "logs.json", records)
    ctaudit.ingest(tmp_path / "store", [str(tmp_path / "logs.json")], jobs=1)
    assert ids(answer(tmp_path / "store", Query())) == sorted(record["eventID"] for record in records)


NUMBERS = ("1e999", "-1E400", "123456789012345678901234567890", "0." + "1" * 400, "9" * 5000)


def test_numbers_that_no_machine_holds_stop_no_answer(tmp_path: Path) -> None:
    records = [event(number, requestParameters={"bucketName": "b", "size": "SIZE"}) for number in range(len(NUMBERS))]
    pieces = json.dumps({"Records": records}).split('"SIZE"')
    text = "".join(f"{piece}{number}" for piece, number in zip(pieces, NUMBERS, strict=False)) + pieces[-1]
    (tmp_path / "logs.json").write_text(text)
    ctaudit.ingest(tmp_path / "store", [str(tmp_path / "logs.json")], jobs=1)
    store = ctaudit.open(tmp_path / "store")
    assert len(store.who_touched("b")) == len(store.what_did("mia")) == len(store.timeline()) == len(NUMBERS)
    assert store.show(event(1)["eventID"]).content["event"]["requestParameters"]["bucketName"] == "b"
