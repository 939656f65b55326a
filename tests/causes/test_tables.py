"""Every row of the table of cascades, by time alone; and what is not compared, since it is too much."""

from __future__ import annotations

import pytest

from ctaudit import limits
from ctaudit.lineage import cascades
from ctaudit.lineage.calls import call_of
from ctaudit.lineage.causes import Calls, cause
from tests.causes import cases
from tests.lineage.scenarios import ALICE, DESK
from tests.trail.company import CI
from tests.trail.ids import Ids
from tests.trail.principals import Record, Role

OWN_KIND = {"secretsmanager", "kms", "organizations"}
"""Services that end what is of their own kind, which they name."""
ROWS = [(service, row) for row in cascades._ROWS for service in row.services.split() if row.called not in OWN_KIND]


def deleted(ids: Ids, service: str, seconds: int = 60) -> Record:
    """A network interface that a service deletes in its own role."""
    host = f"{service}.amazonaws.com"
    role = Role(CI, "AWSServiceRoleForIt", "AROALINKEDEXAMPLE", f"/aws-service-role/{host}/")
    who = cases._in_role(ids, role, host, "It")
    return cases._call(ids, seconds, "ec2:DeleteNetworkInterface", who, {"networkInterfaceId": "eni-0aaa0000000000001"})


def called(ids: Ids, source: str, name: str, seconds: int = 0) -> Record:
    return cases._call(ids, seconds, f"{source}:{name}", ALICE.calling(DESK), {"name": "whatever"})


@pytest.mark.parametrize(("service", "row"), ROWS, ids=[service for service, _ in ROWS])
def test_what_a_service_does_after_each_of_its_calls_is_likely_of_it(service: str, row: cascades._Row) -> None:
    for name in row.calls.split():
        ids = Ids(name)
        call, deletion = call_of(called(ids, row.called, name)), call_of(deleted(ids, service))
        assert cascades.may_begin(row.called, f"{row.called}.amazonaws.com", name, False)
        found = cause(deletion, Calls([call]))
        assert found is not None
        assert (found.confidence, found.call) == ("likely", call)
        assert cause(call_of(deleted(ids, service, -60)), Calls([call])) is None
        elsewhere = call_of(called(ids, "braket", name))
        assert cause(deletion, Calls([elsewhere])) is None


@pytest.mark.parametrize("name", ["DescribeStacks", "CreateChangeSet", "SetStackPolicy"])
def test_other_calls_begin_nothing(name: str) -> None:
    assert not cascades.may_begin("cloudformation", "cloudformation.amazonaws.com", name, False)


def test_of_too_many_calls_none_is_chosen() -> None:
    ids = Ids("many")
    calls = [call_of(called(ids, "ecs", "DeleteService")) for _ in range(limits.MAX_CAUSES_COMPARED + 1)]
    found = cause(call_of(deleted(ids, "ecs")), Calls(calls))
    assert found is not None
    assert (found.confidence, found.call, found.count) == ("ambiguous", None, len(calls))
