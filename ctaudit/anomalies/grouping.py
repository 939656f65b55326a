"""Counted tables as numbers: rows grouped by their texts, in an order that does not depend on that of the rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ctaudit.anomalies.ground import HISTORY_DAYS, HOUR, Ground

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Key = tuple[str, ...]


def coded(column: pa.ChunkedArray) -> tuple[Ints, list[str]]:
    """Return for each row the place of its text among the column's texts, and these in order; null is empty."""
    encoded = pc.dictionary_encode(pc.fill_null(column, "")).unify_dictionaries()
    if not encoded.num_chunks:
        return np.zeros(0, np.int64), []
    words = encoded.chunk(0).dictionary.to_pylist()
    order = sorted(range(len(words)), key=words.__getitem__)
    rank = np.empty(len(words), np.int64)
    rank[order] = np.arange(len(words))
    found = np.concatenate([chunk.indices.to_numpy(zero_copy_only=False) for chunk in encoded.chunks])
    return rank[found], [words[each] for each in order]


def grouped(table: pa.Table, names: Sequence[str]) -> tuple[Ints, list[Key]]:
    """Return for each row the number of its group, and each group's texts, in order."""
    columns = [coded(table[name]) for name in names]
    combined = np.zeros(table.num_rows, np.int64)
    for codes, words in columns:  # packed again each time, so that it never overflows
        _, combined = np.unique(combined * max(1, len(words)) + codes, return_inverse=True)
    _, one, group = np.unique(combined, return_index=True, return_inverse=True)
    return group, [tuple(words[codes[row]] for codes, words in columns) for row in one.tolist()]


def numbers(table: pa.Table, name: str) -> Ints:
    found: Ints = pc.fill_null(pc.cast(table[name], pa.int64()), 0).to_numpy().astype(np.int64, copy=False)
    return found


def within(table: pa.Table, ground: Ground) -> pa.Table:
    """Return the rows of the time that the masks tell of: a clock that jumped makes no century of zeros."""
    begin, until = ground.first_hour * HOUR, ground.until
    outside = (numbers(table, "first") < begin) | (numbers(table, "last") >= until)
    return table.filter(pa.array(~outside)) if outside.any() else table


def named(table: pa.Table) -> pa.Table:
    """Return the rows of callers that have a name."""
    return table.filter(pc.field("principal").is_valid()) if table["principal"].null_count else table


def account_mask(ground: Ground, account: str) -> Mask:
    """Return for each hour whether the logs speak for any region of an account.

    A region in which nothing ever happened has no hours of its own to tell that it was watched.
    """
    masks = [mask for place, mask in ground.covered.items() if place[0] == account]
    return np.logical_or.reduce(masks) if masks else np.zeros(ground.hours, np.bool_)


def days_before(mask: Mask, ground: Ground, at: int) -> float:
    """Return how many days of the 28 before a moment a mask tells of."""
    end = max(0, at // HOUR - ground.first_hour)
    return float(mask[max(0, end - HISTORY_DAYS * 24) : end].sum()) / 24
