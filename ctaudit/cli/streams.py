"""The two streams and the exit code: stdout carries data and nothing else, stderr everything else."""

from __future__ import annotations

import contextlib
import errno
import io
import itertools
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TextIO, cast

import click

from ctaudit.errors import CtauditError
from ctaudit.reports.formats import Format, Style, render, render_document
from ctaudit.table import Document, Ending, Flow, Strips, Table

EXIT_REPORT = 1
EXIT_PARTIAL = 3
EXIT_FAILED = 4
EXIT_INTERRUPTED = 130


@dataclass(slots=True)
class Streams:
    """What the process was given, looked at once."""

    stdout_terminal: bool
    stderr_terminal: bool
    color: bool
    width: int
    dumb: bool = False
    """Whether the terminal can only print: no colours and no progress bar."""
    quiet: bool = False
    has_blocks: bool = True
    """Whether the terminal's own encoding has block characters, and lines to draw with."""
    cut_off: bool = False
    """Whether somebody stopped reading before the end."""

    @classmethod
    def of_process(cls) -> Streams:
        _replace_closed()
        blocks = _has_blocks(sys.stdout.encoding)
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")
        dumb = os.environ.get("TERM", "dumb") == "dumb"
        color = not os.environ.get("NO_COLOR") and not dumb
        width = shutil.get_terminal_size((100, 24)).columns
        return cls(sys.stdout.isatty(), sys.stderr.isatty(), color, width, dumb, has_blocks=blocks)

    @property
    def style(self) -> Style:
        if not self.stdout_terminal:
            return Style()
        return Style(self.width, self.color)

    def answer(self, table: Table, format: Format, *, fail_empty: bool = False) -> int:  # noqa: A002
        """Print a table and what must be said beside it; return the exit code."""
        self._write(render(table, format, self.style))
        return self._told(table, format, fail_empty)

    def drawn(self, lines: Iterator[str], table: Table, *, fail_empty: bool = False) -> int:
        """Print lines that tell the rows of a table otherwise, and what must be said beside it."""
        self.lines(lines)
        return self._told(table, Format.JSON, fail_empty)

    def _told(self, table: Table, format: Format, fail_empty: bool) -> int:  # noqa: A002
        """Say what must be said beside a table; of an aligned one also which columns do not fit."""
        self._say_count(table, format)
        self.remark(table.notes, table.partial)
        if table.found or (fail_empty and not table.rows):
            return EXIT_REPORT
        return EXIT_PARTIAL if table.partial else 0

    def flow(self, flow: Flow, format: Format, *, fail_empty: bool = False) -> int:  # noqa: A002
        """Print rows as they come, then what must be said beside them; return the exit code."""
        whole = self._write(render(flow, format, self.style))
        end = flow.end()
        if whole:
            self.say(count_of(end.rows))
        return self.ending(end, fail_empty=fail_empty)

    def ending(self, end: Ending, *, fail_empty: bool = False) -> int:
        """Say what is known at the end of rows that were written; return the exit code."""
        self.remark(end.notes, end.partial)
        if fail_empty and not end.rows:
            return EXIT_REPORT
        return EXIT_PARTIAL if end.partial else 0

    def document(self, document: Document, format: Format, *, empty: bool = False, fail_empty: bool = False) -> int:  # noqa: A002
        """Print a document and what must be said beside it; an empty one only as JSON, which a script will parse."""
        if not empty or format is Format.JSON:
            self._write(render_document(document, format, self.style))
        return self.beside(document, empty=empty, fail_empty=fail_empty)

    def beside(self, document: Document, *, empty: bool, fail_empty: bool) -> int:
        """Say what must be said beside a document that is printed; return the exit code."""
        self.remark(document.notes, document.partial)
        if fail_empty and empty:
            return EXIT_REPORT
        return EXIT_PARTIAL if document.partial else 0

    def tables(self, tables: Sequence[Table], format: Format) -> None:  # noqa: A002
        """Print tables one below the other, those without rows left out unless it is the only one."""
        shown = [table for table in tables if table.rows] or list(tables[-1:])
        for place, table in enumerate(shown):
            self._write(itertools.chain(["\n"] if place else [], render(table, format, self.style)))

    def blocks(self, table: Table) -> None:
        """Print rows as paragraphs on a terminal."""
        from ctaudit.reports.blocks import block_lines
        from ctaudit.reports.chunks import chunks

        self._write(chunks(block_lines(table, self.width, self.style.color)))

    def strips(self, strips: Strips) -> None:
        """Print a picture of time on a terminal."""
        from ctaudit.reports.chunks import chunks
        from ctaudit.reports.strips import strip_lines

        self._write(chunks(strip_lines(strips, self.width, color=self.color, blocks=self.has_blocks)))

    def lines(self, lines: Iterator[str]) -> None:
        """Print lines, which come without line ends."""
        from ctaudit.reports.chunks import chunks

        self._write(chunks(lines))

    def raw(self, text: str, *, error: bool = False) -> None:
        """Write what another program would: as it is, unless a terminal would take it for commands."""
        if not error:
            self._write(iter([_visible_lines(text) if self.stdout_terminal else text]))
            return
        try:
            sys.stderr.write(_visible_lines(text) if self.stderr_terminal else text)
            sys.stderr.flush()
        except OSError:
            _turn_away(sys.stderr)

    def text(self, text: str) -> None:
        """Print text that is no answer, such as the help."""
        self._write(iter([text + "\n"]))

    def remark(self, notes: tuple[str, ...], partial: tuple[str, ...]) -> None:
        for sentence in notes:
            self.say(sentence)
        for sentence in partial:
            self.say(f"incomplete: {sentence}", urgent=True)

    def say(self, sentence: str, *, urgent: bool = False) -> None:
        """Write one line to stderr; `--quiet` leaves only what is urgent."""
        if urgent or not self.quiet:
            self._tell(sentence, "yellow" if urgent else None)

    def ask(self, question: str) -> None:
        """Write a question to stderr, for an answer on the same line."""
        self._tell(question, end="")

    def fail(self, message: str, advice: str, code: int) -> int:
        """Say what went wrong and what to try; return the exit code."""
        self._tell(message, "red", "ctaudit:")
        if advice:
            self._tell(f"  {advice}")
        return code

    def trace(self, error: BaseException) -> None:
        """Show where in the code an error arose, for `--debug`."""
        import traceback

        for line in "".join(traceback.format_exception(error)).splitlines():
            self._tell(line)

    def _tell(self, sentence: str, color: str | None = None, prefix: str = "", end: str = "\n") -> None:
        """Write one line to stderr, with `prefix`, or else all of it, in `color`."""
        from ctaudit.reports.escapes import visible

        text = visible(sentence)
        if self.stderr_terminal and self.color and color:
            text = f"{click.style(prefix, fg=color)} {text}" if prefix else click.style(text, fg=color)
        elif prefix:
            text = f"{prefix} {text}"
        try:
            sys.stderr.write(text + end)
            sys.stderr.flush()
        except OSError:  # nobody listens any more: the exit code still says it
            _turn_away(sys.stderr)

    def _say_count(self, table: Table, format: Format) -> None:  # noqa: A002
        shown, matched = len(table.rows), max(table.matched, len(table.rows))
        rows = count_of(matched)
        self.say(rows if shown == matched else f"{shown:,} of {rows} shown; --limit 0 shows all")
        if format is Format.TABLE and self.stdout_terminal:
            from ctaudit.reports.text_table import hidden_columns

            if hidden := hidden_columns(table, self.width):
                self.say(f"columns that do not fit: {', '.join(hidden)} (--format json shows all)")

    def _write(self, chunks: Iterator[str]) -> bool:
        """Write to stdout; tell whether somebody took it to the end."""
        try:
            for chunk in chunks:
                sys.stdout.write(chunk)
            sys.stdout.flush()
        except BrokenPipeError:  # `head` has seen enough; what the answer leaves out is still said
            _turn_away(sys.stdout)
            self.cut_off = True
            return False
        except OSError as error:
            _turn_away(sys.stdout)
            reason = "it is closed" if error.errno == errno.EBADF else error.strerror
            raise CtauditError(f"cannot write to stdout: {reason}") from error
        return True


