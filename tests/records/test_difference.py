"""Two JSON values compared: what counts as equal, how lists are matched, what bounds the answer."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from ctaudit import limits
from ctaudit.records.difference import Line, canonical, difference, document_of

EQUAL: dict[str, tuple[Any, Any]] = {
    "order of keys": ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    "order of elements": (["a", "b"], ["b", "a"]),
    "a list of one": ({"Action": "s3:*"}, {"Action": ["s3:*"]}),
    "a statement alone": ({"Statement": [{"Sid": "x"}]}, {"Statement": {"Sid": "x"}}),
    "a number as text": ({"size": "8"}, {"size": 8}),
    "a truth value as text": ({"on": "true"}, {"on": True}),
    "an empty Sid": ({"Statement": {"Sid": "", "Effect": "Allow"}}, {"Statement": {"Effect": "Allow"}}),
    "null": ({"a": None}, {}),
}


@pytest.mark.parametrize(("before", "after"), EQUAL.values(), ids=EQUAL)
def test_what_says_the_same_does_not_differ(before: Any, after: Any) -> None:
    assert list(difference(before, after)) == []
    assert list(difference(after, before)) == []


DIFFERENT: dict[str, tuple[Any, Any, list[str]]] = {
    "a value": ({"a": 1}, {"a": 2}, ["p.a: 1 -> 2"]),
    "a value of another kind": ({"a": {"b": 1}}, {"a": "b"}, ['p.a: {"b":1} -> b']),
    "a new key": ({}, {"a": {"b": True}}, ['p.a: none -> {"b":true}']),
    "a lost key": ({"a": False}, {}, ["p.a: false -> none"]),
    "letter case": ({"a": "X"}, {"a": "x"}, ["p.a: X -> x"]),
    "an element more": ({"a": ["x"]}, {"a": ["x", "y"]}, ["p.a[]: none -> y"]),
    "twice is more than once": ({"a": ["x"]}, {"a": ["x", "x"]}, ["p.a[]: none -> x"]),
    "an element became a list": ({"a": "x"}, {"a": ["x", "y"]}, ["p.a[]: none -> y"]),
    "one element for another": ({"a": ["x", "y"]}, {"a": ["y", "z"]}, ["p.a[]: x -> z"]),
    "inside a named element": (
        [{"Sid": "r", "Action": "a"}, {"Sid": "w", "Action": "b"}],
        [{"Sid": "w", "Action": "c"}, {"Sid": "r", "Action": "a"}],
        ["p[Sid=w].Action: b -> c"],
    ),
    "a name that two elements have is none": (
        [{"Sid": "r", "Action": "a"}, {"Sid": "r", "Action": "b"}],
        [{"Sid": "r", "Action": "a"}],
        ['p[]: {"Sid":"r","Action":"b"} -> none'],
    ),
    "one text for several elements": ({"a": "x,y"}, {"a": ["x", "y"]}, ["p.a[]: x,y -> none", "p.a[]: none -> x"]),
}


@pytest.mark.parametrize(("before", "after", "lines"), DIFFERENT.values(), ids=DIFFERENT)
def test_what_differs_is_said_where_it_does(before: Any, after: Any, lines: list[str]) -> None:
    assert [str(line) for line in difference(before, after, "p")][: len(lines)] == lines


def test_an_unknown_former_state_is_said_to_be_unknown() -> None:
    assert str(Line("a", "set", None, 1)) == "a: not known before -> 1"
    assert str(Line("a", "unset")) == "a: not known before -> none"
    assert str(Line("a", "first", None, [1])) == "a: [1]"


POLICY = {"Statement": [{"Effect": "Allow", "Action": "*"}]}


@pytest.mark.parametrize("text", [json.dumps(POLICY), quote(json.dumps(POLICY)), f"  {json.dumps(POLICY)}\n"])
def test_a_policy_in_a_text_is_a_document(text: str) -> None:
    assert document_of(text) == POLICY


@pytest.mark.parametrize(
    "text",
    [
        "{}x",
        "{",
        "[1",
        "plain",
        "",
        "%7B",
        "%zz",
        '"text"',
        "12",
        "[" * 200 + "]" * 200,
        '{"a":' * 5000 + "1" + "}" * 5000,
    ],
)
def test_any_other_text_stays_text(text: str) -> None:
    assert document_of(text) == text


def test_values_of_any_size_are_cut() -> None:
    line = Line("k" * 10, "changed", "x" * 100_000, {"y": "z" * 100_000})
    assert len(str(line)) < 3 * limits.MAX_DIFFERENCE_TEXT
    told = line.as_json()
    assert len(json.dumps(told)) < 3 * limits.MAX_DIFFERENCE_VALUE
    assert told["before"].endswith("(100,000 characters)")


def test_what_is_nested_deep_differs_as_a_whole() -> None:
    before: Any = 1
    after: Any = 2
    for _ in range(limits.MAX_DEPTH):
        before, after = {"a": before}, {"a": after}
    (line,) = difference(before, after)
    assert line.path == ".".join("a" * limits.MAX_DIFFERENCE_DEPTH)


def test_long_keys_are_cut_in_paths() -> None:
    (line,) = difference({}, {"k" * 10_000: 1})
    assert len(line.path) < 2 * limits.MAX_DIFFERENCE_NAME


@pytest.mark.parametrize("value", [1.5, 10**30, None, True, "\ud800", {"": []}, [[], {}]])
def test_every_value_can_be_compared(value: Any) -> None:
    assert canonical(value) == canonical([value])
    assert list(difference({"a": value}, {"a": value})) == []
