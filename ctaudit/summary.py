"""What an ingest did: counts of one run alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from ctaudit.fault import Fault
from ctaudit.query import Forgotten
from ctaudit.sources.objects import UNREACHED
from ctaudit.sources.s3_listing import ALTERED
from ctaudit.sources.s3_objects import Archived, archived_by_class


@dataclass(slots=True)
class Summary:
    """What an ingest did; counts of this run alone."""

    files_read: int = 0
    files_known: int = 0
    """Files passed over or found to be copies of what the store holds."""
    files_faulty: int = 0
    files_refused: int = 0
    """Files that hold no CloudTrail records, digests not counted."""
    digests: int = 0
    logs: int = 0
    """Contents that are logs, whole or not, known or new: an archive has many."""
    events: int = 0
    duplicates: int = 0
    """Records that the store, or another file of this run, already held with the same body."""
    conflicts: int = 0
    """Event ids that came with more than one body."""
    refused: Counter[str] = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)
    archived: list[Archived] = field(default_factory=list)
    """Objects of S3 that must be restored before they can be read; each is a fault, too."""
    forgotten: Forgotten | None = None
    """Days that were dropped from the store on purpose; only when there were known files, which may be of such days."""
    captured: int = 0
    """Events of `history:` and `logs:` that were not captured before; they count as events once they are read."""
    notes: list[str] = field(default_factory=list)
    """What a source leaves out by its nature, in sentences."""
    nothing: str = ""
    """Why no log was found in S3, and what is there instead."""
    bytes: int = 0
    seconds: float = 0.0

    @property
    def altered(self) -> int:
        """How many faults tell of a log file that was overwritten or deleted in its bucket."""
        return sum(fault.kind in ALTERED for fault in self.faults)

    @property
    def unreached(self) -> bool:
        """Whether nothing was read, because no source could be reached."""
        ends = (fault.kind.rpartition(".")[2] for fault in self.faults)
        return bool(self.faults) and not self.logs and not self.files_known and all(end in UNREACHED for end in ends)

    @property
    def archived_by_class(self) -> dict[str, tuple[int, int]]:
        """Storage class -> how many objects have to be restored, and their bytes."""
        return archived_by_class(self.archived)

    @property
    def files(self) -> int:
        return self.files_read + self.files_known + self.files_refused + self.files_faulty + self.digests
