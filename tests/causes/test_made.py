"""What services make is judged by the same rules as what they delete, and more strictly: time alone tells nothing."""

from __future__ import annotations

from ctaudit.lineage.calls import call_of
from ctaudit.lineage.causes import Calls, Cause, cause
from tests.causes import cases
from tests.causes.test_tables import called
from tests.lineage.scenarios import ALICE, DESK
from tests.trail.ids import Ids
from tests.trail.principals import Record

STACK = cases.STACK.format("shop", 7)


def _stack(ids: Ids, seconds: int, name: str, stack: str = "shop", **response: str) -> Record:
    who = ALICE.calling(DESK)
    return cases._call(ids, seconds, f"cloudformation:{name}", who, {"stackName": stack}, response=response)


def _bucket(ids: Ids, seconds: int, name: str = "plain-name") -> Record:
    return cases._call(ids, seconds, "s3:CreateBucket", cases._alice(ids, 0, cases.CFN), {"bucketName": name})


def found(deed: Record, *calls: Record) -> Cause | None:
    return cause(call_of(deed), Calls(map(call_of, calls)))


def test_a_bucket_is_of_the_call_that_made_the_stack() -> None:
    ids = Ids("made/stack")
    stack = _stack(ids, 0, "CreateStack", stackId=STACK)
    assert found(_bucket(ids, 30), stack) == Cause("likely", call_of(stack))


def test_calls_that_name_one_stack_differently_are_of_one_stack() -> None:
    ids = Ids("made/again")
    first = _stack(ids, 0, "CreateStack", stackId=STACK)
    second = _stack(ids, 60, "UpdateStack", STACK)
    assert found(_bucket(ids, 90), first, second) == Cause("likely", call_of(second))


def test_calls_on_two_stacks_are_not() -> None:
    ids = Ids("made/two")
    calls = [_stack(ids, 0, "CreateStack", stackId=STACK), _stack(ids, 1, "UpdateStack", "blog")]
    told = found(_bucket(ids, 90), *calls)
    assert told is not None
    assert told.confidence == "ambiguous"
    assert told.candidates == {call["eventID"] for call in calls}


def test_of_a_call_before_and_one_a_second_after_the_former_is_taken() -> None:
    ids = Ids("made/skew")
    before, after = _stack(ids, 0, "CreateStack"), _stack(ids, 31, "UpdateStack")
    assert found(_bucket(ids, 30), before, after) == Cause("likely", call_of(before))
    assert found(_bucket(ids, 30), after) == Cause("likely", call_of(after))


def test_the_end_of_a_stack_makes_nothing() -> None:
    ids = Ids("made/end")
    assert found(_bucket(ids, 30), _stack(ids, 0, "DeleteStack")) is None


def test_time_alone_tells_of_deletions_and_not_of_what_is_made() -> None:
    ids = Ids("made/time")
    who = cases._in_role(ids, cases.SCALING_ROLE, cases.SCALING, "AutoScaling")
    grown = called(ids, "autoscaling", "SetDesiredCapacity")
    born = {"instancesSet": {"items": [{"instanceId": "i-0aaa0000000000001"}]}}
    assert found(cases._call(ids, 60, "ec2:RunInstances", who, {}, response=born), grown) is None
    ended = cases._call(ids, 60, "ec2:TerminateInstances", who, born)
    assert found(ended, grown) == Cause("likely", call_of(grown))
