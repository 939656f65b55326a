"""One file in an archive, as it was found there."""

from __future__ import annotations

from dataclasses import dataclass

from ctaudit.records.inflate import Trouble


@dataclass(frozen=True, slots=True)
class Member:
    name: str | None
    """As the archive has it: a name only, never a path to be opened. Bytes that are not UTF-8 are lone surrogates.
    None when the trouble is the archive's own."""
    data: bytes | None
    """As it lies in the archive, unpacked from it; None when nothing could be read."""
    troubles: tuple[Trouble, ...] = ()
    whole: bool = True
    """False when the data was cut: by damage or by a limit."""
