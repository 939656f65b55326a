"""Rules of a security group as lines such as `tcp 443 0.0.0.0/0`: in requests, and with the ids that EC2 gives them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ctaudit.records.anyjson import fold, get_folded, object_of, text_of
from ctaudit.records.plain_values import listed

_SOURCES = ("ipranges", "ipv6ranges", "groups", "prefixlistids")
_SOURCE_KEYS = ("cidrip", "cidripv6", "cidripv4", "prefixlistid", "groupid", "groupname")


def rules_in(parameters: Mapping[str, Any]) -> list[str]:
    """Return the rules that a request names: whole, by their ids (`rule sgr-…`), or as old requests do, one."""
    rules = [text for each in listed(get_folded(parameters, "ippermissions")) for text in _texts(each)]
    ids = listed(get_folded(parameters, "securitygroupruleids"))
    rules += [f"rule {fold(each)}" for each in ids if isinstance(each, str)]
    if not rules and get_folded(parameters, "ipprotocol") is not None:
        rules = list(_texts(parameters))
    return rules


def rules_by_id(record: Mapping[str, Any]) -> dict[str, str]:
    """Return the rules that a call made, by the ids by which they may be revoked."""
    made = listed(object_of(record.get("responseElements")).get("securityGroupRuleSet"))
    ids = {each: text_of(object_of(rule).get("securityGroupRuleId")) for each, rule in enumerate(made)}
    return {f"rule {name}": text for each, name in ids.items() if name for text in _texts(made[each])}


def _texts(permission: Any) -> Iterator[str]:
    entry = object_of(permission)
    protocol, low, high = (get_folded(entry, key) for key in ("ipprotocol", "fromport", "toport"))
    every = str(protocol) == "-1"
    ports = "" if low is None or every else f" {low}" if low == high else f" {low}-{high}"
    sources = [each for key in _SOURCES for each in listed(get_folded(entry, key))]
    sources += [entry] if any(get_folded(entry, key) for key in _SOURCE_KEYS) else []
    for source in sources:
        shown = next((text for key in _SOURCE_KEYS if (text := text_of(get_folded(object_of(source), key)))), None)
        if shown:
            yield f"{'all' if every else protocol}{ports} {shown}"
