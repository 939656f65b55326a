"""Where things lie in a store folder, and how a folder is known to be one."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ctaudit.errors import StoreError

STORE_VERSION = 3
"""Raised whenever an older ctaudit could not read the store rightly."""

EMPTY = ("unknown", "empty.parquet")
"""Date and name of a segment without rows, so that the views always have a file to read."""

_CATALOG = "ctaudit.duckdb"


@dataclass(frozen=True, slots=True)
class Layout:
    root: Path

    @property
    def catalog(self) -> Path:
        return self.root / _CATALOG

    @property
    def unborn(self) -> Path:
        """The catalog while it is being written."""
        return self.root / f"{_CATALOG}.new"

    @staticmethod
    def log_of(catalog: Path) -> Path:
        """Where DuckDB keeps what it has not yet written into a catalog."""
        return catalog.with_name(f"{catalog.name}.wal")

    @property
    def events(self) -> Path:
        return self.root / "events"

    @property
    def evidence(self) -> Path:
        """Evidence that lies nowhere else: what was captured from AWS, and events that came in messages."""
        return self.root / "evidence"

    @property
    def lock(self) -> Path:
        return self.root / "ingest.lock"

    @property
    def turn(self) -> Path:
        return self.root / f"{_CATALOG}.lock"

    @property
    def spool(self) -> Path:
        """Standard input while it is read; the next ingest sweeps what a killed one left."""
        return self.root / "stdin.spool"

    @property
    def reported(self) -> Path:
        """Which anomalies were reported before."""
        return self.root / "anomalies-reported.json"

    @property
    def outbox(self) -> Path:
        """Anomalies that could not be delivered yet."""
        return self.root / "anomalies-outbox.jsonl"

    @property
    def outbox_lock(self) -> Path:
        return self.root / "anomalies-outbox.lock"

    def segment(self, date: str, name: str) -> Path:
        return self.events / f"date={date}" / name

    def require(self) -> None:
        """Raise StoreError unless this folder holds a store."""
        try:
            if self.catalog.is_file():
                return
        except OSError as error:
            advice = "check the owner and mode of the folders on the way"
            raise StoreError(f"cannot look for a store at {self.root}: {error.strerror}", advice) from error
        if not self.root.exists():
            raise StoreError(f"there is no store at {self.root}", "create it with: ctaudit ingest PATH --store DIR")
        raise StoreError(
            f"{self.root} is not a ctaudit store",
            "name the store with --store DIR, or choose a new folder to ingest into",
        )

    def require_store_or_empty(self) -> None:
        """Raise StoreError when the folder holds something that is no store: it is not ours to write into."""
        if "?" in str(self.root):
            raise StoreError(
                f"no store can lie below {self.root}: DuckDB takes no '?' in a path", "choose another folder"
            )
        if self.catalog.is_file() or not self.root.exists():
            return
        if not self.root.is_dir():
            raise StoreError(f"{self.root} is a file, not a folder", "choose another --store DIR")
        # Segments without their catalog are a damaged store: an ingest would take them for left-overs and delete them.
        if any(path != self.segment(*EMPTY) for path in self.events.glob("date=*/*.parquet")):
            raise StoreError(
                f"{self.root} holds events but its catalog {_CATALOG} is missing",
                "put the catalog back from a copy, or ingest the evidence into a new store",
            )
        # What a first ingest leaves behind when it is killed before its catalog is in place.
        files = (self.lock, self.turn, self.unborn, self.log_of(self.unborn))
        ours = {path.name for path in (self.events, self.evidence, *files)}
        if any(entry.name not in ours for entry in self.root.iterdir()):
            raise StoreError(
                f"{self.root} holds other files and is not a ctaudit store", "choose an empty or new folder"
            )


def is_store(folder: str) -> bool:
    """Tell whether a folder on the way through the evidence is a store, which is never evidence itself."""
    return (Path(folder) / _CATALOG).is_file() and (Path(folder) / "events").is_dir()


def sync(path: Path) -> None:
    """Have the system put a file on the disk: a commit must never name a segment that a power cut could lose."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
