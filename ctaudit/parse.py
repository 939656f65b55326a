"""Parse the JSON of a record, whatever its numbers: evidence that was taken in must never stop a question."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import Any

import msgspec

_LONGEST_INTEGER = 4000
"""Digits; Python itself refuses to read more than 4300."""

_decode = msgspec.json.Decoder().decode


def parse(text: str | bytes) -> Any:
    """Parse valid JSON; a number that no machine number holds, such as 1e999, is given as its text."""
    try:
        return _decode(text)
    except msgspec.ValidationError:
        return json.loads(text, parse_float=_float, parse_int=_int)


def exactly(text: str | bytes) -> Any:
    """Parse valid JSON with fractions as `Decimal`: two that are the same as machine numbers are told apart."""
    return json.loads(text, parse_float=_decimal, parse_int=_exact_int)


def _decimal(text: str) -> Decimal | str:
    try:
        return Decimal(text)
    except ArithmeticError:  # an exponent beyond 10^18
        return text


def _exact_int(text: str) -> int | Decimal:
    return int(text) if len(text) <= _LONGEST_INTEGER else Decimal(text)


def _float(text: str) -> float | str:
    value = float(text)
    return value if math.isfinite(value) else text


def _int(text: str) -> int | str:
    return int(text) if len(text) <= _LONGEST_INTEGER else text
