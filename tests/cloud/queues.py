"""A queue on localhost, and the messages that AWS puts into one, in all their shapes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote_plus

import boto3
from moto.sqs.models import sqs_backends

from tests.cloud.server import Cloud

ACCOUNT = "123456789012"


class TestQueue:
    """One queue, asked over HTTP as anybody would."""

    __test__ = False

    def __init__(self, cloud: Cloud, name: str, **attributes: str) -> None:
        env = cloud.environment
        self._client: Any = boto3.Session(env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"]).client(
            "sqs", region_name="us-east-1", endpoint_url=cloud.s3_url
        )
        self.name = name
        self._url = self._client.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        self.arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}"
        self.source = f"sqs+{cloud.s3_url}/{ACCOUNT}/{name}"

    def send(self, *bodies: str | dict[str, Any]) -> None:
        for body in bodies:
            text = body if isinstance(body, str) else json.dumps(body)
            self._client.send_message(QueueUrl=self._url, MessageBody=text)

    def count(self) -> int:
        """Return how many messages there are, visible or not."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self._client.get_queue_attributes(QueueUrl=self._url, AttributeNames=names)["Attributes"]
        return sum(int(found[name]) for name in names)

    def receive(self) -> list[dict[str, Any]]:
        """Return up to ten visible messages, which stay visible."""
        answer = self._client.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=10,
            VisibilityTimeout=0,
            MessageSystemAttributeNames=["ApproximateReceiveCount"],
        )
        return list(answer.get("Messages", []))

    def show_all(self) -> None:
        """Make all messages visible, as if the time for which they were received were over."""
        found = _backend(self.name)
        for message in found._messages:
            message.change_visibility(0)

    def delete(self) -> None:
        self._client.delete_queue(QueueUrl=self._url)


def from_s3(bucket: str, key: str, event: str = "ObjectCreated:Put") -> dict[str, Any]:
    """Return S3's own notification; its keys are encoded as in a form."""
    return {
        "Records": [
            {
                "eventVersion": "2.1",
                "eventSource": "aws:s3",
                "awsRegion": "us-east-1",
                "eventTime": "2026-02-10T12:00:00.000Z",
                "eventName": event,
                "userIdentity": {"principalId": "AWS:AROAEXAMPLE:cloudtrail"},
                "requestParameters": {"sourceIPAddress": "192.0.2.1"},
                "responseElements": {"x-amz-request-id": "EXAMPLE", "x-amz-id-2": "EXAMPLE"},
                "s3": {
                    "s3SchemaVersion": "1.0",
                    "configurationId": "logs",
                    "bucket": {"name": bucket, "ownerIdentity": {"principalId": "A"}, "arn": f"arn:aws:s3:::{bucket}"},
                    "object": {
                        "key": quote_plus(key, safe="/"),
                        "size": 1024,
                        "eTag": "0",
                        "sequencer": "0055AED6DCD90281E5",
                    },
                },
            }
        ]
    }


def through_sns(message: str | dict[str, Any], **more: str) -> dict[str, Any]:
    """Return what SNS makes of a message unless it delivers raw."""
    text = message if isinstance(message, str) else json.dumps(message)
    return {
        "Type": "Notification",
        "MessageId": "00000000-0000-4000-8000-000000000000",
        "TopicArn": "arn:aws:sns:us-east-1:123456789012:trail",
        "Message": text,
        "Timestamp": "2026-02-10T12:00:00.000Z",
        "SignatureVersion": "1",
        "Signature": "EXAMPLE",
        "SigningCertURL": "https://sns.us-east-1.amazonaws.com/x.pem",
        "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe",
    } | more


def from_cloudtrail(bucket: str, keys: Sequence[str]) -> dict[str, Any]:
    """Return what CloudTrail publishes; its keys are as they are."""
    return {"s3Bucket": bucket, "s3ObjectKey": list(keys)}


def from_eventbridge(bucket: str, key: str, kind: str = "Object Created") -> dict[str, Any]:
    """Return what EventBridge makes of a new object; its key is as it is."""
    detail = {"version": "0", "bucket": {"name": bucket}, "object": {"key": key, "size": 5}, "reason": "PutObject"}
    return _event(kind, "aws.s3", detail)


def call(record: dict[str, Any], kind: str = "AWS API Call via CloudTrail") -> dict[str, Any]:
    """Return what EventBridge makes of a record of CloudTrail."""
    return _event(kind, "aws.s3", record)


def _event(kind: str, source: str, detail: dict[str, Any]) -> dict[str, Any]:
    return {
        "version": "0",
        "id": "00000000-0000-4000-8000-000000000001",
        "detail-type": kind,
        "source": source,
        "account": "111122223333",
        "time": "2026-02-10T12:00:00Z",
        "region": "us-east-1",
        "resources": [],
        "detail": detail,
    }


def _backend(name: str) -> Any:
    """Return moto's own queue."""
    return sqs_backends[ACCOUNT]["us-east-1"].queues[name]
