"""Trails with known answers: what was done, which calls lead back from it, who stands behind it, or what is lacking.

Each function is one scenario; its docstring is what it shows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tests.trail import company
from tests.trail.company import CI, EUROPE, HOME, MANAGEMENT, PRODUCTION
from tests.trail.events import event
from tests.trail.handing_out import (
    assume_root,
    create_access_key,
    federation_token,
    session_token,
    switch_role,
)
from tests.trail.ids import Ids
from tests.trail.principals import Client, Principal, Record, Role, User, root, stamp
from tests.trail.sessions import (
    Issued,
    assume_role,
    assume_with_saml,
    assume_with_web_identity,
    console_login,
    service_assumes,
)

AT = datetime(2026, 3, 9, 9, tzinfo=company.START.tzinfo)
LATER = AT + timedelta(minutes=7)
ALICE = User(CI, "alice", "AIDAALICEEXAMPLE", "AKIAALICE0000EXAMPLE")
MALLORY = User(CI, "mallory", "AIDAMALLORYEXAMPLE", "AKIAMALLORY00EXAMPLE")
DESK, ELSEWHERE = Client("203.0.113.9", company.CLI_LINUX), Client("198.51.100.9", company.BOTO3)
WINDOW = Client("203.0.113.9", company.FIREFOX)
DEPLOY, ADMIN = Role(CI, "deploy", "AROADEPLOYEXAMPLE", "/teams/"), Role(CI, "admin", "AROAADMINEXAMPLE")


@dataclass(frozen=True, slots=True)
class Scenario:
    records: tuple[Record, ...]
    asked: str
    """Id of the event that is traced."""
    chain: tuple[str, ...]
    """Ids of the events that lead back from it."""
    origin: str | None
    confidence: str
    gap: str = ""
    """Words that the gap has; empty when there is none."""


def _of(
    asked: Record,
    lead: Sequence[Record],
    origin: str | None,
    confidence: str,
    gap: str = "",
    more: Sequence[Record] = (),
) -> Scenario:
    chain = tuple(record["eventID"] for record in lead)
    return Scenario((*more, asked, *lead), asked["eventID"], chain, origin, confidence, gap)


def _act(ids: Ids, who: Principal, at: datetime = LATER, region: str = HOME) -> Record:
    return event(ids, at, "s3:ListBuckets", who, region)


def assumed_role(ids: Ids) -> Scenario:
    """A role's session, by its key."""
    issued = assume_role(ids, AT, ALICE.calling(DESK), DEPLOY, "alice-1", HOME)
    return _of(_act(ids, issued.session), issued.records, ALICE.arn, "exact")


def chained_across_accounts(ids: Ids) -> Scenario:
    """Three roles in a row, the second of another account, whose copy does not name the caller."""
    one = assume_role(ids, AT, ALICE.calling(DESK), DEPLOY, "a", HOME)
    two = assume_role(ids, AT + timedelta(minutes=1), one.session, company.PLATFORM_ADMIN, "b", HOME)
    three = assume_role(ids, AT + timedelta(minutes=2), two.session, company.TERRAFORM_PLAN, "c", EUROPE)
    lead = (*three.records, two.records[0], *one.records)
    return _of(_act(ids, three.session), lead, ALICE.arn, "exact", more=two.records[1:])


def other_account_is_lacking(ids: Ids) -> Scenario:
    """The role owner's copy alone: account and id of the caller are known, and what would tell more."""
    issued = assume_role(ids, AT, ALICE.calling(DESK), company.PLATFORM_ADMIN, "b", HOME)
    origin = f"AIDAALICEEXAMPLE of account {CI}"
    return _of(_act(ids, issued.session), issued.records[1:], origin, "gap", f"of account {CI}")


def own_account_is_lacking(ids: Ids) -> Scenario:
    """The caller's copy alone is enough."""
    issued = assume_role(ids, AT, ALICE.calling(DESK), company.PLATFORM_ADMIN, "b", HOME)
    return _of(_act(ids, issued.session), issued.records[:1], ALICE.arn, "exact")


def owner_copy_itself(ids: Ids) -> Scenario:
    """Asked about the role owner's copy of a call: the caller's copy names who called."""
    mine, theirs = assume_role(ids, AT, ALICE.calling(DESK), company.PLATFORM_ADMIN, "b", HOME).records
    return _of(theirs, [mine], ALICE.arn, "exact")


