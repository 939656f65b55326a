"""What an ingest found archived: how much, what a restore takes, and the restore itself once somebody has said yes."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ctaudit.cli.progress import progress
from ctaudit.cli.streams import Streams
from ctaudit.errors import UsageError

if TYPE_CHECKING:
    from ctaudit.ingest import Archived
    from ctaudit.listing import FromS3

_SHOWN_FAULTS = 5


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user wants of archived objects."""

    tier: str | None
    """None: nothing."""
    days: int
    sure: bool
    """Whether there is no need to ask."""


def restore_archived(streams: Streams, found: Sequence[Archived], from_s3: FromS3, wish: Wish) -> None:
    """Tell of archived objects, and restore them when that is wanted."""
    from ctaudit import restores
    from ctaudit.ingest import archived_by_class
    from ctaudit.progress import Step

    for storage_class, (objects, size) in sorted(archived_by_class(found).items()):
        takes = f"a restore takes {restores.durations(storage_class)}"
        streams.say(f"archived in {storage_class}: {_objects(objects)}, {size / 1e6:,.1f} MB; {takes}", urgent=True)
    chosen = restores.wanted(found)
    if len(chosen) < len(found):
        streams.say(f"a restore of {_objects(len(found) - len(chosen))} is under way; ingest again when it is done")
    if not chosen:
        return
    if wish.tier is None:
        streams.say("ask for a restore with --restore bulk, standard or expedited", urgent=True)
        return
    if refused := restores.unfit(chosen, wish.tier):
        what = f"{_objects(refused)} in DEEP_ARCHIVE cannot be restored as {wish.tier}"
        raise UsageError(what, "choose another tier")
    if not wish.sure and not _agreed(streams, chosen, wish):
        streams.say("nothing is restored", urgent=True)
        return
    with progress(streams) as bar:
        done = restores.request(
            chosen, wish.tier, wish.days, from_s3, lambda count: bar.update(Step(count, len(chosen), events=None))
        )
    for fault in done.faults[:_SHOWN_FAULTS]:
        streams.say(f"fault: {fault.path}: {fault.kind}: {fault.reason}", urgent=True)
    told = f"{done.requested:,} restores requested, {done.under_way:,} were under way, {len(done.faults):,} refused"
    streams.say(f"{told}; run the same ingest again when they are done", urgent=True)


def _agreed(streams: Streams, chosen: Sequence[Archived], wish: Wish) -> bool:
    """Ask on the terminal; raises UsageError where nobody can answer."""
    size = sum(each.file.size for each in chosen)
    what = f"{_objects(len(chosen))}, {size / 1e6:,.1f} MB, as {wish.tier}, for {wish.days} days"
    if not sys.stdin.isatty():
        raise UsageError(f"a restore of {what} costs money, and nobody is there to confirm it", "say --yes to restore")
    streams.ask(f"Restore {what}? That costs money. [y/N] ")
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _objects(count: int) -> str:
    return "1 object" if count == 1 else f"{count:,} objects"
