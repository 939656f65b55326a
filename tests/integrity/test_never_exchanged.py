"""Things that are genuine, put where others belong: logs, digests, signatures, keys, and all of an older time."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integrity.spoiled import GENUINE, STRANGER, Spoiled
from tests.trail import company
from tests.trail.signing import SigningKey, public_key_list
from tests.trail.small import CHAIN, NOON, small_trail
from tests.trail.trail import HOUR, Trail


@pytest.fixture
def place(tmp_path: Path) -> Spoiled:
    return Spoiled(tmp_path, signers=(GENUINE, STRANGER))


def swap(one: Path, other: Path) -> None:
    kept = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(kept)


def replay(place: Spoiled, older: int, newer: int) -> None:
    """Put an older digest, with its signature, in the place of a newer one."""
    place.digest(newer).write_bytes(place.digest(older).read_bytes())
    place.sidecar(newer).write_bytes(place.sidecar(older).read_bytes())


def test_as_it_is_all_is_proven(place: Spoiled) -> None:
    outcome = place.validate()
    assert (outcome.verdict, set(outcome.files.values()), len(outcome.files)) == ("proven", {"proven"}, 9)


@pytest.mark.parametrize(("one", "other"), [(0, 1), (1, 2), (0, 5)])
def test_two_logs_exchanged(place: Spoiled, one: int, other: int) -> None:
    swap(place.log(one), place.log(other))
    outcome = place.validate()
    assert (outcome.verdict, outcome.codes) == ("failed", {"log.hash_mismatch"})
    wrong = {place.key(place.log(number)) for number in (one, other)}
    assert {key for key, status in outcome.files.items() if status != "proven"} == wrong


@pytest.mark.parametrize("with_signatures", [True, False])
@pytest.mark.parametrize(("one", "other"), [(0, 1), (1, 2), (0, 2)])
def test_two_digests_exchanged(place: Spoiled, one: int, other: int, with_signatures: bool) -> None:
    swap(place.digest(one), place.digest(other))
    if with_signatures:
        swap(place.sidecar(one), place.sidecar(other))
    outcome = place.validate()
    assert outcome.verdict == "failed"
    assert "digest.moved" in outcome.codes
    assert {outcome.status(place.key(place.digest(hour))) for hour in (one, other)} == {"failed"}


@pytest.mark.parametrize(("one", "other"), [(0, 1), (1, 2), (0, 2)])
def test_two_signatures_exchanged(place: Spoiled, one: int, other: int) -> None:
    swap(place.sidecar(one), place.sidecar(other))
    outcome = place.validate()
    assert outcome.verdict == "failed"
    assert outcome.codes >= {"digest.metadata_signature"}
    newest = outcome.status(place.key(place.digest(2)))
    assert newest == ("failed" if other == 2 else "proven"), "nothing but its own signature proves the newest digest"


@pytest.mark.parametrize(("older", "newer"), [(0, 1), (0, 2), (1, 2)])
def test_an_older_digest_replayed(place: Spoiled, older: int, newer: int) -> None:
    replay(place, older, newer)
    outcome = place.validate()
    assert (outcome.verdict, "digest.moved" in outcome.codes) == ("failed", True)
    assert outcome.status(place.key(place.digest(newer))) == "failed"


def other_trail(name: str, chain: tuple[str, str]) -> tuple[str, Trail]:
    """Make a digest of another trail, account or region, of the same hour as the small trail's second one."""
    trail = Trail(name=name)
    trail.cut_digest(*chain, NOON, NOON + HOUR)
    return trail.cut_digest(*chain, NOON + HOUR, NOON + 2 * HOUR), trail


