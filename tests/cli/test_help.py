"""`--help` word for word, its examples parsed, and the words that say the same thing in two places.

After a wanted change: `CTAUDIT_REWRITE_GOLDEN=1 pytest tests/cli/test_help.py`, then read the diff.
"""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import click
import pytest

from ctaudit.cli.main import COMMANDS, ctaudit
from ctaudit.cli.streams import Streams
from tests.cli.processes import in_shell, piped

GOLDEN = Path(__file__).parent / "golden" / "help"
REWRITE = "CTAUDIT_REWRITE_GOLDEN" in os.environ
README = Path(__file__).parents[2] / "README.md"
WIDTH = 80
SUBCOMMANDS = ["export lake", "export ddl"]
NAMES = ["", *COMMANDS, *SUBCOMMANDS]
GROUPS = {name.partition(" ")[0] for name in SUBCOMMANDS}


def _context() -> click.Context:
    return click.Context(ctaudit, info_name="ctaudit", obj=Streams(False, False, False, WIDTH))


def _command(name: str) -> click.Command:
    outer, _, inner = name.partition(" ")
    command = ctaudit.get_command(_context(), outer)
    if inner:
        assert isinstance(command, click.Group)
        command = command.commands[inner]
    assert command is not None
    return command


def _help(name: str) -> str:
    """Return the help as on a terminal of `WIDTH` columns, of which Click leaves two free."""
    group = click.Context(ctaudit, info_name="ctaudit", terminal_width=WIDTH - 2)
    context = click.Context(_command(name), group, name, terminal_width=WIDTH - 2) if name else group
    return context.get_help() + "\n"


def _examples(name: str) -> list[list[str]]:
    """Return the examples of a help text as arguments, what a shell would do with `|` and `<` left out."""
    _, _, after = _help(name).partition("\n  Examples:\n")
    block = after.partition("\n\n")[0]
    commands = re.split(r"^ +ctaudit ", block, flags=re.MULTILINE)[1:]
    return [_before_shell(shlex.split(command)) for command in commands]


def _before_shell(words: list[str]) -> list[str]:
    return words[: next((place for place, word in enumerate(words) if word in ("|", "<")), len(words))]


def _parse(words: list[str]) -> click.Context:
    """Parse the arguments of a whole command line as Click will, and run nothing."""
    context = _context()
    name, command, rest = ctaudit.resolve_command(context, words)
    if isinstance(command, click.Group):
        context = command.make_context(name, rest, parent=context)
        name, command, rest = command.resolve_command(context, rest)
    assert command is not None
    return command.make_context(name, rest, parent=context)


def test_the_subcommands_are_those_that_there_are() -> None:
    found = {name: _command(name) for name in COMMANDS}
    groups = {name: command for name, command in found.items() if isinstance(command, click.Group)}
    assert [f"{name} {inner}" for name, command in groups.items() for inner in command.commands] == SUBCOMMANDS


STORELESS = {"collect"}
"""Commands that neither read nor write a store."""
FORMATLESS = {"export ddl"}
"""Commands that print statements for another program."""

OWN_WORDS = {("anomalies", "role_arn"), ("anomalies", "endpoint_url")}
"""Options that others have for reading, and this command for sending."""


@pytest.mark.parametrize("name", NAMES)
def test_help_is_word_for_word_what_was_agreed(name: str) -> None:
    golden = GOLDEN / f"{_file(name)}.txt"
    if REWRITE:
        golden.write_text(_help(name), encoding="utf-8")
    assert _help(name) == golden.read_text("utf-8")


def test_there_is_no_golden_file_of_a_command_that_is_gone() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == set(map(_file, NAMES))


def _file(name: str) -> str:
    return name.replace(" ", "-") or "ctaudit"


@pytest.mark.parametrize("name", NAMES)
def test_help_fits_a_terminal_of_80_columns(name: str) -> None:
    assert [line for line in _help(name).splitlines() if len(line) > WIDTH] == []


