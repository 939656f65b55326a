"""The life of single things: each event once, what it changed, nothing that only looks as if it were of that life."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

import ctaudit
from ctaudit.queries.life_kinds import KINDS
from ctaudit.queries.life_rows import COLUMNS
from tests.biography import lives
from tests.biography.conftest import Lived
from tests.trail.company import CI, HOME, PRODUCTION

pytestmark = pytest.mark.slow

Rows = list[dict[str, Any]]
Told = Callable[..., Rows]


@pytest.fixture(scope="module")
def told(lived: Lived) -> Told:
    known: dict[str, Rows] = {}

    def tell(thing: str, **options: Any) -> Rows:
        key = f"{thing} {options}"
        if key not in known:
            known[key] = ctaudit.open(lived.folder / "ctaudit-store").biography(thing, **options).records()
        return known[key]

    return tell


def brief(rows: Rows) -> list[tuple[str, str, str | None]]:
    return [(row["kind"], row["event_name"], row["change"]) for row in rows]


def changes(rows: Rows, event_name: str) -> list[str | None]:
    return [row["change"] for row in rows if row["event_name"] == event_name]


def test_a_bucket_has_two_lives_and_the_second_knows_nothing_of_the_first(told: Told) -> None:
    rows = told("ledger")
    assert [row["kind"] for row in rows if row["life"] == 1] == [
        *("created", "policy", "policy", "policy", "tags", "tags", "failed", "policy", "deleted"),
    ]
    assert [(row["kind"], row["account"]) for row in rows if row["life"] == 2] == [("created", CI), ("policy", CI)]
    assert rows[-1]["change"].startswith('policy: none -> {"Version"')
    assert {row["thing"] for row in rows} == {"arn:aws:s3:::ledger"}


def test_a_policy_is_compared_as_json_whatever_its_order(told: Told) -> None:
    first, wider, shuffled, new = changes(told("ledger"), "PutBucketPolicy")
    assert str(first).startswith("policy: none -> ")
    assert wider == "policy.Statement[Sid=read].Action[]: none -> s3:ListBucket"
    assert shuffled == "no difference to what was known"
    assert str(new).startswith("policy: none -> ")


def test_tags_that_are_replaced_as_a_whole(told: Told) -> None:
    assert changes(told("ledger"), "PutBucketTagging") == [
        "tags.team: none -> books",
        "tags.team: books -> tax; tags.cost: none -> 7",
    ]


def test_a_failed_attempt_stands_in_the_life_and_does_not_end_it(told: Told) -> None:
    failed, done = (row for row in told("ledger") if row["event_name"] == "DeleteBucket")
    assert (failed["kind"], failed["error_code"], failed["outcome"]) == ("failed", "AccessDenied", "failed")
    assert (failed["life"], failed["differences"], failed["origin"]) == (1, [], lives.BOB.arn)
    assert (done["kind"], done["outcome"]) == ("deleted", "succeeded")


def test_what_was_not_known_is_not_said_to_be_new(told: Told) -> None:
    (row,) = told("ledger-copy")
    assert row["change"].startswith("policy: not known before -> ")
    assert [line["how"] for line in row["differences"]] == ["set"]


def test_policies_are_read_as_text_and_url_encoded(told: Told) -> None:
    rows = told("reporter")
    (trusted,) = changes(rows, "UpdateAssumeRolePolicy")
    start = "assumeRolePolicyDocument.Statement[]: none -> "
    assert json.loads(str(trusted).removeprefix(start))["Principal"] == {"AWS": CI}
    assert changes(rows, "PutRolePolicy")[1] == "inlinePolicies.write.Statement[Sid=w].Action[]: s3:PutObject -> s3:*"
    gone, unknown = changes(rows, "DeleteRolePolicy")
    assert str(gone).endswith("-> none")
    assert unknown == "inlinePolicies.unheard-of: not known before -> none"


def test_policies_and_tags_of_a_role_come_and_go(told: Told) -> None:
    assert brief(told("reporter"))[-4:] == [
        ("attached", "AttachRolePolicy", "policies[]: none -> arn:aws:iam::aws:policy/ReadOnlyAccess"),
        ("detached", "DetachRolePolicy", "policies[]: arn:aws:iam::aws:policy/ReadOnlyAccess -> none"),
        ("tags", "TagRole", "tags.team: none -> books"),
        ("tags", "UntagRole", "tags.team: books -> none"),
    ]


def test_an_instance_with_what_it_had_while_it_had_it(told: Told) -> None:
    rows = told(lives.INSTANCE)
    volume, eni = f"volume {lives.VOLUME}", f"network interface {lives.ENI}"
    assert [(row["kind"], row["through"], row["change"]) for row in rows] == [
        ("created", None, "instanceType: t3.micro"),
        ("attached", None, f"attachments[]: none -> {lives.VOLUME}"),
        ("tags", volume, "tags.when: before -> during"),
        ("changed", None, "sourceDestCheck: true -> false"),
        ("changed", None, "instanceType: t3.micro -> m5.large"),
        ("changed", None, "ebsOptimized: not known before -> true"),
        ("detached", None, f"attachments[]: {lives.VOLUME} -> none"),
        ("attached", None, f"attachments[]: none -> {lives.ENI}"),
        ("changed", eni, "sourceDestCheck: not known before -> false"),
        ("detached", "attachment eni-attach-0a1", f"attachments[]: {lives.ENI} -> none"),
        ("changed", None, "state: running -> stopping"),
        ("dry-run", None, None),
        ("deleted", None, None),
    ]


def test_what_an_instance_was_launched_with_is_its_own_until_its_end(told: Told) -> None:
    assert [(row["event_name"], row["through"]) for row in told(lives.LAUNCHED)] == [
        ("RunInstances", None),
        ("CreateTags", f"network interface {lives.LAUNCH_ENI}"),
        ("ModifyVolume", f"volume {lives.LAUNCH_VOLUME}"),
        ("AssociateAddress", None),
        ("CreateTags", f"address {lives.ADDRESS}"),
        ("DisassociateAddress", "association eipassoc-0a1"),
        ("TerminateInstances", None),
    ]


def test_an_alias_tells_which_event_shows_it_and_how_long_it_held(told: Told) -> None:
    rows = told(lives.INSTANCE)
    attach, tagged, detach = rows[1], rows[2], rows[6]
    assert tagged["alias"] == {
        "name": lives.VOLUME,
        "arn": f"arn:aws:ec2:{HOME}:{PRODUCTION}:volume/{lives.VOLUME}",
        "same": False,
        "since": attach["time"],
        "until": detach["time"],
        "event_id": attach["event_id"],
    }
    assert attach["alias"] is None


def test_a_volume_with_its_instance_while_it_is_attached(told: Told) -> None:
    rows = told(lives.VOLUME)
    assert [row["change"] for row in rows if row["kind"] == "tags"] == [
        "tags.when: none -> before",
        "tags.when: before -> during",
        "tags.when: during -> after",
    ]
    through = [row for row in rows if row["through"]]
    assert {row["event_name"] for row in through} == {"ModifyInstanceAttribute"}
    assert through[1]["change"] == "instanceType: t3.micro -> m5.large"
    assert "TerminateInstances" not in {row["event_name"] for row in rows}
    assert rows[-1]["event_name"] == "DeleteVolume"


def test_a_key_with_its_alias_until_another_key_has_it(told: Told) -> None:
    rows = told(lives.KEY)
    assert [(row["kind"], row["event_name"]) for row in rows] == [
        *(("created", "CreateKey"), ("attached", "CreateAlias"), ("changed", "DisableKey")),
        *(("deleted", "ScheduleKeyDeletion"), ("restored", "CancelKeyDeletion")),
        *(("changed", "UpdateAlias"), ("changed", "EnableKey")),
    ]
    assert [row["through"] for row in rows if row["through"]] == ["alias alias/books"]
    assert {row["life"] for row in rows} == {1}


def test_an_alias_is_the_key_that_it_leads_to_at_the_time(told: Told) -> None:
    rows = told("alias/books")
    of_keys = [(row["event_name"], row["resource"]) for row in rows if row["through"]]
    assert of_keys == [
        *(("DisableKey", lives.KEY), ("ScheduleKeyDeletion", lives.KEY), ("CancelKeyDeletion", lives.KEY)),
        ("DisableKey", lives.OTHER_KEY),
    ]
    assert changes(rows, "UpdateAlias") == [f"targetKeyId: {lives.KEY} -> {lives.OTHER_KEY}"]


def test_a_group_asked_for_by_name_is_found_by_its_id_and_told_from_anothers(told: Told) -> None:
    rows = told("web-door")
    arns = [f"arn:aws:ec2:{HOME}:{PRODUCTION}:security-group/{lives.GROUP}"] * 3
    arns += [f"arn:aws:ec2:{HOME}:{CI}:security-group/{lives.FAR_GROUP}"] * 2
    assert [row["thing"] for row in rows] == arns
    assert [row["change"] for row in rows if row["kind"] == "policy"] == [
        *("ingress[]: none -> tcp 443 0.0.0.0/0", "ingress[]: tcp 443 0.0.0.0/0 -> none"),
        "ingress[]: none -> tcp 22 10.0.0.0/8",
    ]


def test_by_arn_a_thing_is_one_and_found_by_its_name(told: Told) -> None:
    arn = f"arn:aws:dynamodb:{HOME}:{PRODUCTION}:table/accounts"
    assert brief(told(arn)) == [
        ("changed", "UpdateTable", "deletionProtectionEnabled: not known before -> false"),
        ("tags", "TagResource", "tags.a: not known before -> b"),
        ("deleted", "DeleteTable", None),
    ]
    assert [row["region"] for row in told("accounts")] == [*[HOME] * 3, "eu-west-1"]


def test_a_renamed_database_is_followed_and_its_old_name_is_anothers_later(told: Told) -> None:
    renamed = [
        ("created", "CreateDBInstance", None),
        ("changed", "ModifyDBInstance", "name: old-db -> new-db"),
        ("changed", "ModifyDBInstance", "backupRetentionPeriod: 1 -> 0"),
    ]
    assert brief(told("new-db")) == renamed
    old = told("old-db")
    assert brief([row for row in old if row["life"] == 1]) == renamed
    assert brief([row for row in old if row["life"] == 2]) == [
        ("created", "CreateDBInstance", None),
        ("changed", "ModifyDBInstance", "backupRetentionPeriod: 30 -> 35"),
    ]


def test_a_functions_code_and_who_may_call_it(told: Told) -> None:
    assert brief(told("mailer"))[1:] == [
        ("changed", "UpdateFunctionCode20150331v2", "codeSha256: one -> two"),
        ("changed", "UpdateFunctionConfiguration20150331v2", "memorySize: 128 -> 512"),
        ("policy", "AddPermission20150331v2", 'permissions.all: none -> {"action":"lambda:Invoke","principal":"*"}'),
        ("policy", "RemovePermission20150331v2", 'permissions.all: {"action":"lambda:Invoke","principal":"*"} -> none'),
    ]


def test_the_first_version_of_a_parameter_is_its_creation(told: Told) -> None:
    assert brief(told("/mail/from")) == [
        ("created", "PutParameter", "type: String"),
        ("changed", "PutParameter", "type: String -> SecureString"),
    ]


def test_what_aws_hides_is_not_said_to_be_the_same(told: Told) -> None:
    unknown = "value: not known before -> HIDDEN_DUE_TO_SECURITY_REASONS"
    assert [row["change"] for row in told("/mail/key")] == [unknown, unknown]
    assert [row["change"] for row in told("too-long")] == ["what was asked for is not in the log"]


def test_an_object_may_have_been_there_before_and_is_not_what_was_made_of_it(told: Told) -> None:
    assert [(row["life"], row["kind"], row["event_name"], row["change"]) for row in told("archive/pay.csv")] == [
        (1, "created", "PutObject", "it may have replaced one that was there"),
        (1, "changed", "PutObject", "it was replaced; x-amz-storage-class: not known before -> GLACIER"),
        (1, "deleted", "DeleteObject", None),
        (2, "created", "PutObject", None),
    ]
    assert [row["kind"] for row in told("archive/pay.csv", reads=True)].count("used") == 1
    assert told("archive") == []


def test_a_bucket_says_how_much_happened_inside_it(lived: Lived) -> None:
    notes = ctaudit.open(lived.folder / "ctaudit-store").biography("archive").notes
    assert "6 calls were on things inside it, which have lives of their own" in notes


@pytest.mark.parametrize(
    ("name", "arn"),
    [
        ("ledger", "arn:aws:s3:::ledger"),
        ("reporter", f"arn:aws:iam::{PRODUCTION}:role/reporter"),
        ("mailer", f"arn:aws:lambda:{HOME}:{PRODUCTION}:function:mailer"),
        (lives.KEY.rpartition("/")[2].upper(), lives.KEY),
        ("books/db", lives.SECRET),
        ("shop", lives.STACK),
    ],
)
def test_a_name_and_its_arn_are_one_thing(name: str, arn: str, told: Told) -> None:
    assert told(arn)
    assert told(arn) == told(name)


def test_things_of_two_services_share_a_name_and_nothing_else(told: Told) -> None:
    assert [(row["event_source"], row["kind"]) for row in told("twin")] == [
        ("lambda.amazonaws.com", "created"),
        ("logs.amazonaws.com", "created"),
        ("logs.amazonaws.com", "deleted"),
    ]
    assert [row["life"] for row in told("twin")] == [1, 1, 1]


def test_reads_and_uses_are_rows_when_asked_for(told: Told) -> None:
    more = [row for row in told("mailer", reads=True) if row not in told("mailer")]
    assert [(row["kind"], row["event_name"], row["change"]) for row in more] == [("used", "Invoke", None)]
    assert [row["event_name"] for row in told("ledger", reads=True) if row["kind"] == "read"] == ["GetBucketPolicy"]


def test_what_lies_before_the_span_is_known_though_not_shown(told: Told, lived: Lived) -> None:
    table = ctaudit.open(lived.folder / "ctaudit-store").biography("ledger", since="2026-03-09T09:03:00Z")
    rows = table.records()
    assert rows == told("ledger")[2:]
    assert "2 events of its life lie before the span asked for; the differences know them" in table.notes


def test_the_row_keys_and_the_words_of_kinds_are_a_contract(told: Told) -> None:
    names = [column.name for column in COLUMNS]
    assert names[:9] == ["time", "kind", "event_name", "change", "through", "resource", "thing", "life", "cause"]
    assert names[-4:] == ["account_name", "differences", "alias", "cause_confidence"]
    everything = [row for name in ("ledger", lives.INSTANCE, "shop") for row in told(name, reads=True)]
    assert all(list(row) == names for row in everything)
    assert {row["kind"] for row in everything} <= set(KINDS)


@pytest.mark.parametrize("thing", ["ledger", lives.INSTANCE, "shop", "web-door"])
def test_the_order_of_logs_does_not_matter(thing: str, told: Told, otherwise: Lived) -> None:
    other = ctaudit.open(otherwise.folder / "ctaudit-store").biography(thing).records()
    without = ("source", "record")
    assert [{k: v for k, v in row.items() if k not in without} for row in other] == [
        {k: v for k, v in row.items() if k not in without} for row in told(thing)
    ]


def test_notes_tell_what_is_not_known(lived: Lived) -> None:
    store = ctaudit.open(lived.folder / "ctaudit-store")
    assert store.biography("ledger").notes == (
        "it has 2 lives, since it was made again under the same name; see the column life",
        "it was read or used once (GetBucketPolicy 1); --reads shows that",
    )
    assert store.biography("ledger-copy").notes == (
        "who created it is not in the logs; what it was like before is not known",
    )
    assert store.biography("web-door").notes[0].startswith("2 things have that name, each with a life of its own: ")


def test_a_creation_comes_first_in_its_second(told: Told) -> None:
    rows = told("quick")
    assert len({row["time"] for row in rows}) == 1
    assert [row["kind"] for row in rows] == ["created", *["policy"] * 4]
    assert {row["life"] for row in rows} == {1}
    assert all(row["change"].startswith("inlinePolicies.p") for row in rows[1:])
    assert all(": none -> " in row["change"] for row in rows[1:])


def test_a_clock_that_is_a_second_behind_makes_no_second_life(told: Told) -> None:
    rows = told("quicker")
    assert [row["kind"] for row in rows] == [*["policy"] * 4, "created"]
    assert {row["life"] for row in rows} == {1}


def test_what_may_be_asked_for_again_has_no_second_life_for_that(told: Told) -> None:
    twice = "made again, or asked for while it was there: the log does not tell"
    assert [(row["kind"], row["life"], row["change"]) for row in told("news")] == [
        ("created", 1, "it may have been there before"),
        ("changed", 1, twice),
    ]
    assert [(row["kind"], row["life"], row["change"]) for row in told("again")] == [
        ("created", 1, None),
        ("changed", 1, twice),
        ("created", 2, "made again, and what ended the life before is not in the logs"),
    ]


def test_parts_of_one_kind_are_told_apart(told: Told) -> None:
    rows = told("erin")
    assert changes(rows, "UpdateAccessKey") == [
        f"accesskey[{lives.ONE}].status: Active -> Inactive",
        f"accesskey[{lives.TWO}].status: Active -> Inactive",
    ]
    (gone,) = changes(rows, "DeleteAccessKey")
    assert str(gone).startswith(f'accesskey[{lives.ONE}]: {{"status":"Inactive"')
    assert [row["change"] for row in told(lives.ROUTES)] == [
        "route[10.0.0.0/8].gatewayId: igw-1",
        "route[0.0.0.0/0].gatewayId: igw-2",
        "route[10.0.0.0/8].gatewayId: igw-1 -> igw-3",
    ]


@pytest.mark.parametrize(
    ("thing", "kinds"),
    [
        ("frank", ["policy", "policy", "policy", "deleted"]),
        ("limited", ["changed", "changed"]),
        ("letters", ["changed", "deleted"]),
        ("vault", ["changed", "changed"]),
    ],
)
def test_the_end_of_a_part_is_not_the_end_of_the_thing(thing: str, kinds: list[str], told: Told) -> None:
    rows = told(thing)
    assert [row["kind"] for row in rows] == kinds
    assert all("after its end" not in (row["change"] or "") for row in rows)
    if thing in ("frank", "vault"):
        assert rows[1]["change"].endswith(" -> none")
        assert "not known before" not in rows[1]["change"]


def test_with_whom_a_snapshot_is_shared(told: Told) -> None:
    assert changes(told(lives.SNAPSHOT), "ModifySnapshotAttribute") == [
        f"createVolumePermission[]: none -> {CI}",
        f"createVolumePermission[]: {CI} -> none",
    ]


def test_things_without_an_arn_are_told_apart_by_region(told: Told) -> None:
    rows = told("workers")
    assert [(row["region"], row["change"]) for row in rows] == [
        (HOME, "maxSize: not known before -> 2"),
        (HOME, "maxSize: 2 -> 3"),
        ("eu-west-1", "maxSize: not known before -> 5"),
    ]
    assert len({row["thing"] for row in rows}) == 2


def test_another_accounts_copy_of_a_call_is_told_once(told: Told, lived: Lived) -> None:
    (row,) = told(lives.FAR_KEY)
    assert (row["event_name"], row["principal"]) == ("CreateGrant", lives.FAR.arn)
    notes = ctaudit.open(lived.folder / "ctaudit-store").biography(lives.FAR_KEY).notes
    assert "1 copy of a call in another account's log is left out; ctaudit who-touched shows all" in notes
