"""A webhook's server that plays for time: it is left at the deadline, whatever it sends."""

from __future__ import annotations

import contextlib
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ctaudit.sources import webhook
from ctaudit.sources.sink import Message


def test_a_server_that_never_finishes_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    class Dripping(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            with contextlib.suppress(OSError):
                self.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
                while True:
                    self.wfile.write(b"a")
                    time.sleep(0.05)

    monkeypatch.setattr(webhook, "DEADLINE", 0.3)
    with ThreadingHTTPServer(("127.0.0.1", 0), Dripping) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        sink = webhook.Webhook(f"http://127.0.0.1:{server.server_port}/")
        server.block_on_close = False
        failed = sink.deliver([Message("a", "k", "low", "t", "{}")])
        server.shutdown()
    assert failed == {"a": "the server did not finish its answer within 0.3 seconds"}
