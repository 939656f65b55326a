"""A second opinion on what a file of logs holds: the standard library alone, slow, and apart from ctaudit's reader."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

_NAMES = {
    "eventVersion", "eventTime", "eventSource", "eventName", "eventID", "eventId", "eventType", "eventCategory",
    "userIdentity", "awsRegion", "sourceIPAddress", "requestParameters", "responseElements", "recipientAccountId",
    "insightDetails",
}  # fmt: skip


def shared_data() -> Path | None:
    """The folder of third parties' records, which are not part of the project: where it is, if anywhere."""
    named = os.environ.get("CTAUDIT_SHARED_DATA")
    folder = Path(named) if named else Path(__file__).parents[2] / "shared" / "data"
    return folder if folder.is_dir() else None


def texts(data: bytes) -> list[bytes]:
    """Unpack a file as far as it goes: one text for each gzip member."""
    if not data.startswith(b"\x1f\x8b"):
        return [data]
    found = []
    while data.startswith(b"\x1f\x8b"):
        stream = zlib.decompressobj(31)
        try:
            found.append(stream.decompress(data))
        except zlib.error:
            break
        data = stream.unused_data
    return found


def records(text: bytes, number: Callable[[str], Any] = Decimal) -> list[dict[str, Any]]:
    """Find every record in a text; fractions are read by `number`."""
    decoder = json.JSONDecoder(parse_float=number)
    characters = text.decode("utf-8-sig", "replace")
    try:
        return list(search(decoder.decode(characters), decoder))
    except ValueError:
        return [found for value in _values(characters, decoder) for found in search(value, decoder)]


def _values(text: str, decoder: json.JSONDecoder) -> Iterator[Any]:
    """Yield whatever objects can be parsed, from the outermost brace that works on."""
    at = text.find("{")
    while at >= 0:
        try:
            value, end = decoder.raw_decode(text, at)
        except ValueError:
            end = at + 1
        else:
            yield value
        at = text.find("{", end)


def search(value: Any, decoder: json.JSONDecoder) -> Iterator[dict[str, Any]]:
    """Yield the records in one parsed value, through all that is wrapped around them."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            inside = decoder.decode(value)
        except (ValueError, RecursionError):
            return
        yield from search(inside, decoder)
    elif isinstance(value, list):
        for each in value:
            yield from search(each, decoder)
    elif isinstance(value, dict):
        yield from _search_object(value, decoder)


class Repeating(dict[str, Any]):
    """An object that names a member more than once: the last of each, and in `apart` all, in objects that do not."""

    apart: list[dict[str, Any]]


def from_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object of its members, for a decoder's `object_pairs_hook`."""
    value = dict(pairs)
    if len(value) == len(pairs):
        return value
    inners: dict[str, list[Any]] = {}
    for key, inner in pairs:
        inners.setdefault(key, []).append(inner)
    repeating = Repeating(value)
    most = max(map(len, inners.values()))
    repeating.apart = [{key: each[turn] for key, each in inners.items() if turn < len(each)} for turn in range(most)]
    return repeating


def _search_object(value: dict[str, Any], decoder: json.JSONDecoder) -> Iterator[dict[str, Any]]:
    if isinstance(value, Repeating) and "eventVersion" not in value and len(_NAMES & value.keys()) < 3:
        for each in value.apart:
            yield from _search_object(each, decoder)
        return
    inside = value.get("Records")
    names = len(_NAMES & value.keys())
    foreign = _foreign(value)
    if "eventVersion" in value and names >= 3 and not foreign:
        yield value
    elif isinstance(inside, list):
        for each in inside:
            one_is_enough = isinstance(each, dict) and not _foreign(each) and _NAMES & each.keys()
            yield from [each] if one_is_enough else search(each, decoder)
        for key, each in value.items():
            if key != "Records" and isinstance(each, dict | list | str):
                yield from search(each, decoder)
    elif ("eventVersion" in value or names >= 3) and not foreign and not _is_envelope(value):
        yield value
    elif foreign in ("", "aws:sqs", "aws:sns") or _is_envelope(value):
        for key, each in value.items():
            is_detail = key == "detail" and "detail-type" in value and isinstance(each, dict)
            if is_detail and not _foreign(each) and ("eventVersion" in each or len(_NAMES & each.keys()) >= 3):
                yield each
                continue
            found = list(search(each, decoder))
            yield from [each] if is_detail and not found and _is_call(value["detail-type"]) else found


def _foreign(value: dict[str, Any]) -> str:
    """Return who made the object, when it is another service's event; empty when it is none."""
    sources = (value.get(key) for key in ("eventSource", "EventSource"))
    return next((source for source in sources if isinstance(source, str) and source.startswith("aws:")), "")


def _is_envelope(value: dict[str, Any]) -> bool:
    lists = any(isinstance(value.get(key), list) for key in ("Events", "logEvents"))
    return lists or isinstance(value.get("CloudTrailEvent"), str) or ("detail-type" in value and "detail" in value)


def _is_call(kind: Any) -> bool:
    return isinstance(kind, str) and "".join(kind.lower().split()).endswith("viacloudtrail")


def canonical(value: Any) -> str:
    """Write JSON in one spelling: keys sorted, null-valued keys left out, numbers by their value."""
    if isinstance(value, dict):
        members = (f"{json.dumps(key)}:{canonical(inner)}" for key, inner in sorted(value.items()) if inner is not None)
        return "{" + ",".join(members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return _number(Decimal(value) if isinstance(value, int | Decimal) else Decimal(repr(value)))
    return json.dumps(value)


def _number(value: Decimal) -> str:
    if not value:
        return "0"
    _, digits, exponent = value.as_tuple()
    text = "".join(map(str, digits))
    bare = text.rstrip("0")
    return f"{'-' if value < 0 else ''}{bare}e{int(exponent) + len(text) - len(bare)}"
