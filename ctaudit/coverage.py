"""Which hours the logs speak for: the survey behind `ctaudit coverage`, and what an answer without rows says of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ctaudit import limits
from ctaudit.engines import coverage as engine
from ctaudit.engines.coverage import Spoken
from ctaudit.errors import UsageError
from ctaudit.queries import coverage_words, hours
from ctaudit.queries.coverage import Evidence, Judged, Place, judge
from ctaudit.queries.hours import Range
from ctaudit.query import Span
from ctaudit.store.hours import Known, Reach
from ctaudit.store.layout import Layout

_NOTHING = Range(0, 0)


@dataclass(frozen=True, slots=True)
class Survey:
    """The state of every hour that was asked for."""

    within: Range
    """The hours; where the span is open, those from the store's first event or digest to its last."""
    places: Mapping[Place, Judged]
    """By account and region, in their order."""
    spoken: Spoken

    @property
    def asked(self) -> int:
        """How many hours were asked for, over all accounts and regions."""
        return self.within.count * len(self.places)

    @property
    def covered(self) -> int:
        return sum(judged.spoken for judged in self.places.values())


def survey(layout: Layout, span: Span, *, late: int | None = None) -> Survey:
    """Judge every hour of the span, in every account and region that was named or that the store knows of.

    Args:
        layout: the store.
        span: what was asked for.
        late: count what each hour has; log files delivered so many seconds after their oldest event count as late.

    Raises UsageError when the span is too large, StoreError when the store cannot be read.
    """
    chosen: list[tuple[Range, list[Place]]] = []

    def choose(places: Mapping[Place, Reach]) -> tuple[int, int] | None:
        within, asked = _range(span, places.values()), _asked(span, places)
        if within.count * len(asked) > limits.MAX_COVERAGE_HOURS:
            raise _too_large(within, asked)
        chosen.append((within, asked))
        return (within.first, within.end) if within.count else None

    spoken = engine.ask(layout, span, choose, late=late)
    ((within, asked),) = chosen
    judged = {place: judge(_evidence(spoken, place, within), within) for place in asked}
    return Survey(within, judged, spoken)


def of_empty_answer(layout: Layout, span: Span, nothing: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Say what part of the span the logs speak for, for an answer without rows: notes, and what makes it partial.

    Args:
        layout: the store.
        span: what was asked for.
        nothing: what was not found, such as `no deletion found`.
    """
    try:
        found = survey(layout, span)
    except UsageError as error:
        return (), (f"{nothing}; how much of what was asked for is covered was not looked at: {error.message}",)
    if not found.asked:
        return (), (f"{nothing}; {coverage_words.nothing_asked(*_ends(found.spoken))}",)
    sentence = f"{nothing}; {coverage_words.sentence(found.places, found.within, found.spoken.names)}"
    if found.covered == found.asked:
        return (sentence,), ()
    if not found.covered:
        sentence = f"{sentence}; {coverage_words.held(*_ends(found.spoken))}"
    return (), (f"{sentence}; see: ctaudit coverage",)


def _ends(spoken: Spoken) -> tuple[str | None, str | None]:
    return spoken.totals.first_time, spoken.totals.last_time


def _range(span: Span, reaches: Iterable[Reach]) -> Range:
    known = [(reach.first, reach.end) for reach in reaches if reach.first is not None and reach.end is not None]
    if not known and (span.since is None or span.until is None):
        return _NOTHING
    first = hours.absolute(span.since) if span.since else min(first for first, _ in known)
    end = -(-hours.seconds(span.until) // hours.HOUR) if span.until else max(end for _, end in known)
    return Range(first, max(first, end))


def _asked(span: Span, places: Iterable[Place]) -> list[Place]:
    """Return the accounts and regions asked for: those that were named, whether the store knows them or not."""
    known = [
        (account, region)
        for account, region in places
        if (not span.accounts or account in span.accounts) and (not span.regions or region in span.regions)
    ]
    if span.accounts and span.regions:
        known = [(account, region) for account in span.accounts for region in span.regions]
    else:
        known += [(account, "") for account in span.accounts if all(account != each[0] for each in known)]
        known += [("", region) for region in span.regions if all(region != each[1] for each in known)]
    return sorted(set(known))


def _too_large(within: Range, asked: Sequence[Place]) -> UsageError:
    told = (
        f"{within.count:,} hours ({within.at(0)} to {within.at(within.count)}) in {len(asked):,} accounts and regions"
    )
    return UsageError(
        f"{told} are more than can be told at once", "narrow it with --since, --until, --account, --region"
    )


def _evidence(spoken: Spoken, place: Place, within: Range) -> Evidence:
    known = spoken.known.get(place, Known())
    return Evidence(
        hours.of_days(known.days, within),
        hours.of_hours(known.deliveries, within),
        known.windows,
        known.lost,
        known.unread,
        known.gaps,
        known.unaccounted,
        spoken.stops.get(place[0], ()),
        spoken.forgotten,
    )
