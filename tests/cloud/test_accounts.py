"""`accounts --from-organizations`: the names of all accounts, or none; what AWS refuses is one sentence."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest

import ctaudit
from ctaudit import limits
from ctaudit.errors import CtauditError
from ctaudit.learned_names import from_organizations
from ctaudit.listing import Login
from ctaudit.sources import organizations, turns
from tests.cli.evidence import event, write
from tests.cli.processes import Done, piped
from tests.cloud.organization import Organization
from tests.cloud.server import Cloud, serving

pytestmark = pytest.mark.slow

ACCOUNT, OTHER = "111122223333", "444455556666"
NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    write(tmp_path / "logs.json", [event(0), event(1, recipientAccountId=OTHER)])
    assert ctaudit.ingest(tmp_path / "ctaudit-store", [str(tmp_path / "logs.json")], jobs=1).events == 2
    return tmp_path / "ctaudit-store"


@pytest.fixture
def organization(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Organization]:
    """The stand-in, to which boto3 of this process is pointed; it is asked without pauses."""
    monkeypatch.setattr(organizations, "PAUSE", 0.0)
    monkeypatch.setattr(turns, "_FIRST_PAUSE", 0.01)
    stand_in = Organization()
    with serving(stand_in) as url:
        for name, value in (cloud.environment | {"AWS_ENDPOINT_URL_ORGANIZATIONS": url}).items():
            monkeypatch.setenv(name, value)
        yield stand_in


def account(number: str, name: str | None, **fields: Any) -> dict[str, Any]:
    """Return an account as AWS tells it."""
    called = {} if name is None else {"Name": name}
    return (
        {"Id": number, "Email": f"{number}@example.com", "Status": "ACTIVE", "JoinedTimestamp": 1.5e9} | called | fields
    )


def learn(store: Path) -> ctaudit.Table:
    return from_organizations(store, Login(), now=NOW)


def names(store: Path) -> dict[Any, Any]:
    return {row["account"]: row["name"] for row in ctaudit.open(store).accounts()}


def refusal(store: Path) -> CtauditError:
    """Return the error that learning ends with, and see that no name was kept."""
    with pytest.raises(CtauditError) as refused:
        learn(store)
    assert set(names(store).values()) == {None}
    assert "secret" not in f"{refused.value.message} {refused.value.advice}"
    return refused.value


def test_the_command_learns_from_organizations_as_moto_has_it(cloud: Cloud, store: Path) -> None:
    where = {"endpoint_url": cloud.s3_url, "region_name": "us-east-1", "aws_access_key_id": "AKIAIOSFODNN7EXAMPLE"}
    client = boto3.client("organizations", aws_secret_access_key="x", **where)
    client.create_organization(FeatureSet="ALL")
    try:
        made = [client.create_account(AccountName=name, Email=f"{name}@example.com") for name in ("prod", "dev <b>")]
        numbers = [each["CreateAccountStatus"]["AccountId"] for each in made]
        done = command(cloud, store)
    finally:
        for number in numbers:
            client.remove_account_from_organization(AccountId=number)
        client.delete_organization()
    assert done.code == 0, done.err
    rows = {row["account"]: row for row in json.loads(done.out)}
    assert [rows[number]["name"] for number in numbers] == ["prod", "dev <b>"]
    assert {rows[number]["source"] for number in numbers} == {"organizations"}
    assert (rows[ACCOUNT]["name"], rows[ACCOUNT]["events"], rows[numbers[0]]["events"]) == (None, 1, 0)
    assert "organizations: 3 new names, 0 changed, 0 as before" in done.err
    assert "example.com" not in done.out + done.err
    assert not any(b"example.com" in path.read_bytes() for path in store.rglob("ctaudit.duckdb*"))


def command(cloud: Cloud, store: Path, **env: str) -> Done:
    environment = cloud.environment | {"AWS_ENDPOINT_URL_ORGANIZATIONS": cloud.s3_url} | env
    return piped("accounts", "--from-organizations", "--format", "json", env=environment, folder=store.parent)


def test_an_account_without_an_organization_is_told_so_in_one_sentence(
    cloud: Cloud, organization: Organization, store: Path
) -> None:
    organization.errors = ["AWSOrganizationsNotInUseException"]
    done = command(cloud, store, AWS_ENDPOINT_URL_ORGANIZATIONS=os.environ["AWS_ENDPOINT_URL_ORGANIZATIONS"])
    assert (done.code, done.out) == (4, "")
    said, advice = done.err.splitlines()
    assert said.startswith("ctaudit: the account of these credentials is in no organization (AWSOrganizationsNotIn")
    assert "--from FILE.csv" in advice


def test_without_credentials_nothing_is_asked(cloud: Cloud, store: Path) -> None:
    done = command(cloud, store, AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")
    assert (done.code, done.out) == (4, "")
    assert done.err.startswith("ctaudit: there are no usable AWS credentials\n")


def test_every_page_is_read_empty_ones_too(organization: Organization, store: Path) -> None:
    organization.pages = [[account(ACCOUNT, "prod")], [], [account(OTHER, " dev "), account("000000000001", None)], []]
    table = learn(store)
    assert organization.requests == 4
    assert names(store) == {ACCOUNT: "prod", OTHER: "dev"}
    assert table.notes == ("organizations: 2 new names, 0 changed, 0 as before; 1 account has none there",)
    assert {row["learned"] for row in table} == {"2026-03-01T00:00:00Z"}


def test_a_name_that_is_no_text_is_kept_readable(organization: Organization, store: Path) -> None:
    organization.pages = [[account(ACCOUNT, "prod \ud800")]]
    learn(store)
    assert names(store)[ACCOUNT] == "prod \\ud800"


def test_an_overloaded_aws_is_asked_again(organization: Organization, store: Path) -> None:
    organization.pages = [[account(ACCOUNT, "prod")], [account(OTHER, "dev")]]
    organization.errors = ["TooManyRequestsException"] * 5
    learn(store)
    assert organization.requests == 7
    assert names(store) == {ACCOUNT: "prod", OTHER: "dev"}


def test_an_aws_that_stays_overloaded_is_given_up(organization: Organization, store: Path) -> None:
    organization.errors = ["TooManyRequestsException"] * 100
    assert "(TooManyRequestsException)" in refusal(store).message
    assert organization.requests == 8


def test_a_refusal_is_one_sentence_and_asked_for_once(organization: Organization, store: Path) -> None:
    organization.errors = ["AccessDeniedException"] * 9
    error = refusal(store)
    assert "ListAccounts): AWS refuses access (AccessDeniedException)" in error.message
    assert "management account" in error.advice
    assert organization.requests == 1


def test_a_refusal_in_the_middle_keeps_none_of_the_names(organization: Organization, store: Path) -> None:
    organization.pages = [[account(ACCOUNT, "prod")], [account(OTHER, "dev")]]
    served = organization.__call__

    def refuse_the_second(*asked: Any) -> Any:
        organization.errors = ["AccessDeniedException"] if organization.requests == 1 else []
        return served(*asked)

    with serving(refuse_the_second) as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL_ORGANIZATIONS", url)
        assert "AccessDenied" in refusal(store).message
    assert organization.requests == 2


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (account("11112222333", "short"), "without an id"),
        (account("1111 222233334", "odd"), "without an id"),
        (account("١١١١٢٢٢٢٣٣٣٣", "digits of another script"), "without an id"),
        ({"Name": "nobody"}, "without an id"),
        (account(OTHER, "n" * (limits.MAX_ACCOUNT_NAME + 1)), "a name of 201 characters"),
    ],
)
def test_an_answer_that_is_none_keeps_no_name(
    entry: dict[str, Any], said: str, organization: Organization, store: Path
) -> None:
    organization.pages = [[account(ACCOUNT, "prod"), entry]]
    assert said in refusal(store).message


def test_an_organization_without_accounts_is_none(organization: Organization, store: Path) -> None:
    organization.pages = [[], []]
    assert "no account at all" in refusal(store).message


def test_pages_that_go_in_circles_end(organization: Organization, store: Path) -> None:
    organization.pages, organization.circles = [[account(ACCOUNT, "prod")]], True
    assert "again and again" in refusal(store).message
    assert organization.requests == 2


def test_accounts_without_end_are_not_waited_for(
    organization: Organization, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_ACCOUNTS", 3)
    organization.pages = [[account(f"{number:012}", f"a{number}")] for number in range(100)]
    assert "more than 3 accounts" in refusal(store).message
    assert organization.requests == 4


def test_where_aws_cannot_be_reached_no_name_is_kept(
    organization: Organization, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_ORGANIZATIONS", "http://127.0.0.1:9")
    assert "the connection to AWS failed" in refusal(store).message


def test_a_role_that_cannot_be_taken_on_is_one_sentence(
    organization: Organization, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(environ: Any, start_response: Any) -> Any:
        error = b"<Error><Code>AccessDenied</Code><Message>User secret-name</Message></Error>"
        body = b"<ErrorResponse>" + error + b"</ErrorResponse>"
        start_response("403 Forbidden", [("Content-Type", "text/xml"), ("Content-Length", str(len(body)))])
        return (body,)

    with serving(refuse) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", url)
        with pytest.raises(CtauditError) as refused:
            from_organizations(store, Login(role_arn="arn:aws:iam::111122223333:role/reader"), now=NOW)
    assert "AWS refuses access (AccessDenied)" in refused.value.message
    assert "secret" not in refused.value.message


def test_a_role_that_asks_for_a_code_says_so_where_nobody_can_type_it(organization: Organization, store: Path) -> None:
    login = Login(role_arn="arn:aws:iam::111122223333:role/reader", mfa_serial="arn:aws:iam::111122223333:mfa/me")
    with pytest.raises(CtauditError, match="code of a device"):
        from_organizations(store, login, now=NOW)
