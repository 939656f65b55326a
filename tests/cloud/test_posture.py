"""`posture`: the command as a process against S3 and CloudTrail over HTTP, what they lack and refuse laid over moto."""

from __future__ import annotations

import csv
import io
import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import boto3
import pytest

from ctaudit.errors import CtauditError, UsageError
from ctaudit.posture.check import CHECKS
from ctaudit.posture_report import Login, posture
from tests.cli.processes import Done, on_terminal, piped
from tests.cloud.settings import ACCOUNT, Settings, running_settings

pytestmark = pytest.mark.slow

BUCKET = "trail-logs"
ARN = f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/main"
MFA_DELETE = "<VersioningConfiguration><Status>Enabled</Status><MfaDelete>Enabled</MfaDelete></VersioningConfiguration>"
PRIVATE = "<PolicyStatus><IsPublic>FALSE</IsPublic></PolicyStatus>"
SELECTORS = [
    {"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]},
    {
        "FieldSelectors": [
            {"Field": "eventCategory", "Equals": ["Data"]},
            {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
            {"Field": "resources.ARN", "NotStartsWith": [f"arn:aws:s3:::{BUCKET}/"]},
        ]
    },
]
INSIGHTS = [{"InsightType": "ApiCallRateInsight"}, {"InsightType": "ApiErrorRateInsight"}]
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


@pytest.fixture(scope="module")
def _servers() -> Iterator[tuple[Settings, str]]:
    with running_settings() as servers:
        yield servers


@cache
def client(service: str, url: str, region: str = "us-east-1") -> Any:
    """Return a client of the test's own; one takes longer to make than most requests."""
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=url,
        aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
        aws_secret_access_key=SECRET,
    )


class Stage:
    """A bucket and a trail as they should be, in which a test spoils something."""

    def __init__(self, settings: Settings, url: str, folder: Path) -> None:
        self.settings = settings
        self.folder = folder
        self.env = {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": str(folder / "no-such-file"),
            "AWS_SHARED_CREDENTIALS_FILE": str(folder / "no-such-file"),
            "NO_PROXY": "127.0.0.1",
        }
        self.s3, self.trails = client("s3", url), client("cloudtrail", url)

    def make(self) -> None:
        """Make all of it, as an account that follows the book would."""
        self.s3.create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=True)
        self.lock("COMPLIANCE", 400)
        self.policy(*statements())
        self.s3.put_bucket_encryption(
            Bucket=BUCKET,
            ServerSideEncryptionConfiguration={
                "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]
            },
        )
        names = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
        self.s3.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration=dict.fromkeys(names, True))
        self.settings.answers["policyStatus"] = PRIVATE
        self.trails.create_trail(
            Name="main", S3BucketName=BUCKET, IsMultiRegionTrail=True, EnableLogFileValidation=True, KmsKeyId="alias/x"
        )
        self.trails.start_logging(Name="main")
        self.trails.put_event_selectors(TrailName="main", AdvancedEventSelectors=SELECTORS)
        self.trails.put_insight_selectors(TrailName="main", InsightSelectors=INSIGHTS)
        self.settings.added["GetTrailStatus"] = {"LatestDigestDeliveryTime": 1770000000.0}

    def lock(self, mode: str, days: int) -> None:
        self.s3.put_object_lock_configuration(
            Bucket=BUCKET,
            ObjectLockConfiguration={
                "ObjectLockEnabled": "Enabled",
                "Rule": {"DefaultRetention": {"Mode": mode, "Days": days}},
            },
        )

    def policy(self, *given: dict[str, Any]) -> None:
        self.s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps({"Version": "2012-10-17", "Statement": list(given)}))

    def run(self, *words: str, **env: str | None) -> Done:
        return piped("posture", *words, env=self.env | env, folder=self.folder)

    def ask(self, trail: str | None = None, retention: int = 365) -> dict[str, str]:
        """Return what does not pass, asked in this process, which is quicker: check -> status."""
        source = None if trail else f"s3://{BUCKET}"
        report = posture(source, trail, login=Login(), now=datetime.now(UTC), retention=retention)
        return {str(row["check"]): str(row["status"]) for row in report.table if row["status"] != "pass"}


