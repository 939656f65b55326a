"""A walk told: as a tree for eyes, as plain values for scripts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ctaudit.lineage.credential import Credential
from ctaudit.lineage.ends import End
from ctaudit.lineage.issued import Event, Issue
from ctaudit.lineage.links import Link
from ctaudit.lineage.walk import Hop, Walk
from ctaudit.tree import Node

_DOUBTED = ("failed", "unlisted")
_WEAKNESS = ("exact", "strong", "weak", "ambiguous", "gap")


@dataclass(frozen=True, slots=True)
class Branch:
    """An event beside the chain: not a hand-out of the credential, but what made it possible."""

    relation: str
    """Such as `key created by`, `launched by`."""
    hop: int
    """Index of the hop that it belongs to."""
    event: Event
    caller: Credential
    origin: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the file is worth that an event was read from."""

    integrity: str
    source: str | None


Files = Mapping[str, Evidence]
"""By event id."""


def confidence(walk: Walk) -> str:
    """Return the weakest of the walk's links, or how it ended: an answer is no better than that."""
    words = [hop.link.confidence for hop in walk.hops if hop.link is not None]
    if walk.end is not None and walk.end.gap:
        words.append("ambiguous" if walk.end.kind == "ambiguous" else "gap")
    return max(words, key=_WEAKNESS.index, default="exact")


def values(walk: Walk, branches: Sequence[Branch], files: Files) -> dict[str, Any]:
    """Return the walk as JSON values; its keys are stable."""
    end = walk.end
    assert end is not None
    return {
        "origin": walk.origin,
        "kind": end.kind,
        "confidence": confidence(walk),
        "gap": end.gap,
        "hops": [_hop_values(number, hop) | _file(hop.event, files) for number, hop in enumerate(walk.hops)],
        "beside": [
            {"hop": branch.hop, "relation": branch.relation, **_event_values(branch.event, branch.caller)}
            | {"origin": branch.origin}
            | _file(branch.event, files)
            for branch in branches
        ],
    }


def tree(walk: Walk, branches: Sequence[Branch], files: Files) -> Node:
    """Return the walk as a tree, with the call that was asked about at its root."""
    assert walk.end is not None
    node = _end_node(walk, walk.end)
    for number in range(len(walk.hops) - 1, -1, -1):
        hop = walk.hops[number]
        edge = walk.hops[number - 1].link if number else None
        beside = tuple(_branch_node(branch, files) for branch in branches if branch.hop == number)
        candidates = tuple(_candidate_node(event) for event in (hop.link.candidates if hop.link else ()))
        node = Node(
            _headline(hop.event),
            (*_details(hop.event, hop.caller, hop.handed), *_doubt(hop.event, files)),
            _edge(edge) if edge is not None else "",
            "bold" if number == 0 else "",
            (*beside, *candidates, node),
        )
    return node


def _file(event: Event, files: Files) -> dict[str, Any]:
    known = files.get(event.event_id or "")
    return {"integrity": known.integrity if known else "unknown", "source": known.source if known else None}


def _doubt(event: Event, files: Files) -> tuple[str, ...]:
    """Say so when an event stands in a file that is not what AWS delivered."""
    known = files.get(event.event_id or "")
    return (f"not what AWS delivered: {known.integrity}",) if known and known.integrity in _DOUBTED else ()


def _hop_values(number: int, hop: Hop) -> dict[str, Any]:
    return {
        "hop": number,
        **_event_values(hop.event, hop.caller),
        "session_began": hop.caller.created,
        "source_identity": hop.caller.source_identity,
        "handed_out": list(hop.handed.keys) if hop.handed else [],
        "expires": hop.handed.expires if hop.handed else None,
        "link": None if hop.link is None else _link_values(hop.link),
    }


def _link_values(link: Link) -> dict[str, Any]:
    return {
        "confidence": link.confidence,
        "method": link.method,
        "candidates": [event.event_id for event in link.candidates],
    }


def _event_values(event: Event, caller: Credential) -> dict[str, Any]:
    return {
        "event_id": event.event_id,
        "time": event.time,
        "event_name": event.name,
        "event_source": event.source,
        "account": event.account,
        "region": event.region,
        "principal": _who(caller),
        "principal_type": caller.kind,
        "principal_id": caller.principal_id,
        "access_key_id": caller.key,
        "invoked_by": caller.invoked_by,
        "source_ip": event.address,
        "user_agent": event.agent,
        "error_code": event.error,
    }


def _headline(event: Event) -> str:
    service = (event.source or "").removesuffix(".amazonaws.com")
    words = (event.time or "at no usable time", event.name or "an event", f"({service})" if service else "")
    place = (event.account or "", event.region or "", event.error or "", event.event_id or "")
    return " ".join(word for word in (*words, *place) if word)


def _details(event: Event, caller: Credential, handed: Issue | None) -> list[str]:
    key = f", key {caller.key}" if caller.key else ""
    through = f", through {caller.invoked_by}" if caller.invoked_by and caller.kind != "AWSService" else ""
    address = f" from {event.address}" if event.address else ""
    lines = [f"by {_who(caller)}{key}{through}{address}"]
    if caller.created:
        lines.append(f"session began {caller.created}")
    if caller.source_identity:
        lines.append(f"source identity {caller.source_identity}")
    if handed is not None and handed.mfa is not None:
        lines.append("with MFA" if handed.mfa else "without MFA, or with that of another directory")
    if handed is not None and handed.keys:
        until = f", good until {handed.expires}" if handed.expires else ""
        lines.append(f"handed out {', '.join(handed.keys)}{until}")
    return lines


def _who(caller: Credential) -> str | None:
    if caller.kind == "AWSService":
        return caller.invoked_by
    if caller.kind == "AWSAccount":
        return (
            caller.principal_id
            if caller.principal_id == caller.account
            else f"{caller.principal_id} of {caller.account}"
        )
    return caller.arn or caller.principal_id or caller.user or caller.account


def _edge(link: Link) -> str:
    return f"{link.confidence}: {link.method}" if link.method else link.confidence


def _branch_node(branch: Branch, files: Files) -> Node:
    origin = (f"origin: {branch.origin}",) if branch.origin else ()
    details = (*_details(branch.event, branch.caller, None), *_doubt(branch.event, files), *origin)
    return Node(_headline(branch.event), details, branch.relation, "dim")


def _candidate_node(event: Event) -> Node:
    return Node(_headline(event), (), "candidate", "yellow")


def _end_node(walk: Walk, end: End) -> Node:
    known = walk.origin or end.origin
    if end.kind == "ambiguous":
        return Node(f"ambiguous: {end.gap}", style="red")
    if end.gap is None:
        return Node(f"origin: {known}", style="green" if walk.origin else "yellow")
    return Node(
        f"origin: {known}" if known else "origin unknown", (f"gap: {end.gap}",), style="yellow" if known else "red"
    )
