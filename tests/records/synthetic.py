"""Records made up for tests: whole ones, and ones with any JSON in any place."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

ACCOUNT = "111122223333"
REGION = "eu-west-1"
USER_ARN = f"arn:aws:iam::{ACCOUNT}:user/ops/Alice"
KEY_UUID = "1234abcd-12ab-34cd-56ef-1234567890ab"


def record(source: str, name: str, parameters: Any = None, **fields: Any) -> dict[str, Any]:
    """Make a record of a call by IAM user Alice."""
    return {
        "eventVersion": "1.11",
        "eventTime": "2026-01-31T04:05:06Z",
        "eventSource": f"{source}.amazonaws.com",
        "eventName": name,
        "eventType": "AwsApiCall",
        "awsRegion": REGION,
        "recipientAccountId": ACCOUNT,
        "sourceIPAddress": "198.51.100.7",
        "userAgent": "aws-cli/2.15.0 md/command#x.y",
        "readOnly": False,
        "userIdentity": {
            "type": "IAMUser",
            "principalId": "AIDAEXAMPLE",
            "arn": USER_ARN,
            "accountId": ACCOUNT,
            "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
            "userName": "Alice",
        },
        "requestParameters": parameters,
        "responseElements": None,
        **fields,
    }


def assumed_role(role: str, session: str, path: str = "/", **identity: Any) -> dict[str, Any]:
    """Make a userIdentity of a role's session."""
    return {
        "type": "AssumedRole",
        "principalId": f"AROAEXAMPLE:{session}",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{session}",
        "accountId": ACCOUNT,
        "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
        "sessionContext": {
            "attributes": {"creationDate": "2026-01-31T04:00:00Z", "mfaAuthenticated": "false"},
            "sessionIssuer": {
                "type": "Role",
                "principalId": "AROAEXAMPLE",
                "arn": f"arn:aws:iam::{ACCOUNT}:role{path}{role}",
                "accountId": ACCOUNT,
                "userName": role,
            },
        },
        **identity,
    }


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30)
any_json = st.recursive(
    scalars
    | st.sampled_from(["arn:aws:s3:::b/k", "arn:aws:iam::1:role/", "arn:", "*", "true", "/", ":", "arn%3Aaws%3A"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(max_size=8)
            | st.sampled_from(
                ["items", "item", "member", "content", "errors", "unsuccessful", "name", "bucketName", "key"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """List the path of every value below `value`."""
    found = [path] if path else []
    children = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in children:
        found += places(inner, (*path, key))
    return found


def with_value(value: dict[str, Any], path: tuple[Any, ...], new: Any) -> dict[str, Any]:
    """Copy a record with one value replaced."""
    made = copy.deepcopy(value)
    spot: Any = made
    for key in path[:-1]:
        spot = spot[key]
    spot[path[-1]] = new
    return made
