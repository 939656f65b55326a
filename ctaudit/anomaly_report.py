"""Find what is unusual: ask the store once for counts, let each family judge, and say how sure all of that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import ModuleType

from ctaudit.anomalies import (
    bursts,
    denied,
    denied_peers,
    denied_then,
    first_seen,
    insights,
    keys,
    limits,
    logins,
    newcomers,
    periodic,
    provisioning,
    tails,
    travel,
)
from ctaudit.anomalies.anomaly import Anomaly, Kind, Tested
from ctaudit.anomalies.ground import Ground
from ctaudit.anomalies.networks import Locate
from ctaudit.anomaly_ground import ground, strayless
from ctaudit.engines import activity
from ctaudit.query import Answer, Span
from ctaudit.store.layout import Layout
from ctaudit.table import Value

FAMILIES: tuple[ModuleType, ...] = (
    insights,
    bursts,
    provisioning,
    denied,
    denied_peers,
    denied_then,
    limits,
    periodic,
    first_seen,
    newcomers,
    keys,
    logins,
    travel,
)
"""Each has `CUBES`, what it asks of the store; `KINDS`, what it can find; and `find`."""
FALSE_DISCOVERIES = 0.05
"""Share of false ones among all anomalies that is put up with."""


@dataclass(frozen=True, slots=True)
class Judged:
    """An anomaly, and the false-discovery rate at which it is still reported."""

    anomaly: Anomaly
    q: float


@dataclass(frozen=True, slots=True)
class Found:
    anomalies: Sequence[Judged]
    """The worst first."""
    tests: int
    notes: tuple[str, ...]
    ground: Ground
    answer: Answer
    parameters: Mapping[str, Mapping[str, Value]]
    """What each family works with."""
    span: Span
    """What was looked at: what was asked for, without events that lie years from all others."""


def find(layout: Layout, span: Span, locate: Locate | None = None) -> Found:
    """Return what is unusual in a span, against the 28 days before each moment; `locate` tells where addresses are."""
    span, left_out = strayless(layout, span)
    known, counted = ground(layout, span)
    known = replace(known, locate=locate)
    wanted = {name: cube for family in FAMILIES for name, cube in family.CUBES.items()}
    asked = {name: (cube.dimensions, cube.having) for name, cube in wanted.items()}
    tables, answer = activity.counted(layout, counted, asked)
    results = [family.find(tables, known) for family in FAMILIES]
    judged = [each for each in _controlled(results) if each.q <= FALSE_DISCOVERIES]
    judged.sort(key=rank)
    tests = sum(result.tests for result in results)
    notes = (*left_out, *(note for result in results for note in result.notes))
    used = {_named(family): result.parameters for family, result in zip(FAMILIES, results, strict=True)}
    return Found(judged, tests, notes, known, answer, used, span)


def kinds() -> dict[str, Kind]:
    """Return what can be found, by name."""
    return {name: kind for family in FAMILIES for name, kind in family.KINDS.items()}


def _named(family: ModuleType) -> str:
    return family.__name__.rpartition(".")[2]


def _controlled(results: Sequence[Tested]) -> list[Judged]:
    """Return all that was found with its false-discovery rate, over everything that was tested.

    Each family has the same share in what may be found by chance (weighted Benjamini–Hochberg: Genovese, Roeder and
    Wasserman, 2006): else those that look at a hundred thousand windows would leave nothing to one that looks at a few
    principals.
    """
    looked = [result for result in results if result.tests]
    tests = sum(result.tests for result in looked)
    found = [
        (anomaly, anomaly.p * len(looked) * result.tests / tests) for result in looked for anomaly in result.anomalies
    ]
    rates = tails.q_values([p for _, p in found], tests)
    return [Judged(anomaly, float(q)) for (anomaly, _), q in zip(found, rates, strict=True)]


def rank(each: Judged) -> tuple[int, float, int, str]:
    """Return what anomalies are sorted by: severity, then how surprising, then time."""
    return (-each.anomaly.severity, each.anomaly.p, each.anomaly.start, each.anomaly.id)
