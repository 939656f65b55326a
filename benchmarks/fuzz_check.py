"""Hold ctaudit's reader to what a plain JSON parser finds: many files at once, and a failure is traced to its file."""

from __future__ import annotations

import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

import fuzz_oracle as oracle
import pyarrow as pa
import pyarrow.compute as pc
from fuzz_oracle import Claim

from ctaudit.fault import Fault
from ctaudit.records.columns import EVENT
from ctaudit.records.gate import Gated
from ctaudit.records.reading import Reading, Sink
from ctaudit.records.readings import Readings
from ctaudit.records.shared import Pieces
from ctaudit.records.unpack import Content, unpack
from ctaudit.store import rebuild
from tests.plain_reader import canonical
from tests.records.taken import Taken

_PATH = "a.json.gz"
Pair = tuple[int, str | None]
"""Index of a record in its file, and its id."""
_ID = [field.key for field in EVENT].index("eventID")
_DAMAGE = {"json.cut", "json.malformed", "json.not_json", "json.unread", "json.bad_record", "file.empty"}
_WRAPPED = "wrapped-too-deep"
_EMBEDDED = re.compile(rb'"[\s\0]*[\[{]')
"""JSON in a string: what is wrong there is no damage of the text."""


class Broken(Exception):
    """Raised for a file that the reader did not read as it must."""


@dataclass(frozen=True, slots=True)
class Failure:
    data: bytes
    complaint: str


@dataclass(slots=True)
class Tally:
    """What was checked."""

    inputs: int = 0
    rows: int = 0
    exact: int = 0
    """Inputs that a plain parser accepts whole."""
    compared: int = 0
    """Rows compared value by value."""
    failures: list[Failure] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        self.inputs += other.inputs
        self.rows += other.rows
        self.exact += other.exact
        self.compared += other.compared
        self.failures += other.failures


class Ids:
    """A sink that keeps the ids alone: enough to tell whether a second reading gives the same."""

    def __init__(self) -> None:
        self.pieces = Pieces()
        self.found: dict[int, list[Pair]] = defaultdict(list)

    def fast(self, gated: Gated, file_ids: array[int], records: Sequence[int]) -> None:
        for file_id, *pair in zip(file_ids, records, gated.columns[_ID], strict=True):
            self.found[file_id].append((pair[0], pair[1]))

    def careful(self, event: Any, account: str | None, file_id: int, record: int, extra: str | None) -> None:
        self.found[file_id].append((record, event.eventid))

    def rest(self) -> None:
        pass


@dataclass(slots=True)
class _Text:
    content: Content
    reading: Reading
    pairs: list[Pair]
    again: tuple[Reading, list[Pair]]
    """What a second reading gave."""
    rows: list[dict[str, Any]] = field(default_factory=list)
    """Empty unless it is compared value by value."""


def check(batch: Sequence[bytes], sample: int, tally: Tally) -> None:
    """Read files into one sink, as an ingest does, and compare; every `sample`-th file is compared value by value.

    When reading raises, all are read one by one to find at which.
    """
    try:
        for failure in _check_together(batch, sample, tally):
            among = Failure(failure.data, f"only among other files: {failure.complaint}")
            tally.failures.append(alone(failure.data) or among)
    except Exception as error:
        broken = list(filter(None, map(alone, batch)))
        tally.failures += broken or [Failure(b"", f"only among {len(batch)} files together: {error!r}")]
    tally.inputs += len(batch)


def alone(data: bytes, tally: Tally | None = None) -> Failure | None:
    """Read one file by itself and compare it value by value."""
    try:
        return next(iter(_check_together([data], 1, tally or Tally())), None)
    except Exception as error:
        return Failure(data, f"raised {type(error).__name__}: {error}"[:300])


