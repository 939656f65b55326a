"""`anomalies --emit`: files and webhooks; what does not get through waits, is told, and goes out with the next run."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ctaudit import anomaly_report
from ctaudit.anomaly_table import COLUMNS
from ctaudit.sources import sink
from ctaudit.sources.sink import Message
from ctaudit.sources.webhook import Webhook
from ctaudit.store import lock
from ctaudit.store.layout import Layout
from tests.cli import odd_family
from tests.cli.odd_store import add, calls
from tests.conftest import Ask


@pytest.fixture(autouse=True)
def _odd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anomaly_report, "FAMILIES", (odd_family,))
    monkeypatch.setattr(sink, "FIRST_PAUSE", 0.001)


class Receiver:
    """A server that answers posts with what it is told to, the last answer for ever."""

    def __init__(self) -> None:
        self.answers: list[int] = [200]
        self.refused = ""
        """Id of a message that is always answered with 500."""
        self.headers: dict[str, str] = {}
        """Sent with each answer."""
        self.got: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        """Path, headers and body of each post."""
        self.url = ""

    def ids(self) -> list[str]:
        return [body["id"] for _, _, body in self.got]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    known = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            known.got.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            status = known.answers.pop(0) if len(known.answers) > 1 else known.answers[0]
            self.send_response(500 if body["id"] == known.refused else status)
            for name, value in known.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    known.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield known
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def two(tmp_path: Path) -> Path:
    return add(tmp_path, calls(12), calls(31, "StopLogging", 20))


def waiting(folder: Path) -> list[dict[str, Any]]:
    path = folder / "ctaudit-store" / "anomalies-outbox.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_a_webhook_that_fails_twice_gets_each_anomaly_once_it_works(ask: Ask, two: Path, receiver: Receiver) -> None:
    receiver.answers = [500, 429, 200]
    done = ask("anomalies", "--format", "json", "--emit", f"webhook:{receiver.url}", folder=two)
    found = json.loads(done.out)
    assert done.code == 1
    first, second = (row["id"] for row in found)
    assert receiver.ids() == [first, first, first, second]
    path, headers, body = receiver.got[-1]
    assert path == "/hook"
    assert headers["idempotency-key"] == second
    assert headers["content-type"] == "application/json"
    assert body == {"version": 1, **found[1]}
    assert [*body] == ["version", *(column.name for column in COLUMNS)]
    assert "2 anomalies were sent to webhook:http://127.0.0.1" in done.err
    assert waiting(two) == []


def test_what_fails_is_told_and_waits_and_is_sent_once_by_the_next_run(ask: Ask, two: Path, receiver: Receiver) -> None:
    receiver.answers = [500]
    hook = ("--emit", f"webhook:{receiver.url}?token=s3cret")
    done = ask("anomalies", "--since-last-run", *hook, folder=two)
    assert done.code == 1  # what is found goes before what failed
    assert "2 anomalies were not sent to webhook:http://127.0.0.1" in done.err
    assert "kept to be sent again: the server answered 500" in done.err
    assert len(receiver.got) == 2 * sink.ATTEMPTS
    assert len(waiting(two)) == 2
    receiver.got.clear()
    done = ask("anomalies", "--since-last-run", *hook, folder=two)
    assert done.code == 4  # nothing is new, and the old ones failed again
    assert len(waiting(two)) == 2
    receiver.got.clear()
    receiver.answers = [200]
    done = ask("anomalies", *hook, folder=two)  # which finds both again: each still goes out once
    assert done.code == 1
    assert len(receiver.ids()) == len({*receiver.ids()}) == 2
    assert waiting(two) == []
    receiver.got.clear()
    assert ask("anomalies", "--since-last-run", *hook, folder=two).code == 0
    assert receiver.got == []


def test_one_message_that_is_refused_keeps_no_other_from_going_out(ask: Ask, two: Path, receiver: Receiver) -> None:
    rows = json.loads(ask("anomalies", "--format", "json", folder=two).out)
    receiver.refused = rows[0]["id"]
    done = ask("anomalies", "--emit", f"webhook:{receiver.url}", "--emit", "jsonl:out.jsonl", folder=two)
    assert "1 anomaly was sent to webhook" in done.err
    assert "1 anomaly was not sent to webhook" in done.err
    assert [each["message"]["id"] for each in waiting(two)] == [receiver.refused]
    assert len((two / "out.jsonl").read_text().splitlines()) == 2


def test_no_secret_of_a_url_is_printed_or_kept(ask: Ask, two: Path, receiver: Receiver) -> None:
    receiver.answers = [500]
    url = receiver.url.replace("http://", "http://mia:pa55@") + "/T0KEN?key=s3cret"
    done = ask("anomalies", "--emit", f"webhook:{url}", folder=two)
    assert receiver.got[0][0] == "/hook/T0KEN?key=s3cret"
    assert receiver.got[0][1]["authorization"] == "Basic bWlhOnBhNTU="
    kept = (two / "ctaudit-store" / "anomalies-outbox.jsonl").read_text()
    rehearsed = ask("anomalies", "--emit", f"webhook:{url}", "--dry-run", folder=two)
    for text in (done.out, done.err, kept, rehearsed.out, rehearsed.err):
        assert not any(secret in text for secret in ("mia:", "pa55", "T0KEN", "s3cret"))


@pytest.mark.parametrize("status", [302, 308])
def test_a_redirect_is_not_followed(status: int, ask: Ask, two: Path, receiver: Receiver) -> None:
    receiver.answers, receiver.headers = [status], {"Location": f"{receiver.url}/elsewhere"}
    done = ask("anomalies", "--limit", "1", "--emit", f"webhook:{receiver.url}", folder=two)
    assert f"the server answered {status}, a redirect, which is not followed" in done.err
    assert [path for path, _, _ in receiver.got] == ["/hook"]


def test_a_server_that_is_not_there_is_told_in_a_sentence(ask: Ask, two: Path) -> None:
    done = ask("anomalies", "--emit", "webhook:http://127.0.0.1:9/x", folder=two)
    assert done.code == 1
    assert "the server could not be reached (Connection refused)" in done.err
    assert len(waiting(two)) == 2


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("webhook:http://hooks.example.com/s3cret", "the webhook at hooks.example.com has no TLS"),
        ("webhook:https://", "the URL of the webhook is none"),
        ("webhook:https://h:x/s3cret", "the URL of the webhook is none"),
        ("webhook:https://h/s3cret\r\nX: y", "the URL of the webhook is none"),
        ("webhook:file:///etc/s3cret", "the URL of the webhook is none"),
        ("https://h/s3cret", "there is no such sink"),
        ("webhook:", "there is no such sink"),
        ("jsonl:-", "stdout is for the answer"),
        ("sns:topic", "'topic' is no topic's ARN"),
        ("eventbridge:arn:aws:sns:us-east-1:1:x", "is no event bus"),
    ],
)
def test_what_is_no_sink_is_refused_before_anything_is_counted(text: str, told: str, ask: Ask, tmp_path: Path) -> None:
    done = ask("anomalies", "--emit", text, folder=tmp_path)  # where there is no store: that would be the next error
    assert (done.code, done.out) == (2, "")
    assert told in done.err
    assert "s3cret" not in done.err


def test_a_file_gets_lines_and_a_torn_one_is_ended_first(ask: Ask, two: Path) -> None:
    (two / "out.jsonl").write_text('{"torn": ')
    for _ in range(2):
        assert ask("anomalies", "--format", "json", "--emit", "jsonl:out.jsonl", folder=two).code == 1
    torn, *lines = (two / "out.jsonl").read_text().splitlines()
    assert torn == '{"torn": '
    assert [json.loads(line)["observed"] for line in lines] == [31, 12, 31, 12]


def test_a_file_that_cannot_be_written_is_told(ask: Ask, two: Path) -> None:
    done = ask("anomalies", "--since-last-run", "--emit", "jsonl:no/such/folder/out.jsonl", folder=two)
    assert done.code == 1
    assert "it cannot be written: No such file or directory" in done.err
    assert ask("anomalies", "--since-last-run", "--emit", "jsonl:no/such/folder/out.jsonl", folder=two).code == 4


def test_a_rehearsal_sends_nothing_and_remembers_nothing(ask: Ask, two: Path, receiver: Receiver) -> None:
    words = ("anomalies", "--since-last-run", "--emit", f"webhook:{receiver.url}", "--emit", "jsonl:out.jsonl")
    done = ask(*words, "--dry-run", "--format", "json", folder=two)
    told = json.loads(done.out)
    assert done.code == 1
    assert [(row["to"].partition(":")[0], row["message"]["observed"]) for row in told] == [
        ("webhook", 31), ("webhook", 12), ("jsonl", 31), ("jsonl", 12),
    ]  # fmt: skip
    assert "nothing was sent" in done.err.splitlines()
    assert receiver.got == []
    assert not (two / "out.jsonl").exists()
    assert ask(*words, folder=two).code == 1
    assert len(receiver.got) == 2
    assert ask("anomalies", "--dry-run", folder=two).code == 2


def test_two_runs_do_not_send_at_once(ask: Ask, two: Path, receiver: Receiver) -> None:
    words = ("anomalies", "--since-last-run", "--emit", f"webhook:{receiver.url}")
    with lock.sending(Layout(two / "ctaudit-store")):
        done = ask(*words, folder=two)
    assert done.code == 1  # the answer stands on stdout
    assert "another process is sending anomalies" in done.err
    assert receiver.got == []
    assert ask(*words, folder=two).code == 1  # so none is remembered as told
    assert len(receiver.got) == 2


_NO_JSON = '{"sink": "s", "message": {"id": "a", "kind": "k", "severity": "low", "title": "t", "body": "{"}}'


@pytest.mark.parametrize("line", ['{"sink": 1}', '{"sink": "s", "message": []}', _NO_JSON])
def test_an_outbox_that_is_damaged_is_kept(line: str, ask: Ask, two: Path) -> None:
    path = two / "ctaudit-store" / "anomalies-outbox.jsonl"
    path.write_text(f"{line}\n")
    done = ask("anomalies", "--emit", "jsonl:out.jsonl", folder=two)
    assert done.code == 1
    assert "is no list of messages that wait" in done.err
    assert path.read_text() == f"{line}\n"
    assert not (two / "out.jsonl").exists()


def test_a_message_that_is_too_large_is_cut(ask: Ask, tmp_path: Path) -> None:
    name = "Do" + "\u6771" * 20_000
    done = ask("anomalies", "--emit", "jsonl:out.jsonl", folder=add(tmp_path, calls(12, name)))
    assert done.code == 1
    (line,) = (tmp_path / "out.jsonl").read_text().splitlines()
    assert len(line) <= sink.MAX_BYTES
    assert json.loads(line)["cut"] is True
    assert json.loads(line)["observed"] == 12


def test_a_server_that_asks_for_an_hour_is_left_alone(ask: Ask, two: Path, receiver: Receiver) -> None:
    receiver.answers, receiver.headers = [429], {"Retry-After": "3600"}
    done = ask("anomalies", "--emit", f"webhook:{receiver.url}", folder=two)
    assert "not sent to webhook" in done.err
    assert len(receiver.got) == 2  # each once
    assert len(waiting(two)) == 2


def test_where_nothing_gets_through_the_rest_is_not_tried(receiver: Receiver) -> None:
    receiver.answers = [503]
    messages = [Message(f"m{number}", "odd.many", "low", "title", f'{{"id": "m{number}"}}') for number in range(9)]
    failures = Webhook(receiver.url).deliver(messages)
    assert [*failures] == [message.id for message in messages]
    assert len(receiver.got) == sink.IN_A_ROW * sink.ATTEMPTS
    assert failures["m8"] == "not tried after 3 failures: the server answered 503"


def test_what_a_killed_run_could_not_send_is_sent_by_the_next(
    ask: Ask, two: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    words = ("anomalies", "--since-last-run", "--emit", f"webhook:{receiver.url}")
    receiver.answers = [500, 200]
    with monkeypatch.context() as patch:
        patch.setattr(sink, "pause", killed)
        assert ask(*words, folder=two).code == 130
    assert len(waiting(two)) == 2
    assert ask(*words, folder=two).code == 1
    assert len({*receiver.ids()}) == len(receiver.ids()) - 1 == 2
    assert waiting(two) == []
