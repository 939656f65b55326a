"""The shape of an answer that is a tree: what each node says, and how it hangs on the one above."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Node:
    text: str
    """One line."""
    details: tuple[str, ...] = ()
    """Further lines, which a picture may leave out."""
    edge: str = ""
    """How it follows from the node above; empty at the root."""
    style: str = ""
    """`red`, `yellow`, `green`, `dim`, `bold` or nothing."""
    children: tuple[Node, ...] = ()
