"""Sinks within AWS: a topic of SNS, and a bus of EventBridge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ctaudit.errors import CtauditError, UsageError
from ctaudit.sources import aws_login, sink
from ctaudit.sources.aws_login import Login
from ctaudit.sources.objects import PASSING, Unavailable
from ctaudit.sources.s3_errors import classified
from ctaudit.sources.sink import Failures, Lasting, Message, Passing

SOURCE, DETAIL_TYPE = "ctaudit", "ctaudit anomaly"
"""What rules of EventBridge match."""
_BATCH, _BATCH_BYTES = 10, 256 * 1024
"""Most entries and bytes of one PutEvents."""
_SUBJECT = 100


class Sns:
    """Publishes each message by itself, its kind and severity as attributes that subscriptions filter by."""

    def __init__(self, topic: str, login: Login) -> None:
        if not _is_arn(topic, "sns"):
            raise UsageError(f"'{topic}' is no topic's ARN", "write sns:arn:aws:sns:REGION:ACCOUNT:NAME")
        self._topic, self._login = topic, login

    @property
    def name(self) -> str:
        return f"sns:{self._topic}"

    @property
    def key(self) -> str:
        return self.name

    def deliver(self, messages: Sequence[Message]) -> Failures:
        try:
            client = _client(self._login, "sns", self._topic.split(":")[3])
        except CtauditError as error:
            return dict.fromkeys((message.id for message in messages), error.message)

        def publish(message: Message) -> None:
            _asked(client.publish, **self._request(message))

        return sink.one_by_one(messages, publish)

    def _request(self, message: Message) -> dict[str, Any]:
        attributes = {"kind": message.kind, "severity": message.severity, "id": message.id}
        asked = {
            "TopicArn": self._topic,
            "Subject": subject(message.title),
            "Message": message.body,
            "MessageAttributes": {
                name: {"DataType": "String", "StringValue": value} for name, value in attributes.items() if value
            },
        }
        if self._topic.endswith(".fifo"):
            asked |= {"MessageGroupId": SOURCE, "MessageDeduplicationId": message.id}
        return asked


def subject(title: str) -> str:
    """Return what SNS takes for a subject: at most 100 printable ASCII characters, beginning with no space."""
    text = "".join(letter if letter.isascii() and letter.isprintable() else "?" for letter in title)
    return text.strip()[:_SUBJECT].rstrip() or SOURCE


class EventBridge:
    """Puts events on a bus, ten at a time; of a batch of which some fail, those are put again."""

    def __init__(self, bus: str, login: Login) -> None:
        if not bus or (bus.startswith("arn:") and not _is_arn(bus, "events")):
            raise UsageError(f"'{bus}' is no event bus", "write eventbridge:NAME, or the bus's ARN")
        self._bus, self._login = bus, login

    @property
    def name(self) -> str:
        return f"eventbridge:{self._bus}"

    @property
    def key(self) -> str:
        return self.name

    def deliver(self, messages: Sequence[Message]) -> Failures:
        try:
            region = self._bus.split(":")[3] if self._bus.startswith("arn:") else None
            client = _client(self._login, "events", region)
        except CtauditError as error:
            return dict.fromkeys((message.id for message in messages), error.message)
        failures: Failures = {}
        row = 0
        for batch in _batches(messages):
            if row >= sink.IN_A_ROW:
                told = f"not tried after {row} failures: {next(reversed(failures.values()))}"
                failures |= dict.fromkeys((message.id for message in batch), told)
                continue
            failed = self._put(client, batch)
            row = row + 1 if len(failed) == len(batch) else 0
            failures |= failed
        return failures

    def _put(self, client: Any, batch: Sequence[Message]) -> Failures:
        """Put a batch, and what failed of it again; returns what is left in the end."""
        waiting, failures = list(batch), Failures()
        for attempt in range(sink.ATTEMPTS):
            try:
                entries = [self._entry(message) for message in waiting]
                answers = _asked(client.put_events, Entries=entries).get("Entries", [])
                failures = {
                    message.id: f"EventBridge refused it ({answer.get('ErrorCode')})"
                    for message, answer in zip(waiting, answers, strict=True)
                    if answer.get("ErrorCode")
                }
            except (Passing, Lasting) as error:
                failures = dict.fromkeys((message.id for message in waiting), str(error))
                if isinstance(error, Lasting):
                    return failures
            waiting = [message for message in waiting if message.id in failures]
            if not waiting or attempt == sink.ATTEMPTS - 1:
                break
            sink.pause(attempt)
        return failures

    def _entry(self, message: Message) -> dict[str, Any]:
        return {
            "Source": SOURCE,
            "DetailType": DETAIL_TYPE,
            "Detail": message.body,
            "EventBusName": self._bus,
        }


def _batches(messages: Sequence[Message]) -> list[list[Message]]:
    batches: list[list[Message]] = []
    size = 0
    for message in messages:
        own = len(message.body.encode()) + len(SOURCE) + len(DETAIL_TYPE)
        if not batches or len(batches[-1]) == _BATCH or size + own > _BATCH_BYTES:
            batches.append([])
            size = 0
        batches[-1].append(message)
        size += own
    return batches


def _is_arn(text: str, service: str) -> bool:
    parts = text.split(":", 5)
    return len(parts) == 6 and parts[0] == "arn" and parts[2] == service and bool(parts[3] and parts[5])


def _client(login: Login, service: str, region: str | None) -> Any:
    """Return a client; raises CtauditError when there is no login, or no region."""
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError

    session = aws_login.log_in(login)
    if not (region or session.region_name):
        raise CtauditError("no region is set: name the bus by its ARN, or set AWS_REGION")
    retries = {"mode": "standard", "max_attempts": 1}  # we try again ourselves, at one pace for all sinks
    config = Config(retries=retries, connect_timeout=sink.TIMEOUT, read_timeout=sink.TIMEOUT)
    try:
        return session.client(service, region_name=region, config=config, endpoint_url=login.endpoint_url)
    except (BotoCoreError, ValueError) as error:
        raise CtauditError(f"AWS has no region {region or session.region_name}") from error


def _asked(ask: Any, **asked: Any) -> Any:
    """Ask AWS; raises Passing or Lasting."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return ask(**asked)
    except (BotoCoreError, ClientError, Unavailable, CtauditError, ValueError) as error:
        trouble = error if isinstance(error, ValueError) else classified(error)
        if isinstance(trouble, Unavailable):
            raise (Passing if trouble.kind in PASSING else Lasting)(trouble.reason) from error
        raise Lasting(str(trouble)) from error
