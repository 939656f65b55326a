"""Read a field of a record whatever JSON type stands there: a wrong type reads as absent, never as an error."""

from __future__ import annotations

import string
from collections.abc import Mapping
from typing import Any

_ASCII_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_NOTHING: Mapping[str, Any] = {}


def text_of(value: Any) -> str | None:
    """Return `value` when it is a string with something in it; `""` means absent (`"accessKeyId": ""`)."""
    return value if isinstance(value, str) and value else None


def object_of(value: Any) -> Mapping[str, Any]:
    """Return `value` when it is a JSON object, else an empty one."""
    return value if isinstance(value, Mapping) else _NOTHING


def flag_of(value: Any) -> bool | None:
    """Read a boolean that some sources write as the string `"true"` or `"false"` in any case."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.lower())
    return None


def fold(text: str) -> str:
    """Lower the ASCII letters only.

    `str.lower` turns the Kelvin sign into `k`, which no search in the raw text for an ASCII needle would find.
    """
    return text.lower() if text.isascii() else text.translate(_ASCII_LOWER)


def get_folded(mapping: Mapping[str, Any], key: str) -> Any:
    """Look `key` (already folded) up in any letter case: RDS writes `dBInstanceIdentifier`, EC2 `NatGatewayId`."""
    found = mapping.get(key)
    if found is not None:
        return found
    for name, value in mapping.items():
        if len(name) == len(key) and fold(name) == key:
            return value
    return None


def source_of(record: Mapping[str, Any]) -> str:
    """Return the service of `eventSource` without its domain (`ec2`), folded; empty when there is none."""
    source = record.get("eventSource")
    return fold(source.partition(".")[0]) if isinstance(source, str) else ""


def account_of(record: Mapping[str, Any]) -> str | None:
    """Return the account the record speaks for: the recipient, else the caller's."""
    return text_of(record.get("recipientAccountId")) or text_of(object_of(record.get("userIdentity")).get("accountId"))