def identity_center(ids: Ids) -> Scenario:
    """A session from Identity Center on the command line."""
    role, person = company.SSO_ADMIN[PRODUCTION], company.ANA
    issued = assume_with_saml(ids, AT, role, person.email, person.terminal, HOME)
    return _of(_act(ids, issued.session), issued.records, f"user/{person.email} (Identity Center)", "exact")


def identity_center_console(ids: Ids) -> Scenario:
    """The same in the console, under keys that no event issued."""
    role, person = company.SSO_ADMIN[PRODUCTION], company.ANA
    issued = assume_with_saml(ids, AT, role, person.email, person.window, HOME)
    login = console_login(ids, AT, issued.session, person.window, HOME, mfa=False)
    used = login.session.with_key(ids.access_key())
    origin = f"user/{person.email} (Identity Center)"
    return _of(_act(ids, used), issued.records, origin, "strong", more=login.records)


def identity_center_lost(ids: Ids) -> Scenario:
    """Without the call that began it, the reserved path of the role still proves whose session it is."""
    role, person = company.SSO_ADMIN[PRODUCTION], company.ANA
    issued = assume_with_saml(ids, AT, role, person.email, person.terminal, HOME)
    return _of(_act(ids, issued.session), (), f"user/{person.email} (Identity Center)", "exact")


def role_that_looks_like_identity_center(ids: Ids) -> Scenario:
    """A role of that name at another path proves nothing."""
    fake = Role(CI, company.SSO_ADMIN[CI].name, "AROAFAKEEXAMPLE")
    issued = assume_role(ids, AT, MALLORY.calling(ELSEWHERE), fake, company.ANA.email, HOME)
    return _of(_act(ids, issued.session), (), None, "gap", "AssumeRole")


def web_identity(ids: Ids) -> Scenario:
    """A pipeline's token."""
    subject = "repo:example-org/shop:ref:refs/heads/main"
    issued = assume_with_web_identity(ids, AT, company.GITHUB_DEPLOY, "run", subject, DESK, HOME)
    origin = f"{subject} (token.actions.githubusercontent.com)"
    return _of(_act(ids, issued.session), issued.records, origin, "exact")


def assumed_root(ids: Ids) -> Scenario:
    """What looks like root is an administrator of the management account."""
    admin = assume_with_saml(ids, AT, company.SSO_ADMIN[MANAGEMENT], company.ANA.email, company.ANA.terminal, HOME)
    issued = assume_root(ids, AT + timedelta(minutes=3), admin.session, PRODUCTION, HOME)
    lead = (*issued.records, *admin.records)
    return _of(_act(ids, issued.session), lead, f"user/{company.ANA.email} (Identity Center)", "exact")


def assumed_root_lost(ids: Ids) -> Scenario:
    """Root with a temporary key and neither sign-in nor AssumeRoot is not called root."""
    issued = assume_root(ids, AT, ALICE.calling(DESK), PRODUCTION, HOME)
    return _of(_act(ids, issued.session), (), None, "gap", "AssumeRoot")


def root_signs_in(ids: Ids) -> Scenario:
    """Root in the console."""
    who = root(MANAGEMENT, WINDOW, AT, ids.access_key())
    login = console_login(ids, AT, who, WINDOW, HOME, mfa=True)
    return _of(_act(ids, who), login.records, f"arn:aws:iam::{MANAGEMENT}:root", "strong")


def session_of_a_user(ids: Ids) -> Scenario:
    """GetSessionToken."""
    issued = session_token(ids, AT, ALICE, DESK, HOME)
    return _of(_act(ids, issued.session), issued.records, ALICE.arn, "exact")


def federated_user(ids: Ids) -> Scenario:
    """GetFederationToken: the user who gave the session away stands behind it."""
    issued = federation_token(ids, AT, ALICE, "guest", DESK, HOME)
    return _of(_act(ids, issued.session), issued.records, ALICE.arn, "exact")


def console_of_a_user(ids: Ids) -> Scenario:
    """A console session has one beginning and many keys."""
    login = console_login(ids, AT, ALICE, WINDOW, HOME, mfa=True)
    return _of(_act(ids, login.session.with_key(ids.access_key())), login.records, ALICE.arn, "strong")


