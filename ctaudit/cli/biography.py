"""`biography`: the life of a resource."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from ctaudit.cli.options import LOOKUP, TEXT, row_limit, streams_of
from ctaudit.reports.formats import Format
from ctaudit.table import Table
from ctaudit.tree import Node

_STYLES = {"deleted": "red", "failed": "yellow", "dry-run": "yellow", "created": "green", "restored": "green"}


@click.command("biography", short_help="Tell the life of a resource.")
@click.argument("thing", type=TEXT)
@click.option("--reads", is_flag=True, help="Also the calls that only read or used it.")
@LOOKUP
@click.pass_context
def biography(ctx: click.Context, /, thing: str, store: Path, format_: str, fail_empty: bool, **options: Any) -> int:
    """Tell the life of THING: who created it, what each call changed, tags, policies, attachments, who deleted it.

    THING is a name, an id, an ARN or bucket/key, in any letter case. Other names of it are followed for as long as the
    logs show that they are its own: the volumes, interfaces and addresses of an instance while they are attached, the
    alias of a key, the id of what was asked for by name.

    A change is told against the last configuration that the logs know: 'old -> new', or 'not known before -> new'.
    What was deleted and made again under its name has two lives. Failed attempts are told and change nothing; calls
    that only read or used it are counted.

    \b
    Examples:
      ctaudit biography my-bucket
      ctaudit biography i-0123456789abcdef0 --since 7d
      ctaudit biography alias/payroll --reads --format json
    """
    from ctaudit.investigate import open_store

    streams, form = streams_of(ctx), Format(format_)
    options["limit"] = row_limit(options["limit"], streams)
    table = open_store(store).biography(thing, **options)
    if form in (Format.JSON, Format.JSONL):
        return streams.answer(table, form, fail_empty=fail_empty)
    plain = _in_words(table)
    if form is not Format.TABLE:
        return streams.answer(plain, form, fail_empty=fail_empty)
    from ctaudit.reports.tree import tree_lines

    def lines() -> Iterator[str]:
        style = streams.style
        for place, life in enumerate(_lives(plain)):
            if place:
                yield ""
            yield from tree_lines(life, style.width, color=style.color, boxes=streams.has_blocks)

    return streams.drawn(lines(), plain, fail_empty=fail_empty)


def _in_words(table: Table) -> Table:
    """Leave out what is nested: `change` and `through` tell it in words."""
    kept = [place for place, name in enumerate(table.names) if name not in ("differences", "alias")]
    columns = tuple(table.columns[place] for place in kept)
    return replace(table, columns=columns, rows=[tuple(row[place] for place in kept) for row in table.rows])


def _lives(table: Table) -> Iterator[Node]:
    """Yield a tree for each life: what it is of, and below it each event."""
    lives: dict[tuple[Any, Any], list[dict[str, Any]]] = {}
    for row in table:
        lives.setdefault((row["thing"], row["life"]), []).append(row)
    several = {thing for thing, life in lives if life > 1}
    for (thing, life), rows in lives.items():
        head = f"{thing}, life {life}" if thing in several else thing
        yield Node(head, style="bold", children=tuple(map(_event, rows)))


def _event(row: dict[str, Any]) -> Node:
    outcome = f" ({row['error_code'] or row['outcome']})" if row["outcome"] != "succeeded" else ""
    through = f", {row['through']}" if row["through"] else ""
    who = row["principal"] or "not known"
    origin = f" ({row['origin']})" if row["origin"] and row["origin"] != who else ""
    details = [f"by {who}{origin}, from {row['source_ip'] or 'not known'}"]
    details += [f"caused by {row['cause_name']}"] if row["cause_name"] else []
    details += row["change"].split("; ") if row["change"] else []
    doubt = f", integrity {row['integrity']}" if row["integrity"] in ("failed", "unlisted") else ""
    text = f"{row['time']}  {row['kind']}: {row['event_name']}{outcome}{through}{doubt}"
    return Node(text, tuple(details), style=_STYLES.get(row["kind"], ""))
