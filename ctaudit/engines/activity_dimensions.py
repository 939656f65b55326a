"""The dimensions that calls are counted by, as SQL over the store's columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ctaudit.engines.caller_patterns import ADDRESS, AGENT, ROLE
from ctaudit.records.outcome import DENIED, QUOTA, THROTTLED

_SSO = r"^arn:[^:]*:sts::[^:]*:assumed-role/AWSReservedSSO_[^/]*/(.+)$"
_PERMISSION = (
    "(Put|Attach|Detach|Delete)(User|Role|Group)(Policy|PermissionsBoundary)|(Create|SetDefault)PolicyVersion"
    "|DeletePolicy|(AddUserTo|RemoveUserFrom)Group|UpdateAssumeRolePolicy"
)

IS_CALL = "eventtime IS NOT NULL AND eventname IS NOT NULL AND coalesce(eventcategory, '') <> 'Insight'"
SECOND = "epoch(TRY_CAST(eventtime AS TIMESTAMP))::BIGINT"
TIME: Mapping[str, str] = {"bin": "second // 300", "hour": "second // 3600"}
"""Dimension -> its SQL, over a call's `second`."""
CALL: Mapping[str, str] = {
    "account": "coalesce(calls.account, '')",
    "region": "coalesce(awsregion, '')",
    "source": "eventsource",
    "name": "eventname",
    "error": "errorcode",
    "write": "coalesce(readonly = 'false', false)",
}
"""What was called, and what came of it."""
OF_CALL: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "succeeded": ("error IS NULL", ("error",)),
    "denied": (f"coalesce(regexp_matches(error, '{DENIED}'), false)", ("error",)),
    "limited": (f"coalesce(regexp_matches(error, '{QUOTA}|{THROTTLED}'), false)", ("error",)),
    "permission": (
        f"""coalesce(source = 'iam.amazonaws.com' AND error IS NULL
            AND regexp_full_match(name, '{_PERMISSION}'), false)""",
        ("source", "name", "error"),
    ),
    "change": (
        """write OR coalesce(source = 'sts.amazonaws.com'
           AND regexp_matches(name, '^(Assume|Get(Session|Federation)Token)'), false)""",
        ("source", "name", "write"),
    ),
}
"""Dimension -> its SQL over some of `CALL`, and which: computed once for each distinct set of them."""
CALLER: Mapping[str, str] = {
    "principal": f"""coalesce(regexp_replace(useridentity.arn, '{ROLE}', '\\1'),
                     useridentity.principalid, useridentity.invokedby)""",
    "principal_type": "useridentity.type",
    "caller_account": "useridentity.accountid",
    "own": "useridentity.invokedby IS NULL AND coalesce(useridentity.type, '') <> 'AWSService'",
    "service": """CASE WHEN useridentity.type = 'AWSService' OR eventtype = 'AwsServiceEvent'
                  THEN coalesce(useridentity.invokedby, eventsource) ELSE useridentity.invokedby END""",
    "person": f"""CASE WHEN useridentity.type IN ('IAMUser', 'Root') THEN useridentity.arn
              WHEN contains(useridentity.arn, '/AWSReservedSSO_')
              THEN nullif(regexp_extract(useridentity.arn, '{_SSO}', 1), '') END""",
    "key": "CASE WHEN starts_with(useridentity.accesskeyid, 'AKIA') THEN useridentity.accesskeyid END",
    "address": f"CASE WHEN regexp_full_match(sourceipaddress, '{ADDRESS}') THEN sourceipaddress END",
    "agent": f"nullif(regexp_extract(useragent, '{AGENT}', 1), '')",
}
"""Who called, from where, with what."""
RARE: Mapping[str, tuple[str, str]] = {
    "family": (
        r"""nullif(regexp_extract(requestparameters, '"instanceType"\s*:\s*"([a-z0-9-]{1,20})\.', 1), '')""",
        "eventname = 'RunInstances'",
    ),
    "login": (
        "CASE WHEN json_valid(responseelements) THEN json_extract_string(responseelements, '$.ConsoleLogin') END",
        "eventname = 'ConsoleLogin'",
    ),
    "mfa": (
        "CASE WHEN json_valid(additionaleventdata) THEN json_extract_string(additionaleventdata, '$.MFAUsed') END",
        "eventname = 'ConsoleLogin'",
    ),
}
"""Dimensions that stand in JSON, and the condition that all calls with them meet."""
TRUTHS = frozenset(("write", "own", "change", "succeeded", "denied", "permission", "limited"))
"""Dimensions that are truth values, never null."""


def spelled(names: Iterable[str]) -> str:
    """Return dimensions of calls and callers as columns of a SELECT over the store's events as `calls`."""
    known = {**CALL, **CALLER, **{name: sql for name, (sql, _) in RARE.items()}}
    return ", ".join(f"{known[name]} AS {name}" for name in names)