def console_login_lost(ids: Ids) -> Scenario:
    """The user is known from the record, how the session came about is not."""
    login = console_login(ids, AT, ALICE, WINDOW, HOME, mfa=True)
    return _of(_act(ids, login.session.with_key(ids.access_key())), (), ALICE.arn, "gap", "ConsoleLogin")


def switched_role(ids: Ids) -> Scenario:
    """The key that was handed out is not the one in use."""
    login = console_login(ids, AT - timedelta(minutes=5), ALICE, WINDOW, HOME, mfa=True)
    console = login.session.with_key(ids.access_key())
    issued = switch_role(ids, AT, console, DEPLOY, "alice", WINDOW, HOME)
    taken, switched = issued.records
    return _of(_act(ids, issued.session), (taken, *login.records), ALICE.arn, "strong", more=[switched])


def switched_role_of_two(ids: Ids) -> Scenario:
    """Two users switch to one role under one session name in one second: the switch itself tells who did."""
    console = ALICE.calling(WINDOW, created=AT - timedelta(minutes=5), key=ids.access_key())
    issued = switch_role(ids, AT, console, DEPLOY, "ops", WINDOW, HOME)
    taken, switched = issued.records
    login = console_login(ids, AT - timedelta(minutes=5), ALICE, WINDOW, HOME, mfa=True)
    other = assume_role(ids, AT, MALLORY.calling(ELSEWHERE), DEPLOY, "ops", HOME)
    more = (switched, *other.records)
    return _of(_act(ids, issued.session), (taken, *login.records), ALICE.arn, "strong", more=more)


def switched_role_in_a_trail_of_writes(ids: Ids) -> Scenario:
    """AssumeRole is a read and lost; SwitchRole is none, and names the user."""
    console = ALICE.calling(WINDOW, created=AT - timedelta(minutes=5), key=ids.access_key())
    issued = switch_role(ids, AT, console, DEPLOY, "alice", WINDOW, HOME)
    return _of(_act(ids, issued.session), issued.records[1:], ALICE.arn, "strong")


def trail_of_writes(ids: Ids) -> Scenario:
    """A role's session without AssumeRole: a gap that says why and what to look for, and no answer."""
    issued = assume_role(ids, AT, ALICE.calling(DESK), DEPLOY, "alice-1", HOME)
    return _of(_act(ids, issued.session), (), None, "gap", f"account {CI}, read-only ones included")


def two_roles_one_name(ids: Ids) -> Scenario:
    """Two roles, one session name, one second, no keys: the role tells them apart."""
    one = assume_role(ids, AT, ALICE.calling(DESK), DEPLOY, "job", HOME)
    other = assume_role(ids, AT, MALLORY.calling(ELSEWHERE), ADMIN, "job", HOME)
    return _of(_act(ids, _keyless(one)), one.records, ALICE.arn, "strong", more=other.records)


def two_callers_one_session(ids: Ids) -> Scenario:
    """One role, one session name, one second, two callers, no keys: nobody is picked."""
    one = assume_role(ids, AT, ALICE.calling(DESK), DEPLOY, "job", HOME)
    other = assume_role(ids, AT, MALLORY.calling(ELSEWHERE), DEPLOY, "job", HOME)
    used = _keyless(one).using("something/1", "192.0.2.200")
    return _of(_act(ids, used), (), None, "ambiguous", "2 calls", more=(*one.records, *other.records))


def two_callers_told_by_address(ids: Ids) -> Scenario:
    """The same, called from the address of one of them: weak, so no row is given this origin."""
    one = assume_role(ids, AT, ALICE.calling(DESK), DEPLOY, "job", HOME)
    other = assume_role(ids, AT, MALLORY.calling(ELSEWHERE), DEPLOY, "job", HOME)
    return _of(_act(ids, _keyless(one)), one.records, None, "weak", more=other.records)


def one_caller_twice(ids: Ids) -> Scenario:
    """One caller took the role twice in a second: whichever it was, the same user stands behind it."""
    one = assume_role(ids, AT, ALICE.calling(DESK), DEPLOY, "job", HOME)
    other = assume_role(ids, AT, ALICE.calling(DESK), DEPLOY, "job", HOME)
    first, second = sorted((*one.records, *other.records), key=lambda record: str(record["eventID"]))
    return _of(_act(ids, _keyless(one)), [first], ALICE.arn, "strong", more=[second])


