"""A small trail on disk, ingested and validated: its bucket as a mirror, its public keys, what a store says of it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import ctaudit
from ctaudit.evidence import Options
from ctaudit.ingest import ingest
from ctaudit.validate import Report, validate
from tests.integrity.mirror import write_bucket
from tests.store.stores import select, status
from tests.trail.delivery import Batch
from tests.trail.packing import unpacked
from tests.trail.signing import public_key_list
from tests.trail.small import CHAIN, NOON, small_batch
from tests.trail.trail import HOUR, Trail

NOW = NOON + timedelta(days=1)
"""When a validation runs, unless a test says otherwise."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A folder with a trail's bucket as `mirror`, its public keys and, once something is ingested, a store."""

    folder: Path
    trail: Trail

    @property
    def mirror(self) -> Path:
        return self.folder / "mirror"

    @property
    def keys(self) -> Path:
        return self.folder / "keys.json"

    @property
    def store(self) -> Path:
        return self.folder / "ctaudit-store"

    def ingest(self, *paths: Path) -> None:
        """Ingest the mirror, or something else."""
        ingest(self.store, [str(path) for path in paths or (self.mirror,)], jobs=1)

    def prove(self, source: Path | None, now: datetime = NOW, *, keys: bool = True, **options: Any) -> Report:
        """Validate a folder, or with None what the store knows."""
        given = Options(public_keys=(str(self.keys),) if keys else (), **options)
        return validate(None if source is None else str(source), self.store, given, now=now, jobs=2)

    def integrity(self) -> dict[str, str]:
        """Tell the verdict on the rows of each file, by `short` name; lookups must say the same as DuckDB alone."""
        seen = select(self.store, "SELECT source_file, record, integrity FROM cloudtrail_logs")
        looked_up = [
            (row["source"], row["record"], row["integrity"]) for row in ctaudit.open(self.store).timeline(limit=None)
        ]
        assert sorted(looked_up) == sorted(seen)
        verdicts: dict[str, set[str]] = {}
        for file, _, integrity in seen:
            verdicts.setdefault(short(file), set()).add(integrity)
        assert all(len(each) == 1 for each in verdicts.values()), verdicts
        return {name: each.pop() for name, each in sorted(verdicts.items())}

    def proof_of(self, file: str, record: int = 0) -> dict[str, Any]:
        """Return what `show` tells of one event's place in a file of this short name."""
        rows = select(self.store, f"SELECT eventid, source_file FROM cloudtrail_logs WHERE record = {record}")
        (event_id,) = (event_id for event_id, source in rows if short(source) == file)
        (place,) = ctaudit.open(self.store).show(event_id).content["places"]
        return dict(place)


def scene(folder: Path, trail: Trail, *, sidecars: bool = True) -> Scene:
    """Write a trail down."""
    made = Scene(folder, trail)
    write_bucket(trail.bucket, made.mirror, sidecars=sidecars)
    made.keys.write_text(json.dumps(public_key_list(trail.keys[CHAIN[1]])))
    return made


def tiny(hours: int = 3, name: str = "small-trail", prefix: str = "") -> Trail:
    """Make a trail with one log file an hour, delivered at ten past."""
    trail = Trail(name=name, prefix=prefix)
    add_hours(trail, hours)
    return trail


def add_hours(trail: Trail, hours: int, minute: int = 10) -> None:
    for hour in range(hours):
        trail.put_log(small_batch(NOON + hour * HOUR + timedelta(minutes=minute)))
    for hour in range(hours):
        trail.cut_digest(*CHAIN, NOON + hour * HOUR, NOON + (hour + 1) * HOUR)


def slipped_in(hour: int = 0, minute: int = 5) -> Batch:
    """Make a log file that nobody lists."""
    return small_batch(NOON + hour * HOUR + timedelta(minutes=minute))


def short(path: str) -> str:
    """Shorten a log file's name to the hour and minute in it, with the number of a later gzip member."""
    found = re.search(r"_\d{8}T(\d{4})Z_[^#/]*(#member\d+)?$", path)
    return f"{found[1]}{found[2] or ''}" if found else path.rpartition("/")[2]


def codes(report: Report) -> list[str]:
    return sorted(found.code for found in report.findings)


def shares(store: Path) -> tuple[dict[str, int], float | None]:
    told = status(store)
    return told["records_by_integrity"], told["proven_share"]


def mixed_copy(scene: Scene, folder: Path) -> Path:
    """Copy four logs: one as it lies, one as `gunzip` leaves it, one without its folders, one under another name."""
    as_it_lies, unzipped, flat, renamed = scene.trail.log_keys()
    bodies = scene.trail.bucket.bodies
    copies = {
        as_it_lies: bodies[as_it_lies],
        unzipped.removesuffix(".gz"): unpacked(bodies[unzipped]),
        flat.rpartition("/")[2]: bodies[flat],
        "evidence-7.json": unpacked(bodies[renamed]),
    }
    for name, body in copies.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    return folder


def flat_copy(scene: Scene, folder: Path) -> Path:
    """Copy every file of the mirror into one folder."""
    folder.mkdir()
    for path in scene.mirror.rglob("*"):
        if path.is_file():
            (folder / path.name).write_bytes(path.read_bytes())
    return folder
