"""A sink that posts JSON to a URL: over TLS, no further than where it was told, and without telling its secrets."""

from __future__ import annotations

import base64
import hashlib
import http.client
import ipaddress
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from ctaudit.errors import UsageError
from ctaudit.sources import sink
from ctaudit.sources.sink import Failures, Lasting, Message, Passing

_PASSING = (408, 425, 429)
DEADLINE = 30
"""Seconds until an answer must have come whole, however steadily it comes."""


class Webhook:
    """Posts each message by itself, with its id as `Idempotency-Key`."""

    def __init__(self, url: str) -> None:
        """Check the URL; raises UsageError, which shows none of it but the host."""
        self._parts = _checked(url)
        self._url = self._parts._replace(netloc=_host(self._parts), fragment="").geturl()
        self._authorization = _authorization(self._parts)
        self.key = "webhook-" + hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()[:24]
        proxies = [urllib.request.ProxyHandler({})] if _is_loopback(self._parts.hostname) else []
        self._opener = urllib.request.build_opener(_NoRedirect(), *proxies)

    @property
    def name(self) -> str:
        """The URL without user, password, path and query: services put tokens there."""
        parts = self._parts
        return f"webhook:{parts.scheme}://{_host(parts)}{'/…' if parts.path.strip('/') or parts.query else ''}"

    def deliver(self, messages: Sequence[Message]) -> Failures:
        return sink.one_by_one(messages, self._post)

    def _post(self, message: Message) -> None:
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "ctaudit",
            "Idempotency-Key": message.id,
            **({"Authorization": self._authorization} if self._authorization else {}),
        }
        request = urllib.request.Request(self._url, message.body.encode(), headers, method="POST")  # noqa: S310
        try:
            _within(lambda: self._opener.open(request, timeout=sink.TIMEOUT).close())  # what it says does not matter
        except urllib.error.HTTPError as error:
            with error:
                raise _refused(error) from None
        except urllib.error.URLError as error:
            raise _unreached(error.reason) from None
        except (OSError, http.client.HTTPException) as error:
            raise _unreached(error) from None
        except ValueError:  # a host that DNS has no spelling for
            raise Lasting("there can be no server of that name") from None


def _within(post: Callable[[], None]) -> None:
    """Post, and give up at the deadline: a server that sends a byte now and then would keep us for ever."""
    raised = list[Exception]()

    def run() -> None:
        try:
            post()
        except Exception as error:
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(DEADLINE)
    if thread.is_alive():
        raise Lasting(f"the server did not finish its answer within {DEADLINE} seconds")
    if raised:
        raise raised[0]


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect is a refusal: what is told about an account goes nowhere else."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _checked(url: str) -> SplitResult:
    advice = "write webhook:https://HOST/PATH"
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError:
        raise UsageError("the URL of the webhook is none", advice) from None
    if parts.scheme not in ("http", "https") or not host or port == 0 or not _plain(url):
        raise UsageError("the URL of the webhook is none", advice)
    if parts.scheme == "http" and not _is_loopback(host):
        raise UsageError(f"the webhook at {host} has no TLS, so what is sent could be read on the way", advice)
    return parts


def _plain(url: str) -> bool:
    return url.isascii() and url.isprintable() and " " not in url


def _is_loopback(host: str | None) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def _host(parts: SplitResult) -> str:
    return parts.netloc.rpartition("@")[2]


def _authorization(parts: SplitResult) -> str | None:
    if parts.username is None:
        return None
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def _refused(error: urllib.error.HTTPError) -> Exception:
    told = f"the server answered {error.code}"
    if error.code >= 500 or error.code in _PASSING:
        return Passing(told, _seconds(error.headers.get("Retry-After")))
    if 300 <= error.code < 400:
        return Lasting(f"{told}, a redirect, which is not followed")
    return Lasting(told)


def _seconds(text: str | None) -> float | None:
    return float(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 10 else None


def _unreached(reason: object) -> Exception:
    if isinstance(reason, ssl.SSLCertVerificationError):
        return Lasting("the server's certificate is not trusted")
    if isinstance(reason, TimeoutError):
        return Passing(f"the server gave no answer within {sink.TIMEOUT} seconds")
    said = reason.strerror if isinstance(reason, OSError) and reason.strerror else type(reason).__name__
    return Passing(f"the server could not be reached ({said})")