def key_of_another_session(ids: Ids) -> Scenario:
    """A session of that role, name and second, but with another key, is not this one."""
    used = assume_role(ids, AT, MALLORY.calling(ELSEWHERE), DEPLOY, "job", HOME).session
    other = assume_role(ids, AT, ALICE.calling(DESK), DEPLOY, "job", HOME)
    return _of(_act(ids, used), (), None, "gap", "no call in the store", more=other.records)


def key_of_another_session_by_a_browser(ids: Ids) -> Scenario:
    """What a caller says of its program does not make a console of it."""
    used = assume_role(ids, AT, MALLORY.calling(WINDOW), DEPLOY, "job", HOME).session
    other = assume_role(ids, AT, ALICE.calling(WINDOW), DEPLOY, "job", HOME)
    return _of(_act(ids, used), (), None, "gap", "no call in the store", more=other.records)


def console_of_a_role(ids: Ids) -> Scenario:
    """A broker signs a role's session in to the console: the sign-in explains keys that were never handed out."""
    broker = assume_role(ids, AT, ALICE.calling(DESK), DEPLOY, "job", HOME)
    login = console_login(ids, AT, broker.session, WINDOW, HOME, mfa=False)
    used = replace(login.session.with_key(ids.access_key()), console=False)
    return _of(_act(ids, used), broker.records, ALICE.arn, "strong", more=login.records)


def clocks_two_seconds_apart(ids: Ids) -> Scenario:
    """The session begins two seconds before the event that began it."""
    issued = assume_role(ids, AT + timedelta(seconds=2), ALICE.calling(DESK), DEPLOY, "job", HOME)
    return _of(_act(ids, _begun(_keyless(issued), AT)), issued.records, ALICE.arn, "strong")


def three_seconds_apart(ids: Ids) -> Scenario:
    """Three are too many without the key."""
    issued = assume_role(ids, AT + timedelta(seconds=3), ALICE.calling(DESK), DEPLOY, "job", HOME)
    used = _begun(_keyless(issued), AT)
    return _of(_act(ids, used), (), None, "gap", "no call in the store", more=issued.records)


def instance(ids: Ids) -> Scenario:
    """An instance's credentials, by their key; the event names no assumedRoleUser."""
    machine = company.INSTANCES[0]
    name = machine.instance_id
    issued = service_assumes(ids, AT, "ec2.amazonaws.com", machine.role, name, HOME, ec2RoleDelivery="2.0")
    return _of(_act(ids, issued.session), issued.records, f"{name} (EC2)", "exact")


def instance_without_its_event(ids: Ids) -> Scenario:
    """AWS itself writes that an instance was given the credentials."""
    machine = company.INSTANCES[0]
    name = machine.instance_id
    issued = service_assumes(ids, AT, "ec2.amazonaws.com", machine.role, name, HOME, ec2RoleDelivery="2.0")
    return _of(_act(ids, issued.session), (), f"{name} (EC2)", "exact")


def session_named_like_an_instance(ids: Ids) -> Scenario:
    """A session name is chosen by the caller: without AWS's own word it proves no instance."""
    name = company.INSTANCES[0].instance_id
    issued = assume_role(ids, AT, MALLORY.calling(ELSEWHERE), company.RUNNER_INSTANCE, name, HOME)
    return _of(_act(ids, issued.session), (), None, "gap", "no call in the store")


def function(ids: Ids) -> Scenario:
    """A function's session is named after it."""
    one = company.FUNCTIONS[0]
    issued = service_assumes(ids, AT, "lambda.amazonaws.com", one.role, one.name, HOME)
    return _of(_act(ids, issued.session), issued.records, f"{one.name} (Lambda)", "exact")


def function_in_scope(ids: Ids) -> Scenario:
    """Newer records say to which function credentials were issued; the spelling is the same."""
    one = company.FUNCTIONS[0]
    issued = service_assumes(ids, AT, "lambda.amazonaws.com", one.role, one.name, HOME)
    scope = {"issuerType": "AWS::Lambda::Function", "credentialsIssuedTo": one.arn}
    return _of(_act(ids, issued.session.scoped(inScopeOf=scope)), (), f"{one.name} (Lambda)", "exact")