def lightly(data: bytes) -> Failure | None:
    """Read one file by itself and compare ids and counts alone."""
    try:
        contents, faults = unpack(_PATH, data)
        (first, found), (second, again) = _ids(contents), _ids(contents)
        pairs = [(found[number], again[number]) for number in range(len(contents))]
        texts = [
            _Text(content, first[number], pairs[number][0], (second[number], pairs[number][1]))
            for number, content in enumerate(contents)
        ]
        _check_file(data, faults, texts, False, Tally())
    except Broken as error:
        return Failure(data, str(error))
    except Exception as error:
        return Failure(data, f"raised {type(error).__name__}: {error}"[:300])
    return None


def _ids(contents: Sequence[Content]) -> tuple[list[Reading], dict[int, list[Pair]]]:
    sink = Ids()
    readings = _read(contents, range(len(contents)), sink)
    return readings, defaultdict(list, {number: sorted(pairs, key=_first) for number, pairs in sink.found.items()})


def _read(contents: Sequence[Content], numbers: Iterable[int], sink: Sink) -> list[Reading]:
    readings, found = Readings(sink), list[Reading]()
    for content, number in zip(contents, numbers, strict=True):
        readings.read(content, number, hinted=True)
        if readings.full:
            found += readings.settle()
    return found + readings.settle()


def _check_together(batch: Sequence[bytes], sample: int, tally: Tally) -> list[Failure]:
    """Read the files twice, the second time backwards; returns what failed."""
    files = [unpack(_PATH, data) for data in batch]
    contents = [content for found, _ in files for content in found]
    sink, backwards = Taken(), Ids()
    numbers = range(len(contents))
    readings = _read(contents, numbers, sink)
    again = _read(contents[::-1], numbers[::-1], backwards)[::-1]
    table = sink.rows.table()
    table.validate(full=True)
    tally.rows += len(table)
    pairs: dict[int, list[Pair]] = defaultdict(list)
    for file_id, *pair in zip(*(table[name].to_pylist() for name in ("file_id", "record", "eventid")), strict=True):
        pairs[file_id].append((pair[0], pair[1]))
    failures: list[Failure] = []
    behind = 0
    for index, (data, (found, faults)) in enumerate(zip(batch, files, strict=True)):
        exactly = index % sample == 0
        texts: list[_Text] = []
        for number, content in enumerate(found, behind):
            seconds = again[number], sorted(backwards.found[number], key=_first)
            rows = _rows(table, number) if exactly else []
            tally.compared += len(rows)
            texts.append(_Text(content, readings[number], sorted(pairs[number], key=_first), seconds, rows))
        behind += len(found)
        try:
            _check_file(data, faults, texts, exactly, tally)
        except Broken as error:
            failures.append(Failure(data, str(error)))
    return failures


