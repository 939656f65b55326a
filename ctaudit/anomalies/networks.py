"""From which network a call came: its /24 or /48, or with a MaxMind database its autonomous system and country."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

PRIVATE = "a private network"
"""All private addresses together: they say that a call came through a VPC endpoint, and not from where."""
_V4_BITS, _V6_BITS = 24, 48
_PRIVATE = tuple(
    map(
        ipaddress.ip_network,
        (
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "0.0.0.0/8",
        ),
    )
)
_PRIVATE_6 = tuple(map(ipaddress.ip_network, ("fc00::/7", "fe80::/10", "::1/128", "::/128")))
"""Not `is_private`, which takes addresses reserved for documentation for private ones."""


class Spot(Protocol):
    """Where an address is, as far as a database knows; what it does not know is empty or None."""

    @property
    def asn(self) -> int | None: ...
    @property
    def organization(self) -> str: ...
    @property
    def country(self) -> str: ...
    @property
    def city(self) -> str: ...
    @property
    def latitude(self) -> float | None: ...
    @property
    def longitude(self) -> float | None: ...


Locate = Callable[[str], Spot | None]


@dataclass(frozen=True, slots=True)
class Network:
    """What counts as one place that calls come from."""

    name: str
    country: str = ""


def network(address: str, locate: Locate | None = None) -> Network | None:
    """Return the network of an address: its autonomous system where that is known; None for what is no address."""
    near = _near(address)
    if near is None or near == PRIVATE or locate is None:
        return None if near is None else Network(near)
    spot = locate(address)
    if spot is None:
        return Network(near)
    name = near if spot.asn is None else f"AS{spot.asn} {spot.organization}".rstrip()
    return Network(name, spot.country)


@lru_cache(maxsize=65536)
def _near(address: str) -> str | None:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    if any(found in each for each in (_PRIVATE if found.version == 4 else _PRIVATE_6)):
        return PRIVATE
    return str(ipaddress.ip_network((found, _V4_BITS if found.version == 4 else _V6_BITS), strict=False))
