"""More trails with known answers: rarer caveats, each beside what it must not be taken for.

Each function is one scenario; its docstring is what it shows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from tests.lineage.scenarios import (
    ADMIN,
    ALICE,
    AT,
    DEPLOY,
    DESK,
    ELSEWHERE,
    LATER,
    MALLORY,
    WINDOW,
    Scenario,
    _act,
    _keyless,
    _of,
)
from tests.trail import company
from tests.trail.company import CI, HOME, MANAGEMENT, PRODUCTION
from tests.trail.events import event
from tests.trail.handing_out import assume_root, create_access_key, federation_token, session_token, switch_role
from tests.trail.ids import Ids
from tests.trail.principals import Client, Principal, Record, User, root
from tests.trail.sessions import assume_role, console_login, service_assumes

CAROL = User(CI, "carol", "AIDACAROLEXAMPLE", ALICE.key)
"""A user who, later, has the id of the key that was Alice's."""


def lasting_key_of_another_user_later(ids: Ids) -> Scenario:
    """A lasting key's id that is another user's after its deletion: the record says whose it was at the call."""
    key = str(ALICE.key)
    first = create_access_key(ids, AT, MALLORY.calling(ELSEWHERE), ALICE, key, HOME)
    gone = event(
        *(ids, LATER + timedelta(minutes=1), "iam:DeleteAccessKey", MALLORY.calling(ELSEWHERE), HOME),
        {"userName": "alice", "accessKeyId": key},
    )
    second = create_access_key(ids, LATER + timedelta(minutes=2), MALLORY.calling(ELSEWHERE), CAROL, key, HOME)
    return _of(_act(ids, ALICE.calling(DESK)), (), ALICE.arn, "exact", more=[first, gone, second])


def lasting_key_of_another_user_before(ids: Ids) -> Scenario:
    """The same key id after that: Carol's, though Alice had it."""
    key = str(ALICE.key)
    first = create_access_key(ids, AT, MALLORY.calling(ELSEWHERE), ALICE, key, HOME)
    second = create_access_key(ids, AT + timedelta(minutes=2), MALLORY.calling(ELSEWHERE), CAROL, key, HOME)
    return _of(_act(ids, CAROL.calling(DESK)), (), CAROL.arn, "exact", more=[first, second])


def role_made_again(ids: Ids) -> Scenario:
    """A deleted role's session is not that of a role that was made again under its name."""
    again = replace(DEPLOY, unique_id="AROADEPLOY2EXAMPLE")
    old = assume_role(ids, AT, MALLORY.calling(ELSEWHERE), DEPLOY, "job", HOME)
    used = _keyless(assume_role(ids, AT, ALICE.calling(DESK), again, "job", HOME))
    return _of(_act(ids, used), (), None, "gap", "no call in the store", more=old.records)


def two_roles_one_name_in_a_chain(ids: Ids) -> Scenario:
    """Two roles taken under one session name in one second, from each of which another role is taken."""
    one = assume_role(ids, AT, ALICE.calling(DESK), DEPLOY, "job", HOME)
    other = assume_role(ids, AT, MALLORY.calling(ELSEWHERE), ADMIN, "job", HOME)
    onward = assume_role(ids, AT + timedelta(minutes=1), _keyless(one), company.PLATFORM_ADMIN, "job", HOME)
    lead = (*onward.records[:1], *one.records)
    return _of(_act(ids, onward.session), lead, ALICE.arn, "strong", more=(*other.records, *onward.records[1:]))


def root_that_is_root(ids: Ids) -> Scenario:
    """Root with a lasting key is root, though an administrator acts as root in the same account."""
    issued = assume_root(ids, AT, ALICE.calling(DESK), PRODUCTION, HOME)
    used = root(PRODUCTION, ELSEWHERE, AT, "AKIAROOT00000EXAMPLE")
    identity = {key: value for key, value in used.identity.items() if key != "sessionContext"}
    itself = Principal(PRODUCTION, identity, ELSEWHERE)
    return _of(_act(ids, itself), (), f"arn:aws:iam::{PRODUCTION}:root", "exact", more=issued.records)


def assumed_root_of_another_account(ids: Ids) -> Scenario:
    """Two members' roots in one second: the account tells them apart."""
    one = assume_root(ids, AT, ALICE.calling(DESK), PRODUCTION, HOME)
    other = assume_root(ids, AT, MALLORY.calling(ELSEWHERE), MANAGEMENT, HOME)
    return _of(_act(ids, one.session), one.records, ALICE.arn, "exact", more=other.records)


def federated_user_lost(ids: Ids) -> Scenario:
    """Without GetFederationToken the record still says of which user the session is."""
    issued = federation_token(ids, AT, ALICE, "guest", DESK, HOME)
    return _of(_act(ids, issued.session), (), ALICE.arn, "exact")


