"""From one content to events and faults: the fast way when all of it fits the gate, else value by value with care."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec

from ctaudit import limits
from ctaudit.fault import Fault
from ctaudit.records import scan
from ctaudit.records.careful import careful_event
from ctaudit.records.envelope import DIGEST, Broken, Found, Item, Refused, open_value
from ctaudit.records.gate import fast_event, fast_file, is_utf8
from ctaudit.records.unpack import Content

_BOMS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
"""Byte order marks; UTF-32's little-endian one begins like UTF-16's, so it comes first."""
_LONE_SURROGATE = re.compile(
    rb"(?<!\\)((?:\\\\)*)"  # an escape that is not itself escaped
    rb"(?:\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"
    rb"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2})"
)
_TRACE = (b'"eventVersion"', b'"CloudTrailEvent"', b'"eventSource"')
"""Words that show that a damaged text was CloudTrail's."""

_BAD_JSON = (msgspec.DecodeError, UnicodeDecodeError)


class Sink(Protocol):
    """Takes events as they are read."""

    def fast(self, events: Sequence[Any], records: Sequence[int]) -> None:
        """Take events that passed the gate, with their indices in the file."""

    def careful(self, event: Any, account: str | None, record: int, extra: str | None) -> None:
        """Take one event that took the careful path."""


@dataclass(slots=True)
class Reading:
    """What came of one content, beside the events that the sink got."""

    records: int = 0
    """Indices given out: events, faulty records and refused entries of the file's lists."""
    events: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    """Look-alikes and other things that are no record, by kind."""
    faults: list[Fault] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """`events`, `digest`, `empty` (a log without events), or the most frequent kind refused."""
        if self.events:
            return "events"
        if self.refused:
            return DIGEST if DIGEST in self.refused else self.refused.most_common(1)[0][0]
        return "damaged" if self.faults else "empty"


def read(content: Content, sink: Sink, hinted: bool) -> Reading:
    """Read one content into `sink`.

    `hinted` says that the name, or the user, claims this to be a log: then text that is no JSON is a fault, otherwise
    it is refused. Never raises on any bytes.
    """
    if content.whole and (events := fast_file(content.text)) is not None:
        sink.fast(events, range(len(events)))
        return Reading(records=len(events), events=len(events))
    return _CarefulReader(content, sink).read(hinted)


