"""Lives from records that no service writes: any JSON anywhere, too much of everything, names that are no names."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

import ctaudit
from ctaudit import limits
from ctaudit.lineage.calls import call_of, may_be_caused
from ctaudit.lineage.causes import Calls, cause
from ctaudit.lineage.copies import once as once_each
from ctaudit.queries.aliases import seen
from ctaudit.queries.biography import Lives, Moment, births_first, named_in
from ctaudit.queries.following import Alias, followed
from ctaudit.queries.subjects import Subjects, region_of
from ctaudit.query import Hit, Place, Record
from ctaudit.records.thing import Thing, parse_thing
from ctaudit.table import Value
from tests.biography import lives
from tests.cli.processes import on_terminal
from tests.store.stores import put

pytestmark = pytest.mark.slow

ODD: tuple[Any, ...] = (
    *(None, True, 0, -1.5, "", "x", "{", "arn:", "*", "\x1b[2J", "\ud800", [], [[]], {}, {"items": {}}, {"items": "x"}),
    *({"value": {"value": {}}}, {"key": {}, "value": []}, {"": ""}, [None, 1, {"key": "k"}], {"add": 1, "remove": {}}),
)


def told(records: Sequence[Record], thing: Thing) -> tuple[list[Moment], list[Alias]]:
    """Tell lives as the report does, without a store."""
    in_time = sorted(records, key=lambda record: (str(record.get("eventTime")), str(record.get("eventID"))))
    once = [in_time[place] for place in once_each(in_time)]
    ordered = [once[place] for place in births_first(once, thing.matches)]
    aliases = followed(thing.matches, seen(ordered))
    own = [(each, region_of(record)) for record in ordered for each in named_in(record) if thing.matches(each)]
    roots = [(alias.root, alias.region) for alias in aliases]
    found = Lives(Subjects([*own, *roots]), aliases, thing.matches)
    hits = ((Hit(json.dumps(record), None, None, (Place("f", 0),)), record) for record in ordered)
    return [moment for hit, record in hits for moment in found.moments(hit, record)], aliases


def spoiled(record: Record, chance: random.Random) -> Record:
    """Return a record with one value somewhere in it, at any depth, of another kind."""
    copy: dict[str, Any] = json.loads(json.dumps(record))
    holder: Any = copy
    while True:
        key = chance.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
        if not isinstance(holder[key], dict | list) or not holder[key] or chance.random() < 0.2:
            holder[key] = chance.choice(ODD)
            return copy
        holder = holder[key]


def spoiled_lives(seed: int) -> Iterator[Record]:
    chance = random.Random(seed)
    for record in lives.everything():
        yield spoiled(record, chance) if chance.random() < 0.5 else record


@pytest.mark.parametrize("seed", range(4))
def test_any_json_anywhere_is_no_crash(seed: int) -> None:
    records = list(spoiled_lives(seed))
    for thing in ("ledger", "reporter", lives.INSTANCE, "alias/books", "web-door", "old-db", "shop", "front", "*"):
        moments, _ = told(records, parse_thing(thing))
        for moment in moments:
            text = json.dumps([line.as_json() for line in moment.lines])
            assert len(text) < limits.MAX_DIFFERENCE_LINES * 3 * limits.MAX_DIFFERENCE_VALUE
            assert all(str(line) for line in moment.lines)
    calls = Calls(map(call_of, records))
    wanted = [call_of(record) for record in records if may_be_caused(record)]
    found = [cause(call, calls) for call in wanted]
    assert any(each is not None and each.call is not None for each in found)


def test_an_instance_of_too_many_volumes_is_followed_up_to_the_limit() -> None:
    days = lives.Days("many")
    for number in range(limits.MAX_ALIASES + 50):
        days.call("ec2:AttachVolume", {"volumeId": f"vol-{number:017x}", "instanceId": lives.INSTANCE})
    _, aliases = told(days.records, parse_thing(lives.INSTANCE))
    assert len(aliases) == limits.MAX_ALIASES
    assert aliases[0].target.name == f"vol-{0:017x}"


def test_names_in_a_circle_come_to_an_end() -> None:
    days = lives.Days("circle")
    for number in range(12):
        old, new = f"db-{number % 4}", f"db-{(number + 1) % 4}"
        days.call("rds:ModifyDBInstance", {"dBInstanceIdentifier": old, "newDBInstanceIdentifier": new})
    moments, aliases = told(days.records, parse_thing("db-0"))
    assert len(aliases) < 30
    assert len({id(moment.record) for moment in moments}) == len(moments)


def test_a_setting_of_too_many_keys_is_cut() -> None:
    days = lives.Days("keys")
    for number in range(3):
        tags = [{"key": f"{number}-{each}", "value": "x" * 50} for each in range(limits.MAX_SETTINGS)]
        days.call("iam:TagRole", {"roleName": "reporter", "tags": tags})
    moments, _ = told(days.records, parse_thing("reporter"))
    assert [len(moment.lines) for moment in moments] == [limits.MAX_DIFFERENCE_LINES] * 3
    assert moments[0].more == limits.MAX_SETTINGS - limits.MAX_DIFFERENCE_LINES


def test_what_steers_a_terminal_is_made_visible(tmp_path: Path) -> None:
    days = lives.Days("steering")
    bad = "\x1b[2J\x1b]0;owned\x07‮"
    days.call(
        "s3:PutBucketTagging", {"bucketName": "ledger", "tagging": {"TagSet": {"Tag": {"Key": bad, "Value": bad}}}}
    )
    put(tmp_path / "log.json.gz", days.records)
    ctaudit.ingest(tmp_path / "ctaudit-store", [str(tmp_path / "log.json.gz")], jobs=1)
    done = on_terminal("biography", "ledger", "--no-color", folder=tmp_path)
    assert "\x1b" not in done.out
    assert "\\u001b[2J" in done.out
    (row,) = ctaudit.open(tmp_path / "ctaudit-store").biography("ledger").records()
    lines: Value = row["differences"]
    assert isinstance(lines, list)
    assert lines[0]["after"] == {bad: bad}


@pytest.mark.slow
def test_spoiled_logs_are_answered_for_real(tmp_path: Path) -> None:
    written = json.dumps(list(spoiled_lives(99))).replace("\\ud800", "?")  # which no UTF-8 file can hold
    put(tmp_path / "log.json.gz", json.loads(written))
    ctaudit.ingest(tmp_path / "ctaudit-store", [str(tmp_path / "log.json.gz")], jobs=1)
    store = ctaudit.open(tmp_path / "ctaudit-store")
    for thing in ("ledger", lives.INSTANCE, "alias/books", "shop", "front", "a*"):
        table = store.biography(thing, reads=True)
        assert table.rows
        assert json.dumps(table.records())
