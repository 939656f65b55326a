"""Names of fields that no column holds: told at every level, never mixed up with known ones of another type."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ctaudit import limits
from ctaudit.records.unknown_fields import OTHERS, count


@pytest.mark.parametrize(
    ("patch", "paths"),
    [
        ({"unheardOf": 1, "eventname": "x"}, ["eventname", "unheardOf"]),
        ({"unheardOf": {"inner": 1}}, ["unheardOf"]),
        ({"userIdentity": {"x": 1, "sessionContext": {"y": [], "sessionIssuer": {"arn": 5}}}},
         ["userIdentity.sessionContext.y", "userIdentity.x"]),
        ({"resources": [{"ARN": "a"}, {"ARNPrefix": "p"}, {"ARNPrefix": "q", "z": None}]},
         ["resources[].ARNPrefix", "resources[].z"]),
        ({"eventName": ["DeleteObject"], "eventTime": "soon", "readOnly": "true"}, []),
        ({"userIdentity": "root", "resources": "...", "tlsDetails": [1]}, []),
        ({"resources": ["a", {"z": 1}]}, []),
        ({"eventID": None, "eventId": "x"}, ["eventId"]),
        ({"requestParameters": {"unheardOf": 1}}, []),
        ({}, []),
    ],
)  # fmt: skip
def test_what_is_unknown_is_named_by_its_path(patch: Any, paths: list[str]) -> None:
    assert sorted(count([json.dumps(patch)])) == paths


def test_records_are_counted_each_once_a_field() -> None:
    twice = json.dumps({"resources": [{"ARNPrefix": "p"}, {"ARNPrefix": "q"}], "unheardOf": 1})
    assert count([twice, json.dumps({"unheardOf": 2})]) == {"resources[].ARNPrefix": 1, "unheardOf": 2}


def test_a_flood_of_names_is_counted_together() -> None:
    most = limits.MAX_UNKNOWN_FIELDS
    found = count(json.dumps({f"x{number}": 1}) for number in range(most + 50))
    assert (len(found), found[OTHERS]) == (most + 1, 50)
