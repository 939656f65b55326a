"""Stand-ins for what moto lacks: CloudTrail's `LookupEvents`, and `FilterLogEvents` with empty pages; EC2's regions.

They are as strict as AWS where a client could be careless: a token is good for the parameters it was given for alone,
and pages are asked for at a pace.
"""

from __future__ import annotations

import json
import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from tests.cloud.gate import Environ, StartResponse

Page = dict[str, Any]
_NOBODY = "<ErrorResponse><Error><Code>InvalidClientTokenId</Code><Message>no</Message></Error></ErrorResponse>"


@dataclass(slots=True)
class Refused:
    """An error in AWS's words instead of an answer."""

    code: str
    times: int | None = None
    """How many requests meet with it; None for all."""
    after: int = 0
    """How many requests are answered before."""
    status: str = "400 Bad Request"


class EventSources:
    """A WSGI application that speaks AWS's JSON 1.1 protocol. Safe to be called from the server's threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.history: dict[str, list[Page]] = defaultdict(list)
        """The events of each region, as LookupEvents has them, `EventTime` in seconds since 1970; in any order."""
        self.logs: dict[str, list[Page]] = defaultdict(list)
        """The log events of each region's only group, `timestamp` in milliseconds."""
        self.group = "trail/events"
        self.group_made = 0
        """Milliseconds since 1970."""
        self.regions: tuple[str, ...] | None = ("us-east-1", "eu-west-1")
        """What DescribeRegions says; None when the caller may not ask."""
        self.page_size = 50
        self.empty_pages = 0
        """Pages of FilterLogEvents without events before each one that has some."""
        self.refused: dict[str, Refused] = {}
        """By region."""
        self.delay = 0.0
        """Seconds that each answer waits."""
        self.asked: list[tuple[str, str, Page, float]] = []
        """Operation, region, parameters and moment of each request that came."""
        self._tokens: dict[str, tuple[Page, int]] = {}

    def count(self, operation: str, region: str | None = None) -> int:
        return sum(op == operation and region in (None, where) for op, where, _, _ in self.asked)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        parts = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2].split("/")
        region = parts[2] if len(parts) > 2 else ""
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        action = parse_qs(body.decode()).get("Action", [""])[0]
        if action:
            with self._lock:
                self.asked.append((action, region, {}, time.monotonic()))
            time.sleep(self.delay)
        if action == "DescribeRegions":
            return self._described_regions(start_response)
        if action == "GetCallerIdentity":
            return _send(start_response, "403 Forbidden", "text/xml", _NOBODY)
        operation = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
        asked = json.loads(body or b"{}")
        if self.delay:
            time.sleep(self.delay)
        with self._lock:
            self.asked.append((operation, region, asked, time.monotonic()))
            if refused := self._refusal(operation, region):
                return _answer(start_response, refused.status, {"__type": refused.code, "message": "no"})
            if operation == "DescribeLogGroups":
                group = {"logGroupName": self.group, "creationTime": self.group_made, "arn": "arn:aws:logs:::"}
                return _answer(start_response, "200 OK", {"logGroups": [group]})
            page = {"LookupEvents": self._looked_up, "FilterLogEvents": self._filtered}[operation](region, asked)
        return _answer(start_response, "400 Bad Request" if "__type" in page else "200 OK", page)

    def _refusal(self, operation: str, region: str) -> Refused | None:
        refused = self.refused.get(region)
        if refused is None or self.count(operation, region) <= refused.after:
            return None
        if refused.times is not None:
            if refused.times == 0:
                return None
            refused.times -= 1
        return refused

    def _looked_up(self, region: str, asked: Page) -> Page:
        if not 0 < asked["MaxResults"] <= 50 or not asked["StartTime"] <= asked["EndTime"]:
            return {"__type": "InvalidTimeRangeException"}
        token = asked.pop("NextToken", None)
        known, start = self._tokens.get(token, ({}, 0)) if token else (asked, 0)
        if known != asked:
            return {"__type": "InvalidNextTokenException"}
        found = [each for each in self.history[region] if asked["StartTime"] <= each["EventTime"] <= asked["EndTime"]]
        found.sort(key=lambda each: -each["EventTime"])
        end = start + min(self.page_size, asked["MaxResults"])
        page: Page = {"Events": found[start:end]}
        if end < len(found):
            page["NextToken"] = self._token(asked, end)
        return page

    def _filtered(self, region: str, asked: Page) -> Page:
        if asked.get("logGroupName", self.group) != self.group:
            return {"__type": "ResourceNotFoundException"}
        token = asked.pop("nextToken", None)
        known, step = self._tokens.get(token, ({}, 0)) if token else (asked, 0)
        if known != asked:
            return {"__type": "InvalidParameterException"}
        found = [each for each in self.logs[region] if asked["startTime"] <= each["timestamp"] <= asked["endTime"]]
        full, empty = divmod(step, self.empty_pages + 1)
        events = found[full * self.page_size : (full + 1) * self.page_size] if empty == self.empty_pages else []
        page: Page = {"events": events, "searchedLogStreams": []}
        if empty < self.empty_pages or (full + 1) * self.page_size < len(found):
            page["nextToken"] = self._token(asked, step + 1)
        return page

    def _token(self, asked: Page, place: int) -> str:
        token = f"token-{len(self._tokens)}"
        self._tokens[token] = (asked, place)
        return token

    def _described_regions(self, start_response: StartResponse) -> Iterable[bytes]:
        if self.regions is None:
            error = "<Code>UnauthorizedOperation</Code><Message>no</Message>"
            body = f"<Response><Errors><Error>{error}</Error></Errors><RequestID>1</RequestID></Response>"
        else:
            items = "".join(f"<item><regionName>{name}</regionName></item>" for name in self.regions)
            body = f"<DescribeRegionsResponse><regionInfo>{items}</regionInfo></DescribeRegionsResponse>"
        return _send(start_response, "403 Forbidden" if self.regions is None else "200 OK", "text/xml", body)


def looked_up(record: Page) -> Page:
    """Return a record as LookupEvents tells it."""
    return {
        "EventId": record["eventID"],
        "EventName": record["eventName"],
        "ReadOnly": "false",
        "EventTime": datetime.fromisoformat(record["eventTime"]).timestamp(),
        "EventSource": record["eventSource"],
        "Username": "alice",
        "Resources": [],
        "CloudTrailEvent": json.dumps(record),
    }


def logged(record: Page, seconds_later: float = 300) -> Page:
    """Return a record as it comes out of a log group, where it was written somewhat later."""
    written = int((datetime.fromisoformat(record["eventTime"]).timestamp() + seconds_later) * 1000)
    return {
        "eventId": f"log-{record['eventID']}",
        "timestamp": written,
        "ingestionTime": written,
        "logStreamName": "111122223333_CloudTrail_us-east-1",
        "message": json.dumps(record),
    }


def _answer(start_response: StartResponse, status: str, content: Page) -> Iterable[bytes]:
    return _send(start_response, status, "application/x-amz-json-1.1", json.dumps(content))


def _send(start_response: StartResponse, status: str, kind: str, text: str) -> Iterable[bytes]:
    body = text.encode()
    start_response(status, [("Content-Type", kind), ("Content-Length", str(len(body)))])
    return (body,)