def code_of_evidence(*, altered: bool, unreached: bool, incomplete: bool) -> int:
    """Return the exit code of what took in evidence: that some was changed is a finding, and goes first."""
    if altered:
        return EXIT_REPORT
    if unreached:
        return EXIT_FAILED
    return EXIT_PARTIAL if incomplete else 0


def count_of(rows: int) -> str:
    return "1 row" if rows == 1 else f"{rows:,} rows"


def _has_blocks(encoding: str) -> bool:
    try:
        "█▓├└│".encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _visible_lines(text: str) -> str:
    """Make text harmless, its line feeds and tabs left as they are."""
    from ctaudit.reports.escapes import visible

    return "\n".join("\t".join(map(visible, line.split("\t"))) for line in text.split("\n"))


def _replace_closed() -> None:
    """Put something in the place of standard streams that were closed (`>&-`).

    Else the next file opened would get their number: what a C library prints would be written into the catalog. What
    stands in for stdin and stdout refuses to be used, as the closed stream would; stderr swallows what it is told.
    """
    if sys.stdin is None:
        sys.stdin = _stand_in(os.O_WRONLY, "r")
    if sys.stdout is None:
        sys.stdout = _stand_in(os.O_RDONLY, "w")
    if sys.stderr is None:
        sys.stderr = _stand_in(os.O_WRONLY, "w")


def _stand_in(flags: int, mode: str) -> TextIO:
    descriptor = os.open(os.devnull, flags)
    os.set_inheritable(descriptor, True)
    return cast(TextIO, os.fdopen(descriptor, mode, encoding="utf-8"))


def _turn_away(stream: TextIO) -> None:
    """Let a stream that cannot be written end nowhere, so that Python does not fail on it once more when it ends."""
    with contextlib.suppress(OSError):
        devnull = os.open(os.devnull, os.O_WRONLY)
        os.dup2(devnull, stream.fileno())
        os.close(devnull)
        stream.flush()
