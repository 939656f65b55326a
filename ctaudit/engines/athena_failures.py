"""Why a query in Athena came to nothing, in one sentence with what to try.

https://docs.aws.amazon.com/athena/latest/ug/error-reference.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ctaudit.errors import CtauditError, QueryError, QueryLimit

_LONGEST = 300
_USER = 2
"""Athena's category of errors that the query itself brings about."""
_LIKE_EXPORT = "a lake's table has the columns that `ctaudit export ddl --for athena` names"
_ADVICE: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile("COLUMN_NOT_FOUND"), _LIKE_EXPORT),
    (re.compile("(TABLE|SCHEMA|CATALOG)_NOT_FOUND|EntityNotFound"), "name the lake's table: --table DATABASE.TABLE"),
    (re.compile("TYPE_MISMATCH.*timestamp"), "eventtime is text: from_iso8601_timestamp(eventtime)"),
    (re.compile("CONSTRAINT_VIOLATION|injected"), "name the accounts: --account ID"),
    (re.compile("kms", re.IGNORECASE), "the credentials need kms:Decrypt for the lake's key"),
    (re.compile("[Aa]ccess ?[Dd]enied.*(output|result)", re.DOTALL), "it needs s3:PutObject on the output location"),
    (
        re.compile("Access ?Denied|Status Code: 403|not authorized", re.IGNORECASE),
        "it needs s3:GetObject and s3:ListBucket on the lake, glue:GetTable, and s3:PutObject on the output location",
    ),
    (re.compile("exhausted|EXCEEDED_|Query timeout"), "narrow it with --since, --until, --account or --region"),
)  # fmt: skip
_CUTOFF = re.compile("bytes scanned limit", re.IGNORECASE)


def failure(execution: Mapping[str, Any], scanned: str) -> CtauditError:
    """Return the error for an execution that has FAILED or was CANCELLED; `scanned` says what it has cost already."""
    status = execution.get("Status", {})
    said = _one_line(status.get("AthenaError", {}).get("ErrorMessage") or status.get("StateChangeReason") or "")
    if _CUTOFF.search(said):
        workgroup = execution.get("WorkGroup") or "primary"
        message = f"Athena stopped the query at the limit of the workgroup {workgroup}: {scanned}"
        return QueryLimit(message, "narrow it with --since, --until, --account or --region, or choose --workgroup")
    if status.get("State") == "CANCELLED":
        return CtauditError(f"somebody cancelled the query in Athena{_because(said)}; {scanned}", "ask again")
    advice = next((advice for pattern, advice in _ADVICE if pattern.search(said)), "")
    if status.get("AthenaError", {}).get("ErrorCategory") == _USER and "denied" not in said.lower():
        return QueryError(f"Athena refuses the query{_because(said)}", advice)
    if not advice and status.get("AthenaError", {}).get("Retryable"):
        advice = "ask again"
    return CtauditError(f"the query failed in Athena{_because(said)}", advice)


def _because(said: str) -> str:
    return f": {said}" if said else ", which does not say why"


def _one_line(text: object) -> str:
    line = " ".join(str(text).split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
