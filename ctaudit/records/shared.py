"""Values of fields that repeat from record to record, such as `userIdentity`: each distinct text is decoded once.

A column holds a value's place here, and `batch` builds the column once for each distinct value, too.
"""

from __future__ import annotations

from typing import Any

import msgspec

from ctaudit import limits
from ctaudit.records.careful import careful_value
from ctaudit.records.columns import Field
from ctaudit.records.event_types import SHARED, type_of
from ctaudit.records.scan import nests_deeper

TOO_DEEP = -1
"""Place of a text that nests too deeply for any record."""


class Shared(dict[bytes, int]):
    """The values of one field: text -> place in `kept`, decoded when it is asked for the first time."""

    LONGEST = 4096
    """Bytes of a text worth remembering: AWS's reach some 700."""

    def __init__(self, field: Field) -> None:
        super().__init__()
        self._field = field
        self._decode = msgspec.json.Decoder(type_of(field)).decode
        self.kept: list[Any] = []
        self.extras: dict[int, str] = {}
        """Place -> JSON merge patch of the record with what the column does not hold of the value."""
        self.bytes = 0
        """Length of all texts, as a measure of the memory that their values take."""

    def __missing__(self, text: bytes) -> int:
        if len(text) >= 2 * limits.MAX_DEPTH and nests_deeper(text, limits.MAX_DEPTH - 1):
            return TOO_DEEP
        try:
            value, extra = self._decode(text), None
        except (msgspec.DecodeError, UnicodeDecodeError):
            value, extra = careful_value(self._field, text)
        place = self.add(value)
        if extra is not None:
            self.extras[place] = extra
        self.bytes += len(text)
        if len(text) <= self.LONGEST:
            self[text] = place
        return place

    def add(self, value: Any) -> int:
        """Return the place of a value that need not be found again."""
        self.kept.append(value)
        return len(self.kept) - 1

    def clear(self) -> None:
        super().clear()
        self.kept.clear()
        self.extras.clear()
        self.bytes = 0


class Pieces(dict[Field, Shared]):
    """The values of all shared fields that were met since the last `clear`, which makes places in columns void."""

    def __init__(self) -> None:
        super().__init__({field: Shared(field) for field in SHARED})

    @property
    def bytes(self) -> int:
        return sum(shared.bytes for shared in self.values())

    def clear(self) -> None:
        for shared in self.values():
            shared.clear()
