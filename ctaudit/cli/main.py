"""The `ctaudit` command: its subcommands, loaded when they are asked for, and what an error looks like."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import cast

import click

from ctaudit.cli.options import HELP, streams_of
from ctaudit.cli.streams import EXIT_FAILED, EXIT_INTERRUPTED, Streams
from ctaudit.errors import CtauditError

COMMANDS: dict[str, tuple[str, str]] = {
    "ingest": ("ingest:ingest", "Read CloudTrail logs into the store."),
    "status": ("holdings:status", "Show what the store holds and what could not be read."),
    "accounts": ("accounts:accounts", "Show what accounts are called, or learn it."),
    "partitions": ("holdings:partitions", "List accounts, regions and dates in the store."),
    "coverage": ("coverage:coverage", "Show which hours the logs speak for."),
    "faults": ("holdings:faults", "List what could not be read, and why."),
    "who-deleted": ("who:who_deleted", "Tell who deleted a resource."),
    "who-created": ("who:who_created", "Tell who created a resource."),
    "who-changed": ("who:who_changed", "Tell who changed a resource."),
    "who-touched": ("who:who_touched", "Tell who did anything with a resource."),
    "biography": ("biography:biography", "Tell the life of a resource."),
    "what-did": ("actors:what_did", "Tell what a principal, key or address did."),
    "timeline": ("actors:timeline", "List events in order."),
    "show": ("show:show", "Show one event whole, and where it was read."),
    "sessions": ("sessions:sessions", "List sessions, and what was new about them."),
    "trace": ("trace:trace", "Follow a session back to who is behind it."),
    "blast-radius": ("blast_radius:blast_radius", "Follow credentials forward to all they made possible."),
    "anomalies": ("anomalies:anomalies", "Report what is unusual, and why."),
    "validate": ("validate:validate", "Prove the logs by their digests."),
    "collect": ("collect:collect", "Copy evidence out of S3, to prove it offline."),
    "posture": ("posture:posture", "Check whether a trail's bucket keeps evidence safe."),
    "query": ("query:query", "Run SQL on the events."),
    "export": ("export:export", "Write the events for Athena, Trino or Spark."),
    "compact": ("compact:compact", "Merge small segments of the store."),
    "forget": ("forget:forget", "Drop the events of old dates."),
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
            import difflib

            close = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean '{close[0]}'?" if close else ""
            ctx.fail(f"there is no command '{args[0]}'.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


def _show_version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from importlib.metadata import version

        streams_of(ctx).text(f"ctaudit {version('ctaudit')}")
        ctx.exit()


@click.group(cls=LazyGroup, context_settings={"help_option_names": [], "max_content_width": 100})
@click.option(
    "-V",
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and exit.",
)
@HELP
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
      0    answered
      1    answered, and there is something to report (or --fail-empty and no row)
      2    the question cannot be asked that way
      3    answered in part: evidence was unread or is missing; stderr says what
      4    the store or the system failed, or no source could be reached
      130  interrupted
    """


def run(arguments: Sequence[str]) -> int:
    """Run the command and return its exit code; whatever happens is said in one sentence on stderr."""
    streams = Streams.of_process()
    try:
        result = ctaudit.main(list(arguments), prog_name="ctaudit", standalone_mode=False, obj=streams)
    except (click.ClickException, click.Abort, KeyboardInterrupt) as error:
        if isinstance(error.__cause__, EOFError):  # Click takes it for the end of what a user types; nobody was asked
            return _explain(error.__cause__, streams, debug="--debug" in arguments)
        return _refuse(error, streams)
    except Exception as error:
        return _explain(error, streams, debug="--debug" in arguments)
    return result if isinstance(result, int) else 0


def _refuse(error: BaseException, streams: Streams) -> int:
    """Say that the command was interrupted, or how it should have been put."""
    if not isinstance(error, click.ClickException):
        return streams.fail("interrupted", "", EXIT_INTERRUPTED)
    context = getattr(error, "ctx", None)
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        for line in error.format_message().splitlines():
            streams.say(line)
    elif isinstance(error, click.NoSuchOption) and isinstance(context, click.Context) and context.parent is None:
        advice = "options stand after the command: ctaudit COMMAND [OPTIONS]"
        streams.fail(error.format_message(), advice, error.exit_code)
    else:
        path = context.command_path if isinstance(context, click.Context) else "ctaudit"
        streams.fail(error.format_message(), f"see: {path} --help", error.exit_code)
    return error.exit_code


def _explain(error: Exception, streams: Streams, debug: bool) -> int:
    """Say what failed and what to try."""
    if str(error) == "Query interrupted":  # what DuckDB makes of a Ctrl-C while it works in the main thread
        return streams.fail("interrupted", "", EXIT_INTERRUPTED)
    if debug:
        streams.trace(error)
    if isinstance(error, CtauditError):
        return streams.fail(error.message, error.advice, error.exit_code)
    advice = "" if debug else "run it again with --debug for the place in the code"
    return streams.fail(_one_line(error), advice, EXIT_FAILED)


def _one_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return f"unexpected {type(error).__name__}: {error}".splitlines()[0]
