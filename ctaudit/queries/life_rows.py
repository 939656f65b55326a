"""The rows of a life: their keys, a contract for scripts, and what must be said beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ctaudit import limits
from ctaudit.queries.biography import Moment, Tally
from ctaudit.queries.cause_columns import Caused
from ctaudit.queries.rows import COLUMNS as ROW
from ctaudit.queries.subjects import Subject
from ctaudit.table import Column, Value

_KINDS = {"deleted": "red", "failed": "yellow", "dry-run": "yellow", "created": "green", "restored": "green"}
_OWN: tuple[Column, ...] = (
    Column("time", 0),
    Column("kind", 0, styles=_KINDS),
    Column("event_name", 0),
    Column("change", 0),
    Column("through", 2),
    Column("resource", 3),
    Column("thing", 3),
    Column("life", 4, right=True),
    Column("cause", 4),
    Column("cause_name", 3),
)
_TAKEN = (
    *("outcome", "error_code", "principal", "principal_type", "origin", "access_key_id", "source_ip", "user_agent"),
    *("client", "account", "region", "event_source", "read_only", "event_id", "integrity", "source", "record"),
    "account_name",
)
_SURE = Column("cause_confidence", 8)
_AT = {column.name: place for place, column in enumerate(ROW)}
COLUMNS = (*_OWN, *(ROW[_AT[name]] for name in _TAKEN), Column("differences", 9), Column("alias", 9), _SURE)
"""Keys and their order are stable: new ones may be added at the end; none is renamed or removed.

