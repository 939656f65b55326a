"""A queue of SQS: messages received, kept from coming again while they are worked on, and deleted.

All failures are Unavailable or CtauditError, as `s3_errors` tells them apart. Receipts let anybody delete a message, so
they are in no `repr`.
"""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ctaudit.errors import CtauditError, UsageError
from ctaudit.sources import aws_login
from ctaudit.sources.aws_login import Login
from ctaudit.sources.objects import Unavailable
from ctaudit.sources.s3_errors import classified

SCHEMES = ("sqs://", "sqs+https://", "sqs+http://")
LONG_POLL = 20
"""Seconds that SQS waits for a message at most; an idle queue costs one request in this time."""
_AT_ONCE = 10
"""Messages of one request: SQS's own limit."""
_DEFAULT_TIMEOUT = 30
"""Seconds for which a received message stays invisible, when the queue's own are unknown or too few to work in."""
_LEAST_TIMEOUT = 2
_DELETE_ATTEMPTS = 3
_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}(?:\.fifo)?", re.ASCII)
_PLACE = re.compile(r"([A-Za-z0-9.-]+(?::\d{1,5})?)/((?:[A-Za-z0-9_.-]+/)*[A-Za-z0-9_-]{1,80}(?:\.fifo)?)", re.ASCII)
_REGION = re.compile(r"(?:^|[.])([a-z]{2,}(?:-[a-z]+)+-\d+)[.]")
_AWS = re.compile(
    r"(?:sqs(?:-fips)?\.[a-z0-9-]+|[a-z0-9-]+\.queue|queue)\.amazonaws\.com(?:\.cn)?|sqs\.[a-z0-9-]+\.api\.aws"
)
"""Hosts that boto3 finds by itself; another one, such as that of a VPC's own way to SQS, is asked as it is named."""


@dataclass(frozen=True, slots=True)
class Message:
    id: str
    receipt: str = field(repr=False)
    body: str = field(repr=False)
    receives: int
    """How often it was received, this time included."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a queue is, as its URL says."""

    shown: str
    """`sqs://…`, as faults name it."""
    url: str | None
    """None: only the name is known."""
    name: str
    region: str | None
    endpoint: str | None
    """To be asked in place of what boto3 would ask."""


def is_queue(source: str) -> bool:
    return source.startswith(SCHEMES)


def place_of(source: str) -> Place:
    """Read `sqs://host/account/name`, `sqs+http://host:port/account/name` or `sqs://name`; raises UsageError."""
    scheme, _, rest = source.partition("://")
    if scheme == "sqs" and _NAME.fullmatch(rest):
        return Place(source, None, rest, None, None)
    found = _PLACE.fullmatch(rest)
    if found is None:
        advice = "give sqs:// and the queue's URL without its https://, or sqs://NAME"
        raise UsageError(f"'{source}' names no queue", advice)
    host, path = found.groups()
    base = f"{scheme.partition('+')[2] or 'https'}://{host}"
    region = _REGION.search(host)
    endpoint = None if scheme == "sqs" and _AWS.fullmatch(host) else base
    return Place(source, f"{base}/{path}", path.rpartition("/")[2], region[1] if region else None, endpoint)