@pytest.mark.parametrize("name", NAMES)
def test_help_has_examples_that_parse(name: str) -> None:
    examples = _examples(name)
    assert len(examples) >= 2
    for words in examples:
        assert " ".join(words).startswith(name)
        _parse(words)


def test_an_example_that_is_wrong_would_be_found() -> None:
    with pytest.raises(click.NoSuchOption):
        _parse(["timeline", "--no-such-option"])


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_the_command_says(name: str) -> None:
    command = _command(name)
    assert command.name == name
    assert command.get_short_help_str(200) == COMMANDS[name][1]


@pytest.mark.parametrize("name", NAMES)
def test_every_option_has_a_help_text_that_is_a_sentence(name: str) -> None:
    command = _command(name) if name else ctaudit
    options = [param for param in command.params if isinstance(param, click.Option)]
    assert options
    for option in options:
        assert option.help, f"{name} {option.name}"
        assert option.help.endswith("."), f"{name} {option.name}: {option.help}"


@pytest.mark.parametrize("name", sorted({*COMMANDS, *SUBCOMMANDS} - GROUPS))
def test_shared_options_are_spelled_the_same_everywhere(name: str) -> None:
    options = {param.name: param for param in _command(name).params if isinstance(param, click.Option)}
    assert {"store"} - options.keys() <= ({"store"} if name in STORELESS else set())
    wanted = {"quiet", "no_color", "debug", "help"} | ({"format_"} if name not in FORMATLESS else set())
    assert wanted <= options.keys()
    for model in _command("timeline").params:
        own = model.name == "fail_empty" or (name, model.name) in OWN_WORDS
        if isinstance(model, click.Option) and model.name in options and not own:
            assert (options[model.name].opts, options[model.name].help) == (model.opts, model.help)


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_h_and_help_print_the_same(option: str, tmp_path: Path) -> None:
    done = piped("show", option, env={"COLUMNS": str(WIDTH)}, folder=tmp_path)
    assert (done.code, done.err) == (0, "")
    assert done.out == (GOLDEN / "show.txt").read_text("utf-8")


def test_no_command_at_all_shows_the_help_on_stderr(tmp_path: Path) -> None:
    done = piped(env={"COLUMNS": str(WIDTH)}, folder=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert done.err == (GOLDEN / "ctaudit.txt").read_text("utf-8")


@pytest.mark.parametrize(
    ("words", "sentence", "advice"),
    [
        (["who-delete", "x"], "Did you mean 'who-deleted'?", "see: ctaudit --help"),
        (["partition"], "Did you mean 'partitions'?", "see: ctaudit --help"),
        (["xyzzy"], "there is no command 'xyzzy'", "see: ctaudit --help"),
        (["timeline", "--formt", "csv"], "--format", "see: ctaudit timeline --help"),
        (["--store", "x", "status"], "--store", "options stand after the command: ctaudit COMMAND [OPTIONS]"),
        (["show"], "EVENT_ID", "see: ctaudit show --help"),
    ],
)
def test_a_slip_is_answered_with_what_was_meant(words: list[str], sentence: str, advice: str, tmp_path: Path) -> None:
    done = piped(*words, folder=tmp_path)
    assert (done.code, done.out) == (2, "")
    said, advised = done.err.splitlines()
    assert said.startswith("ctaudit: ")
    assert sentence in said
    assert advised == f"  {advice}"


def test_shells_complete_commands_and_options(tmp_path: Path) -> None:
    offered = in_shell("COMP_WORDS='ctaudit who' COMP_CWORD=1 _CTAUDIT_COMPLETE=bash_complete ctaudit", folder=tmp_path)
    assert (offered.code, offered.err) == (0, "")
    assert "plain,who-deleted" in offered.out.splitlines()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_in_the_readme(name: str) -> None:
    assert re.search(rf"\bctaudit {name}\b", README.read_text("utf-8"))
