"""Something unusual, as a value: what happened, how surprising it is, against what, and where to look."""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ctaudit.table import Value


class Severity(enum.IntEnum):
    """How much an anomaly matters to somebody who looks for an intruder; greater is worse."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3

    @property
    def word(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Kind:
    """What one kind of anomaly is about."""

    title: str
    """What it tells, in a few words."""
    benign: tuple[str, ...]
    """What may cause it that is no attack."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The events that an anomaly is about; an empty field does not narrow."""

    since: int
    """Seconds since 1970, inclusive."""
    until: int
    """Exclusive."""
    account: str = ""
    region: str = ""
    sources: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    """Error codes; `*` for any error."""
    principals: tuple[str, ...] = ()
    """As the dimension `principal` spells them."""
    keys: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Series:
    """Counts over time around an anomaly, with what was to be expected: what pictures are drawn of."""

    start: int
    """When the first count begins, in seconds since 1970."""
    width: int
    """Seconds that one count stands for."""
    counts: tuple[int | None, ...]
    """None where no log speaks for that time."""
    expected: tuple[float, ...] = ()
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    """The band in which 99 of 100 counts lie."""
    unit: str = ""
    """What is counted, where that is something else than what the anomaly has observed."""


@dataclass(frozen=True, slots=True)
class Anomaly:
    """One unusual thing."""

    kind: str
    """Family and kind: `rate.spike`."""
    severity: Severity
    account: str
    region: str
    """Empty when it is about all regions."""
    subject: tuple[str, ...]
    """What it is about, such as event source and name, or a principal: with kind and place it tells anomalies apart."""
    start: int
    """When it began, in seconds since 1970."""
    end: int
    """When it ended, exclusive."""
    sentence: str
    observed: float
    unit: str
    """What is counted: `calls in 15 minutes`."""
    p: float
    """How probable something as unusual is where nothing is wrong; for what was never seen before, an estimate."""
    select: Selection
    expected: float | None = None
    interval: tuple[float, float] | None = None
    """Between which bounds 99 of 100 such observations lie."""
    baseline: tuple[int, int] | None = None
    """The time that it is compared with, in seconds since 1970."""
    series: Series | None = None
    parameters: Mapping[str, Value] = field(default_factory=dict)
    """What the numbers were computed with."""
    insight: Mapping[str, Value] | None = None
    """`insightType`, `eventSource`, `eventName`, perhaps `errorCode`: for anomalies that AWS would call Insights."""

    @property
    def id(self) -> str:
        """What stays the same when the same anomaly is found again, in whatever store."""
        named = "\x1f".join((self.kind, self.account, self.region, *self.subject, str(self.start)))
        return hashlib.sha256(named.encode("utf-8", "surrogatepass")).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Tested:
    """What a family found, and how much it looked at: many tests find something unusual by chance alone."""

    anomalies: Sequence[Anomaly]
    tests: int
    """How many p-values were computed, or could have been; those not given are greater than those given."""
    notes: tuple[str, ...] = ()
    """What the reader must know: where the history was too short to judge."""
    parameters: Mapping[str, Value] = field(default_factory=dict)
    """What the family works with, for `--explain`."""
