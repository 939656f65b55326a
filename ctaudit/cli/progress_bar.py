"""The progress bar of long work, on a terminal's stderr."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from ctaudit.cli.streams import Streams
from ctaudit.progress import Step


class _Bar:
    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("looking for files", total=None, text="")

    def update(self, step: Step) -> None:
        task = next(task for task in self._progress.tasks if task.id == self._task)
        rate = step.bytes / task.elapsed / 1e6 if task.elapsed else 0.0
        text = f"{step.files:,}/{step.files_total or 0:,} files  {step.events:,} events  {rate:.1f} MB/s"
        self._progress.update(
            self._task, description="ingesting", completed=step.bytes, total=step.bytes_total, text=text
        )


@contextlib.contextmanager
def progress_bar(streams: Streams) -> Iterator[_Bar]:
    console = Console(stderr=True, no_color=not streams.color)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[text]}"),
        TimeElapsedColumn(),
        TextColumn("eta"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield _Bar(progress)