def _rows(table: pa.Table, file_id: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = table.filter(pc.equal(table["file_id"], file_id)).to_pylist()
    return rows


def _first(pair: Pair) -> int:
    return pair[0]


def _check_file(data: bytes, faults: list[Fault], texts: list[_Text], exactly: bool, tally: Tally) -> None:
    plain, sound = oracle.unpacked(data)
    given = [text.content.text for text in texts]
    if given != plain:
        more = [text for text, other in zip_longest(given, plain) if text != other]
        if not all(text is not None and (not text or oracle.is_proven(text, data)) for text in more):
            raise Broken(f"unpacks to {list(map(len, given))} bytes, by zlib {list(map(len, plain))}")
    elif not sound and not faults:
        raise Broken("is no whole gzip member, and no fault says so")
    if unpack(_PATH, data) != ([text.content for text in texts], faults):
        raise Broken("is not unpacked the same way twice")
    for fault in [*faults, *(fault for text in texts for fault in text.reading.faults)]:
        if not fault.reason or fault.offset is None or not 0 <= fault.offset <= max(len(data), *map(len, given)):
            raise Broken(f"has a fault without a reason or place: {fault}")
    exact = sound
    for text in texts:
        claim = oracle.claim(text.content.text, exactly=exactly)
        exact = exact and claim.exact
        _check_reading(claim, text.content, text.reading, text.pairs)
        if text.again != (text.reading, text.pairs):
            raise Broken("is not read the same way twice")
        if exactly:
            _compare(claim, text.content, text.reading, text.rows)
    tally.exact += exact


def _check_reading(claim: Claim, content: Content, reading: Reading, ids: list[Pair]) -> None:
    indices = {index for index, _ in ids}
    if not len(indices) == len(ids) == reading.events <= reading.records:
        raise Broken(f"has {len(ids)} rows with {len(indices)} indices, and {reading.events} events told")
    records = _expected(claim, content, reading)
    got = Counter(name for _, name in ids)
    missing = Counter[str | None](filter(None, map(_id_of, records))) - got
    excused = _excused(reading, len(records))
    fewer = len(ids) < len(records) - excused or (_is_exact(claim, reading) and len(ids) > len(records))
    if missing.total() > excused or fewer:
        names = sorted(map(str, got))[:5]
        raise Broken(
            f"gives {len(ids)} rows {names} for {len(records)} records; missing {list(missing)[:5]}; {_told(reading)}"
        )
    if claim.told and content.whole and not reading.faults:
        raise Broken("is damaged, and no fault says so")
    false = {fault.kind for fault in reading.faults} & _DAMAGE
    if claim.quiet and claim.records and content.whole and false and not _EMBEDDED.search(content.text):
        raise Broken(f"is not damaged, but {_told(reading)}")


def _excused(reading: Reading, records: int) -> int:
    """Count the records that may lack because it is told: too many wrappers, or too deep in a value given twice."""
    if _WRAPPED in reading.refused:
        return records
    return sum(fault.kind == "json.too_deep" for fault in reading.faults)


def _is_exact(claim: Claim, reading: Reading) -> bool:
    return claim.exact and _WRAPPED not in reading.refused  # what is kept unopened may be a row


def _told(reading: Reading) -> str:
    return f"faults {sorted({fault.kind for fault in reading.faults})}, refused {dict(reading.refused)}"


def _expected(claim: Claim, content: Content, reading: Reading) -> list[dict[str, Any]]:
    records = oracle.readable(claim.records, content.text)
    if len(records) != len(claim.records) and not reading.faults and _WRAPPED not in reading.refused:
        raise Broken("nests too deeply, and no fault says so")
    return records


def _id_of(record: dict[str, Any]) -> str | None:
    """Return the id, when it is text: another one is stored as text beside the record's own spelling."""
    found = record.get("eventID")
    found = record.get("eventId") if found is None else found
    return oracle.mended(found) if type(found) is str else None


def _compare(claim: Claim, content: Content, reading: Reading, rows: Sequence[dict[str, Any]]) -> None:
    """Compare the rows with the records, null-valued keys aside."""
    expected = Counter(canonical(oracle.mended(each)) for each in _expected(claim, content, reading))
    got = Counter(canonical(oracle.mended(rebuild.record(row))) for row in rows)
    missing, more = expected - got, got - expected
    if missing.total() > _excused(reading, expected.total()) or (more and _is_exact(claim, reading)):
        pair = [next(iter(each), "nothing")[:300] for each in (missing, more)]
        raise Broken(f"gives a record back otherwise: {pair[0]} became {pair[1]}")


def smaller(failure: Failure, tries: int = 400) -> Failure:
    """Return a failure of the same kind in fewer bytes: pieces are left out, half as long each time."""
    kind = failure.complaint[:24]
    best = failure
    size = len(best.data) // 2
    while size and tries > 0:
        for shorter in _without_pieces(best.data, size):
            tries -= 1
            found = alone(shorter)
            if found is not None and found.complaint[:24] == kind:
                best = found
                break
            if tries <= 0:
                break
        else:
            size //= 2
    return best


def _without_pieces(data: bytes, size: int) -> Iterator[bytes]:
    for at in range(0, len(data), size):
        yield data[:at] + data[at + size :]
