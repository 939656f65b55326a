"""The `ctaudit` command: its subcommands, loaded when they are asked for, and what an error looks like."""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import IO, Any, cast

import click

from ctaudit.cli.streams import Streams
from ctaudit.errors import CtauditError

COMMANDS: dict[str, tuple[str, str]] = {
    "ingest": ("ingest:ingest", "Read CloudTrail logs into the store."),
    "status": ("holdings:status", "Show what the store holds and what could not be read."),
    "partitions": ("holdings:partitions", "List accounts, regions and dates in the store."),
    "faults": ("holdings:faults", "List what could not be read, and why."),
    "who-deleted": ("who:who_deleted", "Tell who deleted a resource."),
    "who-created": ("who:who_created", "Tell who created a resource."),
    "who-changed": ("who:who_changed", "Tell who changed a resource."),
    "who-touched": ("who:who_touched", "Tell who did anything with a resource."),
    "what-did": ("actors:what_did", "Tell what a principal, key or address did."),
    "timeline": ("actors:timeline", "List events in order."),
    "show": ("show:show", "Show one event whole, and where it was read."),
    "query": ("query:query", "Run SQL on the events."),
}
"""Command -> (module:object, help), in the order of an investigation."""


class LazyGroup(click.Group):
    """A group that imports a command only when it is run, so that starting costs little."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        return cast(click.Command, getattr(import_module(f"ctaudit.cli.{module}"), name))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            close = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean '{close[0]}'?" if close else ""
            ctx.fail(f"there is no command '{args[0]}'.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(None, "-V", "--version", package_name="ctaudit", message="%(prog)s %(version)s")
def ctaudit() -> None:
    """Investigate AWS CloudTrail: who did what, as whom, from where.

    \b
    Examples:
      ctaudit ingest ./logs
      ctaudit who-deleted my-bucket
      ctaudit what-did ci-deploy --since 36h
      ctaudit query "SELECT eventname, count(*) FROM cloudtrail_logs GROUP BY ALL"

    \b
    Exit codes:
      0  answered
      1  answered, and there is something to report (or --fail-empty and no row)
      2  the question cannot be asked that way
      3  answered in part: evidence was unread or is missing; stderr says what
      4  the store or the system failed
      130  interrupted
    """


def run(arguments: Sequence[str]) -> int:
    """Run the command and return its exit code; whatever happens is said in one sentence on stderr."""
    streams = Streams.of_process()
    debug = "--debug" in arguments
    try:
        result = ctaudit.main(list(arguments), prog_name="ctaudit", standalone_mode=False, obj=streams)
        code = result if isinstance(result, int) else 0
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (KeyboardInterrupt, click.Abort):
        code = streams.fail("interrupted", "", 130)
    except BrokenPipeError:
        code = _reader_left()
    except CtauditError as error:
        if debug:
            raise
        code = streams.fail(error.message, error.advice, error.exit_code)
    except Exception as error:
        if debug:
            raise
        code = streams.fail(_one_line(error), "run it again with --debug for the place in the code", 4)
    return code


def _one_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return f"unexpected {type(error).__name__}: {error}".splitlines()[0]


def _reader_left() -> int:
    """End quietly when the reader of stdout is gone, as `head` is; stdout is turned away so that Python stays quiet."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, cast(IO[Any], sys.stdout).fileno())
    return 0
