"""What `--compat awscli` says, word for word, of trails in memory; beside the AWS CLI it is put elsewhere."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctaudit import limits
from ctaudit.integrity.reference import Request, Validation
from ctaudit.integrity.reference_checks import Delivery, NotThere, Refused
from tests.trail import digests
from tests.trail.bucket import Bucket
from tests.trail.packing import minified
from tests.trail.signing import SigningKey
from tests.trail.small import CHAIN, NOON, small_batch, small_trail
from tests.trail.trail import HOUR, Trail


@dataclass
class Memory:
    """Buckets and keys, asked as a run asks the world."""

    buckets: Mapping[str, Bucket]
    keys_given: Mapping[str, bytes]
    delivery: Delivery | None = None
    troubles: dict[str, Exception] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    key_spans: list[tuple[datetime, datetime]] = field(default_factory=list)

    def trail(self, arn: str) -> Delivery | None:
        return self.delivery

    def organization(self) -> str:
        return "o-exampleorg1"

    def keys(self, bucket: str, prefix: str, after: str) -> Iterable[str]:
        self.asked.append(("list", bucket))
        return [key for key in self.buckets[bucket].keys() if key.startswith(prefix) and key > after]  # noqa: SIM118

    def get(self, bucket: str, key: str, *, metadata: bool) -> tuple[Iterable[bytes], Mapping[str, str]]:
        self.asked.append(("get", key))
        if key in self.troubles:
            raise self.troubles[key]
        if bucket not in self.buckets or key not in self.buckets[bucket].bodies:
            raise NotThere
        body = self.buckets[bucket].bodies[key]
        return [body[:7], body[7:]], self.buckets[bucket].metadata[key]

    def public_keys(self, start: datetime, end: datetime) -> Mapping[str, bytes]:
        self.key_spans.append((start, end))
        return self.keys_given


def memory(trail: Trail, *others: Bucket) -> Memory:
    keys: Iterable[SigningKey] = trail.keys.values()
    return Memory({each.name: each for each in (trail.bucket, *others)}, {key.fingerprint: key.der for key in keys})


def run(trail: Trail, evidence: Memory | None = None, **asked: Any) -> tuple[int, str, str]:
    """Return exit code, stdout and stderr."""
    request = Request(
        trail.arn(CHAIN[0]),
        asked.pop("start", NOON),
        asked.pop("end", NOON + 12 * HOUR),
        asked.pop("bucket", trail.bucket.name),
        **asked,
    )
    validation = Validation(request, evidence or memory(trail))
    assert validation.exit_code == 255  # until it has come to its end
    said = list(validation)
    out, err = ("".join(text for to, text in said if to == way) for way in ("stdout", "stderr"))
    return validation.exit_code, out, err


def broken(change: Callable[[dict[str, Any]], object], hour: int = -1) -> Trail:
    """A trail of three hours, one digest of which was signed by AWS with odd content."""
    trail = small_trail(hours=3, logs_an_hour=1)
    trail.edit_digest(trail.digests(*CHAIN)[hour], change, signed=True)
    return trail


def place(key: str) -> str:
    return f"s3://example-org-cloudtrail-logs/{key}"


def test_a_clean_trail() -> None:
    trail = small_trail(hours=2, logs_an_hour=1)
    code, out, err = run(trail, verbose=True)
    (older, newer), (first, second) = trail.digests(*CHAIN), trail.log_keys()
    arn = trail.arn(CHAIN[0])
    assert (code, err) == (0, "")
    assert out == (
        f"Validating log files for trail {arn} between 2026-03-09T12:00:00Z and 2026-03-10T00:00:00Z\n\n"
        f"Digest file\t{place(newer)}\tvalid\n"
        f"Log file\t{place(second)}\tvalid\n"
        f"Digest file\t{place(older)}\tvalid\n"
        f"Log file\t{place(first)}\tvalid\n"
        "\nResults requested for 2026-03-09T12:00:00Z to 2026-03-10T00:00:00Z\n"
        "Results found for 2026-03-09T12:00:00Z to 2026-03-09T14:00:00Z:\n"
        "\n2/2 digest files valid\n2/2 log files valid\n"
    )


def test_the_pieces_come_in_the_order_in_which_things_are_found() -> None:
    trail = small_trail(hours=3, logs_an_hour=1)
    trail.bucket.remove(trail.digests(*CHAIN)[1])
    trail.bucket.append(trail.log_keys()[0], b"more")
    request = Request(trail.arn(CHAIN[0]), NOON, NOON + 3 * HOUR, trail.bucket.name, verbose=True)
    said = [(to, text.split("\t")[-1]) for to, text in Validation(request, memory(trail))]
    assert said[1:-1] == [
        ("stdout", "valid\n"),
        ("stdout", "valid\n"),
        ("stderr", "INVALID: not found\n\n"),
        ("stdout", "valid\n"),
        ("stderr", "INVALID: unexpected data after end of compressed stream\n\n"),
    ]


def test_digests_deleted_side_by_side_count_once() -> None:
    trail = small_trail(hours=5, logs_an_hour=1)
    for key in trail.digests(*CHAIN)[2:4]:
        trail.bucket.remove(key)
    code, out, err = run(trail)
    assert code == 1
    assert err.count("INVALID: not found") == 1
    assert out.endswith("\n3/4 digest files valid, 1/4 digest files INVALID\n3/3 log files valid\n")


def test_a_gap_is_told_and_is_no_failure() -> None:
    trail = small_trail(hours=2, logs_an_hour=0)
    trail.cut_digest(*CHAIN, NOON + 5 * HOUR, NOON + 6 * HOUR, restart=True)
    code, out, err = run(trail)
    assert code == 0
    assert out.endswith("\n\n3/3 digest files valid\n")
    assert err == (
        "No log files were delivered by CloudTrail between 2026-03-09T14:00:00Z and 2026-03-09T17:00:00Z\n\n"
    )


@pytest.mark.parametrize(("hours", "span"), [(0, (0, 1)), (2, (8, 9))])
def test_nothing_found_is_told_and_is_no_failure(hours: int, span: tuple[int, int]) -> None:
    trail = small_trail(hours=hours)
    code, out, err = run(trail, start=NOON + span[0] * HOUR, end=NOON + span[1] * HOUR)
    assert (code, err) == (0, "")
    assert out.endswith("\nNo digests found\n")


def test_without_keys_the_run_is_given_up() -> None:
    trail = small_trail(hours=1)
    evidence = memory(trail)
    evidence.keys_given = {}
    code, _, err = run(trail, evidence)
    assert (code, err) == (255, "\nNo public keys found between 2026-03-09T12:00:00Z and 2026-03-10T02:00:00Z\n")


def test_a_span_that_ends_before_it_starts() -> None:
    code, out, err = run(small_trail(hours=1), start=NOON, end=NOON - HOUR)
    assert (code, out) == (255, "")
    assert err == "\nInvalid time range specified: start-time must occur before end-time\n"


def test_an_organization_needs_the_account() -> None:
    trail = small_trail(hours=1, organization="o-exampleorg1")
    evidence = memory(trail)
    evidence.delivery = Delivery(trail.bucket.name, None, organization=True)
    assert run(trail, evidence, bucket=None) == (
        255,
        "",
        "\nMissing required parameter for organization trail: '--account-id'\n",
    )
    assert run(trail, evidence, bucket=None, account=CHAIN[0])[1].endswith(
        "\n1/1 digest files valid\n2/2 log files valid\n"
    )


def test_a_trail_that_is_not_there() -> None:
    trail = small_trail(hours=1)
    assert run(trail, bucket=None) == (255, "", f"\nA trail could not be found for {trail.arn(CHAIN[0])}\n")


def test_refusals_end_the_run_and_other_troubles_do_not() -> None:
    trail = small_trail(hours=2, logs_an_hour=1)
    evidence = memory(trail)
    evidence.troubles = {trail.log_keys()[0]: TimeoutError("slow"), trail.digests(*CHAIN)[1]: TimeoutError("slow")}
    code, _, err = run(trail, evidence)
    assert code == 1
    assert err == (
        f"Digest file\t{place(trail.digests(*CHAIN)[1])}\tINVALID: slow\n\n"
        f"Log file\t{place(trail.log_keys()[0])}\tINVALID: invalid format\n\n"
    )
    evidence.troubles = {trail.log_keys()[0]: Refused("An error occurred (AccessDenied)")}
    code, out, err = run(trail, evidence)
    assert (code, err) == (255, "\nAn error occurred (AccessDenied)\n")
    assert "Results" not in out


def test_a_digest_without_a_list_of_logs_ends_the_run() -> None:
    assert run(broken(lambda fields: fields.pop("logFiles")))[::2] == (255, "\n'logFiles'\n")


def test_a_chain_that_leads_back_to_itself_comes_to_an_end() -> None:
    trail = small_trail(hours=3, logs_an_hour=1)
    oldest, _, newest = trail.digests(*CHAIN)
    trail.edit_digest(oldest, lambda fields: digests.link(fields, trail.bucket, newest), signed=True)
    code, out, err = run(trail)
    assert code == 1
    assert err == f"Digest file\t{place(newest)}\tINVALID: the chain of digests leads back to this one\n\n"
    assert out.endswith("\n3/4 digest files valid, 1/4 digest files INVALID\n3/3 log files valid\n")


def test_a_bomb_is_an_invalid_format_in_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_UNPACKED_BYTES", 40 * limits.MIB)
    trail = small_trail(hours=2, logs_an_hour=1)
    bomb = gzip.compress(bytes(64 * limits.MIB), 1)
    trail.bucket.bodies[trail.log_keys()[0]] = bomb
    trail.bucket.bodies[trail.digests(*CHAIN)[1]] = bomb
    _, out, err = run(trail)
    assert err.count("INVALID: invalid format") == 2
    assert out.endswith("1/2 digest files INVALID\n0/1 log files valid, 1/1 log files INVALID\n")


def test_keys_of_backfill_digests_are_looked_up_by_when_they_were_made() -> None:
    trail = small_trail(hours=2, logs_an_hour=1)
    trail.put_log(small_batch(NOON + timedelta(minutes=50)))
    made = NOON + 9 * HOUR
    trail.cut_backfill(*CHAIN, NOON, NOON + HOUR, made)
    evidence = memory(trail)
    code, out, err = run(trail, evidence)
    assert (code, err) == (0, "")
    assert out.endswith("\n2/2 digest files valid\n1/1 backfill digest files valid\n3/3 log files valid\n")
    assert evidence.key_spans == [(NOON, NOON + 14 * HOUR), (made - HOUR, made + HOUR)]


def test_one_listing_serves_both_passes_and_a_change_of_bucket_another() -> None:
    trail = small_trail(hours=2, logs_an_hour=0)
    old, new = trail.bucket, Bucket("example-new-logs")
    end = NOON + 3 * HOUR
    key = trail.digest_key(*CHAIN, end)
    signer = trail.keys[CHAIN[1]]
    document = digests.compose(new, key, CHAIN[0], signer.fingerprint, (end - HOUR, end), [])
    digests.link(document, old, trail.digests(*CHAIN)[-1])
    digests.store(new, document, signer, end)
    evidence = memory(trail, new)
    code, out, err = run(trail, evidence, bucket=new.name)
    assert (code, err) == (0, "")
    assert out.endswith("\n3/3 digest files valid\n")
    assert [name for kind, name in evidence.asked if kind == "list"] == [new.name, old.name]


def test_a_similar_name_is_taken_for_the_trails_own() -> None:
    """As the AWS CLI does: whoever wants the truth leaves out `--compat`."""
    trail = small_trail(hours=1, logs_an_hour=0)
    other = Trail(name=f"{trail.name}_us-east-1_b", bucket=trail.bucket)
    other.cut_digest(*CHAIN, NOON + HOUR, NOON + 2 * HOUR)
    assert run(trail)[1].endswith("\n2/2 digest files valid\n")


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["2026-03-09T12:00:00Z", "null"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=8), inner, max_size=2),
    max_leaves=4,
)
_FIELDS = st.sampled_from(sorted(small_trail(hours=1).document(small_trail(hours=1).digests(*CHAIN)[0])))


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(_FIELDS, _VALUES, max_size=4), st.integers(0, 2))
def test_odd_content_never_ends_in_a_traceback(odd: dict[str, Any], hour: int) -> None:
    trail = small_trail(hours=3, logs_an_hour=1)
    key = trail.digests(*CHAIN)[hour]
    document = trail.document(key) | odd
    content = minified(document)
    fields = {name: str(document[name]) for name in ("digestS3Bucket", "digestS3Object", "digestEndTime")}
    previous = document["previousDigestSignature"]
    fields["previousDigestSignature"] = "null" if previous is None else str(previous)
    try:
        signature = trail.keys[CHAIN[1]].sign(digests.string_to_sign(fields, content))
    except UnicodeEncodeError:
        signature = "00"
    trail.bucket.put(key, gzip.compress(content), NOON, {"signature": signature, "signature-algorithm": "x"})
    code, out, _ = run(trail, verbose=True)
    assert code in (0, 1, 255)
    assert out.startswith("Validating log files")


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=60), st.booleans(), st.integers(0, 2))
def test_random_bytes_are_never_valid(body: bytes, packed: bool, hour: int) -> None:
    trail = small_trail(hours=3, logs_an_hour=1)
    for key in (trail.digests(*CHAIN)[hour], trail.log_keys()[(hour + 1) % 3]):
        trail.bucket.bodies[key] = gzip.compress(body) if packed else body
    code, _, err = run(trail)
    assert code == 1
    assert err.count("INVALID") == 2