class _CarefulReader:
    def __init__(self, content: Content, sink: Sink) -> None:
        self._path = content.path
        self._whole = content.whole
        self._sink = sink
        self._reading = Reading()
        self._text = content.text

    def read(self, hinted: bool) -> Reading:
        self._text = self._decode(self._text)
        text = self._text.strip()
        hinted = hinted or any(word in text for word in _TRACE)
        if not text:
            self._nothing(hinted)
        elif text[:1] not in b'{["' and not self._is_record_later(text):
            self._not_json(hinted)
        else:
            self._read_values()
            if not hinted and not self._reading.events and self._reading.faults:
                self._not_json(hinted)
        self._cap_faults()
        return self._reading

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

    def _is_record_later(self, text: bytes) -> bool:
        return any(word in text for word in _TRACE) and scan.first_record(text) is not None

    def _decode(self, text: bytes) -> bytes:
        """Return the text as UTF-8 without a byte order mark and without what no JSON string may hold."""
        for mark, encoding in _BOMS:
            if text.startswith(mark):
                text = text.decode("utf-8-sig" if encoding == "utf-8" else encoding, "replace").encode()
                break
        if not is_utf8(text):
            at = _first_bad_byte(text)
            self._fault(
                "text.invalid_utf8", at, "bytes that are not UTF-8 were replaced by U+FFFD; the records are kept"
            )
            text = text.decode("utf-8", "replace").encode()
        if found := _LONE_SURROGATE.search(text):
            reason = "half of a surrogate pair was replaced by U+FFFD; the record is kept"
            self._fault("text.lone_surrogate", found.end(1), reason)
            text = _LONE_SURROGATE.sub(rb"\1\\ufffd", text)
        return text

    def _read_values(self) -> None:
        """Read the text as one JSON value, else line by line, else piece by piece."""
        if self._whole and self._try(self._text, 0, self._one_value):
            return
        if self._whole and self._is_lines():
            self._read_lines()
        else:
            self._read_pieces(self._text, 0)

    def _try(self, text: bytes, offset: int, reader: Callable[[bytes, int], None]) -> bool:
        """Run `reader`; False when the text is no JSON, before anything of it was taken."""
        try:
            reader(text, offset)
        except _BAD_JSON:
            return False
        except RecursionError:
            self._fault("json.too_deep", offset, "nests too deeply to be read")
        return True

    def _one_value(self, text: bytes, offset: int) -> None:
        if not text.strip():
            return
        msgspec.json.decode(text, type=msgspec.Raw)
        for item in open_value(text.strip()):
            self._take(item, offset)

    def _is_lines(self) -> bool:
        line, newline, _ = self._text.strip().partition(b"\n")
        if not newline:
            return False
        try:
            msgspec.json.decode(line, type=msgspec.Raw)
        except (*_BAD_JSON, RecursionError):
            return False
        return True

    def _read_lines(self) -> None:
        for offset, line in _lines(self._text):
            event = fast_event(line) if len(line) <= limits.MAX_RECORD_BYTES else None
            if event is not None:
                self._sink.fast([event], [self._reading.records])
                self._reading.records += 1
                self._reading.events += 1
            elif not self._try(line, offset, self._one_value):
                self._read_pieces(line, offset)

    def _read_pieces(self, text: bytes, offset: int) -> None:
        """Read damaged text: each whole value inside is kept, each other becomes a fault with its place."""
        start = scan.inside_container(text)
        if start is None:
            start = 0 if text.lstrip()[:1] in b"{[" else scan.first_record(text) or 0
            if text[:start].strip():
                self._fault("json.not_json", offset, f"the first {start} bytes are no JSON; what follows is read")
        for begin, end in scan.values(text, start):
            if end is None:
                self._unclosed(text, begin, offset)
            elif text[begin : begin + 1] not in b"{[" or not self._try(
                text[begin:end], offset + begin, self._one_value
            ):
                self._broken(offset + begin, text[begin:end])

    def _unclosed(self, text: bytes, begin: int, offset: int) -> None:
        if scan.inside_container(text, begin) is not None and begin > 0:
            self._read_pieces(text[begin:], offset + begin)
            return
        kept = self._reading.events
        reason = (
            f"record {self._reading.records} never ends, the text is cut or damaged; {kept} records before it are kept"
        )
        self._fault("json.cut", offset + begin, reason, self._reading.records)
        self._reading.records += 1

    def _broken(self, offset: int, piece: bytes) -> None:
        index = self._reading.records
        self._fault("json.bad_record", offset, f"{len(piece)} bytes at record {index} are no valid JSON object", index)
        self._reading.records += 1

    def _take(self, item: Item, offset: int) -> None:
        if isinstance(item, Refused):
            self._reading.refused[item.kind] += 1
            return
        index = self._reading.records
        self._reading.records += 1
        if isinstance(item, Broken):
            self._fault("json.bad_record", offset, f"the {item.kind} of record {index} holds no valid JSON", index)
        elif len(item.text) > limits.MAX_RECORD_BYTES:
            reason = (
                f"record {index} has {len(item.text)} bytes, more than the limit of {limits.MAX_RECORD_BYTES}; unread"
            )
            self._fault("record.too_large", offset, reason, index)
        else:
            self._event(item, index)

    def _event(self, item: Found, index: int) -> None:
        event = fast_event(item.text)
        if event is not None:
            self._sink.fast([event], [index])
        else:
            event, account, extra = careful_event(item.text)
            self._sink.careful(event, account, index, extra)
        self._reading.events += 1

    def _fault(self, kind: str, offset: int, reason: str, record: int | None = None) -> None:
        self._reading.faults.append(Fault(self._path, offset, kind, reason, record))

    def _cap_faults(self) -> None:
        faults = self._reading.faults
        more = len(faults) - limits.MAX_FAULTS_PER_FILE
        if more > 0:
            last = faults[limits.MAX_FAULTS_PER_FILE]
            del faults[limits.MAX_FAULTS_PER_FILE :]
            faults.append(Fault(self._path, last.offset, "file.faults", f"{more} more faults from here on"))


def _lines(text: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (offset, line) of every line that is not blank."""
    at = 0
    while at < len(text):
        end = text.find(b"\n", at)
        end = len(text) if end < 0 else end
        line = text[at:end].strip()
        if line:
            yield at, line
        at = end + 1


def _first_bad_byte(text: bytes) -> int:
    try:
        text.decode()
    except UnicodeDecodeError as error:
        return error.start
    return 0
