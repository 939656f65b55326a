"""What an earlier validation proved last of each chain, kept to see at the next one whether the evidence went back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from ctaudit import times
from ctaudit.integrity.authenticate import agrees
from ctaudit.integrity.loaded import Judged
from ctaudit.integrity.names import YEARS, Chain
from ctaudit.integrity.verdict import Finding, finding

_VERSION = 1


class BadState(Exception):
    """The text is no state that ctaudit wrote; says why."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The last digest of a chain that was proven."""

    key: str
    """As the digest states it, so that a copy and the bucket have the same checkpoints."""
    sha256: str
    signature: str | None
    end: str
    """RFC 3339, UTC."""


State = Mapping[Chain, Checkpoint]


def parse_state(text: bytes) -> dict[Chain, Checkpoint]:
    """Read a state; raises BadState."""
    try:
        content = json.loads(text)
        if content["version"] != _VERSION:
            raise BadState(f"has version {content['version']!r:.40}, this ctaudit reads {_VERSION}")
        return dict(_entry(entry) for entry in content["chains"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise BadState("is not a state that ctaudit wrote") from None


def _entry(entry: dict[str, Any]) -> tuple[Chain, Checkpoint]:
    account, region, trail, home = (str(entry[name]) for name in ("account", "region", "trail", "home"))
    chain = Chain(account, region, trail, home, bool(entry["backfill"]))
    signature = entry["signature"]
    end = times.canonical(entry["end"])
    if end is None or not YEARS[0] <= int(end[:4]) < YEARS[1]:
        raise ValueError
    point = Checkpoint(str(entry["key"]), str(entry["sha256"]), None if signature is None else str(signature), end)
    return chain, point


def format_state(state: State) -> bytes:
    """Write a state as JSON, the same bytes for the same state."""
    chains = [asdict(chain) | asdict(point) for chain, point in sorted(state.items())]
    return json.dumps({"version": _VERSION, "chains": chains}, indent=1).encode() + b"\n"


def checkpoint(judged: Judged) -> Checkpoint:
    """Make the checkpoint of a proven digest."""
    digest = judged.digest
    assert digest is not None  # it is proven
    signature = judged.loaded.metadata.signature if judged.loaded.metadata else None
    return Checkpoint(digest.location.key, digest.sha256, signature, times.format_utc(digest.end))


def is_digest_of(before: Checkpoint, judged: Judged) -> bool:
    """Tell whether a digest is the one of the checkpoint, or lies in its place."""
    key = judged.digest.location.key if judged.digest else judged.loaded.key
    return agrees(key, before.key)


def replaced(chain: Chain, before: Checkpoint, judged: Judged) -> Finding | None:
    """Tell that the digest of the checkpoint is another one now; None when it is the same, or could not be read."""
    digest = judged.digest
    if digest is None or digest.sha256 == before.sha256:
        return None
    return _rollback(chain, before, f"{before.key} has another content now", digest.sha256)


def gone(chain: Chain, before: Checkpoint) -> Finding:
    """Tell that the digest of the checkpoint is not there any more."""
    return _rollback(chain, before, f"{before.key} was proven at an earlier run and is not there now", None)


def _rollback(chain: Chain, before: Checkpoint, detail: str, found: str | None) -> Finding:
    return finding(
        "state.rollback",
        detail,
        key=before.key,
        chain=chain,
        span=(None, end_of(before)),
        expected=before.sha256,
        found=found,
        proven_by="the state of an earlier run",
    )


def end_of(point: Checkpoint) -> datetime:
    return datetime.fromisoformat(point.end)


def newer(before: State, now: Iterable[tuple[Chain, Checkpoint]]) -> dict[Chain, Checkpoint]:
    """Return the state with newer checkpoints taken over; it never goes back."""
    state = dict(before)
    for chain, point in now:
        if chain not in state or point.end > state[chain].end:
            state[chain] = point
    return state
