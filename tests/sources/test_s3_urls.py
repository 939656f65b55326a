"""A bucket is named by `s3://bucket/prefix`; whoever names it otherwise is told the right spelling."""

from __future__ import annotations

import pytest

from ctaudit.errors import UsageError
from ctaudit.sources.s3_urls import meant, split_url


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("S3://trail-logs/AWSLogs", "s3://trail-logs/AWSLogs"),
        ("s3:/trail-logs/AWSLogs/", "s3://trail-logs/AWSLogs"),
        ("s3:trail-logs", "s3://trail-logs"),
        ("s3a://trail-logs/x", "s3://trail-logs/x"),
        ("arn:aws:s3:::trail-logs", "s3://trail-logs"),
        ("arn:aws:s3:::trail-logs/AWSLogs/111122223333", "s3://trail-logs/AWSLogs/111122223333"),
        ("arn:aws-cn:s3:::trail-logs/*", "s3://trail-logs/*"),
        ("https://trail-logs.s3.amazonaws.com/AWSLogs/", "s3://trail-logs/AWSLogs"),
        ("https://trail-logs.s3.eu-west-1.amazonaws.com/a%20b/c+d", "s3://trail-logs/a b/c+d"),
        ("https://trail.logs.s3-eu-west-1.amazonaws.com", "s3://trail.logs"),
        ("https://trail-logs.s3.dualstack.eu-west-1.amazonaws.com/x", "s3://trail-logs/x"),
        ("https://trail-logs.s3.cn-north-1.amazonaws.com.cn/x", "s3://trail-logs/x"),
        ("https://s3.eu-west-1.amazonaws.com/trail-logs/AWSLogs/", "s3://trail-logs/AWSLogs"),
        ("https://s3.amazonaws.com/trail-logs", "s3://trail-logs"),
        ("https://s3-eu-west-1.amazonaws.com/trail-logs/x", "s3://trail-logs/x"),
        ("https://trail-logs.s3.amazonaws.com/x?X-Amz-Signature=5ecret", "s3://trail-logs/x"),
        (
            "https://eu-west-1.console.aws.amazon.com/s3/buckets/trail-logs?region=eu-west-1&prefix=AWSLogs/1%2B/",
            "s3://trail-logs/AWSLogs/1+",
        ),
        ("https://s3.console.aws.amazon.com/s3/buckets/trail-logs/AWSLogs/?tab=objects", "s3://trail-logs/AWSLogs"),
        (
            "https://us-east-1.console.aws.amazon.com/s3/object/trail-logs?prefix=a/b.json.gz",
            "s3://trail-logs/a/b.json.gz",
        ),
    ],
)
def test_each_other_spelling_is_answered_with_the_right_one(written: str, said: str) -> None:
    assert meant(written) == said
    with pytest.raises(UsageError) as caught:
        split_url(written)
    assert (caught.value.advice, caught.value.exit_code) == (f"say {said}", 2)
    assert "5ecret" not in caught.value.message + caught.value.advice


@pytest.mark.parametrize(
    "written",
    [
        "", "trail-logs", "./s3", "https://example.com/s3/buckets/x", "https://s3.example.com/b/c", "s3:", "s3:///x",
        "https://s3.console.aws.amazon.com/s3/home", "arn:aws:iam::111122223333:role/x", "http://[", "logs:x",
        "https://amazonaws.com.evil.example/b", "https://trail-logs.s3.amazonaws.com.evil.example/x",
    ],
)  # fmt: skip
def test_what_names_no_bucket_is_not_guessed_at(written: str) -> None:
    assert meant(written) is None


def test_the_right_spelling_is_split() -> None:
    assert split_url("s3://trail-logs") == ("trail-logs", "")
    assert split_url("s3://trail-logs/AWSLogs/*") == ("trail-logs", "AWSLogs/*")
