"""Where a queue is, by what the user gave: its URL, its name, or somebody else's endpoint."""

from __future__ import annotations

import pytest

from ctaudit.errors import UsageError
from ctaudit.sources.queue import Place, is_queue, place_of


@pytest.mark.parametrize(
    ("host", "region", "endpoint"),
    [
        ("sqs.eu-west-1.amazonaws.com", "eu-west-1", None),
        ("sqs.cn-north-1.amazonaws.com.cn", "cn-north-1", None),
        ("sqs-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1", None),
        ("eu-west-1.queue.amazonaws.com", "eu-west-1", None),
        ("queue.amazonaws.com", None, None),
        ("sqs.us-east-1.api.aws", "us-east-1", None),
        ("vpce-1-2.sqs.us-east-1.vpce.amazonaws.com", "us-east-1", "https://vpce-1-2.sqs.us-east-1.vpce.amazonaws.com"),
        ("sqs.us-east-1.amazonaws.com.evil.example", "us-east-1", "https://sqs.us-east-1.amazonaws.com.evil.example"),
        ("localhost:4566", None, "https://localhost:4566"),
    ],
)
def test_a_url_tells_region_and_endpoint(host: str, region: str | None, endpoint: str | None) -> None:
    source = f"sqs://{host}/111122223333/trail"
    assert place_of(source) == Place(source, f"https://{host}/111122223333/trail", "trail", region, endpoint)


def test_a_name_is_looked_up_and_another_endpoint_asked_as_it_is_named() -> None:
    assert place_of("sqs://trail-1_x.fifo") == Place("sqs://trail-1_x.fifo", None, "trail-1_x.fifo", None, None)
    place = place_of("sqs+http://127.0.0.1:5000/1/trail")
    assert (place.url, place.endpoint) == ("http://127.0.0.1:5000/1/trail", "http://127.0.0.1:5000")


@pytest.mark.parametrize(
    "source",
    [
        "sqs://", "sqs://a b", "sqs:///x", "sqs://host/", "sqs://host/1/" + "x" * 81, "sqs+http://name",
        "sqs://u:p@host/1/x", "sqs://host/1/x?y", "sqs://host/1/x#y", "sqs://host/1/x\n", "sqs://https://host/1/x",
    ],
)  # fmt: skip
def test_anything_else_names_no_queue(source: str) -> None:
    assert is_queue(source)
    with pytest.raises(UsageError, match="names no queue"):
        place_of(source)


def test_other_sources_are_no_queues() -> None:
    assert not any(map(is_queue, ["s3://b/k", "sqs", "sqs:x", "sqs.json", "./sqs://x", "-"]))
