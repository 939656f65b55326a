"""From one content to events and faults: the fast way when all of it fits the gate, else value by value with care."""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice

import msgspec

from ctaudit import limits
from ctaudit.fault import Fault
from ctaudit.records import encoding, scan
from ctaudit.records.careful import careful_event
from ctaudit.records.envelope import TOO_DEEP, Broken, Found, Item, Mended, Refused, open_entry, open_value
from ctaudit.records.gate import Text, gated, split_file
from ctaudit.records.reading import Reading, Sink
from ctaudit.records.repeated import may_repeat_records
from ctaudit.records.unpack import Content

_TRACE = re.compile(rb'"(?:eventVersion|CloudTrailEvent|eventSource)\\*"')
"""Words that show that a damaged text was CloudTrail's, JSON in a string included."""

_BAD_JSON = (msgspec.DecodeError, UnicodeDecodeError)


_RUN = 2000
"""Most records that go through the gate together."""


class Reader:
    """Reads one content into a sink."""

    def __init__(self, content: Content, file_id: int, sink: Sink) -> None:
        self.file_id = array("q", (file_id,))
        self._reading = Reading()
        self._path = content.path
        self._whole = content.whole
        self._sink = sink
        self._more_faults = 0
        self._text = content.text
        self._original: Callable[[int], int] = int
        self._searched = 0
        self._holders = 0
        """Runs under way, one in another: each holds places of shared values."""

    def log_entries(self) -> list[msgspec.Raw] | None:
        """Return the records of a whole log file as CloudTrail writes it; None when it is something else.

        A text that the strict decoder splits holds nothing to clean, and cleaning costs as much as splitting.
        """
        return self._split() if self._whole and encoding.is_utf8(self._text) else None

    def read(self, hinted: bool) -> None:
        """Read a content that is no plain log file.

        `hinted` says that the name, or the user, claims it to be a log: then text that is no JSON is a fault, otherwise
        it is refused. Never raises on any bytes.
        """
        self._clean()
        self._read_clean(hinted)

    def _clean(self) -> None:
        decoded = encoding.clean(self._text)
        self._text = decoded.clean
        self._original = decoded.original
        self._reading.faults += [Fault(self._path, each.offset, each.kind, each.reason) for each in decoded.troubles]

    def _read_clean(self, hinted: bool) -> None:
        text = self._text.lstrip()
        traced = _TRACE.search(text) is not None
        hinted = hinted or traced
        if not text:
            self._nothing(hinted)
        elif text[:1] not in b'{["' and not traced:
            self._not_json(hinted)
        else:
            self._read_values()
            if not hinted and not self._reading.events and self._reading.faults:
                self._not_json(hinted)

    def _nothing(self, hinted: bool) -> None:
        if hinted and self._whole:
            self._fault("file.empty", 0, "holds nothing; CloudTrail never delivers an empty file")
        elif not hinted:
            self._reading.refused["empty-file"] += 1

    def _not_json(self, hinted: bool) -> None:
        if hinted:
            self._fault("json.not_json", 0, "is no JSON and holds no record")
        else:
            self._reading = Reading(refused=Counter({"not-json": 1}))

    def _read_values(self) -> None:
        """Read the text as a log file, else as one JSON value, else line by line, else piece by piece."""
        if self._log_file() or self._one_value(self._text, 0) is None:
            return  # of a gzip member with a wrong checksum, all may be there
        if self._is_lines():
            self._read_lines()
        else:
            self._read_damaged(self._text, 0)

    def _log_file(self) -> bool:
        """Take a log file of which the text had to be cleaned."""
        if (entries := self._split()) is None:
            return False
        self.take_log(entries)
        return True

    def _split(self) -> list[msgspec.Raw] | None:
        try:
            entries = split_file(self._text)
        except (*_BAD_JSON, RecursionError):
            return None
        return None if may_repeat_records(self._text, entries) else entries

    def take_log(self, entries: Sequence[msgspec.Raw]) -> None:
        """Take the records of a log file."""
        self._take_all(entries, partial(self.take_odd, entries))

    def take_odd(self, entries: Sequence[msgspec.Raw], position: int) -> None:
        """Take an entry of a log file that did not pass the gate."""
        entry = entries[position]
        if (kind := self._open(open_entry(entry), 0)) is not None:
            place = self._place(entry, 0)
            self._bad_record(kind, place, f"record {self._reading.records} cannot be read")

    def _take_all(self, texts: Sequence[Text], with_care: Callable[[int], None]) -> None:
        """Take all records that pass the gate; each other position is given to `with_care` in its turn."""
        for start in range(0, len(texts), _RUN):
            self._take_run(texts[start : start + _RUN], start, with_care)
            if not self._holders:
                self._sink.rest()

    def _take_run(self, texts: Sequence[Text], start: int, with_care: Callable[[int], None]) -> None:
        found = gated(texts, self._sink.pieces)
        records = self.number(len(texts), found.care, lambda position: with_care(start + position))
        self._sink.fast(found, self.file_id * len(records), records)

    def number(self, count: int, care: Sequence[int], with_care: Callable[[int], None]) -> list[int]:
        """Give out indices to `count` texts in their order, and return those of the texts that passed the gate."""
        records: list[int] = []
        behind = 0
        self._holders += 1
        for position in [*care, count]:
            fit = position - behind
            records.extend(range(self._reading.records, self._reading.records + fit))
            self._reading.records += fit
            self._reading.events += fit
            behind = position + 1
            if position < count:
                with_care(position)
        self._holders -= 1
        return records

    def _one_value(self, text: bytes, offset: int) -> str | None:
        """Take all that is in one JSON value; when it is none, take nothing and return the kind of its fault."""
        return self._open(open_value(text.strip()), offset)

    def _open(self, items: Iterator[Item], offset: int) -> str | None:
        try:
            opened = list(items)
        except _BAD_JSON:
            return "json.bad_record"
        except RecursionError:
            return "json.too_deep"
        texts = [item.text if isinstance(item, Found) else b"" for item in opened]
        self._take_all(texts, lambda position: self._take(opened[position], offset))
        return None

    def _is_lines(self) -> bool:
        line, newline, _ = self._text.strip().partition(b"\n")
        return bool(newline) and scan.why_no_json(line) is None

    def _read_lines(self) -> None:
        lines = scan.lines(self._text)
        while run := list(islice(lines, _RUN)):
            self._take_all([line for _, line in run], partial(self._take_odd_line, run))

    def _take_odd_line(self, run: Sequence[tuple[int, bytes]], position: int) -> None:
        offset, line = run[position]
        if self._one_value(line, offset) is not None:
            self._read_damaged(line, offset)

    def _read_damaged(self, text: bytes, offset: int) -> None:
        """Read text that is no JSON: each whole value inside is kept, each other becomes a fault with its place."""
        faults = len(self._reading.faults) + self._more_faults
        walk = scan.Walk(text)
        while (piece := walk.next()) is not None:
            self._read_piece(walk, piece, text, offset)
        if self._whole and len(self._reading.faults) + self._more_faults == faults:
            self._explain(text, offset)

    def _read_piece(self, walk: scan.Walk, piece: scan.Piece, text: bytes, offset: int) -> None:
        at, index = offset + piece.begin, self._reading.records
        if piece.end is None:
            reason = (
                f"record {index} never ends: the text is cut or damaged there, or it has more than "
                f"{limits.MAX_RECORD_BYTES} bytes; whole records before and after it are kept"
            )
            self._bad_record("json.cut", at, reason)
            return
        size = piece.end - piece.begin
        if piece.unread:
            self._fault("json.unread", at, f"is too damaged to be read on; {size} bytes are unread")
        elif piece.garbage:
            self._fault("json.not_json", at, f"{size} bytes are no JSON; what follows is read")
        else:
            opener = open_entry if piece.entry else open_value
            kind = self._open(opener(text[piece.begin : piece.end]), at)
            if kind is not None:
                trouble = "nest too deeply" if kind == "json.too_deep" else "are no valid JSON"
                self._bad_record(kind, at, f"{size} bytes at record {index} {trouble}")
                walk.skip_damage(piece)

    def _explain(self, text: bytes, offset: int) -> None:
        """Say why text is no JSON although each of its values was whole: a comma or a bracket is missing."""
        values = scan.sequence(text)
        if values is not None and all(scan.why_no_json(text[begin:end]) is None for begin, end in values):
            return  # such as `jq .Records[]` prints
        why = scan.why_no_json(text)
        if why is not None:
            kind, at, said = why
            reason = f"{said}; the {self._reading.events} events of the file that are whole are kept"
            self._fault(kind, offset + at, reason)

    def _take(self, item: Item, offset: int) -> None:
        index = self._reading.records
        if isinstance(item, Refused):
            if item == TOO_DEEP and b"eventVersion" in self._text:  # of other JSON that is no loss
                reason = f"something stands behind more than {limits.MAX_WRAPPERS} envelopes; unread"
                self._fault("json.wrapped_too_deep", offset, reason, index)
            self._reading.refused[item.kind] += 1
            self._reading.records += 1
        elif isinstance(item, Mended):
            self._fault("text.lone_surrogate", offset, encoding.HALF_REPLACED)
        elif isinstance(item, Broken):
            self._bad_record("json.bad_record", offset, f"the {item.kind} of record {index} holds no valid JSON")
        elif len(item.text) > limits.MAX_RECORD_BYTES:
            size, most = len(item.text), limits.MAX_RECORD_BYTES
            reason = f"record {index} has {size} bytes, more than the limit of {most}; unread"
            self._bad_record("record.too_large", self._place(item.text, offset), reason)
        elif scan.nests_deeper(bytes(item.text), limits.MAX_DEPTH):
            reason = f"record {index} nests deeper than {limits.MAX_DEPTH} levels; unread"
            self._bad_record("json.too_deep", self._place(item.text, offset), reason)
        else:
            event, account, extra = careful_event(item.text)
            self._sink.careful(event, account, self.file_id[0], index, extra)
            self._reading.records += 1
            self._reading.events += 1

    def _place(self, record: bytes | msgspec.Raw, offset: int) -> int:
        """Return where in the text a record stands; the place of what holds it when it was JSON in a string."""
        at = self._text.find(bytes(record), max(offset, self._searched))
        self._searched = len(self._text) if at < 0 else at + 1
        return offset if at < 0 else at

    def _bad_record(self, kind: str, offset: int, reason: str) -> None:
        self._fault(kind, offset, reason, self._reading.records)
        self._reading.records += 1

    def _fault(self, kind: str, offset: int, reason: str, record: int | None = None) -> None:
        """Note a fault; `offset` is in the clean text, and what is noted is the place in the text as it was given."""
        if len(self._reading.faults) < limits.MAX_FAULTS_PER_FILE:
            self._reading.faults.append(Fault(self._path, self._original(offset), kind, reason, record))
        else:
            self._more_faults += 1

    def finish(self) -> Reading:
        """Return what came of the content."""
        if self._more_faults:
            last = self._reading.faults[-1]
            reason = f"{self._more_faults} more faults from here on"
            self._reading.faults.append(Fault(self._path, last.offset, "file.faults", reason))
        return self._reading
