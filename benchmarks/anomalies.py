"""Judge how well unusual rates are found, on simulated accounts whose anomalies are known.

The rate detector of `ctaudit anomalies` stands beside two rules that people write: three standard deviations above a
minute's mean, and three times the mean of seven days. The same seeds give the same figures.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache, partial

import numpy as np
from anomaly_rules import Alarm, three_sigma, weekly_mean
from anomaly_world import (
    APIS,
    BIN,
    DENSITIES,
    JUDGED,
    MINUTES,
    START,
    Label,
    Trouble,
    World,
    with_bursts,
    with_drops,
    world,
)

from ctaudit.anomalies import rates, tails
from ctaudit.anomalies.windows import Counts
from ctaudit.anomaly_report import FALSE_DISCOVERIES, FAMILIES

OURS = "ctaudit"
SEEDS = 5
NEAR = 15
"""Minutes by which an alarm may miss an anomaly and still count."""
SIZES = (3, 10, 30)
RECALL, FALSE_ALARMS = 0.85, 1.0
"""What is asked at ten times the mean: found at least, and at most in an account and week."""
BURST = "bursts, {} × the mean"
CLUMPED = f"{BURST.format(10)}, calls in clumps"
DROPS = "drops to zero"
ASKED = BURST.format(10)

Detector = Callable[[World], list[Alarm]]


@dataclass
class Score:
    """What one detector did in one scenario."""

    labels: Counter[str] = field(default_factory=Counter)
    """By density of the API."""
    found: Counter[str] = field(default_factory=Counter)
    false: int = 0
    weeks: int = 0
    """Weeks of accounts."""

    @property
    def recall(self) -> float:
        return self.found.total() / self.labels.total()

    @property
    def precision(self) -> float:
        told = self.found.total() + self.false
        return self.found.total() / told if told else 1.0

    @property
    def false_a_week(self) -> float:
        return self.false / self.weeks

    @property
    def merit(self) -> float:
        """The harmonic mean of precision and recall, or, where nothing is to be found, the lack of false alarms."""
        if not self.labels:
            return -self.false_a_week
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0

    def add(self, labels: Sequence[Label], alarms: Sequence[Alarm]) -> None:
        """Count an account and week."""
        self.weeks += 1
        self.labels.update(label.density for label in labels)
        self.found.update(label.density for label in labels if any(_meets(label, alarm) for alarm in alarms))
        self.false += sum(not any(_meets(label, alarm) for label in labels) for alarm in alarms)


Scores = dict[str, dict[str, Score]]
"""By scenario, then by detector."""


def _meets(label: Label, alarm: Alarm) -> bool:
    near = alarm.start < label.end + NEAR and alarm.end > label.start - NEAR
    return near and label.api == alarm.api and label.up == alarm.up


def ours(seen: World) -> list[Alarm]:
    """Return what the rate detector reports where the other families of the command look too and find nothing."""
    bins = seen.calls.reshape(len(seen.calls), -1, BIN).sum(axis=2)
    api, at = np.nonzero(bins)
    counts = Counts(api, at + START // (BIN * 60), bins[api, at])
    until = START + MINUTES * 60
    covered = rates.Covered(seen.covered[None, :], START // 3600, START + JUDGED * 60, until)
    judged = rates.judge(counts, np.zeros(len(bins), np.int64), covered)
    q = tails.q_values([each.p * len(FAMILIES) for each in judged.episodes], judged.tests)
    kept = [each for each, rate in zip(judged.episodes, q, strict=True) if rate <= FALSE_DISCOVERIES]
    return [Alarm(int(e.series), (e.start - START) // 60, (e.end - START) // 60, not e.drop) for e in kept]


def scenarios(seed: int) -> Mapping[str, Callable[[], World]]:
    """Return how to make the accounts of a seed. Those with anomalies have drifts, a holiday and an outage."""
    mixed = cache(lambda: world(seed, Trouble(drift=True, holiday=True, outages=1)))
    clumped = Trouble(drift=True, holiday=True, clumps=True, outages=1)
    bursts = {BURST.format(size): partial(_with_bursts, mixed, seed, size) for size in SIZES}
    return {
        **bursts,
        CLUMPED: partial(_with_bursts, lambda: world(seed, clumped), seed, 10),
        DROPS: lambda: with_drops(mixed(), seed),
        "nothing but drifts": partial(world, seed, Trouble(drift=True)),
        "nothing but a holiday": partial(world, seed, Trouble(holiday=True)),
        "nothing but outages of logging": partial(world, seed, Trouble(outages=2)),
        "nothing but clumps": partial(world, seed, Trouble(clumps=True)),
        "nothing at all": partial(world, seed, Trouble()),
    }


def _with_bursts(quiet: Callable[[], World], seed: int, times: float) -> World:
    return with_bursts(quiet(), seed, times)


def simulate(seeds: Sequence[int], jobs: int = 1, only: Sequence[str] = ()) -> Scores:
    """Return how all detectors do in all scenarios, or only in some."""
    of_seed = partial(_alarms, only)
    if jobs == 1:
        each = [of_seed(seed) for seed in seeds]
    else:
        with ProcessPoolExecutor(jobs) as pool:
            each = list(pool.map(of_seed, seeds))
    scores: Scores = {}
    for told in each:
        for scenario, (labels, by_detector) in told.items():
            for detector, alarms in by_detector.items():
                scores.setdefault(scenario, {}).setdefault(detector, Score()).add(labels, alarms)
    return scores


def _alarms(only: Sequence[str], seed: int) -> dict[str, tuple[tuple[Label, ...], dict[str, list[Alarm]]]]:
    found = {}
    for scenario, made in scenarios(seed).items():
        if only and scenario not in only:
            continue
        seen = made()
        drops = scenario == DROPS
        detectors: dict[str, Detector] = {
            OURS: ours,
            "minute, 3σ": partial(three_sigma, drops=drops),
            "7-day mean": partial(weekly_mean, drops=drops),
        }
        found[scenario] = (seen.labels, {name: detect(seen) for name, detect in detectors.items()})
    return found


def report(scores: Scores) -> str:
    """Return the tables, and whether the aims are met."""
    names = list(next(iter(scores.values())))
    lines = [
        "| | labels | detector | precision | recall | false alarms per account-week |",
        "|---|---|---|---|---|---|",
    ]
    for scenario, by_detector in scores.items():
        for name, score in by_detector.items():
            first = name == names[0]
            shown = (f"{score.precision:.2f}", f"{score.recall:.2f}") if score.labels else ("", "")
            row = (scenario, f"{score.labels.total():,}") if first else ("", "")
            lines.append(f"| {' | '.join((*row, name, *shown, f'{score.false_a_week:,.1f}'))} |")
    head = [f"{density}: {name}" for density in DENSITIES for name in names]
    lines += ["", f"| recall | {' | '.join(head)} |", "|---" * (len(head) + 1) + "|"]
    for size in SIZES:
        found = scores[BURST.format(size)]
        cells = [_share(found[name], density) for density in DENSITIES for name in names]
        lines.append(f"| {size} × | {' | '.join(cells)} |")
    return "\n".join([*lines, "", *_verdicts(scores)])


def _share(score: Score, density: str) -> str:
    return f"{score.found[density] / score.labels[density]:.2f}" if score.labels[density] else ""


def _verdicts(scores: Scores) -> list[str]:
    asked = scores[ASKED][OURS]
    good = asked.recall >= RECALL and asked.false_a_week <= FALSE_ALARMS
    lines = [
        f"{ASKED}: recall {asked.recall:.2f}, {asked.false_a_week:.1f} false alarms: {'met' if good else 'MISSED'}"
    ]
    for scenario, row in scores.items():
        better = [name for name, score in row.items() if name != OURS and score.merit > row[OURS].merit]
        if better:
            lines.append(f"{scenario}: BETTER than ctaudit: {', '.join(better)}")
    return lines if len(lines) > 1 else [*lines, "better than both rules in every scenario"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS, help="how many accounts")
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    print(f"{given.seeds} accounts of {APIS} APIs, seeds 1 to {given.seeds}; one week judged by the four before it\n")
    print(report(simulate(range(1, given.seeds + 1), given.jobs)))


if __name__ == "__main__":
    main()
