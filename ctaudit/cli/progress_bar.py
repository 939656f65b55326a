"""The progress bar of long work, on a terminal's stderr."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task
from rich.text import Text

from ctaudit.cli.streams import Streams
from ctaudit.progress import Step

_FIGURES = 64
"""Cells that the figures beside the bar may need; the bar gets what is left of the line, and none below 76."""


def figures(step: Step, seconds: float) -> str:
    """Return what is said beside the bar, `seconds` after reading began (before: after listing began)."""
    if step.files_total is None:
        return f"looking for files  {_clock(seconds)}"
    said = [f"{step.files:,}/{step.files_total:,} files"]
    if step.events is None:
        return "  ".join(said + _pace(step.files, step.files_total, "files/s", 1, seconds))
    said.append(f"{_count(step.events)} events")
    left = (step.bytes_total or 0) - step.bytes
    if left <= 0:
        said.append("storing")
    else:
        said += _pace(step.bytes, step.bytes + left, "MB/s", 1e6, seconds)
    return "  ".join(said)


def _pace(done: int, total: int, unit: str, size: float, seconds: float) -> list[str]:
    """Say how fast the work goes, in `unit`s of `size`, and how long it has to go."""
    if not done or seconds <= 0:
        return [_clock(seconds)]
    return [f"{done / seconds / size:,.1f} {unit}", f"{_clock(seconds * (total - done) / done)} left"]


@contextlib.contextmanager
def progress_bar(streams: Streams) -> Iterator[_Bar]:
    """Show a bar while the block runs; the terminal is left as it was."""
    console = Console(stderr=True, force_terminal=True, no_color=not streams.color)
    room = min(40, console.width - _FIGURES)
    bar = (BarColumn(bar_width=room),) if room >= 12 else ()
    with Progress(*bar, _Figures(), console=console, transient=True) as progress:
        yield _Bar(progress)


class _Bar:
    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=None, step=Step())
        self._listed = False

    def update(self, step: Step) -> None:
        if step.files_total is not None and not self._listed:
            self._listed = True
            self._progress.reset(self._task)  # the rate is that of reading, not of looking for files
        done, total = (step.files, step.files_total) if step.events is None else (step.bytes, step.bytes_total)
        task = self._progress.tasks[0]
        task.total = total if total is not None and done < total else None  # None pulses: while listing, and at the end
        self._progress.update(self._task, completed=done, step=step)


class _Figures(ProgressColumn):
    """The figures, told anew at each refresh: the clock goes on between two steps."""

    def render(self, task: Task) -> Text:
        return Text(figures(task.fields["step"], task.elapsed or 0.0), no_wrap=True, overflow="ellipsis")


def _count(number: int) -> str:
    return f"{number:,}" if number < 1_000_000 else f"{number / 1e6:.1f} M"


def _clock(seconds: float) -> str:
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
