"""The sample that the trail simulator writes: same bytes every time, and true to CloudTrail."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import Counter
from datetime import datetime, timedelta
from functools import cache

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from tests.trail import company
from tests.trail.delivery import moment
from tests.trail.evidence import digest_files, log_files, named, records_of, stored, whole_records
from tests.trail.packing import gzipped, minified, unpacked
from tests.trail.sample import sample_trail
from tests.trail.story import ANSWERS
from tests.trail.verifying import public_key, verify
from tests.trail.write import SUMS, sample_files


@cache
def made() -> dict[str, bytes]:
    return sample_files(sample_trail())


def zlib_is_the_writers() -> bool:
    """Other zlib versions pack the same content into other bytes."""
    path = digest_files()[0]
    return gzipped(unpacked(stored()[path])) == stored()[path]


def test_writing_again_gives_the_same_bytes() -> None:
    if not zlib_is_the_writers():
        pytest.skip(
            "this Python's zlib packs otherwise than the one that wrote sample_logs/; contents are compared below"
        )
    assert made().keys() == stored().keys()
    assert [path for path, body in made().items() if stored()[path] != body] == []


def test_writing_again_gives_the_same_content() -> None:
    assert made().keys() == stored().keys()
    packed = [path for path in made() if path.endswith(".gz") and path != ANSWERS.damaged_key]
    assert [path for path in packed if unpacked(made()[path]) != unpacked(stored()[path])] == []
    assert made()["README.md"] == stored()["README.md"]
    for path in (path for path in made() if path.endswith(".meta.json")):
        assert json.loads(made()[path])["Metadata"] == json.loads(stored()[path])["Metadata"]


def test_checksums_cover_every_other_file() -> None:
    lines = [line.split("  ", 1) for line in stored()[SUMS].decode().splitlines()]
    assert {path: digest for digest, path in lines} == {
        path: hashlib.sha256(body).hexdigest() for path, body in stored().items() if path != SUMS
    }


def test_size_is_modest() -> None:
    assert sum(len(body) for body in stored().values()) < 3_000_000
    assert max(len(path) for path in stored()) < 240  # some file systems, and tar's old format, end there


def test_every_log_file_is_named_as_cloudtrail_names_it() -> None:
    others = {path for path in stored() if path.startswith("AWSLogs/") and "/CloudTrail-Digest/" not in path}
    assert others == log_files().keys()
    for found in log_files().values():
        assert found["minute"].startswith(found["day"].replace("/", ""))


def test_every_log_file_but_one_parses_and_holds_one_account_and_region() -> None:
    for path, found in log_files().items():
        if path == ANSWERS.damaged_key:
            with pytest.raises(EOFError):
                unpacked(stored()[path])
            continue
        places = {(record["recipientAccountId"], record["awsRegion"]) for record in records_of(path)}
        assert places == {(found["account"], found["region"])}


def test_events_are_delivered_two_to_ten_minutes_later_and_in_no_order() -> None:
    unsorted = 0
    for path, found in log_files().items():
        if path != ANSWERS.damaged_key:
            times = [moment(record["eventTime"]) for record in records_of(path)]
            delivered = moment(f"{datetime.strptime(found['minute'], '%Y%m%dT%H%M'):%Y-%m-%dT%H:%M:00Z}")
            # The name has the minute only, so the lag reads up to 59 seconds short.
            assert min(delivered - at for at in times) > timedelta(minutes=1)
            assert max(delivered - at for at in times) <= timedelta(minutes=10)
            unsorted += times != sorted(times)
    assert unsorted > 100


def test_sample_spans_three_accounts_two_regions_three_days() -> None:
    records = list(whole_records().values())
    assert 3000 <= len(records) + len(ANSWERS.damaged_events) <= 5000
    assert {(record["recipientAccountId"], record["awsRegion"]) for record in records} == set(company.CHAINS)
    assert {record["eventTime"][:10] for record in records} == {"2026-03-09", "2026-03-10", "2026-03-11"}


def test_sample_shows_every_kind_of_caller_event_and_outcome() -> None:
    records = whole_records().values()
    kinds = {record.get("userIdentity", {}).get("type") for record in records}
    assert kinds >= {"IAMUser", "AssumedRole", "Root", "AWSService", "AWSAccount", "SAMLUser", "WebIdentityUser", None}
    assert {record["eventCategory"] for record in records} == {"Management", "Data", "Insight", "NetworkActivity"}
    assert {record["eventVersion"] for record in records} == {"1.08", "1.09", "1.10", "1.11"}
    errors = Counter(record.get("errorCode") for record in records)
    assert errors.keys() >= {
        "Client.DryRunOperation",
        "BucketNotEmpty",
        "VpceAccessDenied",
        "Client.UnauthorizedOperation",
    }
    assert any(record.get("sessionCredentialFromConsole") == "true" for record in records)
    assert any("keyExchange" in record.get("tlsDetails", {}) for record in records)
    assert any("ARNPrefix" in target for record in records for target in record.get("resources", []))
    assert any(":" in record.get("sourceIPAddress", "") for record in records)


def test_a_console_session_uses_many_keys_under_one_creation_date() -> None:
    keys: dict[tuple[str, str], set[str]] = {}
    for record in whole_records().values():
        if record.get("sessionCredentialFromConsole"):
            who = record["userIdentity"]
            session = who["principalId"], who["sessionContext"]["attributes"]["creationDate"]
            keys.setdefault(session, set()).add(who["accessKeyId"])
    logins = {
        (r["userIdentity"]["principalId"], r["eventTime"])
        for r in named("ConsoleLogin")
        if "principalId" in r["userIdentity"]
    }
    assert keys.keys() <= logins
    assert sum(len(used) >= 3 for used in keys.values()) >= 5


def test_every_access_key_is_well_formed_and_marked_as_an_example() -> None:
    text = "\n".join(minified(record).decode() for record in whole_records().values())
    keys = set(re.findall(r'"(A[KS]IA[^"]*)"', text))
    assert len(keys) > 500
    assert [key for key in keys if not re.fullmatch(r"(AKIA|ASIA)[A-Z0-9]{9}EXAMPLE", key)] == []


def test_every_address_is_from_a_documentation_range() -> None:
    seen = {record.get("sourceIPAddress", "AWS Internal") for record in whole_records().values()}
    addresses = {address for address in seen if not address.endswith(".amazonaws.com") and address != "AWS Internal"}
    foreign = [a for a in addresses if not a.startswith(("192.0.2.", "198.51.100.", "203.0.113.", "2001:db8:"))]
    assert foreign == []


def test_every_hour_of_every_account_and_region_has_a_digest() -> None:
    assert len(digest_files()) == 3 * 2 * 72
    empty = [path for path in digest_files() if not json.loads(unpacked(stored()[path]))["logFiles"]]
    assert 100 < len(empty) < 300


def test_sample_digests_verify_and_link_and_only_the_damaged_log_differs() -> None:
    faults: list[str] = []
    for account, region in company.CHAINS:
        chain = [path for path in digest_files() if f"/{account}/CloudTrail-Digest/{region}/" in path]
        metadata = {path: json.loads(stored()[f"{path}.meta.json"])["Metadata"] for path in chain}
        faults += verify(chain, stored(), metadata, published_key(region))
    assert faults == [f"{ANSWERS.damaged_key}: cut"]


def test_sidecars_describe_their_digest() -> None:
    for path in digest_files():
        head = json.loads(stored()[f"{path}.meta.json"])
        assert head["ContentLength"] == len(stored()[path])
        assert head["ETag"] == f'"{hashlib.md5(stored()[path]).hexdigest()}"'


def test_every_listed_log_is_there_and_every_management_log_is_listed() -> None:
    listed = [
        entry["s3Object"] for path in digest_files() for entry in json.loads(unpacked(stored()[path]))["logFiles"]
    ]
    assert sorted(listed) == sorted(path for path, found in log_files().items() if found["folder"] == "CloudTrail")


def published_key(region: str) -> tuple[str, RSAPublicKey]:
    (entry,) = json.loads(stored()[f"public-keys/{region}.json"])["PublicKeyList"]
    return public_key(base64.b64decode(entry["Value"]), entry["Fingerprint"])
