"""A Document as a Table of its leaves: `userIdentity.sessionContext.attributes.creationDate` and the value there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ctaudit.table import Column, Document, Table

_PLAIN_KEY = re.compile(r"[^\s.\[\]\"]+")


def listing(document: Document) -> Table:
    """Return one row for each leaf, in the order of the document; an empty object or list is a leaf too."""
    rows = list(_walk("", document.content)) if document.content else []
    columns = (Column("path", rank=0), Column("value", rank=0))
    return Table(columns, rows, matched=len(rows), notes=document.notes, partial=document.partial)


def _walk(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _walk(_member(path, key), item)
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from _walk(f"{path}[{index}]", item)
    else:
        yield path, value


def _member(path: str, key: str) -> str:
    """Extend a path by a key; a key such as `aws:PrincipalTag/cost.center` is quoted, or it would read as two."""
    if not _PLAIN_KEY.fullmatch(key):
        quoted = key.replace("\\", "\\\\").replace('"', '\\"')
        return f'{path}["{quoted}"]'
    return f"{path}.{key}" if path else key
