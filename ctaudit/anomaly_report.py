"""Find what is unusual: ask the store once for counts, let each family judge, and say how sure all of that is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from types import ModuleType

from ctaudit.anomalies import bursts, first_seen, insights, keys, logins, newcomers, tails, travel
from ctaudit.anomalies.anomaly import Anomaly, Tested
from ctaudit.anomalies.ground import Ground
from ctaudit.anomalies.networks import Locate
from ctaudit.anomaly_ground import ground
from ctaudit.engines import activity
from ctaudit.query import Answer, Span
from ctaudit.store.layout import Layout

FAMILIES: tuple[ModuleType, ...] = (
    insights,
    bursts,
    first_seen,
    newcomers,
    keys,
    logins,
    travel,
)
"""Each has `CUBES`, what it asks of the store; `KINDS`, what it can find; and `find`."""
FALSE_DISCOVERIES = 0.01
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


def find(layout: Layout, span: Span, locate: Locate | None = None) -> Found:
    """Return what is unusual in a span, against the 28 days before each moment; `locate` tells where addresses are."""
    known, counted = ground(layout, span)
    known = replace(known, locate=locate)
    wanted = {name: cube for family in FAMILIES for name, cube in family.CUBES.items()}
    asked = {name: (cube.dimensions, cube.having) for name, cube in wanted.items()}
    tables, answer = activity.counted(layout, counted, asked)
    results = [family.find(tables, known) for family in FAMILIES]
    tests = sum(result.tests for result in results)
    judged = [each for result in results for each in _discovered(result)]
    judged.sort(key=rank)
    return Found(judged, tests, tuple(note for result in results for note in result.notes), known, answer)


def _discovered(result: Tested) -> Iterator[Judged]:
    """Yield what a family stands by; each for itself, or the many tests of one would drown the few of another."""
    rates = tails.q_values([anomaly.p for anomaly in result.anomalies], result.tests)
    for anomaly, q in zip(result.anomalies, rates, strict=True):
        if q <= FALSE_DISCOVERIES:
            yield Judged(anomaly, float(q))


def rank(each: Judged) -> tuple[int, float, int, str]:
    """Return what anomalies are sorted by: severity, then how surprising, then time."""
    return (-each.anomaly.severity, each.anomaly.p, each.anomaly.start, each.anomaly.id)
