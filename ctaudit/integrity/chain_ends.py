"""What is left of a chain when all its digests were walked: ends that are cut off, and spans without a proof."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate
from operator import itemgetter

from ctaudit.integrity import coverage
from ctaudit.integrity.asked import Asked
from ctaudit.integrity.coverage import Window, digests_in
from ctaudit.integrity.lines import Line, missing
from ctaudit.integrity.loaded import Status
from ctaudit.integrity.names import Chain
from ctaudit.integrity.verdict import Finding, finding, spelled


def tell_ends(chain: Chain, lines: Sequence[Line], asked: Asked) -> Iterator[Finding]:
    """Tell what is left when no older digest is there: ends that are cut off, and spans without a proof."""
    since = asked.since
    oldest = min((line.seen[-1][0] for line in lines), default=None)
    for line in lines:
        if line.pointer is None or line.last.status is Status.FAILED:
            continue
        older = oldest is not None and oldest < line.low
        if since is not None and line.low > since:
            yield missing(chain, asked, line.last, line.pointer)
        elif since is None:
            yield missing(chain, asked, line.last, line.pointer) if older else _cut(chain, line)
    if chain.backfill:
        return
    yield from _restarts_elsewhere(chain, lines, asked)
    if lines:
        yield from _holes(chain, lines, asked)
    else:
        detail = "none of the chain's digests lies in what was asked"
        yield finding("coverage.missing", detail, chain=chain, span=(since, asked.due))


def _restarts_elsewhere(chain: Chain, lines: Sequence[Line], asked: Asked) -> Iterator[Finding]:
    """Tell of logging that began again in another place than where it had stopped."""
    windows = sorted(window for line in lines for window in line.seen)
    # The latest end of all windows up to each: a hostile copy can hold ten thousands of lines, so none looks at all.
    latest = list(accumulate((end for _, end in windows), max))
    for line in lines:
        before = bisect_left(windows, line.low, key=itemgetter(0))  # a line's own windows all start later
        if not line.began or not before or latest[before - 1] >= line.low:
            continue
        window = latest[before - 1], line.low
        line.told.append(window)
        detail = f"{spelled(window[0])} to {spelled(window[1])}, {digests_in(window)}; it went on in another place"
        if asked.touches(window):
            yield finding("coverage.restart_gap", detail, chain=chain, span=window)


def _cut(chain: Chain, line: Line) -> Finding:
    assert line.pointer is not None  # it is cut before the digest it names
    detail = f"the chain goes on before {spelled(line.low)}, with {line.pointer.location.key}, which is not here"
    return finding(
        "coverage.head", detail, key=line.pointer.location.key, chain=chain, span=(None, line.low),
        expected=line.pointer.sha256, proven_by=line.last.evidence,
    )  # fmt: skip


def _holes(chain: Chain, lines: Sequence[Line], asked: Asked) -> Iterator[Finding]:
    """Tell of spans that none of the lines accounts for."""
    windows = coverage.merge(window for line in lines for window in line.proven)
    seen = coverage.merge(window for line in lines for window in line.seen)
    told = [window for line in lines for window in line.told]
    low = asked.since or seen[0][0]
    high = asked.due or seen[-1][1]
    if low >= high:
        return
    if not windows:
        yield _hole(chain, "coverage.missing", (low, high))
        return
    if low < windows[0][0]:
        began = any(line.began and line.low == windows[0][0] for line in lines)
        yield _hole(chain, "coverage.head" if began else "coverage.missing", (low, min(high, windows[0][0])))
    for hole in coverage.without((windows[0][0], windows[-1][1]), windows):
        for part in coverage.without(hole, told):
            if clipped := coverage.clip(part, low, high):
                yield _hole(chain, "coverage.missing", clipped)
    if windows[-1][1] < high:
        yield _hole(chain, "coverage.tail", (max(low, windows[-1][1]), high))


def _hole(chain: Chain, code: str, window: Window) -> Finding:
    detail = f"{spelled(window[0])} to {spelled(window[1])}, {digests_in(window)}"
    return finding(code, detail, chain=chain, span=window)
