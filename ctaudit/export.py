"""Write the events as a lake that Athena, Trino and Spark read, and bring it up to date."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from ctaudit import account_names, times
from ctaudit.errors import StoreChanged, UsageError
from ctaudit.interrupts import noted_interrupts
from ctaudit.listing import Login
from ctaudit.progress import Progress, Silent, Step
from ctaudit.query import Span
from ctaudit.records.columns import ACCOUNT, DATE, REGION
from ctaudit.records.lake import KEYS, LAKE_VERSION
from ctaudit.sources.lake_bucket import LakeBucket
from ctaudit.sources.lake_folder import MAX_MANIFEST_BYTES, Lake, LakeFolder
from ctaudit.sources.s3_urls import SCHEME
from ctaudit.store import forgotten, holdings, lake_rows
from ctaudit.store.lake_plan import Plan
from ctaudit.store.lake_rows import LakeRows
from ctaudit.store.layout import Layout
from ctaudit.table import Document

_TRIES = 5
_DAY = timedelta(days=1)


class _Manifest(msgspec.Struct, kw_only=True):
    """What a lake says of itself, in `_ctaudit/lake.json`."""

    ctaudit: str = "lake"
    version: int = LAKE_VERSION
    partition_by: list[str]
    complete: bool
    """False while an export changes the lake, and after one that did not come to its end."""
    updated: str
    contents: int
    """How many contents the store was made from."""
    sketch: list[str]
    """SHA-256 of some of them: the store of this lake is one that knows them all, and has no fewer."""
    partitions: int = 0
    events: int = 0


@dataclass(frozen=True, slots=True)
class Into:
    """Where a lake is to be, and how it is laid out."""

    to: str
    """A folder, or `s3://bucket/prefix`."""
    partition_by: tuple[str, ...] = KEYS
    login: Login = field(default_factory=Login)
    sse_kms: str | None = None
    """KMS key that S3 is to encrypt with."""


def export_lake(
    store: str | os.PathLike[str],
    into: Into,
    *,
    now: datetime,
    since: datetime | None = None,
    until: datetime | None = None,
    account: Sequence[str] = (),
    region: Sequence[str] = (),
    prune: bool = False,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> Document:
    """Write the partitions of a lake that differ from the store's; filters choose partitions, days are whole.

    Raises UsageError when the folder is no lake of this store, StoreError when the store cannot be read, CtauditError
    when the lake cannot be written, Interrupted on Ctrl-C; a later export goes on from there.
    """
    layout = Layout(Path(store).absolute())
    layout.require()
    check_keys(into.partition_by)
    _check_filters(into.partition_by, {DATE: since or until, ACCOUNT: account, REGION: region}, prune=prune)
    span = Span(
        None if since is None else _midnight(since),
        None if until is None else _midnight(until + _DAY - timedelta(microseconds=1)),
        account_names.numbers(layout, account),
        tuple(region),
    )
    run = _Run(layout, into, span, now, prune=prune, dry_run=dry_run, progress=progress or Silent())
    notes = _rounded(span, since, until)
    for _ in range(_TRIES - 1):
        try:
            return run.document(notes)
        except StoreChanged:  # it took so long that segments are gone; what was written stays, and counts
            continue
    return run.document(notes)


def check_keys(partition_by: Sequence[str]) -> None:
    """Raise UsageError when no lake can be laid out so."""
    if not partition_by or len({*partition_by}) != len(partition_by) or not {*partition_by} <= {*KEYS}:
        raise UsageError(
            f"'{','.join(partition_by)}' is no way to lay out a lake", f"give some of {','.join(KEYS)}, each once"
        )


def _check_filters(partition_by: Sequence[str], narrowing: dict[str, Any], *, prune: bool) -> None:
    for key, given in narrowing.items():
        if given and key not in partition_by:
            raise UsageError(
                f"only whole partitions are written, and {key} is not what these are made of",
                f"name {key} in --partition-by, or leave the filter out",
            )
    if prune and any(narrowing.values()):
        raise UsageError(
            "what the store does not have is known of the whole store alone", "say --prune without filters"
        )


def _midnight(time: datetime) -> str:
    return times.format_utc(time.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0))


def _rounded(span: Span, since: datetime | None, until: datetime | None) -> tuple[str, ...]:
    given = tuple(None if time is None else times.format_utc(time) for time in (since, until))
    if given == (span.since, span.until):
        return ()
    first, last = (span.since or "the first day")[:10], span.until
    return (f"whole days are written: from {first} {'on' if last is None else f'to before {last[:10]}'}",)


class _Run:
    """One attempt to bring a lake up to date; another one goes on where it ended."""

    def __init__(
        self, layout: Layout, into: Into, span: Span, now: datetime, *, prune: bool, dry_run: bool, progress: Progress
    ) -> None:
        self._layout = layout
        self._into = into
        self._span = span
        self._now = now
        self._prune = prune
        self._dry_run = dry_run
        self._progress = progress
        self._lake = _lake_of(into)
        self._written = {"partitions_written": 0, "events_written": 0, "files_written": 0, "bytes_written": 0}
        self._deleted = 0

    def document(self, notes: tuple[str, ...]) -> Document:
        known = self._known()
        if known is None and next(self._lake.files(), None) is not None:
            raise UsageError(f"{self._lake.name} holds other files and is no lake", "name an empty or new folder")
        with noted_interrupts() as stopped, self._lake.opened(change=not self._dry_run) as staging:
            recognise = () if known is None else tuple(known.sketch)
            with lake_rows.opened(self._layout, self._span, recognise, staging) as rows:
                self._recognise(known, rows)
                plan = rows.compare(self._into.partition_by, self._lake.files(), prune=self._prune)
                if not self._dry_run:
                    self._bring(rows, plan, staging, stopped)
                return self._told(plan, rows, notes)

    def _known(self) -> _Manifest | None:
        text = self._lake.manifest()
        if text is None:
            return None
        name = self._lake.name
        try:
            if len(text) > MAX_MANIFEST_BYTES:
                raise msgspec.DecodeError("it is too large")
            known = msgspec.json.decode(text, type=_Manifest)
        except msgspec.DecodeError as error:
            raise UsageError(f"the manifest of {name} is damaged: {error}", "export into a new folder") from error
        if known.ctaudit != "lake" or known.version > LAKE_VERSION:
            raise UsageError(f"{name} was written by a newer ctaudit", "upgrade ctaudit, or export into a new folder")
        if tuple(known.partition_by) != self._into.partition_by:
            was = ",".join(known.partition_by)
            raise UsageError(f"{name} is laid out by {was}", f"say --partition-by {was}, or export into a new folder")
        return known

    def _recognise(self, known: _Manifest | None, rows: LakeRows) -> None:
        """Refuse the lake of another store, which lacks some of what that one was made from."""
        if known is not None and (rows.recognised < len(known.sketch) or rows.contents < known.contents):
            raise UsageError(
                f"{self._lake.name} is the lake of another store, or of a later state of {self._layout.root}",
                "name the store it was made from with --store DIR, or export into a new folder",
            )

    def _bring(self, rows: LakeRows, plan: Plan, staging: Path, stopped: Any) -> None:
        self._lake.write_manifest(self._manifest(rows, plan, complete=False))
        for folder, names in rows.surplus():
            self._lake.exchange(folder, (), names)
            self._deleted += len(names)
        done = self._written
        for made in rows.made(staging, stopped):
            done["partitions_written"] += 1
            done["events_written"] += made.rows
            done["files_written"] += len(made.files)
            done["bytes_written"] += sum(path.stat().st_size for path, _ in made.files)
            self._lake.exchange(made.folder, made.files, made.old)
            self._deleted += len(made.old)
            self._progress.update(
                Step(done["partitions_written"], plan.to_write, events=None, bytes=done["bytes_written"])
            )
        self._lake.settle()
        self._lake.write_manifest(self._manifest(rows, plan, complete=True))

    def _manifest(self, rows: LakeRows, plan: Plan, *, complete: bool) -> bytes:
        told = _Manifest(
            partition_by=list(self._into.partition_by),
            complete=complete,
            updated=times.format_utc(self._now),
            contents=rows.contents,
            sketch=list(rows.sketch),
            partitions=plan.partitions,
            events=plan.events,
        )
        return msgspec.json.format(msgspec.json.encode(told)) + b"\n"

    def _told(self, plan: Plan, rows: LakeRows, notes: tuple[str, ...]) -> Document:
        content = {
            "lake": self._lake.name,
            "store": str(self._layout.root),
            "partition_by": list(self._into.partition_by),
            "dry_run": self._dry_run,
            "partitions": plan.partitions,
            "events": plan.events,
            "partitions_to_write": plan.to_write,
            "events_to_write": plan.events_to_write,
            "bytes_in_store": plan.bytes_in_store,
            **self._written,
            "files_deleted": self._deleted,
            "partitions_kept": plan.held,
            "partitions_gone": plan.gone,
        }
        return Document(content, (*notes, *_notes(plan)), _left_out(plan, rows, prune=self._prune))


def _notes(plan: Plan) -> tuple[str, ...]:
    sentences = []
    if plan.foreign:
        sentences.append(f"{_count(plan.foreign, 'file')} in the lake that no export wrote; engines may read them too")
    if plan.unnamed:
        sentences.append(
            f"{_count(plan.unnamed, 'event')} with an account or region that is too long for the name of a folder; it "
            "is null there, and whole in recipientaccountid, awsregion and eventjson"
        )
    return tuple(sentences)


def _left_out(plan: Plan, rows: LakeRows, *, prune: bool) -> tuple[str, ...]:
    """Say what the store lacks, what the filters could not judge, and where the lake is not as the store."""
    state = rows.snapshot
    sentences = [*holdings.unread(state.totals.faults, state.totals.unfinished), *holdings.uncovered(state.gaps)]
    sentences += forgotten.sentences(state.forgotten)
    for reason, count in state.omitted.items():
        sentences.append(f"{count} events have {reason}, so the filter could not judge them")
    if plan.held:
        sentences.append(
            f"{_count(plan.held, 'partition')} in the lake of which the store has forgotten days; they stay as they "
            "were, --prune makes them what the store has now"
        )
    if plan.gone and not prune:
        sentences.append(
            f"{_count(plan.gone, 'partition')} in the lake that the store does not have; --prune deletes them"
        )
    return tuple(sentences)


def _count(number: int, word: str) -> str:
    return f"there is 1 {word}" if number == 1 else f"there are {number:,} {word}s"


def _lake_of(into: Into) -> Lake:
    """Raises UsageError when no lake can lie there, CtauditError when there are no credentials."""
    if into.to.lower().startswith(SCHEME):
        return LakeBucket(into.to, into.login, into.sse_kms)
    if "://" in into.to:
        raise UsageError(f"no lake can lie at {into.to}", "give a folder or s3://BUCKET/PREFIX")
    if into.sse_kms is not None:
        raise UsageError("--sse-kms is for s3:// alone")
    return LakeFolder(Path(into.to))
