"""The progress bar of long work, on a terminal's stderr."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task
from rich.text import Text

from ctaudit.cli.streams import Streams
from ctaudit.progress import Step

_FIGURES = 67
"""Cells that the figures beside the bar may need; the bar gets what is left of the line, and none below 79."""


def figures(step: Step, seconds: float) -> str:
    """Return what is said beside the bar, `seconds` after reading began (before: after listing began)."""
    if step.files_total is None and not step.files:
        return f"{_before_reading(step)}  {_clock(seconds)}"
    of = f"/{_count(step.files_total)}" if step.files_total is not None else f" of at least {_count(step.listed)}"
    said = [f"{_count(step.files)}{of} files{_rate(step.files, seconds)}"]
    if step.events is not None:
        said.append(f"{_count(step.events)} events")
    if step.bytes and seconds > 0:
        said.append(f"{step.bytes / seconds / 1e6:,.1f} MB/s")
    done, total = _extent(step)
    if step.events is not None and total is not None and done >= total:
        return "  ".join((*said[:2], "storing"))
    if total is None or not done or seconds <= 0:
        said.append(_clock(seconds))
    else:
        said.append(f"{_clock(seconds * (total - done) / done)} left")
    return "  ".join(said)


def _before_reading(step: Step) -> str:
    if step.captured:
        return f"{_count(step.captured)} events captured"
    return f"looking for files: {_count(step.listed)} found" if step.listed else "looking for files"


def _rate(files: int, seconds: float) -> str:
    return f" ({files / seconds:,.{0 if files >= 10 * seconds else 1}f}/s)" if files and seconds > 0 else ""


def _extent(step: Step) -> tuple[int, int | None]:
    """Return what is done, and of how much: bytes where their total is known, else files; None while listing."""
    if step.files_total is None:
        return step.files, None
    by_bytes = step.events is not None or step.bytes_total
    return (step.bytes, step.bytes_total or 0) if by_bytes else (step.files, step.files_total)


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
        self._reading = False
        """Whether files are read, be it while others are still looked for."""

    def update(self, step: Step) -> None:
        if step.files_total is not None and not self._listed:
            self._listed = True
            if not self._reading:
                self._progress.reset(self._task)  # the rate is that of reading, not of looking for files
        self._reading = self._reading or step.files > 0
        done, total = _extent(step)
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
