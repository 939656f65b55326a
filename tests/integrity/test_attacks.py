"""Attacks and honest oddities that once got the wrong verdict: no unsigned word hides, moves or accuses a file."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ctaudit.evidence import Options
from ctaudit.validate import Report, validate
from ctaudit.validation_report import verdict
from tests.integrity.mirror import write_bucket
from tests.integrity.running import NOWHERE
from tests.trail.digests import LogEntry, compose
from tests.trail.packing import gzipped, minified
from tests.trail.signing import public_key_list
from tests.trail.small import CHAIN, NOON, go_on, small_batch, small_trail
from tests.trail.trail import HOUR, Trail

MINUTE = timedelta(minutes=1)


def prove(folder: Path, trail: Trail, **options: Any) -> Report:
    """Validate the folder `mirror`, which is the trail's bucket unless something lies there already."""
    root = folder / "mirror"
    if not root.exists():
        write_bucket(trail.bucket, root)
    (folder / "keys.json").write_text(json.dumps(public_key_list(trail.keys[CHAIN[1]])))
    given = Options(public_keys=(str(folder / "keys.json"),), **options)
    return validate(str(root), folder / NOWHERE, given, now=NOON + 24 * HOUR, jobs=2)


def codes(report: Report) -> list[str]:
    return [found.code for found in report.findings]


def slip_in(trail: Trail) -> LogEntry:
    """Put a log file that no digest lists into a covered hour; returns it as a digest would list it."""
    batch = small_batch(NOON + 2 * HOUR + 33 * MINUTE)
    key = batch.key(trail.root)
    trail.bucket.put(key, gzipped(minified({"Records": list(batch.records)})), batch.delivered)
    return LogEntry(key, "0" * 64, *batch.times, batch.delivered)


def plant(trail: Trail, key: str, entry: LogEntry, **fields: str) -> None:
    """Put an unsigned digest there that lists the log."""
    document = compose(trail.bucket, key, CHAIN[0], "0" * 32, (NOON, NOON + HOUR), [entry]) | fields
    trail.bucket.put(key, gzipped(minified(document)), NOON)


def in_the_span(trail: Trail, entry: LogEntry) -> dict[str, Any]:
    """Plant one named in the span that says that it speaks of 2001."""
    key = trail.digest_key(*CHAIN, NOON + 2 * HOUR + 30 * MINUTE)
    plant(trail, key, entry, digestStartTime="2001-01-01T00:00:00Z", digestEndTime="2001-01-01T01:00:00Z")
    return {"since": NOON}


def after_the_span(trail: Trail, entry: LogEntry) -> dict[str, Any]:
    plant(trail, trail.digest_key(*CHAIN, NOON + 9 * HOUR), entry)
    return {"since": NOON, "until": NOON + 8 * HOUR}


def of_another_trail(trail: Trail, entry: LogEntry) -> dict[str, Any]:
    plant(trail, Trail(name="another").digest_key(*CHAIN, NOON + 3 * HOUR), entry)
    return {"trails": (trail.name,)}


@pytest.mark.parametrize("where", [in_the_span, after_the_span, of_another_trail])
def test_a_digest_that_nobody_signed_does_not_hide_what_was_slipped_in(where: Any, tmp_path: Path) -> None:
    trail = small_trail()
    report = prove(tmp_path, trail, **where(trail, slip_in(trail)))
    assert verdict(report) == "failed"


def test_windows_that_lie_do_not_hide_edited_digests(tmp_path: Path) -> None:
    trail = small_trail()
    for key in trail.digests(*CHAIN)[5:]:
        trail.edit_digest(key, lambda document: document.update(digestStartTime="2001-01-01T00:00:00Z"))
    report = prove(tmp_path, trail, since=NOON + HOUR)
    assert codes(report).count("digest.signature") == 3
    assert "about 3 digests" in next(f.sentence for f in report.findings if f.code == "coverage.tail")


def test_logging_that_began_again_in_another_place_is_a_restart(tmp_path: Path) -> None:
    trail = small_trail(4)
    trail.prefix = "new/"
    go_on(trail, NOON + 9 * HOUR, 2, restart=True)
    report = prove(tmp_path, trail)
    (found,) = report.findings
    assert (found.code, found.span) == ("coverage.restart_gap", (NOON + 4 * HOUR, NOON + 9 * HOUR))


