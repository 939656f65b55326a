"""Why a question could not be asked or answered: each error carries its exit code and what to try."""

from __future__ import annotations


class CtauditError(Exception):
    """Say in one sentence what happened and where; `advice` says what to try."""

    exit_code = 4

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice


class UsageError(CtauditError):
    """The question cannot be asked that way."""

    exit_code = 2


class StoreError(CtauditError):
    """The store is missing, foreign, newer, damaged or not writable."""


class StoreChanged(StoreError):
    """The store was changed while a question was answered, which must be asked again from the start."""


class StoreBusy(StoreError):
    """Another process holds the store."""


class QueryError(UsageError):
    """The SQL cannot be run: not a single SELECT, or DuckDB refused it."""


class QueryLimit(CtauditError):
    """The query ran into a limit of memory or time."""


class Interrupted(CtauditError):
    """The user pressed Ctrl-C; nothing half-done was left behind."""

    exit_code = 130
