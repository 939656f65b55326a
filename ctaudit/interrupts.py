"""Ctrl-C, and the order to end, while a store is written: noted, and heeded where stopping leaves nothing half done."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TypeVar

from ctaudit.errors import Interrupted

_T = TypeVar("_T")


@contextlib.contextmanager
def noted_interrupts() -> Iterator[Callable[[], bool]]:
    """Note a Ctrl-C, to be asked for, where Python would raise it anywhere: in a destructor it would be swallowed.

    The second one is raised, and so is, at the end of the block, one that nobody asked for. In other threads than the
    main one signals are not ours.
    """
    pressed = threading.Event()
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or before is not signal.default_int_handler:
        yield pressed.is_set
        return

    def note(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        pressed.set()

    signal.signal(signal.SIGINT, note)
    try:
        yield pressed.is_set
    finally:
        signal.signal(signal.SIGINT, before)
    if pressed.is_set():
        raise Interrupted("interrupted")


class Stop:
    """Whether this process was asked to stop: work goes on to where it may end, waiting ends at once."""

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None
        """The first one that came."""
        self._waiting = False

    def __call__(self) -> bool:
        return self.signal is not None

    def unless_asked(self, wait: Callable[[], _T]) -> _T | None:
        """Do what mostly waits; None when the process was asked to stop, before it or meanwhile."""
        self._waiting = True
        try:
            return None if self() else wait()
        except KeyboardInterrupt:
            if not self():
                raise
            return None
        finally:
            self._waiting = False

    def pause(self, seconds: float) -> None:
        self.unless_asked(lambda: time.sleep(seconds))

    def note(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal; a second Ctrl-C is raised wherever it comes."""
        again = self() and number == signal.SIGINT
        self.signal = self.signal or signal.Signals(number)
        if again or self._waiting:
            raise KeyboardInterrupt


@contextlib.contextmanager
def noted_stop() -> Iterator[Stop]:
    """Note Ctrl-C and SIGTERM while the block runs. A signal that the process was told to ignore stays ignored; in
    other threads than the main one signals are not ours.
    """
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    handled = [each for each in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(each) is not signal.SIG_IGN]
    before = {each: signal.signal(each, stop.note) for each in handled}
    try:
        yield stop
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
