"""The two relations a translated question reads, and what their columns are called elsewhere (T1, T2, T3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import cache

from ctaudit.dialect.kinds import BIGINT, BOOLEAN, TIMESTAMP, VARCHAR, Type, array, of_field
from ctaudit.records.columns import ACCOUNT, DATE, EVENT, EXTRA, RECORD, REGION, Shape

EVENTS, LAKE = "cloudtrail_logs", "cloudtrail_lake"


class Part(StrEnum):
    """What a partition column of somebody's table tells."""

    ACCOUNT = "account"
    REGION = "region"
    DATE = "date"
    YEAR = "year"
    MONTH = "month"
    DAY = "day"
    HOUR = "hour"
    SERVICE = "service"


_NAMES: Mapping[Part, str] = {
    Part.ACCOUNT: "account account_id accountid aws_account_id awsaccountid aws_account account_partition"
    " accountpartition p_account partition_account acct account_number accountnumber partition_0",
    Part.REGION: "region aws_region region_partition regionpartition p_region partition_region region_name regionname"
    " partition_2",
    Part.DATE: "date dt ds ymd timestamp date_partition datepartition partition_date p_date event_date eventdate"
    " log_date logdate day_partition date_day eventday event_day",
    Part.YEAR: "year y yr yyyy year_partition p_year partition_year partition_3",
    Part.MONTH: "month m mo mm mon month_partition p_month partition_month partition_4",
    Part.DAY: "day d dd p_day partition_day partition_5",
    Part.HOUR: "hour hh hr hour_partition p_hour partition_hour",
    Part.SERVICE: "partition_1",
}
PARTITIONS: Mapping[str, Part] = {name: part for part, names in _NAMES.items() for name in names.split()}
"""Names that published tables give to their partition columns. `date`, `account` and `region` are the store's own."""

_OTHER_LOGS = re.compile(
    r"(?<![a-z])(vpc_?flow|flow_?logs?|vpc_?logs?|cloudfront|cf_?logs?|waf|elb|alb|route_?53|dns|resolver|awsconfig"
    r"|config_?(events?|items?|history)|guardduty|s3_?access|access_?logs?|network_?firewall|information_schema)",
    re.IGNORECASE,
)
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_STORE_OF_LAKE = re.compile(
    rf"^\W*(?:eds)?[\W_]*{_UUID}|^\W*(?:\w+[\W_]+)?(eds([\W_]?(id|name|arn|table|uuid))?|event[\s_-]?data[\s_-]?store.*)\W*$"
    r"|^eds[\W_]|cloudtrail_?lake",
    re.IGNORECASE,
)


def is_other_log(name: str) -> bool:
    """Tell whether a table's name says that it holds logs of another kind."""
    return "cloudtrail" not in name.lower() and _OTHER_LOGS.search(name) is not None


_LIKE_EVENTS = re.compile(r"trail|log|event|aws|audit|api|eds|store|tbl|table|ct|\W|\d", re.IGNORECASE)


def is_unlike_events(name: str) -> bool:
    """Tell whether a table's name says nothing of events: `users` may be a table of another kind."""
    return len(name) > 3 and _LIKE_EVENTS.search(name) is None


def is_event_data_store(name: str) -> bool:
    """Tell whether a table's name is that of, or a placeholder for, an event data store of CloudTrail Lake."""
    return _STORE_OF_LAKE.search(name) is not None


@cache
def columns(relation: str) -> Mapping[str, Type]:
    """Return the columns of a relation, in order, with their types."""
    ours = dict.fromkeys((ACCOUNT, REGION, DATE, "integrity", "source_file"), VARCHAR)
    ours |= {RECORD: BIGINT, EXTRA: VARCHAR, "eventjson": VARCHAR}
    found = {field.name: of_field(field) for field in EVENT}
    if relation == LAKE:
        found |= {"eventtime": TIMESTAMP} | {f.name: BOOLEAN for f in EVENT if f.shape is Shape.FLAG}
        found |= {"resources": array(_LAKE_RESOURCE), "annotation": VARCHAR, "eventjsonchecksum": VARCHAR}
        found["addendum"] = of_field(next(field for field in EVENT if field.name == "addendum"))
        found["useridentity"] = _with_time(found["useridentity"])
    return found | ours


_LAKE_RESOURCE = Type("row", fields=tuple((name, VARCHAR) for name in ("accountid", "type", "arn", "arnprefix")))


def _with_time(identity: Type) -> Type:
    """Return the type of `useridentity` in Lake, where the creation date of a session is a time."""
    if identity.name != "row":
        return identity
    fields = (
        (name, TIMESTAMP if name == "creationdate" else _with_time(kind) if kind.name == "row" else kind)
        for name, kind in identity.fields
    )
    return Type("row", fields=tuple(fields))
