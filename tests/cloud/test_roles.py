"""A role that cannot be taken on ends each command that asks AWS with one sentence: it names the role and no secret."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ctaudit.sources.aws_login import Login
from ctaudit.sources.aws_questions import Aws, Question
from ctaudit.sources.objects import Unavailable
from tests.cli.processes import piped
from tests.cloud.server import Cloud, serving

pytestmark = pytest.mark.slow

ROLE = "arn:aws:iam::111122223333:role/auditor"
NOBODY = "http://127.0.0.1:9"
COMMANDS = [
    ("posture", "s3://trail-logs"),
    ("collect", "s3://trail-logs", "copy"),
    ("ingest", "s3://trail-logs"),
    ("ingest", "history:"),
    ("ingest", "sqs://sqs.us-east-1.amazonaws.com/111122223333/notes"),
    ("validate", "s3://trail-logs"),
]


class Sts:
    """Answers AssumeRole with an error, or with credentials that botocore renews before each use."""

    def __init__(self) -> None:
        self.error: str | None = "AccessDenied"

    def __call__(self, environ: Any, start_response: Any) -> Any:
        body = self._granted() if self.error is None else self._refused(self.error)
        status = "200 OK" if self.error is None else "403 Forbidden"
        start_response(status, [("Content-Type", "text/xml"), ("Content-Length", str(len(body)))])
        return (body,)

    def _refused(self, code: str) -> bytes:
        error = f"<Error><Code>{code}</Code><Message>User: secret-name may not; given-word</Message></Error>"
        return f"<ErrorResponse>{error}</ErrorResponse>".encode()

    def _granted(self) -> bytes:
        keys = "<AccessKeyId>ASIAIOSFODNN7EXAMPLE</AccessKeyId><SecretAccessKey>x</SecretAccessKey>"
        soon = (datetime.now(UTC) + timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
        ends = f"<SessionToken>y</SessionToken><Expiration>{soon}</Expiration>"
        found = f"<AssumeRoleResult><Credentials>{keys}{ends}</Credentials></AssumeRoleResult>"
        return f"<AssumeRoleResponse>{found}</AssumeRoleResponse>".encode()


@pytest.fixture
def sts() -> Iterator[tuple[Sts, str]]:
    application = Sts()
    with serving(application) as url:
        yield application, url


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0] + "-" + words[1].partition(":")[0])
def test_a_role_that_is_refused_is_one_sentence(
    cloud: Cloud, sts: tuple[Sts, str], tmp_path: Path, words: tuple[str, ...]
) -> None:
    env = cloud.environment | {"AWS_ENDPOINT_URL_STS": sts[1]}
    done = piped(*words, "--role-arn", ROLE, "--external-id", "given-word", env=env, folder=tmp_path)
    wanted = f"ctaudit: the role {ROLE} cannot be taken on: AWS refuses access (AccessDenied)"
    assert (done.code, done.err.splitlines()[:1], done.out) == (4, [wanted], "")
    assert "sts:AssumeRole" in done.err.splitlines()[1]
    assert "secret" not in done.err
    assert "given-word" not in done.err


def test_what_cannot_be_a_role_is_a_question_that_cannot_be_asked(cloud: Cloud, tmp_path: Path) -> None:
    done = piped("posture", "s3://trail-logs", "--role-arn", "auditor", env=cloud.environment, folder=tmp_path)
    wanted = "ctaudit: the role auditor cannot be taken on: AWS allows no such ARN, external id or serial number"
    assert (done.code, done.err.splitlines()[0]) == (2, wanted)


def test_where_nobody_answers_the_network_is_blamed_and_not_the_role(cloud: Cloud, tmp_path: Path) -> None:
    env = cloud.environment | {"AWS_ENDPOINT_URL_STS": NOBODY, "AWS_MAX_ATTEMPTS": "1"}
    done = piped("posture", "s3://trail-logs", "--role-arn", ROLE, env=env, folder=tmp_path)
    wanted = f"ctaudit: logging in to AWS failed: the role {ROLE} cannot be taken on: the connection to AWS failed"
    assert (done.code, done.err.splitlines()[0].startswith(wanted)) == (4, True)


def test_a_configuration_that_cannot_be_read_is_no_trouble_of_the_network(cloud: Cloud, tmp_path: Path) -> None:
    (tmp_path / "config").write_text("[default\nregion = us-east-1\n")
    env = cloud.environment | {"AWS_CONFIG_FILE": str(tmp_path / "config")}
    done = piped("posture", "s3://trail-logs", env=env, folder=tmp_path)
    assert (done.code, done.err.splitlines()[0]) == (4, "ctaudit: the configuration of AWS cannot be read")


def test_a_role_that_cannot_be_renewed_for_a_moment_leaves_questions_unanswered(
    cloud: Cloud, sts: tuple[Sts, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (cloud.environment | {"AWS_ENDPOINT_URL_STS": sts[1], "AWS_MAX_ATTEMPTS": "1"}).items():
        monkeypatch.setenv(name, value)
    sts[0].error = None
    aws = Aws(Login(role_arn=ROLE))
    sts[0].error = "Throttling"
    said = aws.ask(Question("s3", "us-east-1", "get_bucket_acl", {"Bucket": "trail-logs"}))
    assert isinstance(said, Unavailable)
    assert said.reason.startswith(f"the role {ROLE} cannot be taken on: AWS itself failed")
