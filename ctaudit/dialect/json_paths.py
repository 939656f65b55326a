"""JSON paths: Trino's spelling read, DuckDB's written, with every member in quotes (T6j)."""

from __future__ import annotations

import re
from collections.abc import Sequence

_STEP = re.compile(r"""\.([^.\[\]"'$*\s]+)|\["((?:[^"\\]|\\.)*)"\]|\['([^']*)'\]|\[(\d+)\]|\."((?:[^"\\]|\\.)*)\"""")


def steps(path: str) -> tuple[str | int, ...] | None:
    """Return the members and indexes of a path, None when it is not one of those or has wildcards."""
    rest = re.sub(r"^\s*(lax|strict)\s+", "", path).strip()
    if not rest.startswith("$"):
        rest = "$." + rest if re.match(r"[\w:-]", rest) else ""
    if not rest:
        return None
    found: list[str | int] = []
    at = 1
    while at < len(rest):
        step = _STEP.match(rest, at)
        if step is None:
            return None
        member = next((step[group] for group in (1, 2, 3, 5) if step[group] is not None), None)
        found.append(int(step[4]) if member is None else re.sub(r"\\(.)", r"\1", member))
        at = step.end()
    return tuple(found)


def written(path: Sequence[str | int]) -> str:
    """Return a path as DuckDB reads it."""
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{_quoted(step)}" for step in path)


def _quoted(member: str) -> str:
    return '"' + member.replace("\\", "\\\\").replace('"', '\\"') + '"'
