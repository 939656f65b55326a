"""A stand-in for CloudTrail's `ListPublicKeys`, which moto does not have: a region's keys, by their validity."""

from __future__ import annotations

import base64
import json
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from tests.cloud.gate import Environ, StartResponse
from tests.trail.signing import SigningKey

_CALLER = "arn:aws:iam::111122223333:user/auditor"
_CONTENT_TYPE = "application/x-amz-json-1.1"


class PublicKeys:
    """A WSGI application that speaks AWS's JSON 1.1 protocol. Safe to be called from the server's threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        self.served: Mapping[str, Sequence[SigningKey]] = {}
        """The keys of each region."""
        self.page_size = 100
        """Keys in one answer; the rest follow by `NextToken`."""
        self.refused: set[str] = set()
        """Regions in which the caller may not list keys."""
        self.requests: Counter[str] = Counter()
        """How many requests came, by region."""

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        region = _region(environ)
        operation = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
        asked = json.loads(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)) or b"{}")
        with self._lock:
            self.requests[region] += 1
        if operation != "ListPublicKeys" or region in self.refused:
            message = (
                f"User: arn:aws:iam::111122223333:user/auditor is not authorized to perform: cloudtrail:{operation}"
            )
            return _answer(start_response, "400 Bad Request", {"__type": "AccessDeniedException", "Message": message})
        return _answer(start_response, "200 OK", self._page(region, asked))

    def _page(self, region: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Without times the keys valid now are meant, as the API reference has it."""
        now = datetime.now(UTC)
        start, end = (_moment(asked.get(name), now) for name in ("StartTime", "EndTime"))
        found = [key for key in self.served.get(region, ()) if _from(key) <= end and start <= _until(key)]
        first = int(asked.get("NextToken") or 0)
        page: dict[str, Any] = {"PublicKeyList": [_entry(key) for key in found[first : first + self.page_size]]}
        if first + self.page_size < len(found):
            page["NextToken"] = str(first + self.page_size)
        return page


def _region(environ: Environ) -> str:
    """Read the region out of `AWS4-HMAC-SHA256 Credential=AKIA…/20260309/us-east-1/cloudtrail/aws4_request, …`."""
    parts = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2].split("/")
    return str(parts[2]) if len(parts) > 2 else ""


def _moment(given: Any, now: datetime) -> datetime:
    """Read a time as clients send it: seconds since 1970, in some also as text."""
    if given is None:
        return now
    return datetime.fromtimestamp(given, UTC) if isinstance(given, int | float) else datetime.fromisoformat(given)


def _from(key: SigningKey) -> datetime:
    return datetime.fromisoformat(key.valid_from)


def _until(key: SigningKey) -> datetime:
    return datetime.fromisoformat(key.valid_until)


def _entry(key: SigningKey) -> dict[str, Any]:
    return {
        "Value": base64.b64encode(key.der).decode(),
        "ValidityStartTime": _from(key).timestamp(),
        "ValidityEndTime": _until(key).timestamp(),
        "Fingerprint": key.fingerprint,
    }


def _answer(start_response: StartResponse, status: str, content: dict[str, Any]) -> Iterable[bytes]:
    body = json.dumps(content).encode()
    start_response(status, [("Content-Type", _CONTENT_TYPE), ("Content-Length", str(len(body)))])
    return (body,)