def test_a_hole_is_told_though_the_newer_half_was_moved(tmp_path: Path) -> None:
    trail = small_trail()
    keys = trail.digests(*CHAIN)
    for key in keys[3:5]:
        trail.bucket.remove(key)
    write_bucket(trail.bucket, tmp_path / "mirror")
    for key in keys[5:]:
        _move(tmp_path / "mirror", [key, f"{key}.meta.json", *(e["s3Object"] for e in trail.document(key)["logFiles"])])
    assert codes(prove(tmp_path, trail)) == ["digest.missing", "coverage.missing", "log.undigested"]


def _move(root: Path, keys: Iterable[str]) -> None:
    for key in keys:
        (root / "x" / key).parent.mkdir(parents=True, exist_ok=True)
        (root / key).rename(root / "x" / key)


@pytest.mark.parametrize("span", [{}, {"since": NOON, "until": NOON + 8 * HOUR}])
@pytest.mark.parametrize(("first", "second"), [((0, 4), (3, 8)), ((0, 8), (0, 8)), ((3, 8), (0, 4)), ((0, 4), (4, 8))])
def test_copies_that_overlap_are_no_trouble(
    first: tuple[int, int], second: tuple[int, int], span: dict[str, Any], tmp_path: Path
) -> None:
    trail = small_trail()
    for name, hours in {"a": first, "b": second}.items():
        for key in trail.digests(*CHAIN)[slice(*hours)]:
            for each in (key, *(entry["s3Object"] for entry in trail.document(key)["logFiles"])):
                path = tmp_path / "mirror" / name / each
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(trail.bucket.bodies[each])
            path = tmp_path / "mirror" / name / f"{key}.meta.json"
            path.write_text(json.dumps(trail.bucket.head(key)))
    report = prove(tmp_path, trail, **span)
    assert codes(report) == []
    assert sum(tally.proven for tally in report.chains) == 2 * (first[1] - first[0] + second[1] - second[0])


def test_an_edited_copy_beside_the_good_one_is_told(tmp_path: Path) -> None:
    trail = small_trail(3)
    write_bucket(trail.bucket, tmp_path / "mirror" / "a")
    shutil.copytree(tmp_path / "mirror" / "a", tmp_path / "mirror" / "b")
    log = trail.log_keys()[2]
    trail.edit_log(log, lambda records: records[1:])
    (tmp_path / "mirror" / "b" / log).write_bytes(trail.bucket.bodies[log])
    assert codes(prove(tmp_path, trail)) == ["log.hash_mismatch"]


@pytest.mark.parametrize("name", ["extra.json.gz", "extra", "EXTRA.JSON.GZ", "evil.meta.json", "deeper/extra.json.gz"])
def test_what_was_slipped_in_under_any_name_is_told(name: str, tmp_path: Path) -> None:
    trail = small_trail()
    folder = trail.log_keys()[0].rpartition("/")[0]
    trail.bucket.put(f"{folder}/{name}", gzipped(minified({"Records": []})), NOON)
    assert codes(prove(tmp_path, trail)) == ["log.unlisted"]


def test_a_log_in_the_folder_of_a_region_belongs_to_it_whatever_its_name_says(tmp_path: Path) -> None:
    trail = small_trail()
    entry = slip_in(trail)
    trail.bucket.move(entry.key, entry.key.replace("_us-east-1_", "_us-east-9_"))
    assert codes(prove(tmp_path, trail, regions=(CHAIN[1],))) == ["log.unlisted"]


def test_a_log_half_an_hour_before_the_end_of_the_last_digest_is_not_taken_for_young(tmp_path: Path) -> None:
    trail = small_trail()
    batch = small_batch(NOON + 7 * HOUR + 33 * MINUTE)
    trail.bucket.put(batch.key(trail.root), gzipped(minified({"Records": list(batch.records)})), batch.delivered)
    report = prove(tmp_path, trail)
    assert (codes(report), verdict(report)) == (["log.undigested"], "incomplete")


def test_a_prefix_with_brackets_is_an_honest_one(tmp_path: Path) -> None:
    trail = Trail(name="small-trail", prefix="logs[prod],x/")
    for minute in range(59):
        trail.put_log(small_batch(NOON + minute * MINUTE))
    trail.cut_digest(*CHAIN, NOON, NOON + HOUR)
    assert codes(prove(tmp_path, trail)) == []
