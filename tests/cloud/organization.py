"""A stand-in for AWS Organizations where moto is too kind: empty pages, tokens good for once, refusals, odd answers."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from tests.cloud.gate import Environ, StartResponse


class Organization:
    """A WSGI application that answers ListAccounts; asked by one client at a time."""

    def __init__(self) -> None:
        self.pages: list[list[dict[str, Any]]] = []
        """Accounts as AWS tells them."""
        self.errors: list[str] = []
        """Codes of errors that the next requests are answered with, one each."""
        self.circles = False
        """Whether every page leads to the first one again."""
        self.requests = 0
        self._due = 0

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        assert environ["HTTP_X_AMZ_TARGET"].endswith(".ListAccounts")
        asked = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        self.requests += 1
        if self.errors:
            refusal = {"__type": self.errors.pop(0), "Message": "User secret-name is not authorized"}
            return _answer(start_response, "400 Bad Request", refusal)
        number = int(asked.get("NextToken", "0"))
        if number not in (0, self._due):
            return _answer(start_response, "400 Bad Request", {"__type": "InvalidInputException"})
        self._due = number + 1
        said: dict[str, Any] = {"Accounts": self.pages[number]}
        if self._due < len(self.pages) or self.circles:
            said["NextToken"] = "0" if self.circles else str(self._due)
        return _answer(start_response, "200 OK", said)


def _answer(start_response: StartResponse, status: str, said: dict[str, Any]) -> Iterable[bytes]:
    body = json.dumps(said).encode()
    start_response(status, [("Content-Type", "application/x-amz-json-1.1"), ("Content-Length", str(len(body)))])
    return (body,)
