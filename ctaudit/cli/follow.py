"""What `ingest` tells of a queue, or with `--follow`: a line, and a document, for each look that brought something."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ctaudit.cli.ingest_report import content, count, summary_line, tell_troubles
from ctaudit.cli.streams import EXIT_INTERRUPTED, EXIT_PARTIAL, EXIT_REPORT, Streams
from ctaudit.reports.formats import Format

if TYPE_CHECKING:
    from ctaudit.follow import Following, Round
    from ctaudit.listing import FromS3


def run(
    streams: Streams,
    store: Path,
    sources: Sequence[str],
    how: Following,
    format: Format,  # noqa: A002
    *,
    jobs: int | None,
    from_s3: FromS3,
) -> int:
    """Read a queue until it is empty, or follow any source until the process is asked to stop."""
    from ctaudit.follow import Round, follow
    from ctaudit.interrupts import noted_stop

    whole = Round()
    with noted_stop() as stop:
        for each in follow(store, sources, stop, how, jobs=jobs, from_s3=from_s3):
            _tell(streams, each, store)
            if not how.on:
                whole.add(each)
            elif format is not Format.TABLE:
                _print(streams, each, Format.JSONL if format is Format.JSON else format)
    if not how.on and format is not Format.TABLE:
        _print(streams, whole, format)
    if stop.signal is not None:
        asked = how.on and stop.signal == signal.SIGTERM
        return 0 if asked else streams.fail("interrupted", "", EXIT_INTERRUPTED)
    if not whole.received:
        streams.say("there was no message")
    if whole.summary.altered:
        return EXIT_REPORT
    return EXIT_PARTIAL if whole.summary.faults or whole.left else 0


def _tell(streams: Streams, brought: Round, store: Path) -> None:
    tell_troubles(streams, brought.summary, store)
    for remark in brought.remarks:
        streams.say(remark, urgent=True)
    said = [summary_line(brought.summary)] if brought.summary.files else []
    if brought.received:
        left = f", {brought.left:,} left in the queue" if brought.left else ""
        said.insert(0, f"{count(brought.received, 'message')}: {brought.deleted:,} read and deleted{left}")
    if said:
        streams.say("; ".join(said))


def _print(streams: Streams, brought: Round, format: Format) -> None:  # noqa: A002
    from ctaudit.table import Document

    messages = {
        "received": brought.received,
        "deleted": brought.deleted,
        "left": brought.left,
        "ignored": dict(sorted(brought.ignored.items())),
    }
    streams.document(Document(content(brought.summary) | {"messages": messages}), format)
