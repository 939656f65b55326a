"""Identifiers from a seeded stream: the same seed gives the same ids, shaped as AWS shapes them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

_T = TypeVar("_T")
_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_ALNUM = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


class Ids:
    """One stream of ids and choices; streams with different seeds do not disturb each other."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)

    def between(self, low: int, high: int) -> int:
        """Draw a whole number, both ends included."""
        return self._random.randint(low, high)

    def chance(self, share: float) -> bool:
        return self._random.random() < share

    def pick(self, choices: Sequence[_T]) -> _T:
        return choices[self._random.randrange(len(choices))]

    def shuffled(self, items: Sequence[_T]) -> list[_T]:
        return self._random.sample(list(items), len(items))

    def uuid(self) -> str:
        """A version 4 UUID, the shape of `eventID` and of most request ids."""
        digits = f"{self._random.getrandbits(128):032x}"
        variant = "89ab"[self._random.getrandbits(2)]
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"

    def access_key(self, prefix: str = "ASIA") -> str:
        """An access key id; it ends in EXAMPLE so that secret scanners and readers know it is none."""
        return prefix + self._text(_BASE32, 9) + "EXAMPLE"

    def unique_id(self, prefix: str) -> str:
        """An IAM unique id: AIDA… of a user, AROA… of a role."""
        return prefix + self._text(_BASE32, 10) + "EXAMPLE"

    def hexadecimal(self, length: int) -> str:
        return self._text("0123456789abcdef", length)

    def resource(self, prefix: str) -> str:
        """An EC2-style id such as `i-0…`."""
        return f"{prefix}-0{self.hexadecimal(16)}"

    def alnum(self, length: int = 16) -> str:
        return self._text(_ALNUM, length)

    def upper(self, length: int = 16) -> str:
        return self._text(_UPPER, length)

    def request(self, source: str) -> str:
        """A request id; S3 and DynamoDB do not use UUIDs."""
        if source == "s3":
            return self.upper(16)
        return self.upper(52) if source == "dynamodb" else self.uuid()

    def _text(self, alphabet: str, length: int) -> str:
        return "".join(alphabet[self._random.randrange(len(alphabet))] for _ in range(length))
