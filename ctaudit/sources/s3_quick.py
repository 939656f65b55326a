"""Most GetObject requests by a short way: what boto3 once asked of a bucket is signed for the next key and sent.

A request takes boto3 some 2.5 ms of processor time, and CloudTrail's objects are many and tiny; this way takes a third
of that. boto3's own parts sign and send, with its certificates and proxies. Whatever is not a plain success is no
answer here: then the caller asks boto3, which knows about regions, throttling and errors.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_SCOPE = re.compile(r"AWS4-HMAC-SHA256 Credential=[^/]+/\d{8}/([a-z0-9-]+)/s3/aws4_request,")
_METADATA = "x-amz-meta-"


@dataclass(frozen=True, slots=True)
class Answer:
    """An object that S3 is about to send."""

    stream: Any
    """To be read with `read(size)` and closed; checks that as many bytes come as were announced."""
    size: int
    tag: str
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Form:
    """What requests for objects of one bucket have in common."""

    base: str
    region: str
    user_agent: str


class Quick:
    """Safe to be used by several threads."""

    def __init__(self, client: Any, credentials: Any) -> None:
        self._credentials = credentials
        # No public way leads to it, and a session of our own would lack the user's certificates and proxies.
        self._session = getattr(getattr(client, "_endpoint", None), "http_session", None)
        self._forms: dict[str, _Form] = {}
        self._sent = threading.local()
        client.meta.events.register("before-send.s3.GetObject", self._note)

    def learn(self, bucket: str, key: str) -> None:
        """Remember how boto3 just asked for an object, with success and from this thread."""
        request = getattr(self._sent, "request", None)
        if bucket in self._forms or request is None:
            return
        scope = _SCOPE.match(_text(request.headers.get("Authorization", "")))
        base = request.url.removesuffix(f"/{_encoded(key)}")
        if scope and base != request.url:
            self._forms[bucket] = _Form(base, scope[1], _text(request.headers.get("User-Agent", "")))

    def get(self, bucket: str, key: str) -> Answer | None:
        """Ask for an object; None: ask boto3."""
        form = self._forms.get(bucket)
        if form is None or self._session is None or self._credentials is None:
            return None
        try:
            response = self._session.send(self._signed(form, key))
        except Exception:
            return None
        size = response.headers.get("Content-Length", "")
        if response.status_code != 200 or not size.isdigit():
            response.raw.close()
            return None
        return _answer(response, int(size))

    def _note(self, request: Any, **_: Any) -> None:
        self._sent.request = request

    def _signed(self, form: _Form, key: str) -> Any:
        from botocore.auth import S3SigV4Auth
        from botocore.awsrequest import AWSRequest

        headers = {"User-Agent": form.user_agent}
        request = AWSRequest("GET", f"{form.base}/{_encoded(key)}", headers=headers, stream_output=True)
        S3SigV4Auth(self._credentials.get_frozen_credentials(), "s3", form.region).add_auth(request)
        return request.prepare()


def _answer(response: Any, size: int) -> Answer:
    from botocore.response import StreamingBody

    named = {name.lower(): value for name, value in response.headers.items()}
    metadata = {name.removeprefix(_METADATA): value for name, value in named.items() if name.startswith(_METADATA)}
    return Answer(StreamingBody(response.raw, size), size, named.get("etag", ""), metadata)


def _encoded(key: str) -> str:
    from botocore.utils import percent_encode

    return str(percent_encode(key, safe="/~"))


def _text(header: str | bytes) -> str:
    return header.decode("latin-1") if isinstance(header, bytes) else header
