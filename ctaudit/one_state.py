"""An answer is of one state of the store, or there is none."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from ctaudit.errors import StoreChanged

_TRIES = 5
_P = ParamSpec("_P")
_T = TypeVar("_T")


def of_one_state(ask: Callable[_P, _T]) -> Callable[_P, _T]:
    """Ask again from the start when the store was changed so much meanwhile that segments are gone.

    They stay for an hour after they were replaced, so this is for questions that were put to sleep. StoreChanged is
    raised when it comes to that time and again.
    """

    @wraps(ask)
    def asked(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        for _ in range(_TRIES - 1):
            with contextlib.suppress(StoreChanged):
                return ask(*args, **kwargs)
        return ask(*args, **kwargs)

    return asked
