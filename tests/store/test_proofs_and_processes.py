"""Verdicts on their way into a store that others use at the same time, or that takes none."""

from __future__ import annotations

import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.cli.processes import PATIENCE, environment, piped
from tests.store.processes import command, ingesting, until
from tests.store.proving import Scene, scene, tiny
from tests.store.stores import CATALOG, select, status
from tests.store.test_store_errors import assert_told, mounted
from tests.trail.packing import gzipped, minified
from tests.trail.small import small_trail

VERDICTS = "SELECT integrity, count(*) FROM cloudtrail_logs GROUP BY ALL"


def words(made: Scene) -> list[str | Path]:
    return ["validate", made.mirror, "--public-keys", made.keys, "--store", made.store]


def test_a_store_on_a_read_only_disk_is_told_and_keeps_its_verdicts(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "size=64m"):
        made = scene(tmp_path / "disk", tiny(1))
        made.ingest()
        subprocess.run(["mount", "-o", "remount,ro", str(tmp_path / "disk")], check=True)
        assert_told(piped(*words(made), folder=tmp_path), "Read-only file system", "choose another --store DIR")
        assert made.integrity() == {"1210": "unknown"}


def test_a_damaged_store_is_told(tmp_path: Path) -> None:
    made = scene(tmp_path, tiny(1))
    made.ingest()
    (made.store / CATALOG).write_bytes(b"no catalog at all" * 1000)
    for asked in (words(made), ["validate", "--public-keys", made.keys, "--store", made.store]):
        assert_told(piped(*asked, folder=tmp_path), CATALOG, "restore it from a copy")


@pytest.mark.slow
@pytest.mark.parametrize("source", [True, False])
def test_a_validation_and_an_ingest_do_not_disturb_each_other(source: bool, tmp_path: Path) -> None:
    """The ingest commits every few files; whichever comes first to a file, its rows have their verdict in the end."""
    made = scene(tmp_path, small_trail(hours=24, logs_an_hour=2))
    edited = made.mirror / made.trail.log_keys()[7]
    edited.write_bytes(gzipped(minified({"Records": made.trail.records(made.trail.log_keys()[7])[1:]})))
    first = made.mirror / made.trail.log_keys()[0]
    made.ingest(first, *made.mirror.rglob("*CloudTrail-Digest_*"))
    asked = words(made) if source else ["validate", "--public-keys", made.keys, "--store", made.store]
    runs = 0
    with ingesting(made.store, made.mirror) as ingest:
        assert until(lambda: status(made.store)["events"] > 3)
        while ingest.poll() is None:
            done = subprocess.run(
                command(*asked), capture_output=True, env=environment(), timeout=PATIENCE, check=False
            )
            assert done.returncode == 1, done.stderr
            runs += 1
            time.sleep(0.05)
        assert ingest.returncode == 0
    assert runs > 0
    if not source:
        piped(*asked, folder=tmp_path)
    assert Counter(dict(select(made.store, VERDICTS))) == Counter(proven=47 * 3, failed=2)
