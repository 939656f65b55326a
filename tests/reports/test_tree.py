"""Trees as text and as pictures: what was agreed, and nothing that text from logs could break."""

from __future__ import annotations

import pytest

from ctaudit.reports.graphs import dot_lines, mermaid_lines
from ctaudit.reports.tree import tree_lines
from ctaudit.tree import Node

TREE = Node(
    "a", ("more",), children=(Node("b", edge="by key", children=(Node("c"),)), Node("d", ("end",), style="red"))
)
HOSTILE = 'x"]; y -> z\n\x1b[31m<script>|\\'


def test_a_tree_is_drawn_with_lines() -> None:
    assert list(tree_lines(TREE, None)) == [
        "a",
        "│  more",
        "├─ [by key] b",
        "│  └─ c",
        "└─ d",
        "      end",
    ]


def test_without_such_characters_it_is_ascii() -> None:
    assert all(line.isascii() for line in tree_lines(TREE, 40, boxes=False))


def test_long_lines_wrap_below_their_beginning() -> None:
    lines = list(tree_lines(Node("root", children=(Node(" ".join(["word"] * 20)),)), 40))
    assert max(map(len, lines)) <= 40
    assert lines[1].startswith("└─ word")
    assert lines[2].startswith("   word")


def test_colours_are_for_terminals_alone() -> None:
    assert not any("\x1b" in line for line in tree_lines(TREE, 80))
    assert any("\x1b" in line for line in tree_lines(TREE, 80, color=True))


@pytest.mark.parametrize("draw", [dot_lines, mermaid_lines, lambda roots: tree_lines(roots[0], None)])
def test_text_from_logs_stays_text(draw: object) -> None:
    assert callable(draw)
    plain, hostile = ([*draw((Node("root", children=(Node(text, edge=text),)),))] for text in ("x", HOSTILE))
    assert len(plain) == len(hostile)
    assert all(line.isprintable() for line in hostile)


def test_labels_of_pictures_end_where_they_should() -> None:
    dot = [line for line in dot_lines((Node(HOSTILE),)) if "label" in line]
    assert dot == [r'  n0 [label="x\"]; y -> z\\n\\x1b[31m<script>|\\\l"];']
    (label,) = [line for line in mermaid_lines((Node(HOSTILE),)) if "n0" in line]
    assert label.count('"') == 2
    assert "<script>" not in label
