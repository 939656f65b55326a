"""A proxy that answers a repeated request from memory, after a network's latency, at a tenth of a server's cost.

The simulated S3 takes some 6 ms of one processor for a request, and serves one at a time: in front of it every client
that asks several things at once looks alike. Behind this proxy it is asked once for each thing.
"""

from __future__ import annotations

import asyncio
import http.client
from collections.abc import Callable
from http import HTTPStatus

_HOP = {"connection", "transfer-encoding", "content-length", "keep-alive", "date"}
_Key = tuple[str, str, str, str, bytes]
"""Method, target, operation, range and body: what decides an answer."""


class Replay:
    """Answers for the server at `upstream`; its answers must not change while this runs."""

    def __init__(self, upstream: int, latency: float) -> None:
        self._upstream = upstream
        self._latency = latency
        self._answers: dict[_Key, bytes] = {}

    async def serve(self, ready: Callable[[int], None]) -> None:
        """Serve on localhost until cancelled; `ready` is told the port."""
        server = await asyncio.start_server(self._talk, "127.0.0.1", 0, limit=1 << 20)
        async with server:
            ready(server.sockets[0].getsockname()[1])
            await server.serve_forever()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                line, _, rest = head.decode("latin-1").partition("\r\n")
                headers = dict(_header(each) for each in rest.split("\r\n") if each)
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                writer.write(await self._answer(line, headers, body))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client has gone
        finally:
            writer.close()

    async def _answer(self, line: str, headers: dict[str, str], body: bytes) -> bytes:
        method, target, _ = line.split(" ")
        key = method, target, headers.get("x-amz-target", ""), headers.get("range", ""), body
        if key not in self._answers:
            self._answers[key] = await asyncio.to_thread(self._ask, method, target, headers, body)
        if self._latency:
            await asyncio.sleep(self._latency)
        return self._answers[key]

    def _ask(self, method: str, target: str, headers: dict[str, str], body: bytes) -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self._upstream)
        connection.request(method, target, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        length = answer.headers["Content-Length"] if method == "HEAD" else str(len(content))
        lines = [f"{name}: {value}" for name, value in answer.getheaders() if name.lower() not in _HOP]
        phrase = HTTPStatus(answer.status).phrase
        head = "\r\n".join([f"HTTP/1.1 {answer.status} {phrase}", *lines, f"Content-Length: {length}"])
        connection.close()
        return head.encode("latin-1") + b"\r\n\r\n" + content


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip().lower(), value.strip()
