"""SQL of the rounds in which calls are counted: what tells credentials apart, and by what calls are found."""

from __future__ import annotations

from ctaudit.records.columns import EVENT, Shape

_SESSION = "useridentity.sessioncontext"
_CREATED = (
    f"coalesce({_SESSION}.attributes.creationdate,"
    " CASE WHEN eventname IN ('ConsoleLogin', 'SwitchRole') THEN eventtime END)"
)
_TAIL = "split_part(useridentity.principalid, ':', -1)"
COLUMNS = {
    "key": "useridentity.accesskeyid",
    "arn": "useridentity.arn",
    "principal": "useridentity.principalid",
    "user": "useridentity.username",
    "issuer": f"{_SESSION}.sessionissuer.arn",
    "issuer_id": f"{_SESSION}.sessionissuer.principalid",
    "issuer_name": f"{_SESSION}.sessionissuer.username",
    "identity": f"{_SESSION}.sourceidentity",
    "session": _TAIL,
    "begun": f"{_TAIL} || ' ' || {_CREATED}",
    "role": "regexp_extract(useridentity.arn, '^(.*:assumed-role/[^/]+)/', 1)",
    "workload": "useridentity.inscopeof.credentialsissuedto",
    "address": "sourceipaddress",
    "switch": "json_extract_string(additionaleventdata, '$.SwitchFrom')",
}
"""By what calls can be found: name -> SQL over the stored columns. `begun` is `NAME SECOND` of a session."""
GROUPED = {
    "type": "useridentity.type",
    "principalid": "useridentity.principalid",
    "accesskeyid": "useridentity.accesskeyid",
    "created": _CREATED,
    "invokedby": "useridentity.invokedby",
    "console": "sessioncredentialfromconsole",
}
"""What tells credentials apart."""
TOLD = {
    "arn": "useridentity.arn",
    "account": "useridentity.accountid",
    "username": "useridentity.username",
    "issuer": f"{_SESSION}.sessionissuer.arn",
    "delivery": f"{_SESSION}.ec2roledelivery",
    "workload": "useridentity.inscopeof.credentialsissuedto",
    "workload_kind": "useridentity.inscopeof.issuertype",
    "behalf": "useridentity.onbehalfof.userid",
}
"""What is the same for all calls of a credential, or stands for them: the least."""
LOOKED_AT = (
    *("eventsource", "eventname", "recipientaccountid", "eventid", "eventtime", "requestparameters"),
    *("responseelements", "additionaleventdata", "sharedeventid"),
)
"""Columns of a call that is looked at by itself: who called is known, and that it succeeded."""
_AS_GROUPED = 3
"""How many of them all calls of a group share; the account is that of the trail."""
KEYS = {field.name: field.key for field in EVENT}
JSON = frozenset(field.name for field in EVENT if field.shape is Shape.JSON)
UNDOING = ("eventsource", "eventname", "recipientaccountid", "eventid", "eventtime", "requestparameters")
"""Columns of a call that took something away."""
SHOWN = {
    "its_principal": "useridentity.principalid",
    "its_key": "useridentity.accesskeyid",
    "its_created": _CREATED,
    "its_arn": "useridentity.arn",
    "its_issuer": f"{_SESSION}.sessionissuer.arn",
    "its_workload": "useridentity.inscopeof.credentialsissuedto",
}
"""What tells whether a credential has one of many marks."""
_END = "split_part(s.its_principal, ':', -1)"
SEEN = {
    **{name: f"s.its_{name}" for name in ("principal", "key", "arn", "issuer", "workload")},
    "begun": f"{_END} || ' ' || s.its_created",
    "session": _END,
    "issuer_id": "split_part(s.its_principal, ':', 1)",
}
"""Columns of `COLUMNS` that many marks can have, over those of `SHOWN`."""

_KEYS = ", ".join(f"{sql} AS {name}" for name, sql in GROUPED.items())
_NAMES = ", ".join(GROUPED)
_LEAST = ", ".join(f"min({sql}) AS {name}" for name, sql in TOLD.items())
_NAMED = "list_filter(json_extract_string(requestparameters, [$PATHS]), lambda x : x IS NOT NULL)[1]"
_TARGET = f"coalesce(CASE WHEN json_valid(requestparameters) THEN {_NAMED} END, '')"
_KEPT = ", ".join(f"'{name}': {name}" for name in LOOKED_AT[_AS_GROUPED:])
GROUP = f"""
SELECT $ROUND AS round, dense_rank() OVER (ORDER BY {_NAMES})::INTEGER AS holder, * FROM (
  SELECT {_KEYS}, eventsource, eventname, errorcode, readonly, account AS trail,
         CASE WHEN errorcode IS NULL AND eventname IN ($READ) THEN {_TARGET} END AS target,
         count(*) AS calls, min(eventtime) AS first, max(eventtime) AS last, {_LEAST},
         arg_min(eventid, (eventtime, eventid)) AS event_id,
         list({{{_KEPT}}}) FILTER (errorcode IS NULL AND eventname IN ($SPREAD)
                                   AND (responseelements IS NOT NULL OR eventname IN ($MAKING))) AS kept
  FROM $SOURCE WHERE $WHERE GROUP BY {_NAMES}, eventsource, eventname, errorcode, readonly, trail, target
)
"""
PARTITIONS = (
    "CREATE OR REPLACE TEMP TABLE held_partitions AS "
    "SELECT DISTINCT date, name, account, first_time, last_time FROM segment_partitions"
)
NAMES = "CREATE OR REPLACE TEMP TABLE held_names AS SELECT DISTINCT date, name, eventname FROM segment_names"
HOLDERS = f"""
SELECT holder, min(first), max(last), sum(calls)::BIGINT, {", ".join(f"min({each})" for each in (*GROUPED, *TOLD))}
FROM groups WHERE round = $ROUND GROUP BY holder ORDER BY holder
"""
_OF_KEPT = ", ".join(f"k.{name}" for name in LOOKED_AT[_AS_GROUPED:])
CHOSEN = f"""
SELECT round, holder, count(*) OVER (), eventsource, eventname, trail, {_OF_KEPT} FROM (
  SELECT round, holder, eventsource, eventname, trail, unnest(kept) AS k
  FROM groups SEMI JOIN chosen USING (round, holder) WHERE kept IS NOT NULL
) ORDER BY k.eventtime, k.eventid, round, holder LIMIT $MOST
"""
CALLS = """
SELECT label, eventsource, eventname, errorcode, coalesce(readonly = 'true', false) AS read, sum(calls)::BIGINT,
       min(first), max(last), arg_min(event_id, (first, event_id))
FROM groups JOIN accepted USING (round, holder) GROUP BY ALL ORDER BY ALL
"""
READS = """
SELECT label, eventname, nullif(target, ''), sum(calls)::BIGINT, min(first), max(last),
       arg_min(event_id, (first, event_id))
FROM groups JOIN accepted USING (round, holder) WHERE target IS NOT NULL GROUP BY label, eventname, target ORDER BY ALL
"""
HOLDING = f"""
SELECT {", ".join(UNDOING)} FROM (
  SELECT {", ".join(UNDOING)}, unnest(regexp_extract_all(requestparameters, '"([^"\\\\]+)"', 1)) AS value
  FROM $SOURCE WHERE $WHERE
) SEMI JOIN needles USING (value)
"""
