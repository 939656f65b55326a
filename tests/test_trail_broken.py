"""The trail simulator's ways of breaking a trail: each leaves exactly the fault that it should."""

from __future__ import annotations

from datetime import timedelta

from tests.trail.small import CHAIN, NOON, small_batch, small_trail
from tests.trail.trail import HOUR, Trail
from tests.trail.verifying import public_key, verify


def small_faults(trail: Trail) -> list[str]:
    signer = trail.keys[CHAIN[1]]
    key = public_key(signer.der, signer.fingerprint)
    chain = [path for path in trail.digests(*CHAIN) if "_backfill" not in path]
    return verify(chain, trail.bucket.bodies, trail.bucket.metadata, key)


def test_an_untouched_small_trail_has_no_fault() -> None:
    trail = small_trail()
    assert (len(trail.digests(*CHAIN)), len(trail.log_keys())) == (8, 16)
    assert small_faults(trail) == []


def test_an_edited_log_no_longer_has_its_hash() -> None:
    trail = small_trail()
    key = trail.log_keys(*CHAIN)[3]
    trail.edit_log(key, lambda records: records[1:])
    assert small_faults(trail) == [f"{key}: hash"]


def test_a_withheld_log_is_missing() -> None:
    trail = small_trail()
    key = trail.log_keys()[0]
    trail.bucket.remove(key)
    assert small_faults(trail) == [f"{key}: missing"]


def test_a_cut_log_does_not_unpack() -> None:
    trail = small_trail()
    key = trail.log_keys()[0]
    trail.bucket.cut(key, len(trail.bucket.bodies[key]) // 2)
    assert small_faults(trail) == [f"{key}: cut"]


def test_a_digest_edited_without_the_key_fails_its_signature_and_its_successors_link() -> None:
    trail = small_trail()
    chain = trail.digests(*CHAIN)
    trail.edit_digest(chain[2], lambda document: document["logFiles"].clear())
    assert small_faults(trail) == [f"{chain[2]}: signature", f"{chain[3]}: link hash"]


def test_a_digest_signed_anew_only_breaks_the_link_until_the_chain_is_signed_anew() -> None:
    trail = small_trail()
    chain = trail.digests(*CHAIN)
    trail.edit_digest(chain[2], lambda document: document["logFiles"].clear(), signed=True)
    assert small_faults(trail) == [f"{chain[3]}: link hash", f"{chain[3]}: link signature"]
    trail.relink(*CHAIN)
    assert small_faults(trail) == []


def test_a_withheld_digest_leaves_its_successor_pointing_at_nothing() -> None:
    trail = small_trail()
    chain = trail.digests(*CHAIN)
    trail.bucket.remove(chain[4])
    assert small_faults(trail) == [f"{chain[5]}: predecessor"]


def test_a_moved_digest_is_not_where_it_says() -> None:
    trail = small_trail()
    last = trail.digests(*CHAIN)[-1]
    moved = last.replace("small-trail", "tiny-trail")
    trail.bucket.move(last, moved)
    assert trail.document(moved)["digestS3Object"] == last
    assert f"{moved}: signature" in small_faults(trail)


def test_a_restarted_trail_begins_a_new_segment() -> None:
    trail = small_trail(hours=3)
    later = NOON + 5 * HOUR
    key = trail.cut_digest(*CHAIN, later, later + HOUR, restart=True)
    assert trail.document(key)["previousDigestSignature"] is None
    assert small_faults(trail) == [f"{key}: predecessor"]


def test_a_backfill_digest_lists_what_the_hours_own_digest_does_not() -> None:
    trail = small_trail(hours=3)
    late = trail.put_log(small_batch(NOON + timedelta(minutes=50)))
    key = trail.cut_backfill(*CHAIN, NOON, NOON + HOUR, NOON + 5 * HOUR)
    assert key.endswith("T130000Z_backfill.json.gz")
    assert [entry["s3Object"] for entry in trail.document(key)["logFiles"]] == [late]
    assert trail.bucket.metadata[key]["backfill-generation-timestamp"] == "2026-03-09T17:00:00Z"
    assert small_faults(trail) == []
