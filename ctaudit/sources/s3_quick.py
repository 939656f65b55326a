"""Most GetObject requests by a short way: obstore asks, as boto3 was seen to ask, for a tenth of the processor time.

CloudTrail's objects are many and tiny, and a request takes boto3 some 2 ms. boto3 finds the bucket's region and its
endpoint with the first object; obstore asks for the others there. Whatever is not a plain success is no answer here:
then the caller asks boto3, which knows about redirects, throttling, certificates and errors.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from obstore.store import S3Store

_SCOPE = re.compile(r"AWS4-HMAC-SHA256 Credential=[^/]+/\d{8}/([a-z0-9-]+)/s3/aws4_request,")
_SYSTEM = {"content-type", "content-encoding", "content-disposition", "content-language", "cache-control"}
_VALID = timedelta(minutes=1)
"""How long obstore may use credentials before it asks for them again."""
_TRIALS = 3
"""So many failures where boto3 succeeds, and no success, show that this way does not lead to the bucket."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An object that S3 is about to send."""

    stream: Stream
    size: int
    tag: str
    metadata: Mapping[str, str]


class Stream:
    """A body that comes in pieces of no certain size, to be read in pieces of a given one."""

    def __init__(self, chunks: Iterator[Any]) -> None:
        self._chunks: Iterator[Any] | None = chunks

    def read(self, size: int) -> bytes:
        """Return the next piece, which may be larger than `size`; empty at the end."""
        return b"" if self._chunks is None else bytes(next(self._chunks, b""))

    def close(self) -> None:
        self._chunks = None


@dataclass(slots=True)
class _Way:
    """How one bucket is asked."""

    store: S3Store
    region: str
    failures: int = 0
    works: bool = False


class Quick:
    """Safe to be used by several threads."""

    def __init__(self, client: Any, credentials: Any, seconds: float, *, requester_pays: bool = False) -> None:
        """Ask with `credentials`, and leave what takes more than so many seconds to boto3."""
        self._credentials = credentials
        self._seconds = seconds
        self._requester_pays = requester_pays
        self._ways: dict[str, _Way] = {}
        self._sent = threading.local()
        client.meta.events.register("before-send.s3.GetObject", self._note)

    def learn(self, bucket: str, key: str) -> None:
        """Remember how boto3 just asked for an object, with success and from this thread."""
        way = self._ways.get(bucket)
        if way is not None:
            way.failures += not way.works
            return
        request = getattr(self._sent, "request", None)
        if request is None:
            return
        scope = _SCOPE.match(_text(request.headers.get("Authorization", "")))
        base = request.url.removesuffix(f"/{_encoded(key)}")
        if scope and base != request.url:
            self._ways[bucket] = _Way(self._store(bucket, base, scope[1]), scope[1])

    def get(self, bucket: str, key: str) -> Answer | None:
        """Ask for an object; None: ask boto3."""
        way = self._ways.get(bucket)
        if way is None or way.failures >= _TRIALS or key.endswith("/"):  # it would ask for the key without that
            return None
        try:
            found = way.store.get(key)
        except Exception:  # also for a key with an empty folder; whatever it was, boto3 will tell better
            return None
        way.works = True
        meta = found.meta
        named = {str(name).lower(): str(value) for name, value in found.attributes.items()}
        metadata = {name: value for name, value in named.items() if name not in _SYSTEM}
        return Answer(Stream(iter(found)), meta["size"], meta["e_tag"] or "", metadata)

    def _note(self, request: Any, **_: Any) -> None:
        self._sent.request = request

    def _store(self, bucket: str, base: str, region: str) -> S3Store:
        """Make a store that asks where boto3 asked: `base` has the bucket at its end, or in its host's name."""
        from obstore.store import S3Store

        in_path = base.endswith(f"/{bucket}")
        return S3Store(
            bucket,
            endpoint=base.removesuffix(f"/{bucket}") if in_path else base,
            virtual_hosted_style_request=not in_path,
            region=region,
            request_payer=self._requester_pays,
            client_options={
                "allow_http": base.startswith("http:"),
                "http1_only": True,
                "timeout": f"{self._seconds:g}s",
            },
            retry_config={"max_retries": 0},
            credential_provider=self._provide,
        )

    def _provide(self) -> Any:
        keys = self._credentials.get_frozen_credentials()
        return {
            "access_key_id": keys.access_key,
            "secret_access_key": keys.secret_key,
            "token": keys.token,
            "expires_at": datetime.now(UTC) + _VALID,
        }


def _encoded(key: str) -> str:
    from botocore.utils import percent_encode

    return str(percent_encode(key, safe="/~"))


def _text(header: str | bytes) -> str:
    return header.decode("latin-1") if isinstance(header, bytes) else header