def service_linked_role(ids: Ids) -> Scenario:
    """Calls of a service-linked role have no key at all."""
    issued = service_assumes(ids, AT, "rds.amazonaws.com", company.RDS, "SLRManagement", HOME)
    return _of(_act(ids, _keyless(issued)), issued.records, "rds.amazonaws.com", "strong")


def service_for_a_user(ids: Ids) -> Scenario:
    """A service that goes on with a user's call uses a key that no event issued: no gap, the user called."""
    who = ALICE.calling(DESK).through("secretsmanager.amazonaws.com", ids, LATER)
    return _of(event(ids, LATER, "kms:Decrypt", who, HOME), (), ALICE.arn, "exact")


def service_for_a_user_beside_a_token(ids: Ids) -> Scenario:
    """A session that the same user began in that very second is not taken for it."""
    token = session_token(ids, LATER, ALICE, DESK, HOME)
    who = ALICE.calling(DESK).through("secretsmanager.amazonaws.com", ids, LATER)
    return _of(event(ids, LATER, "kms:Decrypt", who, HOME), (), ALICE.arn, "exact", more=token.records)


def service_for_a_session(ids: Ids) -> Scenario:
    """A service that goes on with a session's call keeps the session's beginning."""
    issued = assume_role(ids, AT, ALICE.calling(DESK), DEPLOY, "job", HOME)
    who = issued.session.through("secretsmanager.amazonaws.com", ids, LATER)
    return _of(event(ids, LATER, "kms:Decrypt", who, HOME), issued.records, ALICE.arn, "strong")


def key_of_a_user(ids: Ids) -> Scenario:
    """A lasting key is its owner's, whoever made it."""
    made = create_access_key(ids, AT, MALLORY.calling(ELSEWHERE), ALICE, str(ALICE.key), HOME)
    return _of(_act(ids, ALICE.calling(DESK)), (), ALICE.arn, "exact", more=[made])


def key_id_that_came_twice(ids: Ids) -> Scenario:
    """A temporary key id that was handed out twice is the later session's for calls after it."""
    old = assume_role(ids, AT - timedelta(hours=3), MALLORY.calling(ELSEWHERE), DEPLOY, "job", HOME)
    new = assume_role(ids, AT, ALICE.calling(DESK), DEPLOY, "job", HOME)
    key = new.session.access_key_id
    again = old.records[0] | {"responseElements": _with_key(old.records[0]["responseElements"], str(key))}
    return _of(_act(ids, new.session), new.records, ALICE.arn, "exact", more=[again])


def user_made_again(ids: Ids) -> Scenario:
    """A deleted user's console login is not that of another user by the same name."""
    again = replace(ALICE, unique_id="AIDAALICE2EXAMPLE")
    old = console_login(ids, AT, ALICE, WINDOW, HOME, mfa=True)
    used = again.calling(WINDOW, created=AT, key=ids.access_key())
    return _of(_act(ids, used), (), ALICE.arn, "gap", "ConsoleLogin", more=old.records)


def refused_call(ids: Ids) -> Scenario:
    """An AssumeRole that failed hands out nothing."""
    issued = assume_role(ids, AT, ALICE.calling(DESK), DEPLOY, "job", HOME)
    refused = issued.records[0] | {"errorCode": "AccessDenied", "errorMessage": "no"}
    return _of(_act(ids, issued.session), (), None, "gap", "no call in the store", more=[refused])


def later_call(ids: Ids) -> Scenario:
    """What happened afterwards cannot have begun the session."""
    issued = assume_role(ids, LATER + timedelta(seconds=30), ALICE.calling(DESK), DEPLOY, "job", HOME)
    return _of(_act(ids, issued.session), (), None, "gap", "no call in the store", more=issued.records)


def cycle(ids: Ids) -> Scenario:
    """Forged records that hand each other out end the walk, and are called what they are."""
    one = assume_role(ids, AT, ALICE.calling(DESK), DEPLOY, "a", HOME)
    two = assume_role(ids, AT, one.session, ADMIN, "b", HOME)
    forged = one.records[0] | {"userIdentity": two.session.identity}
    lead = (*two.records, forged)
    return _of(_act(ids, two.session), lead, None, "gap", "in the chain already")


