"""Answer `show`: one event whole, each place it was read from, and what digests say of that file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ctaudit.query import Hit, Place
from ctaudit.store import proofs
from ctaudit.store.layout import Layout


def shown(layout: Layout, hits: Sequence[Hit]) -> dict[str, Any]:
    """Return the first body of an event with its places; further bodies of the same id stand in `conflicting`."""
    places = [place for hit in hits for place in hit.places]
    known = proofs.evidence(layout, [p.sha256 for p in places if p.sha256], [p.source or "" for p in places])
    found: list[dict[str, Any]] = [
        {
            "event": hit.parse(),
            "places": [_with_proof(place, known) for place in hit.places],
            "account_name": hit.account_name,
        }
        for hit in hits
    ]
    first = found[0] if found else {"event": None, "places": [], "account_name": None}
    return {**first, **({"conflicting": found[1:]} if len(found) > 1 else {})}


def _with_proof(place: Place, known: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return a place with what a digest says of the content, else of the file by that name."""
    return asdict(place) | {"proof": known.get(place.sha256 or "") or known.get(place.source or "")}