@pytest.mark.parametrize(
    ("name", "chain"),
    [
        ("small-trail", (company.PRODUCTION, company.HOME)),
        ("small-trail", (company.CI, "eu-west-1")),
        ("other-trail", CHAIN),
        ("small-trail_us-east-1_b", CHAIN),
    ],
)
def test_a_digest_of_another_chain_in_its_place(place: Spoiled, name: str, chain: tuple[str, str]) -> None:
    key, trail = other_trail(name, chain)
    place.digest(1).write_bytes(trail.bucket.bodies[key])
    place.sidecar(1).write_text(json.dumps(trail.bucket.head(key)))
    outcome = place.validate()
    assert outcome.verdict == "failed"
    assert outcome.status(place.key(place.digest(1))) == "failed"


def under(fingerprint: str, *keys: SigningKey) -> str:
    """Print keys as if all of them had one fingerprint."""
    listed = public_key_list(*keys)
    for each in listed["PublicKeyList"]:
        each["Fingerprint"] = fingerprint
    return json.dumps(listed)


def test_another_key_under_the_fingerprint_of_the_genuine_one(place: Spoiled) -> None:
    place.keys.write_text(under(GENUINE.fingerprint, STRANGER))
    outcome = place.validate()
    assert outcome.verdict == "failed"
    assert outcome.codes >= {"digest.signature", "key.fingerprint_mismatch"}
    assert "proven" not in outcome.files.values()


def test_two_keys_with_one_fingerprint_are_both_left_out(place: Spoiled) -> None:
    place.keys.write_text(under(GENUINE.fingerprint, STRANGER, GENUINE))
    outcome = place.validate()
    assert outcome.verdict == "incomplete"
    assert outcome.codes >= {"key.conflict", "digest.key_unknown"}
    assert "proven" not in outcome.files.values()


def test_one_key_given_twice_is_no_conflict(place: Spoiled) -> None:
    place.keys.write_text(under(GENUINE.fingerprint.upper(), GENUINE, GENUINE))
    assert place.validate().verdict == "proven"


@pytest.mark.parametrize("ring", ['{"PublicKeyList": []}', json.dumps(public_key_list(STRANGER))])
def test_without_its_key_nothing_is_proven(place: Spoiled, ring: str) -> None:
    place.keys.write_text(ring)
    outcome = place.validate()
    assert (outcome.verdict, "digest.key_unknown" in outcome.codes) == ("incomplete", True)
    assert "proven" not in outcome.files.values()


@pytest.mark.parametrize("claimed", [GENUINE.fingerprint, STRANGER.fingerprint])
def test_a_chain_that_a_stranger_signed(tmp_path: Path, claimed: str) -> None:
    """Its digests name either the genuine key or the stranger's own; only the genuine one is at hand."""
    trail = small_trail(hours=3)
    trail.keys = {company.HOME: STRANGER}
    for key in trail.digests(*CHAIN):
        trail.edit_digest(key, lambda fields: fields.update(digestPublicKeyFingerprint=claimed), signed=True)
    trail.relink(*CHAIN)
    outcome = Spoiled(tmp_path, trail).validate()
    assert outcome.verdict == ("failed" if claimed == GENUINE.fingerprint else "incomplete")
    assert "proven" not in outcome.files.values()


def roll_back(place: Spoiled) -> None:
    for path in (place.digest(2), place.sidecar(2), place.log(4), place.log(5)):
        path.unlink()


def forge_newest(place: Spoiled) -> None:
    """Replace what was proven by something that is unproven, not by something that is false."""
    trail = place.trail
    trail.edit_digest(trail.digests(*CHAIN)[2], lambda fields: fields.update(digestPublicKeyFingerprint="0" * 32))
    place.sync()


@pytest.mark.parametrize("tamper", [roll_back, forge_newest])
def test_all_of_an_older_time_is_seen_by_who_remembers(
    place: Spoiled, tmp_path: Path, tamper: Callable[[Spoiled], None]
) -> None:
    state = tmp_path / "state.json"
    assert place.validate(open_ended=True, state=state).verdict == "proven"
    tamper(place)
    outcome = place.validate(open_ended=True, state=state)
    assert (outcome.verdict, "state.rollback" in outcome.codes) == ("failed", True)
