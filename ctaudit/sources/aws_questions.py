"""Questions to AWS about how things are set, each asked by itself: an answer, nothing there, or trouble as a value."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from ctaudit.sources import aws_login
from ctaudit.sources.aws_login import Login
from ctaudit.sources.objects import Unavailable
from ctaudit.sources.s3_errors import classified

Fact = Mapping[str, Any] | Unavailable | None
"""The answer as boto3 has it; None where AWS says that there is no such thing."""
_ATTEMPTS = 3
_TIMEOUT = 15
"""Seconds; answers are small, and a region that is turned off may not answer at all."""
_AT_ONCE = 8
DEFAULT_REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class Question:
    service: str
    region: str
    operation: str
    """As boto3's method is called."""
    asked: Mapping[str, Any]
    absent: str = ""
    """The error code by which AWS says that there is no such thing."""


class Aws:
    """A login, and clients made of it, one for each service and region."""

    def __init__(self, login: Login) -> None:
        """Log in; raises CtauditError when that fails."""
        self._login = login
        self._clients: dict[tuple[str, str], Any] = {}
        self._session = aws_login.log_in(login)

    @property
    def region(self) -> str:
        """The region that is set, or the default one."""
        return str(self._session.region_name or DEFAULT_REGION)

    def ask(self, question: Question) -> Fact:
        """Ask one question; whatever goes wrong with it is a value."""
        return self._ask(self._client(question), question)

    def ask_all(self, questions: Mapping[str, Question]) -> dict[str, Fact]:
        """Ask side by side; returns the answers by the names of the questions."""
        clients = {
            name: self._client(question) for name, question in questions.items()
        }  # boto3 makes them in one thread
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            asked = {name: pool.submit(self._ask, clients[name], question) for name, question in questions.items()}
            return {name: each.result() for name, each in asked.items()}

    def _ask(self, client: Any, question: Question) -> Fact:
        from botocore.exceptions import BotoCoreError, ClientError

        if isinstance(client, Unavailable):
            return client
        try:
            answer: Mapping[str, Any] = getattr(client, question.operation)(**question.asked)
            return answer
        except (BotoCoreError, ClientError, Unavailable, ValueError) as error:
            # Unavailable: a role that is not taken on anew; a ValueError: what came is no answer in AWS's form.
            code = error.response["Error"].get("Code") if isinstance(error, ClientError) else None
            if code is not None and code == question.absent:
                return None
            trouble = classified(error)
            if not isinstance(trouble, Unavailable):
                raise trouble from error
            return trouble

    def _client(self, question: Question) -> Any:
        """Return a client, or why none can be made, such as for a region with an impossible name."""
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError

        place = (question.service, question.region)
        if place not in self._clients:
            retries = {"mode": "standard", "max_attempts": _ATTEMPTS}
            config = Config(retries=retries, connect_timeout=_TIMEOUT, read_timeout=_TIMEOUT)
            endpoint = self._login.endpoint_url if question.service == "s3" else None
            try:
                self._clients[place] = self._session.client(
                    question.service, region_name=question.region, config=config, endpoint_url=endpoint
                )
            except (BotoCoreError, ValueError):
                return Unavailable("unreadable", f"AWS has no region {question.region}")
        return self._clients[place]
