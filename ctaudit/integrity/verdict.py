"""Verdicts as values: what was found, how grave it is, on what evidence, and in words that need no engineer."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ctaudit import times
from ctaudit.integrity.names import Chain


class Severity(enum.IntEnum):
    """How much a finding takes from the proof; the greater is the worse."""

    INFO = 0
    """To be known, nothing is wrong."""
    WARNING = 1
    """Odd, but what it touches is proven all the same."""
    INCOMPLETE = 2
    """Nothing is provably wrong, and something is not proven."""
    ERROR = 3
    """Could not be looked at: trouble with the reading, which says nothing of integrity."""
    FAILED = 4
    """The evidence is not what AWS wrote, or some of it is gone."""

    @property
    def word(self) -> str:
        return self.name.lower()


KINDS: Mapping[str, tuple[Severity, str]] = {
    "log.hash_mismatch": (Severity.FAILED, "a log file is not what AWS delivered, its content has another hash"),
    "log.missing": (Severity.FAILED, "a log file that AWS delivered is gone"),
    "log.trailing_data": (Severity.FAILED, "something was appended to a log file"),
    "log.truncated_stream": (Severity.FAILED, "a log file is cut, its packed stream has no end"),
    "log.invalid_format": (Severity.FAILED, "a log file is damaged and cannot be unpacked"),
    "log.stored_uncompressed": (Severity.WARNING, "a log file lies there unpacked; AWS delivers them packed"),
    "log.unlisted": (Severity.FAILED, "a log file lies in an hour that AWS accounted for, and AWS did not list it"),
    "log.undigested": (Severity.INCOMPLETE, "no proven digest covers these log files, so nothing can be said of them"),
    "log.pending": (
        Severity.INFO,
        "log files are as young as the newest digest, the next one ought to list them",
    ),
    "log.held": (Severity.INFO, "log files are not at their place, and known as they were when they were ingested"),
    "log.in_bucket": (Severity.INCOMPLETE, "log files were read in S3 and were not looked at, validate them there"),
    "log.not_available": (Severity.INCOMPLETE, "a log file lies in a bucket that is not at hand"),
    "log.too_large": (Severity.INCOMPLETE, "a log file unpacks to more than ctaudit reads; it was not compared"),
    "log.unreadable": (Severity.ERROR, "a log file could not be read"),
    "log.strange_name": (Severity.INCOMPLETE, "files lie among log files under names that no log file has"),
    "log.other_kind": (Severity.INFO, "files lie there that no digest speaks of, such as Insight events"),
    "digest.missing": (Severity.FAILED, "a digest is gone that the next one names as its predecessor"),
    "digest.signature": (Severity.FAILED, "a digest is not what AWS signed"),
    "digest.metadata_missing": (
        Severity.WARNING,
        "a digest in S3 lost its signature; its content is proven otherwise",
    ),
    "digest.metadata_signature": (Severity.FAILED, "a digest's signature was replaced, its content is proven"),
    "digest.unverifiable": (Severity.INCOMPLETE, "a digest cannot be proven, its signature is not at hand"),
    "digest.algorithm": (Severity.FAILED, "a digest's metadata names another signature algorithm than AWS uses"),
    "digest.unsupported_algorithm": (Severity.FAILED, "a digest names an algorithm that AWS does not use"),
    "digest.moved": (Severity.FAILED, "a digest lies where AWS did not put it"),
    "digest.trailing_data": (Severity.FAILED, "something was appended to a digest"),
    "digest.invalid_format": (Severity.FAILED, "a digest is damaged, or is none"),
    "digest.link_mismatch": (Severity.FAILED, "a digest is not the one that its successor was linked to"),
    "digest.orphan": (Severity.WARNING, "a digest is linked to by no other"),
    "digest.key_unknown": (Severity.INCOMPLETE, "a digest cannot be proven, the public key it names is not at hand"),
    "digest.field_mismatch": (Severity.FAILED, "a digest says something else of itself than its place does"),
    "digest.cycle": (Severity.FAILED, "a digest names itself or a later one as its predecessor"),
    "digest.backfill_timestamp": (Severity.WARNING, "a backfill digest has lost the time it was made at"),
    "digest.too_large": (Severity.INCOMPLETE, "a digest unpacks to more than ctaudit reads"),
    "digest.stored_uncompressed": (Severity.WARNING, "a digest lies there unpacked; AWS delivers them packed"),
    "digest.strange_name": (Severity.WARNING, "files lie among digests whose names CloudTrail does not give"),
    "digest.elsewhere": (
        Severity.INCOMPLETE,
        "digests are in archives or packed anew and were not looked at, validate the folder they unpack to",
    ),
    "digest.unreadable": (Severity.ERROR, "a digest could not be read"),
    "coverage.head": (Severity.INCOMPLETE, "the digests begin later than what was asked about"),
    "coverage.tail": (Severity.INCOMPLETE, "the digests end earlier than what was asked about"),
    "coverage.missing": (Severity.INCOMPLETE, "a span is unaccounted for: no proven digest speaks of it"),
    "coverage.temporal_gap": (Severity.INCOMPLETE, "two linked digests leave a span between them"),
    "coverage.restart_gap": (Severity.INCOMPLETE, "logging stopped and began again"),
    "coverage.no_digests": (
        Severity.FAILED,
        "there are log files and not one digest, nothing of them can be proven",
    ),
    "coverage.nothing_found": (Severity.INCOMPLETE, "no digest was found, so nothing is proven"),
    "state.rollback": (Severity.FAILED, "what was proven at an earlier run is gone or is another now"),
    "key.from_evidence": (Severity.INCOMPLETE, "the public keys lie in the evidence itself and prove no more than it"),
    "key.fingerprint_mismatch": (Severity.WARNING, "a public key's fingerprint is not that of its bytes"),
    "key.conflict": (Severity.WARNING, "two public keys were given with one fingerprint; neither was used"),
    "key.invalid": (Severity.WARNING, "a public key could not be read"),
    "key.not_pinned": (Severity.INCOMPLETE, "a digest is signed with a key that is not among the pinned ones"),
    "key.unreadable": (Severity.ERROR, "public keys could not be read"),
    "listing.unreadable": (Severity.ERROR, "a folder or prefix could not be listed"),
    "listing.outside": (Severity.INCOMPLETE, "a link leads out of the folder and was not followed"),
    "findings.more": (Severity.INCOMPLETE, "there are more findings than are kept one by one"),
}
"""Every verdict there is: its severity unless the finding says otherwise, and what it means in general."""

Span = tuple[datetime | None, datetime | None]
"""From (inclusive) and until (exclusive), UTC; None where it is open."""


@dataclass(frozen=True, slots=True)
class Finding:
    code: str
    sentence: str
    """What was found in this very case, for somebody who is no engineer."""
    severity: Severity
    key: str | None = None
    """The object's key, or the place where it was looked for."""
    chain: Chain | None = None
    span: Span = (None, None)
    """The window that it is about."""
    expected: str | None = None
    found: str | None = None
    proven_by: str | None = None
    """How what was expected is known: which digest says so, and what proves that digest."""
    count: int = 1
    """How many objects it stands for."""
    samples: tuple[str, ...] = ()
    """Some of them, when it stands for several."""

    def content(self) -> dict[str, object]:
        """Return it as plain values, in the order of the contract with scripts."""
        return {
            "severity": self.severity.word,
            "code": self.code,
            "account": self.chain.account if self.chain else None,
            "region": self.chain.region if self.chain else None,
            "trail": self.chain.trail if self.chain else None,
            "from": spelled(self.span[0]),
            "until": spelled(self.span[1]),
            "object": self.key,
            "sentence": self.sentence,
            "expected": self.expected,
            "found": self.found,
            "proven_by": self.proven_by,
            "count": self.count,
            "samples": list(self.samples),
        }


def finding(
    code: str,
    detail: str = "",
    *,
    severity: Severity | None = None,
    key: str | None = None,
    chain: Chain | None = None,
    span: Span = (None, None),
    expected: str | None = None,
    found: str | None = None,
    proven_by: str | None = None,
    count: int = 1,
    samples: tuple[str, ...] = (),
) -> Finding:
    """Make a finding of a kind in `KINDS`; `detail` goes on where what the kind says in general ends."""
    usual, meaning = KINDS[code]
    sentence = f"{meaning}: {detail}" if detail else meaning
    grave = usual if severity is None else severity
    return Finding(
        code, sentence[0].upper() + sentence[1:], grave, key, chain, span, expected, found, proven_by, count, samples
    )


def spelled(moment: datetime | None) -> str | None:
    return None if moment is None else times.format_utc(moment)


def order(found: Finding) -> tuple[object, ...]:
    """Return the sort key of findings: the worst first, then by chain and time."""
    chain = str(found.chain) if found.chain else ""
    return (-found.severity, found.code, chain, spelled(found.span[0]) or "", found.key or "", found.sentence)