def endless(ids: Ids) -> Scenario:
    """A chain longer than any real one is cut, and that is said."""
    who = ALICE.calling(DESK)
    lead: list[Record] = []
    for number in range(110):
        issued = assume_role(ids, AT + timedelta(seconds=3 * number), who, DEPLOY, f"s{number}", HOME)
        lead, who = [*issued.records, *lead], issued.session
    return _of(_act(ids, who), lead[:100], None, "gap", "more than 100", more=lead[100:])


def call_that_aws_may_yet_invent(ids: Ids) -> Scenario:
    """Any response with a key beside a token hands out credentials."""
    issued = assume_role(ids, AT, ALICE.calling(DESK), DEPLOY, "job", HOME)
    (record,) = issued.records
    inner = {"credentialSet": [{"credentials": record["responseElements"]["credentials"]}]}
    new = record | {"eventName": "GetWorkloadCredentials", "responseElements": inner, "requestParameters": None}
    return _of(_act(ids, issued.session), [new], ALICE.arn, "exact")


def delegated_user(ids: Ids) -> Scenario:
    """Identity Center passes the user on: the record names whom the call is for."""
    issued = assume_role(ids, AT, ALICE.calling(DESK), DEPLOY, "job", HOME)
    store = f"arn:aws:identitystore::{MANAGEMENT}:identitystore/d-1234567890"
    who = issued.session.scoped(onBehalfOf={"userId": "94482488-3041-7005", "identityStoreArn": store})
    return _of(_act(ids, who), (), "user/94482488-3041-7005 (Identity Center)", "exact")


def session_name_in_odd_letters(ids: Ids) -> Scenario:
    """Names are compared as they are: `Job` is not `job`."""
    issued = assume_role(ids, AT, ALICE.calling(DESK), DEPLOY, "Job", HOME)
    used = _keyless(assume_role(ids, AT, MALLORY.calling(ELSEWHERE), DEPLOY, "job", HOME))
    return _of(_act(ids, used), (), None, "gap", "no call in the store", more=issued.records)


def _keyless(issued: Issued) -> Principal:
    """Return the session as records show it that leave the key out, for security or because a service calls."""
    identity = {key: value for key, value in issued.session.identity.items() if key != "accessKeyId"}
    return replace(issued.session, identity=identity)


def _begun(who: Principal, at: datetime) -> Principal:
    context = who.identity["sessionContext"] | {"attributes": {"creationDate": stamp(at), "mfaAuthenticated": "false"}}
    return replace(who, identity=who.identity | {"sessionContext": context})


def _with_key(response: Record, key: str) -> Record:
    return response | {"credentials": response["credentials"] | {"accessKeyId": key}}


SCENARIOS: tuple[Callable[[Ids], Scenario], ...] = (
    assumed_role,
    chained_across_accounts,
    other_account_is_lacking,
    own_account_is_lacking,
    owner_copy_itself,
    identity_center,
    identity_center_console,
    identity_center_lost,
    role_that_looks_like_identity_center,
    web_identity,
    assumed_root,
    assumed_root_lost,
    root_signs_in,
    session_of_a_user,
    federated_user,
    console_of_a_user,
    console_login_lost,
    switched_role,
    switched_role_of_two,
    switched_role_in_a_trail_of_writes,
    trail_of_writes,
    two_roles_one_name,
    two_callers_one_session,
    two_callers_told_by_address,
    one_caller_twice,
    key_of_another_session,
    key_of_another_session_by_a_browser,
    console_of_a_role,
    clocks_two_seconds_apart,
    three_seconds_apart,
    instance,
    instance_without_its_event,
    session_named_like_an_instance,
    function,
    function_in_scope,
    service_linked_role,
    service_for_a_user,
    service_for_a_user_beside_a_token,
    service_for_a_session,
    key_of_a_user,
    key_id_that_came_twice,
    user_made_again,
    refused_call,
    later_call,
    cycle,
    endless,
    call_that_aws_may_yet_invent,
    delegated_user,
    session_name_in_odd_letters,
)


def scenarios() -> dict[str, Scenario]:
    """Return every scenario by name, the same each time; those of the rarer caveats, too."""
    from tests.lineage.caveats import CAVEATS  # which is made of what stands here

    return {make.__name__: make(Ids(make.__name__)) for make in (*SCENARIOS, *CAVEATS)}


LONG = frozenset(("endless", "role_that_keeps_itself_alive"))
"""Scenarios that take a hundred look-ups each time, and are left out where all are asked by way of a store."""