def statements() -> list[dict[str, Any]]:
    """Return the policy of the CloudTrail user guide."""
    service, source = {"Service": "cloudtrail.amazonaws.com"}, {"aws:SourceArn": ARN}
    return [
        {
            "Sid": "AWSCloudTrailAclCheck20150319",
            "Effect": "Allow",
            "Principal": service,
            "Action": "s3:GetBucketAcl",
            "Resource": f"arn:aws:s3:::{BUCKET}",
            "Condition": {"StringEquals": source},
        },
        {
            "Sid": "AWSCloudTrailWrite20150319",
            "Effect": "Allow",
            "Principal": service,
            "Action": "s3:PutObject",
            "Resource": f"arn:aws:s3:::{BUCKET}/AWSLogs/{ACCOUNT}/*",
            "Condition": {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"} | source},
        },
    ]


@pytest.fixture
def stage(_servers: tuple[Settings, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Stage:
    settings, url = _servers
    settings.reset()
    urlopen(Request(f"{url}/moto-api/reset", method="POST")).close()
    made = Stage(settings, url, tmp_path)
    made.make()
    for name, value in made.env.items():
        monkeypatch.setenv(name, value)
    return made


def test_all_as_it_should_be_passes_and_nothing_is_changed(stage: Stage) -> None:
    stage.settings.methods.clear()
    done = stage.run(f"s3://{BUCKET}", "--format", "json")
    rows = json.loads(done.out)
    assert {row["check"]: row["found"] for row in rows if row["status"] != "pass"} == {}
    assert done.code == 0
    assert list(rows[0]) == ["check", "status", "subject", "found", "why", "fix"]
    assert {row["check"] for row in rows} == CHECKS.keys() - {"bucket.exists", "policy.organization_write"}
    assert stage.settings.methods == {"GET", "HEAD"}
    assert SECRET not in done.out + done.err


@pytest.mark.slow
def test_a_trail_leads_to_its_bucket(stage: Stage) -> None:
    done = stage.run("--trail", ARN)
    assert (done.code, done.out.count(f"s3://{BUCKET}") > 10) == (0, True)
    stage.s3.delete_bucket_policy(Bucket=BUCKET)
    assert stage.ask(ARN) == {"policy.acl_check": "fail", "policy.write": "fail"}


def test_what_is_not_as_it_should_be_fails(stage: Stage) -> None:
    stage.lock("GOVERNANCE", 30)
    stage.s3.delete_bucket_encryption(Bucket=BUCKET)
    stage.s3.delete_public_access_block(Bucket=BUCKET)
    stage.s3.put_bucket_lifecycle_configuration(
        Bucket=BUCKET,
        LifecycleConfiguration={
            "Rules": [
                {
                    "ID": "short",
                    "Status": "Enabled",
                    "Filter": {"Prefix": ""},
                    "Expiration": {"Days": 90},
                    "NoncurrentVersionExpiration": {"NoncurrentDays": 7},
                }
            ]
        },
    )
    stage.trails.update_trail(Name="main", S3BucketName=BUCKET, IsMultiRegionTrail=False, EnableLogFileValidation=False)
    stage.trails.stop_logging(Name="main")
    stage.settings.added["GetTrailStatus"] = {"LatestDeliveryError": "AccessDenied"}
    stage.settings.errors["GetInsightSelectors"] = "InsightNotEnabledException"
    assert stage.ask() == dict.fromkeys(
        [
            *("bucket.mfa_delete", "bucket.lock_mode", "bucket.lock_days", "bucket.encryption"),
            *("bucket.public_access_block", "bucket.lifecycle", "bucket.noncurrent"),
            *("trail.logging", "trail.validation", "trail.multi_region", "trail.delivery", "trail.insights"),
        ],
        "fail",
    )
    assert {"bucket.lock_days", "bucket.lifecycle", "bucket.noncurrent"} & stage.ask(retention=7).keys() == set()


@pytest.mark.slow
def test_mfa_delete_does_without_compliance_mode(stage: Stage) -> None:
    stage.lock("GOVERNANCE", 400)
    stage.settings.answers["versioning"] = MFA_DELETE
    assert stage.ask() == {"bucket.lock_mode": "fail"}


@pytest.mark.parametrize(
    ("operations", "checks"),
    [
        (("versioning", "encryption"), {"bucket.versioning", "bucket.encryption"}),
        (("object-lock",), {"bucket.object_lock", "bucket.lock_mode", "bucket.lock_days", "bucket.mfa_delete"}),
        (("lifecycle", "GetInsightSelectors"), {"bucket.lifecycle", "bucket.noncurrent", "trail.insights"}),
        (
            ("policy",),
            {
                *("policy.acl_check", "policy.write", "policy.source_arn"),
                *("policy.writers", "policy.deleters", "policy.admins", "policy.readers"),
            },
        ),
        (("publicAccessBlock", "acl"), {"bucket.public_access_block", "bucket.acl", "bucket.public"}),
        (("DescribeTrails",), {"trail.found"}),
        (
            ("GetTrailStatus",),
            {
                *("trail.logging", "trail.delivery", "trail.recent_delivery", "trail.digest_delivery"),
                *("trail.sns", "trail.cloudwatch"),
            },
        ),
        (
            ("GetEventSelectors",),
            {"trail.management_events", "trail.excluded_sources", "trail.hidden", "trail.data_events"},
        ),
    ],
)
@pytest.mark.slow
def test_what_is_refused_is_unknown_and_all_else_is_checked(
    operations: tuple[str, ...], checks: set[str], stage: Stage
) -> None:
    stage.settings.refused.update(operations)
    assert stage.ask() == dict.fromkeys(checks, "unknown")


def test_a_refusal_is_told_and_aws_own_message_is_not(stage: Stage) -> None:
    stage.settings.refused |= {"policy", "GetTrailStatus"}
    done = stage.run(f"s3://{BUCKET}", "--format", "json", "--debug")
    unknown = [row for row in json.loads(done.out) if row["status"] == "unknown"]
    assert (done.code, len(unknown)) == (3, 13)
    assert all("AccessDenied" in row["found"] and row["fix"].startswith("Ask again") for row in unknown)
    assert "incomplete: 13 checks have no answer" in done.err
    assert "secret-name" not in done.out + done.err


@pytest.mark.slow
def test_what_is_no_answer_at_all_is_unknown(stage: Stage) -> None:
    stage.settings.answers["versioning"] = "<html>a proxy's page"
    assert stage.ask() == {"bucket.versioning": "unknown"}


@pytest.mark.slow
def test_a_trail_that_cannot_be_described_leaves_its_bucket_unknown(stage: Stage) -> None:
    stage.settings.refused.add("DescribeTrails")
    found = stage.ask(ARN)
    assert set(found.values()) == {"unknown"}
    assert {"trail.found", "trail.validation", "trail.multi_region", "trail.kms"} <= found.keys()


@pytest.mark.slow
def test_everything_refused_is_all_unknown(stage: Stage) -> None:
    parts = ("versioning", "object-lock", "lifecycle", "policy", "policyStatus", "encryption", "publicAccessBlock")
    stage.settings.refused |= {*parts, "location", "ownershipControls", "acl", "HEAD bucket", "sts", "DescribeTrails"}
    assert set(stage.ask().values()) == {"unknown"}


@pytest.mark.slow
def test_another_account_in_the_policy(stage: Stage) -> None:
    stage.policy(
        *statements(),
        {
            "Sid": "Share",
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::444455556666:root"},
            "Action": "s3:*Object",
            "Resource": f"arn:aws:s3:::{BUCKET}/*",
        },
    )
    assert stage.ask() == dict.fromkeys(["policy.writers", "policy.deleters", "policy.readers"], "fail")


@pytest.mark.slow
def test_who_owns_the_bucket_is_not_guessed(stage: Stage) -> None:
    stage.policy(
        *statements(),
        {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/reader"},
            "Action": "s3:GetObject",
            "Resource": f"arn:aws:s3:::{BUCKET}/*",
        },
    )
    assert stage.ask() == {}
    stage.settings.strange_owner = True
    assert stage.ask() == {"policy.readers": "unknown"}


@pytest.mark.slow
def test_an_organizations_trail_needs_a_statement_of_its_own(stage: Stage) -> None:
    trail = {
        "Name": "main", "S3BucketName": BUCKET, "TrailARN": ARN, "HomeRegion": "us-east-1", "IsMultiRegionTrail": True,
        "IncludeGlobalServiceEvents": True, "LogFileValidationEnabled": True, "KmsKeyId": "k",
        "IsOrganizationTrail": True,
    }  # fmt: skip
    stage.settings.answers["DescribeTrails"] = {"trailList": [trail]}
    stage.settings.answers["DescribeOrganization"] = {"Organization": {"Id": "o-exampleorg1"}}
    assert stage.ask() == {"policy.organization_write": "fail"}
    write = statements()[1] | {"Resource": f"arn:aws:s3:::{BUCKET}/AWSLogs/o-exampleorg1/*"}
    stage.policy(*statements(), write)
    assert stage.ask() == {}
    stage.settings.refused.add("DescribeOrganization")
    assert stage.ask() == {"policy.organization_write": "unknown"}


@pytest.mark.slow
def test_a_bucket_without_a_trail_in_sight(stage: Stage) -> None:
    stage.trails.delete_trail(Name="main")
    assert stage.ask() == {"trail.found": "unknown"}


@pytest.mark.slow
def test_where_the_logs_lie_decides(stage: Stage) -> None:
    short = {"ID": "short", "Status": "Enabled", "Filter": {"Prefix": "old/"}, "Expiration": {"Days": 1}}
    stage.s3.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration={"Rules": [short]})
    reports = f"arn:aws:s3:::{BUCKET}/old/*"
    share = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": reports}
    stage.policy(*statements(), share)
    assert stage.ask() == {}  # the trail writes elsewhere
    for source in ("old", f"old/AWSLogs/{ACCOUNT}/CloudTrail/us-east-1"):
        report = posture(f"s3://{BUCKET}/{source}", login=Login(), now=datetime.now(UTC))
        failed = {str(row["check"]) for row in report.table if row["status"] == "fail"}
        assert failed == {"bucket.lifecycle", "policy.readers"}
    stage.trails.delete_trail(Name="main")
    assert stage.ask() == dict.fromkeys(["trail.found", "bucket.lifecycle", "policy.readers"], "unknown")


@pytest.mark.slow
def test_trails_that_share_a_bucket_are_each_judged_and_the_bucket_for_all(stage: Stage) -> None:
    short = {"ID": "short", "Status": "Enabled", "Filter": {"Prefix": "second/"}, "Expiration": {"Days": 1}}
    stage.s3.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration={"Rules": [short]})
    stage.trails.create_trail(Name="second", S3BucketName=BUCKET, S3KeyPrefix="second")
    report = posture(f"s3://{BUCKET}", login=Login(), now=datetime.now(UTC))
    rows = [(row["check"], row["subject"]) for row in report.table]
    assert len(rows) == len(set(rows))
    failed = {(row["check"], row["subject"]) for row in report.table if row["status"] == "fail"}
    second = ARN.replace("main", "second")
    assert failed >= {("bucket.lifecycle", f"s3://{BUCKET}"), ("policy.write", second), ("trail.logging", second)}
    assert not any(subject == ARN for _, subject in failed)


@pytest.mark.slow
def test_aws_out_of_reach_is_one_sentence(stage: Stage) -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        done = stage.run(f"s3://{BUCKET}", AWS_ENDPOINT_URL=f"http://127.0.0.1:{unheard.getsockname()[1]}")
    assert (done.code, done.out) == (4, "")
    assert done.err.startswith("ctaudit: AWS cannot be asked: the connection to AWS failed")


def test_trails_are_looked_for_in_regions_that_are_named_and_that_keys_name(stage: Stage) -> None:
    url = stage.env["AWS_ENDPOINT_URL"]
    homes = {"in-keys": "eu-west-1", "named": "eu-central-1"}
    for name, region in homes.items():
        client("cloudtrail", url, region).create_trail(Name=name, S3BucketName=BUCKET)
    stage.s3.put_object(
        Bucket=BUCKET, Key=f"AWSLogs/o-exampleorg1/{ACCOUNT}/CloudTrail/eu-west-1/2026/02/01/x.json.gz", Body=b"x"
    )

    def seen(*regions: str) -> set[str]:
        report = posture(f"s3://{BUCKET}", login=Login(), now=datetime.now(UTC), regions=regions)
        return {str(row["subject"]).rpartition("/")[2] for row in report.table if row["check"] == "trail.logging"}

    assert seen() == {"main", "in-keys"}
    assert stage.run("--trail", ARN, "--region", "eu-west-1").code == 2
    assert seen("eu-central-1", "us-east-1") == {"main", "named"}
    stage.settings.refused.add("GET bucket")  # listings
    assert stage.ask()["trail.found"] == "unknown"


def test_a_trail_that_records_and_does_not_deliver_fails(stage: Stage) -> None:
    late = (datetime.now(UTC) - timedelta(hours=2)).timestamp()
    stage.settings.added["GetTrailStatus"] |= {"LatestDeliveryTime": late}
    assert stage.ask() == {"trail.recent_delivery": "fail"}


def test_what_does_not_exist(stage: Stage) -> None:
    done = stage.run("s3://no-such-bucket")
    assert (done.code, done.out, done.err.splitlines()[0]) == (4, "", "ctaudit: there is no bucket no-such-bucket")
    with pytest.raises(CtauditError, match=r"there is no trail .*/other$"):
        stage.ask(ARN.replace("main", "other"))
    stage.settings.gone.add(BUCKET)
    assert stage.ask(ARN) == {"bucket.exists": "fail"}


@pytest.mark.parametrize(
    ("source", "trail", "skipped"),
    [
        (None, None, ()),
        (f"s3://{BUCKET}", ARN, ()),
        (None, "main", ()),
        (None, "arn:aws:cloudtrail:../../x:111122223333:trail/main", ()),
        (BUCKET, None, ()),
        ("s3://", None, ()),
        (f"s3://{BUCKET}", None, ("bucket.no_such",)),
    ],
)
@pytest.mark.slow
def test_questions_that_cannot_be_asked(
    source: str | None, trail: str | None, skipped: tuple[str, ...], stage: Stage
) -> None:
    stage.settings.requests.clear()
    with pytest.raises(UsageError):
        posture(source, trail, login=Login(), now=datetime.now(UTC), skipped=skipped)
    assert not stage.settings.requests


@pytest.mark.parametrize("words", [(), (f"s3://{BUCKET}", "--retention", "0")])
@pytest.mark.slow
def test_the_command_refuses_what_cannot_be_asked(words: tuple[str, ...], tmp_path: Path) -> None:
    done = piped("posture", *words, folder=tmp_path)
    assert (done.code, done.out) == (2, "")


@pytest.mark.slow
def test_without_credentials_nothing_can_be_asked(stage: Stage) -> None:
    done = stage.run(f"s3://{BUCKET}", AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None)
    assert (done.code, done.err.splitlines()[0]) == (4, "ctaudit: there are no usable AWS credentials")


@pytest.mark.slow
def test_a_check_can_be_left_out_and_that_is_said(stage: Stage) -> None:
    stage.trails.stop_logging(Name="main")
    done = stage.run(f"s3://{BUCKET}", "--skip", "trail.logging")
    assert (done.code, "trail.logging" in done.out) == (0, False)
    assert "left out as asked: trail.logging" in done.err


@pytest.mark.slow
def test_formats_have_the_same_rows_the_worst_first(stage: Stage) -> None:
    stage.trails.stop_logging(Name="main")
    stage.settings.refused.add("lifecycle")
    as_json = json.loads(stage.run(f"s3://{BUCKET}", "--format", "json").out)
    assert [row["status"] for row in as_json[:4]] == ["fail", "unknown", "unknown", "pass"]
    as_csv = list(csv.DictReader(io.StringIO(stage.run(f"s3://{BUCKET}", "--format", "csv").out)))
    assert as_csv == as_json
    done = stage.run(f"s3://{BUCKET}")
    assert (done.code, len(done.out.splitlines())) == (1, len(as_json) + 2)


@pytest.mark.slow
def test_a_terminal_gets_paragraphs_with_whole_sentences(stage: Stage) -> None:
    stage.trails.stop_logging(Name="main")
    done = on_terminal("posture", f"s3://{BUCKET}", width=60, env=stage.env, folder=stage.folder)
    assert done.code == 1
    assert done.plain[0] == "trail.logging  fail"
    said = " ".join(line.strip() for line in done.plain)
    assert CHECKS["trail.logging"][0] in said
    assert CHECKS["trail.logging"][1] in said


@pytest.mark.slow
def test_trails_are_looked_for_where_the_bucket_is(stage: Stage) -> None:
    stage.trails.delete_trail(Name="main")
    trails = client("cloudtrail", stage.env["AWS_ENDPOINT_URL"], "eu-west-1")
    trails.create_trail(Name="abroad", S3BucketName=BUCKET)
    assert "trail.multi_region" not in stage.ask()
    stage.settings.answers["location"] = "<LocationConstraint>eu-west-1</LocationConstraint>"
    found = stage.ask()
    assert found["trail.multi_region"] == "fail"
    assert found["policy.write"] == "fail"  # the policy is for another trail
