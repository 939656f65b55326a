"""Refused calls: too many of them, and too many different ones."""

from __future__ import annotations

from ctaudit.anomalies import denied_apis, denied_rate, refusals
from ctaudit.anomalies.anomaly import Kind, Tested
from ctaudit.anomalies.cube import Counted
from ctaudit.anomalies.ground import HISTORY_DAYS, LEAST_DAYS, Ground
from ctaudit.anomalies.telling import several
from ctaudit.table import Value

CUBES = {name: refusals.CUBES[name] for name in (refusals.CALLS, refusals.APIS)}
KINDS = {
    denied_rate.KIND: Kind(
        "a principal is refused more of its calls than it used to be",
        (
            "a program was rolled out before the permissions that it needs",
            "a permission was taken away, or a service control policy was tightened",
            "a new version of a tool asks for more than before",
        ),
    ),
    denied_apis.KIND: Kind(
        "a principal is refused many different calls in a short time",
        (
            "somebody opened pages of the console that show more than the permissions allow",
            "a scanner of the own security team or an inventory tool with too few permissions",
            "a new role is tried out",
        ),
    ),
}


def find(counted: Counted, ground: Ground) -> Tested:
    """Judge by principal what was refused in the time asked for."""
    watched = refusals.Watched.of(ground)
    hours, refused = refusals.hours_of(counted, ground), refusals.refusals_of(counted, ground)
    found = [
        denied_rate.find(hours, refused, watched),
        denied_apis.find(hours, refused, watched),
    ]
    short = {hours.keys[each] for each in found[0].short}
    who = several(len(short), "principal was refused calls but has", "principals were refused calls but have")
    note = f"{who} less than {LEAST_DAYS} days of history: only how many different calls were refused was judged"
    anomalies = [anomaly for each in found for anomaly in each.anomalies]
    parameters: dict[str, Value] = {
        "history_days": HISTORY_DAYS,
        "least_history_days": LEAST_DAYS,
        "least_refused_calls": denied_rate.LEAST_REFUSED,
        "least_different_calls": denied_apis.LEAST_APIS,
        "least_services": denied_apis.LEAST_SERVICES,
    }
    return Tested(anomalies, sum(each.tests for each in found), (note,) if short else (), parameters)
