"""A gate before the simulated S3 and SQS: counts requests by kind, and lets some of them meet with trouble."""

from __future__ import annotations

import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

_SUBRESOURCES = {"location": "GetBucketLocation", "versions": "ListObjectVersions", "uploads": "ListMultipartUploads"}


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error in S3's own words instead of an answer."""

    status: str
    code: str
    message: str
    times: int | None = None
    """How many requests meet with it; None for all."""


@dataclass(frozen=True, slots=True)
class Cut:
    """The connection breaks off in the middle of the body."""

    times: int | None = None


@dataclass(frozen=True, slots=True)
class Delay:
    """The answer comes late; longer than a client's patience it is a read timeout."""

    seconds: float
    times: int | None = None


Trouble = Refusal | Cut | Delay

DENIED = Refusal("403 Forbidden", "AccessDenied", "Access Denied")
KMS_DENIED = Refusal(
    "403 Forbidden",
    "AccessDenied",
    "User: arn:aws:iam::111122223333:user/auditor is not authorized to perform: kms:Decrypt on the resource associated "
    "with this ciphertext because no identity-based policy allows the kms:Decrypt action",
)
ARCHIVED = Refusal("403 Forbidden", "InvalidObjectState", "The operation is not valid for the object's access tier")
SLOW_DOWN = Refusal("503 Slow Down", "SlowDown", "Please reduce your request rate.")


def slow_down(times: int) -> Refusal:
    """S3's throttling of the next `times` requests."""
    return Refusal(SLOW_DOWN.status, SLOW_DOWN.code, SLOW_DOWN.message, times)


@dataclass(frozen=True, slots=True)
class Request:
    kind: str
    """The S3 operation: `GetObject`, `HeadObject`, `ListObjectsV2` …"""
    bucket: str
    key: str
    """Empty for what is asked of the bucket itself; of SQS the operation, to meet trouble by."""


class Gate:
    """A WSGI application around another one. Safe to be called from the server's threads."""

    def __init__(self, inner: Application) -> None:
        self._inner = inner
        self._lock = threading.Lock()
        self._troubles: dict[str, Trouble] = {}
        self._met: Counter[str] = Counter()
        self.requests: Counter[str] = Counter()
        """How many requests of each kind came, those that met with trouble too."""
        self.keys: Counter[tuple[str, str]] = Counter()
        """How often each object was asked for, by kind and key."""
        self.signers: set[str] = set()
        """The first four letters of the access keys that requests were signed with: ASIA is a role's."""
        self.latency = 0.0
        """Seconds that every answer waits: S3 takes 20 to 100 ms to the first byte."""

    def trouble(self, key: str, trouble: Trouble) -> None:
        """Let requests for this object meet with trouble from now on; an empty key means listings of any bucket."""
        with self._lock:
            self._troubles[key] = trouble
            self._met[key] = 0

    def reset(self) -> None:
        """Forget all troubles, counts and latency."""
        with self._lock:
            self._troubles.clear()
            self._met.clear()
            self.requests.clear()
            self.keys.clear()
            self.signers.clear()
            self.latency = 0.0

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        request = _request(environ)
        self.signers.add(environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2][:4])
        trouble = self._note(request)
        if self.latency:
            time.sleep(self.latency)
        if isinstance(trouble, Refusal):
            return _refused(trouble, request, start_response)
        if isinstance(trouble, Delay):
            time.sleep(trouble.seconds)
        body = self._inner(environ, start_response)
        return _cut(environ, body) if isinstance(trouble, Cut) else body

    def _note(self, request: Request) -> Trouble | None:
        with self._lock:
            self.requests[request.kind] += 1
            self.keys[request.kind, request.key] += 1
            if not request.key and not request.kind.startswith("List"):
                return None
            trouble = self._troubles.get(request.key)
            if trouble is None or (trouble.times is not None and self._met[request.key] >= trouble.times):
                return None
            self._met[request.key] += 1
            return trouble


def _request(environ: Environ) -> Request:
    service, _, operation = environ.get("HTTP_X_AMZ_TARGET", "").partition(".")
    if service == "AmazonSQS":
        return Request(operation, "", operation)
    path = environ["PATH_INFO"].encode("latin-1").decode()  # WSGI's way to carry UTF-8
    bucket, _, key = path.removeprefix("/").partition("/")
    return Request(_kind(environ, bool(key)), bucket, key)


def _kind(environ: Environ, of_object: bool) -> str:
    method = environ["REQUEST_METHOD"].capitalize()
    if of_object or method != "Get":
        return f"{method}{'Object' if of_object else 'Bucket'}"
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    for name, kind in _SUBRESOURCES.items():
        if name in query:
            return kind
    return "ListObjectsV2" if query.get("list-type") == ["2"] else "ListObjects"


def _refused(refusal: Refusal, request: Request, start_response: StartResponse) -> Iterable[bytes]:
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{refusal.code}</Code>'
        f"<Message>{escape(refusal.message)}</Message><Key>{escape(request.key)}</Key>"
        "<RequestId>EXAMPLE0REQUEST0</RequestId></Error>"
    ).encode()
    start_response(refusal.status, [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
    return () if request.kind.startswith("Head") else (body,)


def _cut(environ: Environ, body: Iterable[bytes]) -> Iterator[bytes]:
    whole = b"".join(body)
    if callable(close := getattr(body, "close", None)):
        close()
    yield whole[: len(whole) // 2]
    connection: socket.socket = environ["werkzeug.socket"]
    connection.shutdown(socket.SHUT_RDWR)
