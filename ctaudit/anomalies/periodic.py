"""Which jobs no longer run: gaps in what a principal did at regular times.

A job is a principal with one changing call, or with all calls that it makes by itself, in one account and region. A
beat was missed when the job did not run around the time when it should have, and the logs speak for all of that time.
A beat is expected only where the job ran at that time of the day in most days before, and on that weekday in most
weeks: so weekends of a job for working days, and nights of one for office hours, are no gaps.

The estimate: a job leaves out a single beat as often as it did before, (its own + 10 × the share of all jobs) /
(its beats + 10), and the beats that it missed in a row are independent where nothing is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ctaudit.anomalies.anomaly import Anomaly, Kind, Selection, Series, Severity, Tested
from ctaudit.anomalies.cube import Counted, Cube
from ctaudit.anomalies.ground import DAY, HISTORY_DAYS, HOUR, Ground
from ctaudit.anomalies.grouping import Ints, Key, grouped, numbers, within
from ctaudit.anomalies.phrases import called, listed
from ctaudit.anomalies.refusals import CALLS, HISTORY
from ctaudit.anomalies.refusals import CUBES as REFUSALS
from ctaudit.anomalies.runs import LEAST_LIFE, LEAST_RUNS, LONG, Rhythm, rhythms
from ctaudit.anomalies.telling import lasting, several
from ctaudit.table import Value
from ctaudit.times import format_epoch

KIND = "periodic.missed"
KINDS = {
    KIND: Kind(
        "a job that ran at regular times no longer does",
        (
            "the job was switched off, moved, or given another role or schedule",
            "a holiday, or a window of maintenance",
            "what it works on is gone, so that it has nothing to do",
        ),
    )
}
RUNS = "periodic.runs"
CUBES = {
    CALLS: REFUSALS[CALLS],
    RUNS: Cube(("account", "region", "principal", "principal_type", "source", "name", "hour"), ("write",)),
}
MISSED, MISSED_DAILY, DAILY_RUNS = 3, 2, 14
"""Beats in a row that must be missed; fewer of a daily job that ran so often."""
DAILY = 20 * HOUR
LEAST_WEEKLY, LEAST_DAILY = 0.75, 0.6
"""Share of the weeks, and of the days, in which it ran at that time, with less of which it is not expected."""
TOLERANCE = 300, 0.2
"""Seconds at least, and share of a beat at most, that a run may be early or late."""
PROMPT = 900
"""Seconds by which a job for working days may vary: what varies more is somebody who comes to work."""
LATE = HOUR
"""Seconds after which all log files of a moment are taken to be delivered."""
POOLED = 10
MOST_MISSED = 10_000
PERSONS = ("Root", "SAMLUser", "WebIdentityUser", "IdentityCenterUser")


@dataclass(frozen=True, slots=True)
class Gap:
    """Beats in a row that a job missed."""

    rhythm: Rhythm
    key: Key
    run: int
    """Number of the last run before."""
    missed: tuple[int, ...]
    """When it should have run, all of it covered by logs."""
    uncovered: int
    """Beats of which logs do not tell."""
    end: int
    ongoing: bool

    @property
    def needed(self) -> int:
        return MISSED_DAILY if self.rhythm.beat >= DAILY and self.run + 1 >= DAILY_RUNS else MISSED

    @property
    def doubtful(self) -> bool:
        """Whether it would be told if the logs told of all its beats."""
        return not self.certain and len(self.missed) + self.uncovered >= self.needed

    @property
    def certain(self) -> int:
        """When enough beats were missed; 0 where they were not."""
        return self.missed[self.needed - 1] if len(self.missed) >= self.needed else 0


def find(counted: Counted, ground: Ground) -> Tested:
    """Find the jobs that did not run in the time asked for."""
    jobs = list(_jobs(counted, ground))
    gaps = [gap for key, rhythm in jobs for gap in _gaps(key, rhythm, ground)]
    # It begins with the first beat that was missed, perhaps before the time asked for, but could not be told then.
    told = [each for each in gaps if each.certain and ground.since <= each.certain < ground.until]
    beats = sum(len(rhythm.starts) for _, rhythm in jobs)
    lapses = sum(len(each.missed) for each in gaps if not each.certain)
    share = (lapses + 1) / (beats + 2)
    lapsed = {each.key: 0 for each in told}
    for each in gaps:
        if each.key in lapsed and not each.certain:
            lapsed[each.key] += len(each.missed)
    anomalies = [_anomaly(each, share, lapsed, ground) for each in _together(told)]
    unknown = [each for each in gaps if each.doubtful and each.end > ground.since]
    times = several(sum(each.uncovered for each in unknown), "time")
    note = f"{several(len(unknown), 'job')} should have run {times} while the logs do not tell: these count as no gap"
    parameters: dict[str, Value] = {
        "least_runs": LEAST_RUNS,
        "least_history_days": LEAST_LIFE // DAY,
        "beats_missed": f"{MISSED}, {MISSED_DAILY} of daily jobs with {DAILY_RUNS} runs",
        "share_of_lapses": share,
    }
    return Tested(anomalies, len(jobs), (note,) if unknown else (), parameters)


def _jobs(counted: Counted, ground: Ground) -> Iterator[tuple[Key, Rhythm]]:
    """Yield account, region, principal, source and name of each job; the latter are empty where all calls count."""
    for table, names in ((counted[RUNS], ("source", "name")), (counted[CALLS], ())):
        table = _machines(within(table, ground))
        series, keys = grouped(table, ("account", "region", "principal", *names))
        cells = [numbers(table, each) for each in ("hour", "first", "last")]
        for rhythm in rhythms(*_cells(series, *cells)):
            if len(set((rhythm.starts // DAY % 7).tolist())) > 5 or rhythm.beat < DAILY or rhythm.spread <= PROMPT:
                yield (*keys[rhythm.series], "", "")[:5], rhythm


def _machines(table: pa.Table) -> pa.Table:
    """Return the rows of what is not known to be a person, nor a service by itself."""
    principal, kind = pc.fill_null(table["principal"], ""), pc.fill_null(table["principal_type"], "")
    others = pc.or_(
        pc.is_in(kind, value_set=pa.array([*PERSONS, "AWSService"])),
        pc.or_(pc.equal(principal, ""), pc.match_substring(principal, "assumed-role/AWSReservedSSO_")),
    )
    return table.filter(pc.invert(others)) if pc.any(others).as_py() else table


def _cells(series: Ints, hour: Ints, first: Ints, last: Ints) -> tuple[Ints, Ints, Ints]:
    """Return the cells in order of series, then time, one for each hour."""
    order = np.lexsort((last, first, hour, series))
    series, hour, first, last = (each[order] for each in (series, hour, first, last))
    begins = np.ones(len(series), np.bool_)
    begins[1:] = (series[1:] != series[:-1]) | (hour[1:] != hour[:-1])
    at = np.flatnonzero(begins)
    return series[at], first[at], np.maximum.reduceat(last, at) if len(at) else last


def _gaps(key: Key, rhythm: Rhythm, ground: Ground) -> Iterator[Gap]:
    """Yield each pause of a job in which beats were expected."""
    starts, beat = rhythm.starts, rhythm.beat
    margin = int(min(max(3 * rhythm.spread, TOLERANCE[0]), TOLERANCE[1] * beat))
    ends = np.append(starts[1:], ground.until)
    spoken = np.append(0, np.cumsum(ground.spoken((key[0], key[1]))))
    enough = (np.arange(len(starts)) + 1 >= LEAST_RUNS) & (starts - starts[0] + LONG * beat >= LEAST_LIFE)
    for run in np.flatnonzero(enough & (ends - starts > LONG * beat)).tolist():
        last = run == len(starts) - 1
        end = int(ends[run]) - (LATE if last else 0)
        size = min(MOST_MISSED, max(0, int((end - margin - starts[run] - 1) // beat)))
        times = np.rint(starts[run] + beat * np.arange(1, size + 1)).astype(np.int64)
        times = times[_expected(times, starts[: run + 1], beat, margin, spoken, ground)]
        covered = _covered(times, margin, spoken, ground)
        if len(times):
            missed, unknown = tuple(times[covered].tolist()), int((~covered).sum())
            yield Gap(rhythm, key, run, missed, unknown, int(ends[run]), last)


def _covered(times: Ints, margin: int, spoken: Ints, ground: Ground) -> npt.NDArray[np.bool_]:
    """Tell whether the logs speak for all of the time around each moment."""
    low = (times - margin) // HOUR - ground.first_hour
    high = (times + margin) // HOUR - ground.first_hour + 1
    size = len(spoken) - 1
    sums = spoken[np.clip(high, 0, size)] - spoken[np.clip(low, 0, size)]
    covered: npt.NDArray[np.bool_] = sums == high - low
    return covered


def _expected(
    times: Ints, starts: Ints, beat: float, margin: int, spoken: Ints, ground: Ground
) -> npt.NDArray[np.bool_]:
    """Tell at which of the times the job ran in most days and weeks before, as far as the logs tell."""
    expected = np.ones(len(times), np.bool_)
    for step, most, least in ((7 * DAY, HISTORY_DAYS // 7, LEAST_WEEKLY), (DAY, HISTORY_DAYS, LEAST_DAILY)):
        # The days before the last run, not before the beat: those in between are the gap.
        skipped = np.maximum(0, -((starts[-1] + beat / 2 - times) // step)).astype(np.int64)
        then = times[:, None] - step * (skipped[:, None] + np.arange(most))
        low, high = (np.searchsorted(starts, then + side * beat / 2) for side in (-1, 1))
        ran = high > low
        known = (then - beat / 2 >= starts[0] - beat / 2) & (ran | _covered(then, margin, spoken, ground))
        expected &= (ran & known).sum(1) >= np.maximum(1, least * known.sum(1))
    return expected


def _together(gaps: Sequence[Gap]) -> Iterator[list[Gap]]:
    """Yield the gaps that one principal has at the same time in one place: they are one anomaly."""
    current: list[Gap] = []
    end = 0
    for each in sorted(gaps, key=lambda gap: (gap.key[:3], gap.missed[0], gap.key, gap.end)):
        if current and (each.key[:3] != current[0].key[:3] or each.missed[0] >= end):
            yield current
            current, end = [], 0
        current.append(each)
        end = max(end, each.end)
    if current:
        yield current


def _anomaly(gaps: Sequence[Gap], share: float, lapsed: dict[Key, int], ground: Ground) -> Anomaly:
    def p(gap: Gap) -> float:
        return float((lapsed[gap.key] + POOLED * share) / (gap.run + 1 + POOLED)) ** len(gap.missed)

    worst = min(gaps, key=lambda gap: (p(gap), not gap.key[3], gap.key))
    account, region, principal, *_ = worst.key
    calls = sorted({(gap.key[3], gap.key[4]) for gap in gaps if gap.key[3]})
    starts, start = worst.rhythm.starts[: worst.run + 1], min(gap.missed[0] for gap in gaps)
    end, since = max(gap.end for gap in gaps), max(int(starts[0]), start - HISTORY)
    runs, missed = int((starts >= since).sum()), len(worst.missed)
    what = f" ({listed([called(*each) for each in calls])})" if calls else ""
    sentence = (
        f"{principal} ran every {_beat(worst.rhythm.beat)}{what}, {several(runs, 'time')} in the "
        f"{lasting(start - since)} before, and then missed {several(missed, 'run')} in a row from "
        f"{format_epoch(start)} on{', and has not run since' if worst.ongoing else ''}; the logs cover these times"
    )
    names = tuple(sorted({name for _, name in calls}))
    return Anomaly(
        *(KIND, Severity.MEDIUM if calls else Severity.LOW, account, region),
        *((principal, *(called(*each) for each in calls[:1])), start, end, sentence),
        *(float(missed), "runs missed in a row", p(worst)),
        Selection(
            *(since, start, account, region, tuple(sorted({source for source, _ in calls})), names),
            principals=(principal,),
        ),
        expected=0.0,
        baseline=(since, start),
        series=_series(worst, start, ground),
        parameters={
            "distribution": "beats in a row that a job leaves out",
            "beat_seconds": round(worst.rhythm.beat),
            "spread_seconds": round(worst.rhythm.spread),
            "lapses_before": lapsed[worst.key],
            "share_of_lapses": share,
            "calls": [called(*each) for each in calls],
        },
    )


def _beat(seconds: float) -> str:
    """Spell a beat to the minute: `hour`, `day`, `6 hours`, `95 minutes`."""
    return lasting(round(seconds / 60) * 60).removeprefix("an ").removeprefix("a ")


def _series(gap: Gap, start: int, ground: Ground) -> Series:
    """Return the runs of two weeks before a gap, and of two days or the gap after, by hours."""
    begin = max(ground.first_hour, start // HOUR - 14 * 24)
    end = max(begin, min(-(-ground.until // HOUR), max(start // HOUR + 48, min(gap.end // HOUR, start // HOUR + 168))))
    sums = np.bincount(_inside(gap.rhythm.starts // HOUR, begin, end) - begin, minlength=end - begin)
    spoken = ground.spoken((gap.key[0], gap.key[1]))[begin - ground.first_hour : end - ground.first_hour]
    counts = (int(n) if n or heard else None for n, heard in zip(sums.tolist(), spoken.tolist(), strict=True))
    return Series(begin * HOUR, HOUR, tuple(counts))


def _inside(values: Ints, low: int, high: int) -> Ints:
    return values[(values >= low) & (values < high)]
