"""Where addresses are, from databases in MaxMind's format (.mmdb), opened read-only.

GeoLite2 and GeoIP2 ASN, Country and City are known, and what has the same keys; any of them may lack what the others
have, and several may be given.
"""

from __future__ import annotations

import ipaddress
import math
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import maxminddb

from ctaudit.errors import UsageError

_REMEMBERED = 65536
_LONG = 200
_DAMAGED = (
    maxminddb.InvalidDatabaseError,
    ValueError,
    LookupError,
    TypeError,
    struct.error,
    RecursionError,
    MemoryError,
)
_ADVICE = "name a GeoLite2 or GeoIP2 database: ASN, Country or City, unpacked (.mmdb)"


@dataclass(frozen=True, slots=True)
class Spot:
    """Where an address is; what no database knows is empty or None."""

    asn: int | None = None
    organization: str = ""
    country: str = ""
    """Two letters."""
    city: str = ""
    latitude: float | None = None
    longitude: float | None = None


def locator(paths: Sequence[Path]) -> Callable[[str], Spot | None]:
    """Return what tells where an address is, None where no database knows it.

    Raises UsageError when a file is missing, damaged or no such database.
    """
    readers = [_opened(path) for path in paths]

    @lru_cache(maxsize=_REMEMBERED)
    def locate(address: str) -> Spot | None:
        found: dict[str, Any] = {}
        for path, reader in readers:
            found |= _looked_up(path, reader, address)
        return _spot(found) if found else None

    return locate


def _opened(path: Path) -> tuple[Path, maxminddb.Reader]:
    try:
        with path.open("rb"):
            reader = maxminddb.open_database(path, maxminddb.MODE_MMAP)  # Python's own: damaged files crash the C one
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}", _ADVICE) from error
    except _DAMAGED as error:
        raise UsageError(f"{path} is no database in MaxMind's format, or is damaged", _ADVICE) from error
    kind = reader.metadata().database_type
    if not any(word in str(kind) for word in ("ASN", "Country", "City", "ISP", "Enterprise")):
        raise UsageError(f"{path} is a database of {str(kind)[:_LONG]!r}, which does not tell places", _ADVICE)
    return path, reader


def _looked_up(path: Path, reader: maxminddb.Reader, address: str) -> Mapping[str, Any]:
    try:
        where = ipaddress.ip_address(address)
    except ValueError:
        return {}
    if where.version == 6 and reader.metadata().ip_version == 4:
        return {}
    try:
        found = reader.get(where)
    except _DAMAGED as error:
        raise UsageError(f"{path} is damaged: it cannot tell where {address[:_LONG]} is", _ADVICE) from error
    return {key: value for key, value in found.items() if value is not None} if isinstance(found, dict) else {}


def _spot(found: Mapping[str, Any]) -> Spot:
    asn = found.get("autonomous_system_number")
    country = _text(_inside(found, "country").get("iso_code"))
    place = _inside(found, "location")
    latitude, longitude = _number(place.get("latitude"), 90), _number(place.get("longitude"), 180)
    return Spot(
        asn if isinstance(asn, int) and not isinstance(asn, bool) else None,
        _text(found.get("autonomous_system_organization")),
        country or _text(_inside(found, "registered_country").get("iso_code")),
        _text(_inside(_inside(found, "city"), "names").get("en")),
        *((latitude, longitude) if latitude is not None and longitude is not None else (None, None)),
    )


def _inside(found: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    inner = found.get(key)
    return inner if isinstance(inner, dict) else {}


def _text(value: object) -> str:
    return value[:_LONG] if isinstance(value, str) else ""


def _number(value: object, most: float) -> float | None:
    fine = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if fine and abs(value) <= most else None  # type: ignore[arg-type]
