"""Answers to print: an ordinary lookup, one nested event, an empty answer, and one made of hostile text."""

from __future__ import annotations

from ctaudit.table import Column, Document, Table, Value

OUTCOME = {"failed": "red", "dry-run": "yellow"}
INTEGRITY = {"failed": "red", "proven": "green"}

COLUMNS = (
    Column("time", 0),
    Column("event_name", 0),
    Column("outcome", 0, styles=OUTCOME),
    Column("error_code", 3),
    Column("resource", 1),
    Column("principal", 0),
    Column("source_ip", 2),
    Column("user_agent", 4),
    Column("account", 4),
    Column("read_only", 5),
    Column("event_id", 6),
    Column("integrity", 2, styles=INTEGRITY),
    Column("record", 7, right=True),
)

_ACCOUNT = "123456789012"
_ALICE = f"arn:aws:sts::{_ACCOUNT}:assumed-role/OrganizationAdmin/alice@example.com"
_DEPLOY = f"arn:aws:iam::{_ACCOUNT}:user/ci/deploy"
_BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0"
_CLI = "aws-cli/2.22.4 md/awscrt#0.23.4 ua/2.0 os/linux#6.8.0 md/arch#x86_64 lang/python#3.12.6 cfg/retry-mode#standard"

_LOOKUP_ROWS: list[tuple[Value, ...]] = [
    (
        "2026-01-31T02:14:09Z", "DeleteBucket", "failed", "AccessDenied", "arn:aws:s3:::example-audit-logs", _ALICE,
        "203.0.113.7", _BROWSER, _ACCOUNT, False, "0c1f9a51-3a0b-4c62-9d3e-6f1c8a0f4a01", "proven", 4,
    ),
    (
        "2026-01-31T02:14:31Z", "DeleteBucket", "succeeded", None, "arn:aws:s3:::example-audit-logs", _DEPLOY,
        "2001:db8:85a3::8a2e:370:7334", _CLI, _ACCOUNT, False, "0c1f9a51-3a0b-4c62-9d3e-6f1c8a0f4a02", "proven", 17,
    ),
    (
        "2026-01-31T02:15:00Z", "TerminateInstances", "dry-run", "Client.DryRunOperation", "i-0abc1234def567890",
        _DEPLOY, "203.0.113.7", _CLI, _ACCOUNT, False, "0c1f9a51-3a0b-4c62-9d3e-6f1c8a0f4a03", "failed", 1204,
    ),
    (
        "2026-01-31T02:15:44Z", "GetObject", "succeeded", None, "arn:aws:s3:::example-data/報告書/二月請求書.pdf", None,
        "cloudtrail.amazonaws.com", "cloudtrail.amazonaws.com", _ACCOUNT, True, None, "unknown", 0,
    ),
]  # fmt: skip

LOOKUP = Table(COLUMNS, _LOOKUP_ROWS, matched=4)

EMPTY = Table(COLUMNS, [], matched=0)

EVENT = Document(
    {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole",
            "arn": _ALICE,
            "sessionContext": {"attributes": {"creationDate": "2026-01-31T02:00:00Z", "mfaAuthenticated": "true"}},
        },
        "eventTime": "2026-01-31T02:14:09Z",
        "readOnly": False,
        "userAgent": _CLI,
        "requestParameters": {
            "tags": {"aws:RequestTag/cost.center": "42", "": "no name"},
            "filterSet": {},
            "instanceTypes": [],
            "sizes": [1, 2.5, -3e20, None],
        },
        "responseElements": None,
        "resources": [{"ARN": "arn:aws:s3:::example-audit-logs", "accountId": _ACCOUNT}],
    }
)

HOSTILE_TEXTS = (
    "\x1b[2J\x1b[31mred\x1b]0;title\x07",
    "two\nlines\r\nand\ttab",
    "DEL\x7f NEL\x85 CSI\x9b31m NUL\x00",
    "line\u2028separator\u2029paragraph",
    "\u202eevil\u202c \u2066isolate\u2069 \u200fmark\u200e \u061calm",
    "zero\u200bwidth\u200cjoin\u200der soft\u00adhyphen \ufeffbom",
    "tag\U000e0001\U000e0041 variation\ufe0f filler\u3164\u115f grapheme\u034fjoiner",
    "private\ue000 lone\ud800surrogate\udfff unassigned\U0003ffff",
    "nbsp\u00a0thin\u2009space blank\u2800",
    "=cmd|' /C calc'!A0",
    "  +SUM(1;2)",
    "@import",
    "-2+3",
    "＝HYPERLINK(\"http://example.com\")",
    "\t=1",
    "a,b;=1\"quoted\"",
    " leading and trailing ",
    r"C:\temp\new|pipe\|``tick`",
    "**bold** _it_ ~~no~~ [x](javascript:alert(1)) ![i](http://example.com/i.png)",
    "<script>alert(1)</script> &lt; &#60; <!-- c -->",
    "alice@example.com @octocat #1 GH-1 www.example.com :skull: $x^2$",
    "# not a heading | --- |",
    "漢字 e\u0301 👩 ％",
    "",
)  # fmt: skip

HOSTILE = Table(
    (Column("number", 0, right=True), Column("te|xt\x1b[1m=\u202e", 0), Column("=nested", 0), Column("-after", 0)),
    [
        (-number, text, {text: [text, None, True]} if number % 2 else None, text[::-1])
        for number, text in enumerate(HOSTILE_TEXTS)
    ],
    matched=len(HOSTILE_TEXTS),
)
