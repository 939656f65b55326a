"""The two streams and the exit code: stdout carries data and nothing else, stderr everything else."""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import click

from ctaudit.reports.formats import Format, Style, render, render_document
from ctaudit.table import Document, Table

EXIT_REPORT = 1
EXIT_PARTIAL = 3


@dataclass(slots=True)
class Streams:
    """What the process was given, looked at once."""

    stdout_terminal: bool
    stderr_terminal: bool
    color: bool
    width: int
    quiet: bool = False

    @classmethod
    def of_process(cls) -> Streams:
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")
        if isinstance(sys.stderr, io.TextIOWrapper):
            sys.stderr.reconfigure(encoding="utf-8", errors="backslashreplace")
        wanted = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        return cls(sys.stdout.isatty(), sys.stderr.isatty(), wanted, shutil.get_terminal_size((100, 24)).columns)

    @property
    def style(self) -> Style:
        if not self.stdout_terminal:
            return Style()
        return Style(self.width, self.color)

    def answer(self, table: Table, format: Format, *, fail_empty: bool = False) -> int:  # noqa: A002
        """Print a table and what must be said beside it; return the exit code."""
        self._write(render(table, format, self.style))
        self._say_count(table, format)
        self.remark(table.notes, table.partial)
        if fail_empty and not table.rows:
            return EXIT_REPORT
        return EXIT_PARTIAL if table.partial else 0

    def document(self, document: Document, format: Format, *, empty: bool = False, fail_empty: bool = False) -> int:  # noqa: A002
        if not empty:
            self._write(render_document(document, format, self.style))
        self.remark(document.notes, document.partial)
        if fail_empty and empty:
            return EXIT_REPORT
        return EXIT_PARTIAL if document.partial else 0

    def remark(self, notes: tuple[str, ...], partial: tuple[str, ...]) -> None:
        for sentence in notes:
            self.say(sentence)
        for sentence in partial:
            self.say(f"incomplete: {sentence}", urgent=True)

    def say(self, sentence: str, *, urgent: bool = False) -> None:
        """Write one line to stderr; `--quiet` leaves only what is urgent."""
        from ctaudit.reports.escapes import visible

        if urgent or not self.quiet:
            styled = (
                click.style(visible(sentence), fg="yellow") if urgent and self._colored_stderr else visible(sentence)
            )
            click.echo(styled, err=True, color=self._colored_stderr)

    def fail(self, message: str, advice: str, code: int) -> int:
        """Say what went wrong and what to try; return the exit code."""
        from ctaudit.reports.escapes import visible

        prefix = click.style("ctaudit:", fg="red") if self._colored_stderr else "ctaudit:"
        click.echo(f"{prefix} {visible(message)}", err=True, color=self._colored_stderr)
        if advice:
            click.echo(f"  {visible(advice)}", err=True)
        return code

    @property
    def _colored_stderr(self) -> bool:
        return self.stderr_terminal and self.color

    def _say_count(self, table: Table, format: Format) -> None:  # noqa: A002
        shown, matched = len(table.rows), max(table.matched, len(table.rows))
        rows = "1 row" if matched == 1 else f"{matched:,} rows"
        self.say(rows if shown == matched else f"{shown:,} of {rows} shown; --limit 0 shows all")
        if format is Format.TABLE and self.stdout_terminal:
            from ctaudit.reports.text_table import hidden_columns

            if hidden := hidden_columns(table, self.width):
                self.say(f"columns that do not fit: {', '.join(hidden)} (--format json shows all)")

    def _write(self, chunks: Iterator[str]) -> None:
        for chunk in chunks:
            sys.stdout.write(chunk)
        sys.stdout.flush()
