"""Find what is unusual: ask the store once for counts, let each family judge, and say how sure all of that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType

from ctaudit.anomalies import bursts, insights, provisioning, tails
from ctaudit.anomalies.anomaly import Anomaly, Tested
from ctaudit.anomalies.ground import Ground
from ctaudit.anomaly_ground import ground
from ctaudit.engines import activity
from ctaudit.query import Answer, Span
from ctaudit.store.layout import Layout

FAMILIES: tuple[ModuleType, ...] = (
    insights,
    bursts,
    provisioning,
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


def find(layout: Layout, span: Span) -> Found:
    """Return what is unusual in a span, against the 28 days before each moment."""
    known, counted = ground(layout, span)
    wanted = {name: cube for family in FAMILIES for name, cube in family.CUBES.items()}
    asked = {name: (cube.dimensions, cube.having) for name, cube in wanted.items()}
    tables, answer = activity.counted(layout, counted, asked)
    results = [family.find(tables, known) for family in FAMILIES]
    judged = [each for each in _controlled(results) if each.q <= FALSE_DISCOVERIES]
    judged.sort(key=rank)
    tests = sum(result.tests for result in results)
    return Found(judged, tests, tuple(note for result in results for note in result.notes), known, answer)


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
