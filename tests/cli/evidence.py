"""Small evidence made for the command line: a clean file, and one in which every text is chosen by an attacker."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ESCAPE = "\x1b[31mred\x1b]0;owned\x07\x9b2J"
MARKUP = "[red]loud[/red][link=http://evil.example]x[/link]"
NEWLINES = "first\nsecond\r\nthird\x85fourth\u2028fifth\tsixth"
BIDI = "gpj.\u202eexe\u200bhidden"
FORMULA = '=HYPERLINK("http://evil.example","click")'
BAD_NAME = "a\x1b[31mred\nb\u202ec.json"
HOSTILE = (ESCAPE, MARKUP, NEWLINES, BIDI, FORMULA)


def event(number: int, **fields: Any) -> dict[str, Any]:
    """Return one record: a bucket deleted by a user, `number` minutes after noon."""
    return {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "IAMUser",
            "principalId": "AIDAEXAMPLE",
            "arn": "arn:aws:iam::111122223333:user/mia",
            "accountId": "111122223333",
            "userName": "mia",
        },
        "eventTime": f"2026-02-03T12:{number:02}:00Z",
        "eventSource": "s3.amazonaws.com",
        "eventName": "DeleteBucket",
        "awsRegion": "eu-west-1",
        "sourceIPAddress": "192.0.2.7",
        "userAgent": "aws-cli/2.15",
        "requestParameters": {"bucketName": f"bucket-{number}"},
        "responseElements": None,
        "eventID": f"00000000-0000-4000-8000-{number:012}",
        "readOnly": False,
        "eventType": "AwsApiCall",
        "recipientAccountId": "111122223333",
        "eventCategory": "Management",
    } | fields


def hostile_events() -> list[dict[str, Any]]:
    """Return one record for each kind of hostile text, with that text wherever a caller can put one."""
    return [_hostile(number, text) for number, text in enumerate(HOSTILE)]


def _hostile(number: int, text: str) -> dict[str, Any]:
    plain = event(number)
    identity = plain["userIdentity"] | {"userName": text, "arn": f"arn:aws:iam::111122223333:user/{text}"}
    return plain | {
        "userIdentity": identity,
        "eventName": f"Delete{text}",
        "userAgent": text,
        "sourceIPAddress": text,
        "errorCode": text,
        "errorMessage": text,
        "awsRegion": text,
        "requestParameters": {"bucketName": text, text: text},
        "resources": [{"ARN": f"arn:aws:s3:::{text}", "type": text}],
        "unheardOf": {text: [text]},
    }


def write(path: Path, records: list[dict[str, Any]]) -> None:
    path.write_text(json.dumps({"Records": records}), encoding="utf-8")
