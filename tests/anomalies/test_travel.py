"""Networks by a database of places: autonomous systems, countries, and journeys that nobody makes."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from ctaudit.anomalies import travel
from ctaudit.anomalies.ground import Ground
from ctaudit.anomalies.networks import PRIVATE, Network, network
from ctaudit.anomaly_report import find
from ctaudit.errors import UsageError
from ctaudit.query import Span
from ctaudit.sources.geoip import Spot, locator
from ctaudit.store.layout import Layout
from tests.anomalies import organization as org
from tests.anomalies.organization import LAST, made
from tests.anomalies.simulated import HOUR, store_of
from tests.anomalies.test_first_seen import own

PLACES = {
    "203.0.113.0/24": ("DE", "Berlin", 52.52, 13.4),
    "198.51.100.0/24": ("SG", "Singapore", 1.29, 103.85),
    "192.0.2.0/24": ("DE", "Potsdam", 52.4, 13.06),
    "2001:db8::/32": ("SG", "Singapore", 1.29, 103.85),
}
SYSTEMS = {"203.0.113.0/24": 64500, "198.51.100.0/24": 64501, "192.0.2.0/24": 64500, "2001:db8::/32": 64501}


def database(path: Path, kind: str, rows: dict[str, Any]) -> Path:
    writer = MMDBWriter(6, kind, ipv4_compatible=True)
    for prefix, row in rows.items():
        writer.insert_network(IPSet([prefix]), row)
    writer.to_db_file(str(path))
    return path


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("geoip")
    city = {
        prefix: {
            "country": {"iso_code": country},
            "city": {"names": {"en": name}},
            "location": {"latitude": latitude, "longitude": longitude},
        }
        for prefix, (country, name, latitude, longitude) in PLACES.items()
    }
    systems = {
        prefix: {"autonomous_system_number": number, "autonomous_system_organization": f"Example {number}"}
        for prefix, number in SYSTEMS.items()
    }
    return [
        database(folder / "city.mmdb", "GeoLite2-City", city),
        database(folder / "asn.mmdb", "GeoLite2-ASN", systems),
    ]


def test_each_database_tells_what_it_has(databases: list[Path]) -> None:
    city, asn = databases
    berlin = Spot(None, "", "DE", "Berlin", 52.52, 13.4)
    assert locator([city])("203.0.113.7") == berlin
    assert locator([asn])("2001:db8:66::1") == Spot(64501, "Example 64501")
    assert locator([asn, city])("203.0.113.7") == Spot(64500, "Example 64500", "DE", "Berlin", 52.52, 13.4)
    assert [locator([city])(address) for address in ("8.8.8.8", "no address", "")] == [None, None, None]


ODD: list[Any] = [
    {"country": "DE", "location": [1, 2], "city": {"names": [1]}, "autonomous_system_number": "x"},
    {"location": {"latitude": 999.0, "longitude": 5.0}, "autonomous_system_number": True},
    {"location": {"latitude": float("nan"), "longitude": 5.0}, "country": {"iso_code": 7}},
    "text",
]


@pytest.mark.parametrize("row", ODD)
def test_what_is_odd_in_a_database_is_not_known(tmp_path: Path, row: Any) -> None:
    path = database(tmp_path / "odd.mmdb", "GeoLite2-City", {"203.0.113.0/24": row})
    assert locator([path])("203.0.113.7") in (None, Spot())


def test_a_file_that_is_none_is_refused_in_a_sentence(tmp_path: Path, databases: list[Path]) -> None:
    cut = tmp_path / "cut.mmdb"
    cut.write_bytes(databases[0].read_bytes()[:-400])
    text = tmp_path / "text.mmdb"
    text.write_text("name,place\n" * 99)
    empty = tmp_path / "empty.mmdb"
    empty.touch()
    foreign = database(tmp_path / "foreign.mmdb", "GeoIP2-Anonymous-IP", {"203.0.113.0/24": {"is_vpn": True}})
    said = {
        cut: "is damaged",
        text: "is damaged",
        empty: "is",
        foreign: "does not tell places",
        tmp_path: "cannot be read",
    }
    for path, words in (said | {tmp_path / "none.mmdb": "cannot be read"}).items():
        with pytest.raises(UsageError, match=words):
            locator([path])


def test_no_damage_to_a_database_is_more_than_a_sentence(tmp_path: Path, databases: list[Path]) -> None:
    whole, chance, refused = databases[0].read_bytes(), random.Random(5), 0
    for number in range(400):
        damaged = bytearray(whole)
        for _ in range(number % 4 + 1):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        path = tmp_path / "damaged.mmdb"
        path.write_bytes(damaged[: chance.randrange(len(damaged))] if number % 5 == 0 else damaged)
        try:
            locate = locator([path])
            for address in ("203.0.113.7", "198.51.100.1", "192.0.2.1", "2001:db8::1"):
                locate(address)
        except UsageError:
            refused += 1
    assert 50 < refused < 400


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("198.51.100.77", "198.51.100.0/24"),
        ("::ffff:198.51.100.77", "198.51.100.0/24"),
        ("2001:db8:66:1::4d", "2001:db8:66::/48"),
        ("10.1.2.3", PRIVATE),
        ("100.64.9.9", PRIVATE),
        ("fd00::1", PRIVATE),
        ("1.2.3", None),
        ("300.1.1.1", None),
        ("...", None),
    ],
)
def test_a_network_is_named_by_its_prefix(address: str, name: str | None) -> None:
    assert network(address) == (None if name is None else Network(name))


def test_with_a_database_a_network_is_an_autonomous_system_in_a_country(databases: list[Path]) -> None:
    locate = locator(databases)
    assert network("2001:db8:1::1", locate) == network("198.51.100.7", locate) == Network("AS64501 Example 64501", "SG")
    assert network("10.0.0.1", locate) == Network(PRIVATE)
    assert network("8.8.8.8", locate) == Network("8.8.8.0/24")


def test_a_journey_that_nobody_makes_is_told_and_a_commuter_is_not(tmp_path: Path, databases: list[Path]) -> None:
    away = [
        made(org.MIA, LAST + 10 * HOUR + 1200, "iam:ListUsers", "2001:db8:66::1"),
        made(org.user("tom"), LAST + 9 * HOUR, "iam:ListUsers", "203.0.113.9"),
        made(org.user("tom"), LAST + 10 * HOUR, "iam:ListUsers", "192.0.2.9"),
        made(org.APP, LAST + 10 * HOUR, "dynamodb:PutItem", "198.51.100.9"),
        made(org.user("eve"), LAST + 1 * HOUR, "iam:ListUsers", "203.0.113.9"),
        made(org.user("eve"), LAST + 15 * HOUR, "iam:ListUsers", "198.51.100.9"),
    ]
    store = Layout(store_of(tmp_path, [*org.usual(), *away, *org.theft(org.CI, LAST + HOUR)]))
    told = own(find(store, Span(), locator(databases)))
    journeys = {each.subject[0]: each for each in told["travel.impossible"]}
    assert set(journeys) == {org.MIA["arn"], org.CI["arn"]}
    journey = journeys[org.MIA["arn"]]
    assert journey.sentence.endswith(
        "called from 203.0.113.7 (Berlin, DE) and 10 minutes later from 2001:db8:66::1 (Singapore, SG), 9,924 km away"
    )
    (theft,) = told["first_seen.behaviour"]
    assert "called from AS64501 Example 64501 (SG), new to all these logs" in theft.sentence


def test_without_a_database_no_journey_is_judged() -> None:
    assert travel.find({}, Ground(0, 0, 0, {})).anomalies == ()
