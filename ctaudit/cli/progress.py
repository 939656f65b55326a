"""Progress of long work: a bar on a terminal, silence elsewhere."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from ctaudit.cli.streams import Streams
from ctaudit.progress import Progress, Silent


@contextlib.contextmanager
def progress(streams: Streams, *, wanted: bool = True) -> Iterator[Progress]:
    """Give a bar that shows each step while the block runs, where somebody can see it."""
    if not wanted or not streams.stderr_terminal or streams.quiet or streams.dumb:
        yield Silent()
        return
    from ctaudit.cli.progress_bar import progress_bar

    with progress_bar(streams) as bar:
        yield bar
