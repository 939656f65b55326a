"""Names of digests and logs: the grammar that the User Guide gives, anchored at both ends."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctaudit.integrity.names import Chain, LogName, base_name, digest_name, log_name

ACCOUNT, END = "111122223333", datetime(2026, 3, 9, 13, 0, 59, tzinfo=UTC)
FOLDER = f"{ACCOUNT}/CloudTrail-Digest/us-east-1/2026/03/09"
LOG = f"{FOLDER}/{ACCOUNT}_CloudTrail_us-east-1_20260309T1255Z_AbCdEfGhIjKlMnOp.json.gz".replace("-Digest", "")


def key(trail: str = "t-1", *, root: str = "AWSLogs/", home: str = "us-east-1", tail: str = ".json.gz") -> str:
    return f"{root}{FOLDER}/{ACCOUNT}_CloudTrail-Digest_us-east-1_{trail}_{home}_20260309T130059Z{tail}"


@pytest.mark.parametrize(
    "trail",
    ["abc", "a.b", "a_b", "a-b", "A1_.-z", "x" * 128, "us-east-1", "CloudTrail-Digest", "1_us-east-1_b", "a_backfill"],
)
@pytest.mark.parametrize("home", ["us-east-1", "ap-northeast-1", "us-gov-west-1", "cn-north-1", "us-iso-east-1"])
def test_trail_and_home_are_read_from_the_right(trail: str, home: str) -> None:
    name = digest_name(key(trail, home=home))
    assert name is not None
    assert name.chain == Chain(ACCOUNT, "us-east-1", trail, home)
    assert name.end == END


@pytest.mark.parametrize(
    ("root", "organization"),
    [
        ("AWSLogs/", None),
        ("prefix/AWSLogs/", None),
        ("a/b c/AWSLogs/o-exampleorg1/", "o-exampleorg1"),
        ("AWSLogs/o-exampleorg1/", "o-exampleorg1"),
        ("AWSLogs/o-short/", None),
        ("o-exampleorg1/AWSLogs/", None),
        ("line\nfeed/AWSLogs/o-exampleorg1/", "o-exampleorg1"),
        ("", None),
    ],
)
def test_prefix_and_organization(root: str, organization: str | None) -> None:
    name = digest_name(key(root=root))
    assert name is not None
    assert (name.root, name.organization) == (root, organization)


def test_backfill_is_another_chain_and_only_at_the_end() -> None:
    plain, backfill, other = (digest_name(key(tail=tail)) for tail in (".json.gz", "_backfill.json.gz", ".json"))
    assert plain is not None
    assert backfill is not None
    assert other is not None
    assert (plain.chain.backfill, backfill.chain.backfill) == (False, True)
    assert other == plain, "a browser unpacks what it saves"
    named_so = digest_name(key("a_backfill"))
    assert named_so is not None
    assert not named_so.chain.backfill


@pytest.mark.parametrize(
    "tail", ["_backfill.txt", "_backfill_other.json.gz", ".json.gz.meta.json", ".json.gz\n", ".gz", "", ".json.gz.1"]
)
def test_what_ends_otherwise_is_no_digest(tail: str) -> None:
    assert digest_name(key(tail=tail)) is None


def test_trails_whose_names_collide_are_kept_apart() -> None:
    """The AWS CLI takes the second for digests of the first."""
    first, second = digest_name(key("trail1")), digest_name(key("trail1_us-east-1_b"))
    assert first is not None
    assert second is not None
    assert {first.chain.trail, second.chain.trail} == {"trail1", "trail1_us-east-1_b"}


@pytest.mark.parametrize(
    "change",
    [
        ("20260309T130059Z", "20260309T1300Z"),
        ("20260309T130059Z", "20261309T130059Z"),
        ("20260309T130059Z", "20260309T136059Z"),
        ("20260309T130059Z", "٢٠٢٦0309T130059Z"),
        ("20260309T130059Z", "00000309T130059Z"),
        (f"{ACCOUNT}_", "11112222333_"),
        (f"{ACCOUNT}_", "x111122223333_"),
        ("_t-1_", "_t_"),
        ("_t-1_", f"_{'t' * 129}_"),
        ("_t-1_", "_t 1_"),
        ("_t-1_", "_t\n1_"),
        ("CloudTrail-Digest_", "CloudTrail-digest_"),
        ("_CloudTrail-Digest_us", "_CloudTrail-Digest_US"),
    ],
)
def test_what_is_no_name_of_a_digest(change: tuple[str, str]) -> None:
    old, new = change
    folder, _, name = key().rpartition("/")
    assert old in name
    assert digest_name(f"{folder}/{name.replace(old, new)}") is None


def test_names_of_logs() -> None:
    name = log_name(LOG)
    assert name is not None
    assert (name.account, name.region, name.time) == (ACCOUNT, "us-east-1", datetime(2026, 3, 9, 12, 55, tzinfo=UTC))
    assert digest_name(LOG) is None
    assert log_name(key()) is None
    assert base_name(LOG) == base_name(LOG.removesuffix(".gz")) == base_name(LOG.rpartition("/")[2])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("_CloudTrail_", "_CloudTrail-Insight_"),
        ("_CloudTrail_", "_CloudTrail-Digest_"),
        ("T1255Z", "T125500Z"),
        ("T1255Z", "T2460Z"),
        ("AbCdEfGhIjKlMnOp", "AbCdEfGhIjKlMnO"),
        ("AbCdEfGhIjKlMnOp", "AbCdEfGhIjKlMn-p"),
        (".json.gz", ".json.gz.meta.json"),
        (".json.gz", ".JSON.GZ"),
    ],
)
def test_what_is_no_name_of_a_log(old: str, new: str) -> None:
    assert log_name(LOG.rpartition("/")[2].replace(old, new)) is None


def test_what_else_lies_among_log_files_is_taken_for_one_of_noon() -> None:
    strange = LOG.replace("AbCdEfGhIjKlMnOp", "EVIL")
    noon = datetime(2026, 3, 9, 12, tzinfo=UTC)
    assert log_name(strange) == LogName(ACCOUNT, "us-east-1", noon)
    assert log_name(LOG.replace("T1255Z", "T2460Z")) == LogName(ACCOUNT, "us-east-1", noon)
    assert log_name(LOG.replace("_20260309T", "_20260312T")) == LogName(ACCOUNT, "us-east-1", noon)
    beside = LOG.replace("_20260309T1255Z", "_20260310T0003Z")
    assert log_name(beside) == LogName(ACCOUNT, "us-east-1", datetime(2026, 3, 10, 0, 3, tzinfo=UTC))
    assert log_name(f"{LOG}.meta.json") is None
    assert log_name(strange.replace("/CloudTrail/", "/CloudTrail-Insight/")) is None


@given(st.text(st.characters()), st.sampled_from([key(), LOG]), st.integers(0, 200))
def test_any_text_is_a_name_or_none(text: str, real: str, at: int) -> None:
    for name in (text, real[:at] + text + real[at:]):
        digest, log = digest_name(name), log_name(name)
        assert digest is None or log is None
        assert digest is None or name.endswith(
            f"{digest.end:_%Y%m%dT%H%M%SZ}{'_backfill' * digest.chain.backfill}.json.gz"
        )
