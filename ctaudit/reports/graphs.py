"""A tree as a picture's source: Graphviz DOT and Mermaid; text from logs can neither end a label nor add a node."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ctaudit.reports.escapes import visible
from ctaudit.tree import Node

_Edge = tuple[int, int, str]


def dot_lines(roots: Sequence[Node]) -> Iterator[str]:
    """Yield a DOT digraph, without line ends; the arrows lead from what was asked about to who stands behind it."""
    yield "digraph trace {"
    yield "  rankdir=LR;"
    yield '  node [shape=box, fontname="sans-serif"];'
    nodes, edges = _numbered(roots)
    for number, node in enumerate(nodes):
        label = r"\l".join(map(_dot, (node.text, *node.details)))
        yield f'  n{number} [label="{label}\\l"{_dot_color(node)}];'
    for one, other, edge in edges:
        yield f'  n{one} -> n{other} [label="{_dot(edge)}"];'
    yield "}"


def mermaid_lines(roots: Sequence[Node]) -> Iterator[str]:
    """Yield a Mermaid flowchart, without line ends."""
    yield "flowchart LR"
    nodes, edges = _numbered(roots)
    for number, node in enumerate(nodes):
        label = "<br/>".join(map(_mermaid, (node.text, *node.details)))
        yield f'  n{number}["{label}"]'
    for one, other, edge in edges:
        yield f'  n{one} -->|"{_mermaid(edge)}"| n{other}' if edge else f"  n{one} --> n{other}"


def _numbered(roots: Sequence[Node]) -> tuple[list[Node], list[_Edge]]:
    """Return the nodes in the order in which text shows them, and each edge as two of their numbers."""
    nodes: list[Node] = []
    edges: list[_Edge] = []

    def add(node: Node) -> int:
        number = len(nodes)
        nodes.append(node)
        edges.extend([(number, add(child), child.edge) for child in node.children])
        return number

    for root in roots:
        add(root)
    return nodes, sorted(edges)


def _dot(text: str) -> str:
    return visible(text).replace("\\", "\\\\").replace('"', '\\"')


def _dot_color(node: Node) -> str:
    return f", color={node.style}" if node.style in ("red", "green") else ", color=orange" if node.style else ""


_ENTITIES = {character: f"#{ord(character)};" for character in '"#<>&`|[]{}()*_~\\;'}
"""Mermaid's own escapes, by number: its labels may hold HTML and Markdown."""


def _mermaid(text: str) -> str:
    return "".join(_ENTITIES.get(character, character) for character in visible(text))
