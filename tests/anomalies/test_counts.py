"""Calls counted by dimensions: all cubes of the same calls come from one pass, and each is right by itself."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from ctaudit.engines import activity
from ctaudit.query import Span
from ctaudit.store.layout import Layout
from tests.anomalies import organization as org
from tests.anomalies.simulated import HOUR, store_of

CALLS = [
    org.made(org.CI, 0, "s3:GetObject", "192.0.2.1", userAgent=None),
    org.made(org.CI, 60, "s3:GetObject", "192.0.2.1", userAgent="aws-cli/2.1"),
    org.made(org.CI, HOUR, "s3:PutObject", "s3.amazonaws.com", userAgent=None),
    org.made(org.role("app", session="one"), 0, "s3:PutObject", "::1", userAgent=None),
    org.made(org.role("app", session="two"), 0, "s3:PutObject", "::1", userAgent=None),
    org.made({"type": "AWSService", "invokedBy": "lambda.amazonaws.com"}, 0, "sts:AssumeRole", "192.0.2.1"),
    org.login(org.ROOT, 0, "203.0.113.9"),
    org.made(org.role("AWSReservedSSO_Admin_0123456789abcdef", session="ana@example.com"), 0, "s3:GetObject", "::2"),
]
CUBES = {
    "agents": (("principal", "agent"), ("principal", "own")),
    "places": (("address",), ("principal", "own")),
    "both": (("address", "agent", "write"), ("principal", "own")),
    "logins": (("login", "mfa", "person"), ("login",)),
    "people": (("person",), ("person", "own")),
}


def test_every_cube_is_right(tmp_path: Path) -> None:
    tables, _ = activity.counted(Layout(store_of(tmp_path, CALLS)), Span(), CUBES)
    counts = {
        name: Counter({tuple(row[each] for each in CUBES[name][0]): row["n"] for row in table.to_pylist()})
        for name, table in tables.items()
    }
    ci, app, sso = (org.CI["arn"], *(f"arn:aws:sts::{org.HOME}:assumed-role/{each}" for each in _ROLES))
    root = org.ROOT["arn"]
    assert counts["agents"] == {
        (ci, None): 2,
        (ci, "aws-cli"): 1,
        (app, None): 2,
        (root, "aws-cli"): 1,
        (sso, "aws-cli"): 1,
    }
    assert counts["places"] == {("192.0.2.1",): 2, (None,): 1, ("::1",): 2, ("::2",): 1, ("203.0.113.9",): 1}
    assert counts["both"]["192.0.2.1", None, False] == 1
    assert counts["both"][None, None, True] == 1
    assert counts["logins"] == {("Success", "No", root): 1}
    assert counts["people"] == {(ci,): 3, (root,): 1, ("ana@example.com",): 1}
    assert tables["agents"].column_names == ["principal", "agent", "n", "first", "last"]


_ROLES = ("app", "AWSReservedSSO_Admin_0123456789abcdef")
