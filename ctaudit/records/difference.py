"""The difference of two JSON values, as lines `path: old -> new`: lists are compared as sets, policies as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import unquote

from ctaudit import limits
from ctaudit.parse import parse
from ctaudit.records.anyjson import fold

How = Literal["first", "changed", "added", "removed", "set", "unset"]
_IDENTIFIERS = ("sid", "id", "key", "name", "rulename", "statementid", "devicename", "attributename", "dbsnapshotid")
"""Keys, the first that each element of a list has with a value of its own tells which elements are one thing."""
_NOTHING = ("", None)
_OPENINGS = ("{", "[", "%7B", "%5B")
_CUT = "… ({:,} characters)"


@dataclass(frozen=True, slots=True)
class Line:
    path: str
    """Keys joined by dots; `Statement[Sid=x]` for an element that is known by a name, `Action[]` for others."""
    how: How
    """`first`: a new thing has it from the beginning; `set` and `unset`: what it was before is not known."""
    before: Any = None
    after: Any = None

    def __str__(self) -> str:
        if self.how == "first":
            return f"{self.path}: {_spelled(self.after)}"
        old = "not known before" if self.how in ("set", "unset") else "none" if self.how == "added" else None
        if self.how == "unset" and self.before is not None:
            return f"{self.path}: {_spelled(self.before)} (not known before) -> none"
        new = "none" if self.how in ("removed", "unset") else None
        return f"{self.path}: {old or _spelled(self.before)} -> {new or _spelled(self.after)}"

    def as_json(self) -> dict[str, Any]:
        """Return the line with values of any size cut to what is held."""
        return {"path": self.path, "how": self.how, "before": _bounded(self.before), "after": _bounded(self.after)}


def difference(before: Any, after: Any, path: str = "") -> Iterator[Line]:
    """Yield what differs between two values of one setting, in the order of the keys of the old, then of the new one.

    A list of one element equals that element, as in IAM policies, and an element's place in a list says nothing.
    Numbers and truth values equal their text: XML has no other. Values that are nested very deep differ as a whole.
    """
    yield from _differ(before, after, path, limits.MAX_DIFFERENCE_DEPTH)


def _differ(before: Any, after: Any, path: str, left: int) -> Iterator[Line]:
    if canonical(before) == canonical(after):
        return
    if left and isinstance(before, Mapping) and isinstance(after, Mapping):
        yield from _objects(before, after, path, left - 1)
    elif left and (isinstance(before, list) or isinstance(after, list)):
        yield from _lists(_listed(before), _listed(after), path, left - 1)
    else:
        yield Line(path, "changed", before, after)


def _objects(before: Mapping[str, Any], after: Mapping[str, Any], path: str, left: int) -> Iterator[Line]:
    before, after = ({key: one for key, one in each.items() if one not in _NOTHING} for each in (before, after))
    for key, value in before.items():
        inner = joined(path, key)
        if key in after:
            yield from _differ(value, after[key], inner, left)
        else:
            yield Line(inner, "removed", value)
    yield from (Line(joined(path, key), "added", None, value) for key, value in after.items() if key not in before)


def _lists(before: Sequence[Any], after: Sequence[Any], path: str, left: int) -> Iterator[Line]:
    key = _identifier((before, after))
    if key is not None:
        old, new = _by(before, key), _by(after, key)
        named = {name: f"{path}[{name}]" for name in (*old, *new)}
        for name, where in named.items():
            if name in old and name in new:
                yield from _differ(old[name], new[name], where, left)
            else:
                yield _only(where, old.get(name), new.get(name), gone=name in old)
        return
    olds, news = _less(before, after), _less(after, before)
    where = f"{path}[]"
    if len(olds) == len(news) == 1:
        yield from _differ(olds[0], news[0], where, left)
        return
    yield from (_only(where, value, None, gone=True) for value in olds)
    yield from (_only(where, None, value, gone=False) for value in news)


def _only(path: str, before: Any, after: Any, *, gone: bool) -> Line:
    return Line(path, "removed", before) if gone else Line(path, "added", None, after)


def _identifier(lists: Sequence[Sequence[Any]]) -> str | None:
    """Return the key by which the elements of two lists are told apart, folded."""
    elements = [element for each in lists for element in each]
    if not elements or not all(isinstance(element, Mapping) for element in elements):
        return None
    return next((key for key in _IDENTIFIERS if all(_tells_apart(each, key) for each in lists)), None)


def _tells_apart(elements: Sequence[Any], key: str) -> bool:
    names = [_name(element, key) for element in elements]
    return None not in names and len(set(names)) == len(names)


def _by(elements: Sequence[Any], key: str) -> dict[str, Any]:
    return {str(_name(element, key)): element for element in elements}


def _name(element: Mapping[str, Any], key: str) -> str | None:
    """Return `Sid=x` of an element that has the key, in any letter case."""
    for name, value in element.items():
        if fold(name) == key and isinstance(value, str) and value:
            return f"{name}={cut(value, limits.MAX_DIFFERENCE_NAME)}"
    return None


def _less(some: Sequence[Any], others: Sequence[Any]) -> list[Any]:
    """Return the elements of one list that the other has not, each as often as it has them more."""
    left = Counter(map(canonical, others))
    found = []
    for element in some:
        text = canonical(element)
        if left[text]:
            left[text] -= 1
        else:
            found.append(element)
    return found


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def canonical(value: Any) -> str:
    """Return a text that is equal for values that count as equal; a key with nothing in it counts as absent."""
    if isinstance(value, list):
        if len(value) == 1:
            return canonical(value[0])
        return f"[{','.join(sorted(map(canonical, value)))}]"
    if isinstance(value, Mapping):
        keys = sorted(key for key in value if value[key] not in _NOTHING)
        return f"{{{','.join(f'{json.dumps(key)}:{canonical(value[key])}' for key in keys)}}}"
    return json.dumps(_text(value))


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else "null" if value is None else repr(value)


def document_of(value: Any) -> Any:
    """Return what a text says that is a JSON document, URL-encoded or not, as policies are; all else as it is."""
    if not isinstance(value, str) or not value.lstrip()[:3].upper().startswith(_OPENINGS):
        return value
    text = unquote(value) if value.lstrip().startswith("%") else value
    if not _shallow(text):
        return value
    try:
        found = parse(text)
    except (ValueError, RecursionError):
        return value
    return found if isinstance(found, dict | list) else value


def _shallow(text: str) -> bool:
    """Tell whether text that may be JSON nests no deeper than a record may; brackets inside strings count, too."""
    depth = 0
    for character in text:
        depth += (character in "{[") - (character in "}]")
        if depth > limits.MAX_DEPTH:
            return False
    return True


def joined(path: str, key: str) -> str:
    """Return the path of a key below another path; long keys are cut."""
    name = cut(key, limits.MAX_DIFFERENCE_NAME)
    return f"{path}.{name}" if path else name


def cut(text: str, most: int) -> str:
    """Return a text whole, or its beginning and how long it is."""
    return text if len(text) <= most else text[:most] + _CUT.format(len(text))


def _spelled(value: Any) -> str:
    text = _text(value) if not isinstance(value, list | Mapping) else _compact(value)
    return cut(text, limits.MAX_DIFFERENCE_TEXT)


def _bounded(value: Any) -> Any:
    text = value if isinstance(value, str) else _compact(value)
    most = limits.MAX_DIFFERENCE_VALUE
    return value if len(text) <= most else cut(text, most)


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