`differences` and `alias` are nested; `change` and `through` tell the same in words."""
_SHOWN_NAMES = 5


def life_row(moment: Moment, thing: str, cause: Caused | None, lookup: tuple[Value, ...]) -> tuple[Value, ...]:
    """Return one row, given whose life it is, its lookup row, and what caused it.

    `resource` is what the event acted on, `thing` whose life it is told in.
    """
    own = (
        moment.hit.time,
        moment.kind,
        lookup[_AT["event_name"]],
        change_of(moment),
        moment.through.word if moment.through is not None else None,
        moment.target.arn or moment.target.name,
        thing,
        moment.life,
        *_cause(cause),
    )
    taken = (lookup[_AT[name]] for name in _TAKEN)
    alias = moment.through.as_json() if moment.through is not None else None
    sure = cause.confidence if cause is not None else None
    return (*own, *taken, [line.as_json() for line in moment.lines], alias, sure)


def _cause(cause: Caused | None) -> tuple[str | None, str | None]:
    """Return the event id of the call, and its name with what it acted on: `CreateStack shop`."""
    if cause is None or cause.call is None:
        return None, None
    call = cause.call
    return call.event.event_id, f"{call.event.name} {call.on}" if call.on else str(call.event.name)


def change_of(moment: Moment) -> str | None:
    """Return what a call changed, in words: the lines of the difference, and what must be said with them."""
    parts = [moment.said, *map(str, moment.lines)]
    parts += [f"and {moment.more:,} more"] if moment.more else []
    return "; ".join(part for part in parts if part) or None


def notes(moments: Sequence[Moment], tally: Tally, before: int, copies: int) -> tuple[str, ...]:
    """Say how many things and lives there are, what is not known of them, what was counted and not shown."""
    subjects: dict[Subject, list[Moment]] = {}
    for moment in moments:
        subjects.setdefault(moment.subject, []).append(moment)
    sentences = [*_things(subjects), *_lives(list(subjects.values()))]
    if tally.quiet:
        names = [
            f"{name} {count:,}" for name, count in sorted(tally.quiet.items(), key=lambda item: (-item[1], item[0]))
        ]
        more = f" and {len(names) - _SHOWN_NAMES:,} other calls" if len(names) > _SHOWN_NAMES else ""
        total = tally.quiet.total()
        times = "once" if total == 1 else f"{total:,} times"
        refused = f", {tally.refused:,} of which failed" if tally.refused else ""
        which = f"({', '.join(names[:_SHOWN_NAMES])}{more})"
        sentences.append(f"it was read or used {times} {which}{refused}; --reads shows that")
    if tally.inside:
        them = "1 call was" if tally.inside == 1 else f"{tally.inside:,} calls were"
        sentences.append(f"{them} on things inside it, which have lives of their own")
    if before:
        them = "1 event of its life lies" if before == 1 else f"{before:,} events of its life lie"
        sentences.append(f"{them} before the span asked for; the differences know them")
    if copies:
        them = "1 copy of a call in another account's log is" if copies == 1 else f"{copies:,} copies of calls are"
        sentences.append(f"{them} left out; ctaudit who-touched shows all")
    return tuple(sentences)


def _things(subjects: Mapping[Subject, Sequence[Moment]]) -> list[str]:
    if len(subjects) < 2:
        return []
    names = sorted(map(_called, subjects.values()))
    more = f" and {len(names) - _SHOWN_NAMES:,} more" if len(names) > _SHOWN_NAMES else ""
    said = f"{len(names):,} things have that name, each with a life of its own"
    return [f"{said}: {', '.join(names[:_SHOWN_NAMES])}{more}; ask for one by its ARN, account or region"]


def things(moments: Sequence[Moment]) -> dict[Subject, str]:
    """Return what each thing is called: by its ARN where an event tells."""
    by_subject: dict[Subject, list[Moment]] = {}
    for moment in moments:
        by_subject.setdefault(moment.subject, []).append(moment)
    return {subject: _called(each) for subject, each in by_subject.items()}


def _called(moments: Sequence[Moment]) -> str:
    own = [moment.target for moment in moments if moment.through is None and moment.kind != "child"]
    same = [moment.target for moment in moments if moment.through is not None and moment.through.same]
    named = [target for target in (*own, *same) if target.arn is not None]
    target = next(iter((*named, *own)), moments[0].target)
    region = moments[0].subject[2]
    where = f", {region}" if region else ""
    return target.arn or f"{target.name} of account {target.account or 'not known'}{where}"


def _lives(subjects: Sequence[Sequence[Moment]]) -> list[str]:
    """Say what was made again, and whose creation is not known."""
    own = [[each for each in life if each.through is None or each.through.same] for life in subjects]
    again = [each for each in own if max((moment.life for moment in each), default=0) > 1]
    unborn = [each for each in own if each and not any(one.kind == "created" and one.life == 1 for one in each)]
    found = []
    if again:
        whose = _whose(again, len(own))
        lives = max(moment.life for each in again for moment in each)
        many = f"up to {lives:,}" if len(again) > 1 else f"{lives:,}"
        found.append(f"{whose} has {many} lives, since it was made again under the same name; see the column life")
    if unborn:
        found.append(f"who created {_whose(unborn, len(own))} is not in the logs; what it was like before is not known")
    return found


def _whose(some: Sequence[Sequence[Moment]], of: int) -> str:
    if of == 1:
        return "it"
    return _called(some[0]) if len(some) == 1 else f"each of {len(some):,} of them"


def cut_short(matched: int, aliases: int) -> tuple[str, ...]:
    """Say what of a life is not told, since there is too much of it."""
    found = []
    if matched > limits.MAX_LIFE_EVENTS:
        most = f"{limits.MAX_LIFE_EVENTS:,} of {matched:,}"
        found.append(f"only the first {most} events of its life are told; narrow it with --until, or ask by its ARN")
    if aliases >= limits.MAX_ALIASES:
        found.append(
            f"only {limits.MAX_ALIASES:,} of its other names are followed, the first ones; ask for others by name"
        )
    return tuple(found)


def too_short(names: Sequence[str]) -> list[str]:
    """Say which other names were not looked for."""
    if not names:
        return []
    shown = ", ".join(names[:_SHOWN_NAMES])
    return [f"{len(names):,} of its other names are too short to be looked for ({shown}); ask for each by its ARN"]
