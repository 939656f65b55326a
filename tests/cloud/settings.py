"""AWS as it answers about settings: moto, with answers that it lacks, and refusals, laid over it by operation."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from tests.cloud.gate import Application, Environ, StartResponse
from tests.cloud.server import serving

ACCOUNT = str(DEFAULT_ACCOUNT_ID)
"""Whose credentials moto takes all for."""
_S3 = (
    "location", "versioning", "object-lock", "lifecycle", "policy", "policyStatus", "encryption", "publicAccessBlock",
    "ownershipControls", "acl",
)  # fmt: skip
_DENIED_S3 = b"<Error><Code>AccessDenied</Code><Message>Access Denied, as user secret-name</Message></Error>"
_DENIED_STS = b"<ErrorResponse>" + _DENIED_S3.replace(b"<Error>", b"<Error><Type>Sender</Type>") + b"</ErrorResponse>"
_NO_BUCKET = b"<Error><Code>NoSuchBucket</Code><Message>The specified bucket does not exist</Message></Error>"


class Settings:
    """A WSGI application around moto. Safe to be called from the server's threads."""

    def __init__(self, inner: Application) -> None:
        self._inner = inner
        self.reset()

    def reset(self) -> None:
        self.refused: set[str] = set()
        """Operations that are denied: `GetTrailStatus`, or for S3 the part of the bucket: `policyStatus`."""
        self.gone: set[str] = set()
        """Buckets that there are none of."""
        self.answers: dict[str, Any] = {}
        """Operation -> what is answered instead of moto's answer; text (XML) for S3, else a mapping."""
        self.added: dict[str, dict[str, Any]] = {}
        """Operation -> keys laid over moto's answer."""
        self.errors: dict[str, str] = {}
        """Operation -> the error code that it is answered with."""
        self.strange_owner = False
        """Whether the bucket belongs to another account than anybody guesses."""
        self.requests: Counter[str] = Counter()
        self.methods: set[str] = set()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        target = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
        service = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2].split("/")[3:4]
        operation = target or (_part(environ) if service == ["s3"] else "".join(service))
        self.requests[operation] += 1
        return (
            self._of_s3(operation, environ, start_response)
            if service == ["s3"]
            else self._json(operation, environ, start_response)
        )

    def _of_s3(self, operation: str, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        self.methods.add(environ["REQUEST_METHOD"])
        if environ["PATH_INFO"].strip("/") in self.gone:
            return _sent(start_response, "404 Not Found", "application/xml", _NO_BUCKET)
        strange = self.strange_owner and "HTTP_X_AMZ_EXPECTED_BUCKET_OWNER" in environ
        if operation in self.refused or strange:
            return _sent(start_response, "403 Forbidden", "application/xml", _DENIED_S3)
        if operation in self.answers:
            return _sent(start_response, "200 OK", "application/xml", self.answers[operation].encode())
        return self._inner(environ, start_response)

    def _json(self, operation: str, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        code = "AccessDeniedException" if operation in self.refused else self.errors.get(operation)
        if code is not None:
            if operation == "sts":
                return _sent(start_response, "403 Forbidden", "text/xml", _DENIED_STS)
            body = json.dumps({"__type": code, "message": "User secret-name is not authorized"}).encode()
            return _sent(start_response, "400 Bad Request", "application/x-amz-json-1.1", body)
        if operation in self.answers:
            body = json.dumps(self.answers[operation]).encode()
            return _sent(start_response, "200 OK", "application/x-amz-json-1.1", body)
        if operation not in self.added:
            return self._inner(environ, start_response)
        whole = b"".join(self._inner(environ, lambda *_: None))
        body = json.dumps(json.loads(whole) | self.added[operation]).encode()
        return _sent(start_response, "200 OK", "application/x-amz-json-1.1", body)


def _part(environ: Environ) -> str:
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    return next((name for name in _S3 if name in query), f"{environ['REQUEST_METHOD']} bucket")


def _sent(start_response: StartResponse, status: str, kind: str, body: bytes) -> Iterable[bytes]:
    start_response(status, [("Content-Type", kind), ("Content-Length", str(len(body)))])
    return (body,)


@contextmanager
def running_settings() -> Iterator[tuple[Settings, str]]:
    """Serve on a free port until the block is left; yields the application and where it is."""
    settings = Settings(DomainDispatcherApplication(create_backend_app))
    with serving(settings) as url:
        yield settings, url