def session_of_a_user_lost(ids: Ids) -> Scenario:
    """A temporary key of a user, without `invokedBy`, that no event issued: the user is known, the rest is a gap."""
    issued = session_token(ids, AT, ALICE, DESK, HOME)
    return _of(_act(ids, issued.session), (), ALICE.arn, "gap", "GetSessionToken")


def switched_role_from_a_session(ids: Ids) -> Scenario:
    """Who switches from a role's session: AssumeRole was made with that session, and the issued key is never used."""
    broker = assume_role(ids, AT - timedelta(minutes=9), ALICE.calling(DESK), DEPLOY, "job", HOME)
    login = console_login(ids, AT - timedelta(minutes=9), broker.session, WINDOW, HOME, mfa=False)
    issued = switch_role(ids, AT, login.session, ADMIN, "job", WINDOW, HOME)
    taken, switched = issued.records
    lead = (taken, *broker.records)
    return _of(_act(ids, issued.session), lead, ALICE.arn, "strong", more=[switched, *login.records])


def instance_refreshed(ids: Ids) -> Scenario:
    """An instance gets new keys every few hours: the one in use tells which hand-out it is from."""
    machine = company.INSTANCES[0]
    name = machine.instance_id
    begun = AT - timedelta(hours=6)
    old = service_assumes(ids, begun, "ec2.amazonaws.com", machine.role, name, HOME, ec2RoleDelivery="2.0")
    new = service_assumes(ids, AT, "ec2.amazonaws.com", machine.role, name, HOME, ec2RoleDelivery="2.0")
    return _of(_act(ids, new.session), new.records, f"{name} (EC2)", "exact", more=old.records)


def function_probed(ids: Ids) -> Scenario:
    """Lambda tries a new function's role in a session that names no function: the service, not a workload."""
    one = company.FUNCTIONS[0]
    probe = service_assumes(ids, AT, "lambda.amazonaws.com", one.role, "awslambda_123_20260309090000123", HOME)
    return _of(_act(ids, probe.session), probe.records, "lambda.amazonaws.com", "exact")


def task(ids: Ids) -> Scenario:
    """A task of ECS, by the name that ECS gives to its session."""
    name = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
    issued = service_assumes(ids, AT, "ecs-tasks.amazonaws.com", DEPLOY, name, HOME)
    return _of(_act(ids, issued.session), issued.records, f"{name} (ECS)", "exact")


def service_for_a_user_that_no_call_explains(ids: Ids) -> Scenario:
    """A service's call for a user whose own call is not in the store is no gap: the user is in the record."""
    who = MALLORY.calling(ELSEWHERE).through("AWS Internal", ids, LATER)
    return _of(event(ids, LATER, "kms:GenerateDataKey", who, HOME), (), MALLORY.arn, "exact")


def service_for_an_assumed_role_that_is_lost(ids: Ids) -> Scenario:
    """Of a session's onward call the session is known; without AssumeRole who began it is not."""
    issued = assume_role(ids, AT, ALICE.calling(DESK), DEPLOY, "job", HOME)
    who = issued.session.through("secretsmanager.amazonaws.com", ids, LATER)
    return _of(event(ids, LATER, "kms:Decrypt", who, HOME), (), None, "gap", "no call in the store")


def trail_of_writes_with_a_token(ids: Ids) -> Scenario:
    """Of a chain from GetSessionToken through a role, a trail of writes has the token alone, which joins to nothing."""
    token = session_token(ids, AT - timedelta(minutes=1), ALICE, DESK, HOME)
    issued = assume_role(ids, AT, token.session, DEPLOY, "job", HOME)
    return _of(_act(ids, issued.session), (), None, "gap", "a trail of write events never has it", more=token.records)


def clock_behind_by_two_seconds(ids: Ids) -> Scenario:
    """The session begins two seconds after the event that began it."""
    issued = assume_role(ids, AT - timedelta(seconds=2), ALICE.calling(DESK), DEPLOY, "job", HOME)
    used = _keyless(assume_role(ids, AT, ALICE.calling(DESK), DEPLOY, "job", HOME))
    return _of(_act(ids, used), issued.records, ALICE.arn, "strong")


def clocks_apart_between_two_callers(ids: Ids) -> Scenario:
    """Two callers within the two seconds of the clocks: the nearer one is not picked."""
    one = assume_role(ids, AT, ALICE.calling(DESK), DEPLOY, "job", HOME)
    other = assume_role(ids, AT + timedelta(seconds=1), MALLORY.calling(ELSEWHERE), DEPLOY, "job", HOME)
    used = _keyless(one).using("something/1", "192.0.2.200")
    return _of(_act(ids, used), (), None, "ambiguous", "2 calls", more=(*one.records, *other.records))


