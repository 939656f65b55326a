"""Which hours the logs speak for: from layers of evidence to the state of each hour of an account and region.

`proven`: proven digests account for the time from the hour's begin to a quarter of an hour after its end, and each log
file that they list is in the store. Digests speak of hours of *delivery*, and events are delivered some minutes after
they happened: hence the quarter. What AWS delivers later than that is counted as late, and proves nothing either way.

`gap`: something is known to be lacking. A log file that a proven digest lists is not in the store, or one could not be
read whole (the quarter of an hour before its delivery counts too); a validation found files or digests gone, or digests
that begin anew; logging was stopped. Of the hours that lie whole within a stop only those without any event or log file
count: another trail may have gone on. So do hours of which nothing is heard and a validation found no proven digest.

`covered`: there are events of that hour, or log files delivered in it, or proven digests account for it, though not for
the quarter after it. Others of its log files may be lacking: nothing tells.

`silent`: nothing speaks for that hour. Where nobody did anything CloudTrail delivers no log file, so it may have been
quiet, or its files are lacking: only digests can tell the one from the other.

What is proven stands against the word of other digests and against a stopped trail, since trails may overlap; a known
gap stands against events of the same hour. But an hour of a day that was forgotten is a gap whatever else is known of
it: its events were dropped, though digests may prove their files and later evidence brought some back. Insight events
and the like, and the files that hold them, do not count.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ctaudit.queries import hours
from ctaudit.queries.hours import Range, Seconds

EDGE = 15 * 60
"""Seconds within which CloudTrail usually delivers an event."""
LATE = 3600
"""Seconds after its oldest event from which on a log file's delivery is called late."""
BUSY = 0.9
"""Share of its hours from which on a region counts as one that is hardly ever idle."""


class State(enum.StrEnum):
    """What the logs are worth for an hour; the worst comes first."""

    GAP = "gap"
    SILENT = "silent"
    COVERED = "covered"
    PROVEN = "proven"


class Cause(enum.StrEnum):
    """Why an hour is a gap; the value is what is said of it."""

    LOST = "a log file that a proven digest lists is not in the store"
    UNREAD = "a log file could not be read whole"
    STOPPED = "logging was stopped"
    FORGOTTEN = "the day was forgotten"
    VALIDATION = "validation found files or digests gone, or no proven digest"


Place = tuple[str, str]
"""Account and region; the region is empty where none is known of the account, and the other way round."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that speaks for and against the hours of one account and region. Moments are seconds since 1970."""

    events: int = 0
    """Hours in which something happened, as a set."""
    files: int = 0
    """Hours in which log files were delivered, as a set."""
    windows: Sequence[Seconds] = ()
    """What proven digests account for."""
    lost: Sequence[int] = ()
    """When log files were delivered that a proven digest lists and the store has not."""
    unread: Sequence[int] = ()
    """When log files were delivered that could not be read whole."""
    gaps: Sequence[Seconds] = ()
    """Where a validation found files or digests gone, or digests that begin anew."""
    unaccounted: Sequence[Seconds] = ()
    """Where it found no proven digest, and so nothing that tells whether anything lacks."""
    stops: Sequence[Seconds] = ()
    """When logging was stopped."""
    forgotten: Sequence[Seconds] = ()
    """Days whose events were dropped on purpose."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The states of the hours of one account and region: sets that share no hour and together are all hours."""

    states: dict[State, int]
    causes: dict[Cause, int] = field(default_factory=dict)
    """For each cause, the gaps that it explains; one gap may have several."""

    def count(self, state: State) -> int:
        return self.states[state].bit_count()

    @property
    def spoken(self) -> int:
        """How many hours the logs speak for."""
        return self.count(State.PROVEN) + self.count(State.COVERED)


def judge(evidence: Evidence, within: Range) -> Judged:
    """Tell the state of each hour of the range."""
    gone = [*evidence.lost, *evidence.unread]
    sound = hours.without(evidence.windows, ((at, at + 60) for at in gone))
    forgotten = hours.touched(evidence.forgotten, within)
    proven = hours.filled(sound, within, EDGE) & ~forgotten
    heard = evidence.events | evidence.files
    causes = {
        Cause.LOST: _lacking(evidence.lost, within),
        Cause.UNREAD: _lacking(evidence.unread, within),
        Cause.STOPPED: _stopped(evidence.stops, heard, within),
        Cause.FORGOTTEN: forgotten,
        Cause.VALIDATION: hours.touched(evidence.gaps, within),
    }
    gap = 0
    for found in causes.values():
        gap |= found & ~proven
    covered = (heard | hours.filled(sound, within)) & ~(proven | gap)
    unaccounted = hours.touched(evidence.unaccounted, within) & ~(proven | covered)
    causes[Cause.VALIDATION] |= unaccounted
    gap |= unaccounted
    silent = within.all & ~(proven | gap | covered)
    states = {State.GAP: gap, State.SILENT: silent, State.COVERED: covered, State.PROVEN: proven}
    return Judged(states, {cause: found & gap for cause, found in causes.items() if found & gap})


def _lacking(deliveries: Sequence[int], within: Range) -> int:
    """Return the hours whose events may stand in log files of these deliveries; names tell the minute."""
    return hours.touched(((at - EDGE, at + 60) for at in deliveries), within)


def _stopped(stops: Sequence[Seconds], heard: int, within: Range) -> int:
    """Return the hours that lack events because logging was stopped: those in which it stopped or began again, and of
    those between the ones in which nothing is heard.
    """
    return hours.touched(stops, within) & ~(hours.filled(stops, within) & heard)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Hours that follow one another and are alike."""

    start: int
    """The first hour, as a bit of the range."""
    end: int
    """After the last."""
    state: State
    causes: tuple[Cause, ...] = ()

    @property
    def hours(self) -> int:
        return self.end - self.start


def stretches(judged: Judged) -> list[Stretch]:
    """Return the hours in order, those of one state and of the same causes joined."""
    found: list[Stretch] = []
    for state, members in judged.states.items():
        parts: list[tuple[int, tuple[Cause, ...]]] = [(members, ())]
        for cause, explained in judged.causes.items() if state is State.GAP else ():
            parts = [
                (part & side, (*causes, cause) if side == explained else causes)
                for part, causes in parts
                for side in (explained, ~explained)
            ]
        found += [Stretch(*run, state, causes) for part, causes in parts for run in hours.runs(part)]
    return sorted(found, key=lambda stretch: stretch.start)


def days(judged: Judged, within: Range) -> Iterator[tuple[int, int, dict[State, int]]]:
    """Yield each day's first and last hour within the range, and how many of its hours are in each state."""
    start = 0
    while start < within.count:
        end = min(within.count, start + 24 - (within.first + start) % 24)
        day = hours.between(start, end)
        yield start, end, {state: (members & day).bit_count() for state, members in judged.states.items()}
        start = end


def share(spoken: int, asked: int) -> float:
    """Return the percentage of hours that are spoken for, rounded down: 100 is all of them."""
    return spoken * 1000 // asked / 10 if asked else 0.0