class Queue:
    """One queue, by one client that is made at once and may be used by several threads.

    Raises CtauditError when there are no credentials, Unavailable when there is no such queue, or no way to it.
    """

    def __init__(self, place: Place, login: Login) -> None:
        self.shown = place.shown
        self._client, self._url = _connect(place, login)
        self.timeout, self._ask_for = self._visibility()

    def _visibility(self) -> tuple[int, dict[str, int]]:
        """Return for how long a received message is invisible, and what to ask for to have it so."""
        try:
            answer = self._client.get_queue_attributes(QueueUrl=self._url, AttributeNames=["VisibilityTimeout"])
            timeout = int(answer["Attributes"]["VisibilityTimeout"])
        except Exception as error:
            trouble = classified(error)
            if not isinstance(trouble, Unavailable) or trouble.kind != "denied":
                raise trouble from error
            timeout = 0  # who may receive need not be allowed to ask for that
        if timeout >= _LEAST_TIMEOUT:
            return timeout, {}
        return _DEFAULT_TIMEOUT, {"VisibilityTimeout": _DEFAULT_TIMEOUT}

    def receive(self, wait: int) -> list[Message]:
        """Receive up to ten messages, after up to `wait` seconds."""
        answer = self._ask(
            "receive_message",
            MaxNumberOfMessages=_AT_ONCE,
            WaitTimeSeconds=min(wait, LONG_POLL),
            MessageSystemAttributeNames=["ApproximateReceiveCount"],
            **self._ask_for,
        )
        return [
            Message(
                each["MessageId"],
                each["ReceiptHandle"],
                each.get("Body", ""),
                int(each.get("Attributes", {}).get("ApproximateReceiveCount", 1)),
            )
            for each in answer.get("Messages", ())
        ]

    def delete(self, messages: Iterable[Message], pause: Callable[[float], object]) -> list[Message]:
        """Delete messages, and return those that SQS did not delete, after several attempts with a `pause` between."""
        left = list(messages)
        for attempt in range(_DELETE_ATTEMPTS):
            if attempt and left:
                pause(0.2 * 4**attempt)
            left = [each for some in _tens(left) for each in self._delete(some)]
        return left

    def _delete(self, messages: Sequence[Message]) -> list[Message]:
        answer = self._ask("delete_message_batch", Entries=_entries(messages))
        return [messages[int(each["Id"])] for each in answer.get("Failed", ())]

    def hide(self, messages: Iterable[Message], seconds: int) -> None:
        """Let messages stay invisible for so long from now on; it means nothing to one that is deleted already."""
        for some in _tens(list(messages)):
            self._ask("change_message_visibility_batch", Entries=_entries(some, VisibilityTimeout=seconds))

    @contextlib.contextmanager
    def keeping(self) -> Iterator[Held]:
        """Keep messages from coming again while the block runs."""
        held, ended = Held(), threading.Event()

        def keep() -> None:
            while not ended.wait(self.timeout / 2):
                try:
                    self.hide(held.messages(), self.timeout)
                except (Unavailable, CtauditError) as error:
                    held.trouble = error  # they may come again, and are then known

        keeper = threading.Thread(target=keep, name="ctaudit-keep", daemon=True)
        keeper.start()
        try:
            yield held
        finally:
            ended.set()
            keeper.join()

    def _ask(self, operation: str, **asked: Any) -> Any:
        try:
            return getattr(self._client, operation)(QueueUrl=self._url, **asked)
        except Exception as error:
            raise classified(error) from error


class Held:
    """Messages that are worked on, each by its newest receipt."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._messages: dict[str, Message] = {}
        self.trouble: Exception | None = None
        """Why they could not be kept from coming again."""

    def add(self, messages: Iterable[Message]) -> None:
        with self._lock:
            self._messages |= {each.id: each for each in messages}

    def drop(self, messages: Iterable[Message]) -> None:
        with self._lock:
            for each in messages:
                self._messages.pop(each.id, None)

    def messages(self) -> list[Message]:
        with self._lock:
            return list(self._messages.values())


def _tens(messages: Sequence[Message]) -> Iterator[Sequence[Message]]:
    return (messages[begin : begin + _AT_ONCE] for begin in range(0, len(messages), _AT_ONCE))


def _entries(messages: Sequence[Message], **also: int) -> list[dict[str, Any]]:
    return [{"Id": str(place), "ReceiptHandle": each.receipt, **also} for place, each in enumerate(messages)]


def _connect(place: Place, login: Login) -> tuple[Any, str]:
    """Return boto3's client and the queue's URL."""
    from botocore.config import Config
    from botocore.exceptions import NoCredentialsError

    config = Config(retries={"mode": "standard", "max_attempts": 5}, connect_timeout=10, read_timeout=LONG_POLL + 20)
    try:
        session = aws_login.session(login)
        if session.get_credentials() is None:
            raise NoCredentialsError
        region = place.region or session.region_name
        if region is None:
            raise UsageError(f"no region is known for {place.shown}", "set AWS_REGION, or give the queue's whole URL")
        client = session.client("sqs", region_name=region, config=config, endpoint_url=place.endpoint)
        url = place.url or client.get_queue_url(QueueName=place.name)["QueueUrl"]
    except CtauditError:
        raise
    except Exception as error:
        raise classified(error) from error
    return client, str(url)