def cycle_of_three(ids: Ids) -> Scenario:
    """A forged ring of three sessions is left when it comes round."""
    one = assume_role(ids, AT, ALICE.calling(DESK), DEPLOY, "a", HOME)
    two = assume_role(ids, AT, one.session, ADMIN, "b", HOME)
    three = assume_role(ids, AT, two.session, DEPLOY, "c", HOME)
    forged = one.records[0] | {"userIdentity": three.session.identity}
    lead = (*three.records, *two.records, forged)
    return _of(_act(ids, three.session), lead, None, "gap", "in the chain already")


def agent_that_claims_to_be_aws(ids: Ids) -> Scenario:
    """`AWS Internal` as a program's name, which the caller chooses, excuses no key that was handed out to nobody."""
    used = assume_role(ids, AT, MALLORY.calling(ELSEWHERE), DEPLOY, "job", HOME).session
    other = assume_role(ids, AT, ALICE.calling(Client("198.51.100.7", "AWS Internal")), DEPLOY, "job", HOME)
    return _of(_act(ids, used), (), None, "gap", "no call in the store", more=other.records)


def two_calls_of_one_shared_id(ids: Ids) -> Scenario:
    """Two callers' calls that bear one `sharedEventID` are no copies of one call: nobody is picked."""
    one = assume_role(ids, AT, ALICE.calling(DESK), DEPLOY, "job", HOME)
    other = assume_role(ids, AT, MALLORY.calling(ELSEWHERE), DEPLOY, "job", HOME)
    lead = [record | {"sharedEventID": "one-for-all"} for record in (*one.records, *other.records)]
    used = _keyless(one).using("something/1", "192.0.2.200")
    return _of(_act(ids, used), (), None, "ambiguous", "2 calls", more=lead)


def two_copies_of_one_call_without_a_key(ids: Ids) -> Scenario:
    """Both accounts' copies of one call, of a session that its key does not tell, are of one caller."""
    issued = assume_role(ids, AT, ALICE.calling(DESK), company.PLATFORM_ADMIN, "job", HOME)
    own, copy = issued.records
    return _of(_act(ids, _keyless(issued)), [own], ALICE.arn, "strong", more=[copy])


def role_that_takes_itself(ids: Ids) -> Scenario:
    """A role's session that takes the same role under the same name, twice in a second."""
    one = assume_role(ids, AT, ALICE.calling(DESK), DEPLOY, "job", HOME)
    two = assume_role(ids, AT + timedelta(seconds=1), one.session, DEPLOY, "job", HOME)
    three = assume_role(ids, AT + timedelta(seconds=1), two.session, DEPLOY, "job", HOME)
    return _of(_act(ids, three.session), [*three.records, *two.records, *one.records], ALICE.arn, "exact")


def role_that_keeps_itself_alive(ids: Ids) -> Scenario:
    """A role that is taken with itself every quarter of an hour for ten hours: the chain leads to who began it."""
    who, lead = ALICE.calling(DESK), list[Record]()
    for number in range(40):
        issued = assume_role(ids, AT + timedelta(minutes=15 * number), who, DEPLOY, "job", HOME)
        lead, who = [*issued.records, *lead], issued.session
    return _of(_act(ids, who, AT + timedelta(hours=10)), lead, ALICE.arn, "exact")


def caller_of_whom_nothing_is_told(ids: Ids) -> Scenario:
    """A copy of a call whose caller has neither id nor account has no origin, rather than one called None."""
    copy = assume_role(ids, AT, ALICE.calling(DESK), company.PLATFORM_ADMIN, "b", HOME).records[1]
    bare = copy | {"userIdentity": {"type": "AWSAccount", "principalId": None, "accountId": None}}
    return _of(bare, (), None, "gap", "does not name the caller")


def caller_of_whom_the_account_is_told(ids: Ids) -> Scenario:
    copy = assume_role(ids, AT, ALICE.calling(DESK), company.PLATFORM_ADMIN, "b", HOME).records[1]
    bare = copy | {"userIdentity": {"type": "AWSAccount", "accountId": CI}}
    return _of(bare, (), f"account {CI}", "gap", "does not name the caller")


def token_and_two_roles(ids: Ids) -> Scenario:
    """GetSessionToken, with it a role, with that another one."""
    token = session_token(ids, AT, ALICE, DESK, HOME)
    one = assume_role(ids, AT + timedelta(minutes=1), token.session, DEPLOY, "job", HOME)
    two = assume_role(ids, AT + timedelta(minutes=2), one.session, ADMIN, "job", HOME)
    return _of(_act(ids, two.session), [*two.records, *one.records, *token.records], ALICE.arn, "exact")


CAVEATS: tuple[Callable[[Ids], Scenario], ...] = tuple(
    made
    for made in list(globals().values())
    if getattr(made, "__annotations__", {}) == {"ids": "Ids", "return": "Scenario"}
)
