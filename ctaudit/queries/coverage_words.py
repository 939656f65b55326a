"""Coverage in one sentence: what part of the hours asked for the logs speak for, and where the largest holes are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ctaudit.queries import hours
from ctaudit.queries.coverage import Judged, Place, State, share
from ctaudit.queries.hours import Range

_HOLES = 3
"""Named one by one; of the others their number is told."""


def sentence(places: Mapping[Place, Judged], within: Range, names: Mapping[str, str]) -> str:
    """Return what part is covered, of which hours, and the largest holes; `places` is not empty.

    `names` are what accounts are called.
    """
    asked = within.count * len(places)
    spoken = sum(judged.spoken for judged in places.values())
    proven = sum(judged.count(State.PROVEN) for judged in places.values())
    span = f"{within.at(0)} to {within.at(within.count)}"
    if spoken == asked:
        beside = f", {number(share(proven, asked))} % proven" if proven else ", none is proven"
        return f"all of the {asked:,} hours asked for are covered ({span}){beside}"
    found = _holes(places)
    told = [_hole(hole, places, within, names) for hole in found[:_HOLES]]
    if (more := len(found) - _HOLES) > 0:
        told.append(f"and {more:,} more")
    part = f"{number(share(spoken, asked))} % of the hours asked for are covered ({span})"
    return "; ".join([part, *told])


def nothing_asked(first: str | None, last: str | None) -> str:
    """Say why there is no hour to speak of."""
    if first is None:
        return "the store holds no dated events"
    return f"no hour of what was asked for can be covered; {held(first, last)}"


def held(first: str | None, last: str | None) -> str:
    """Say from when to when the store holds events."""
    return f"the store's events are of {first} to {last}" if first else "the store holds no dated events"


def number(percent: float) -> str:
    """Spell a percentage: whole ones without a point."""
    return str(int(percent)) if percent == int(percent) else str(percent)


@dataclass(frozen=True, slots=True)
class _Hole:
    start: int
    end: int
    state: State
    places: tuple[Place, ...]
    """All that have this very hole: logs that are gone, or were not copied, are seldom those of one region."""


def _holes(places: Mapping[Place, Judged]) -> list[_Hole]:
    """Return the holes, the longest first, of equals the one in most places."""
    together: dict[tuple[int, int, State], list[Place]] = {}
    for place, judged in places.items():
        for state in (State.GAP, State.SILENT):
            for start, end in hours.runs(judged.states[state]):
                together.setdefault((start, end, state), []).append(place)
    found = [_Hole(*run, tuple(where)) for run, where in together.items()]
    return sorted(
        found,
        key=lambda hole: (
            hole.start - hole.end,
            -len(hole.places),
            hole.state is State.SILENT,
            hole.start,
            hole.places,
        ),
    )


def _hole(hole: _Hole, places: Mapping[Place, Judged], within: Range, names: Mapping[str, str]) -> str:
    where, several = name(hole.places[0], places, names), len(hole.places) > 1
    if len(hole.places) == len(places) > 1:
        where = "none" if hole.state is State.SILENT else "each"
    elif several:
        where = f"{where} and {len(hole.places) - 1:,} more"
    what = "no files" if hole.state is State.SILENT else "a gap"
    if where == "none":
        what = "files"
    has = f"{where} {'have' if several and where not in ('none', 'each') else 'has'} {what}"
    if hole.end - hole.start == within.count:
        return f"{has} {'at all' if hole.state is State.SILENT else 'all the time'}"
    return f"{has} {stretch(hole.start, hole.end, within)}"


def name(place: Place, places: Mapping[Place, Judged], names: Mapping[str, str]) -> str:
    """Name an account and region, without the account where there is only one."""
    account, region = called(place[0], names), place[1]
    if not region:
        return f"account {account}"
    one_account = len({each[0] for each in places}) == 1
    return region if one_account or not account else f"{account} {region}"


def called(account: str, names: Mapping[str, str]) -> str:
    """Return the account, with its name before it if it has one."""
    return f"{names[account]} ({account})" if account in names else account


def stretch(start: int, end: int, within: Range) -> str:
    """Spell a run of hours, the date once where it is of one day."""
    first, last = within.at(start), within.at(end)
    if within.at(end - 1)[:10] == first[:10]:
        until = last[11:16] if last[:10] == first[:10] else "24:00"
        return f"{first[:10]} {first[11:16]}–{until}"
    return f"{first[:10]} {first[11:16]} to {last[:10]} {last[11:16]}"
