"""`ingest sqs://…`: what messages tell of is in the store before they are deleted; what is not understood stays."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import random
import signal
import subprocess
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ctaudit.sources.aws_login import Login
from ctaudit.sources.queue import Message, Queue, place_of
from ctaudit.store import lock
from ctaudit.store.layout import Layout
from tests.cli.evidence import event
from tests.cli.processes import COMMAND, PATIENCE, Done, environment, piped
from tests.cloud import queues
from tests.cloud.gate import DENIED, KMS_DENIED, Delay, Refusal
from tests.cloud.queues import TestQueue
from tests.cloud.server import Cloud
from tests.cloud.test_ingest import ACCOUNT, AT, NAME, bucket_of, key_of, log, numbers
from tests.store.stores import select

pytestmark = pytest.mark.slow

DIGEST = key_of(1, 99, kind="CloudTrail-Digest")
CONFIG = f"AWSLogs/{ACCOUNT}/Config/us-east-1/2026/2/1/ConfigSnapshot/x.json.gz"


@pytest.fixture
def queue(cloud: Cloud, request: pytest.FixtureRequest) -> Iterator[TestQueue]:
    made = TestQueue(cloud, f"q{abs(hash(request.node.nodeid))}")
    yield made
    made.delete()


def read(cloud: Cloud, queue: TestQueue, folder: Path, *words: str, source: str = "", **env: str | None) -> Done:
    """Read the queue until it is empty, with looks of a second."""
    given = [source or queue.source, "--store", "store", "--every", "1s", "--format", "json", *words]
    return piped("ingest", *given, env=cloud.environment | env, folder=folder)


def told(done: Done) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(done.out)
    return content


def test_all_shapes_of_notification_name_their_objects_and_others_are_only_deleted(
    cloud: Cloud, queue: TestQueue, tmp_path: Path
) -> None:
    odd = f"my logs/a+b%2Bc ü/{key_of(1, 0)}"
    keys = [odd, *(key_of(1, number) for number in range(1, 8)), odd.replace("my", "our"), odd.replace("my", "its")]
    cloud.put(bucket_of(*keys))
    queue.send(
        queues.from_s3(NAME, keys[0]),
        queues.through_sns(queues.from_s3(NAME, keys[1]), Subject="Amazon S3 Notification"),
        queues.from_s3(NAME, keys[2], "ObjectCreated:CompleteMultipartUpload"),
        queues.through_sns(queues.from_cloudtrail(NAME, keys[3:5])),
        queues.from_cloudtrail(NAME, [keys[5], keys[6], DIGEST, CONFIG]),
        queues.from_eventbridge(NAME, keys[7]),
        queues.from_eventbridge(NAME, keys[8]),
        queues.through_sns(queues.from_cloudtrail(NAME, keys[9:])),
    )
    queue.send(
        {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": NAME},
        "CloudTrail validation message.",
        queues.through_sns("CloudTrail validation message."),
        queues.from_s3(NAME, key_of(1, 0), "ObjectRemoved:Delete"),
        queues.from_s3(NAME, DIGEST),
        queues.through_sns("You have chosen to subscribe", Type="SubscriptionConfirmation", Token="t"),
    )
    done = read(cloud, queue, tmp_path)
    assert (done.code, told(done)["faults"], queue.count()) == (0, [], 0)
    assert numbers(tmp_path) == set(range(10))
    ignored = {"confirmation": 1, "other-event": 1, "other-object": 3, "test": 3}
    assert told(done)["messages"] == {"received": 14, "deleted": 14, "left": 0, "ignored": ignored}
    assert "SNS asked to confirm a subscription" in done.err
    assert cloud.count("GetObject") == 10
    kept = b"".join(path.read_bytes() for path in (tmp_path / "store").rglob("*") if path.is_file())
    assert cloud.environment["AWS_SECRET_ACCESS_KEY"] not in done.err + kept.decode("latin-1")


@pytest.mark.slow
def test_events_in_messages_are_kept_as_they_came_and_what_is_not_understood_stays(
    cloud: Cloud, queue: TestQueue, tmp_path: Path
) -> None:
    records = [event(number, eventID=f"event-{number}-0") for number in range(5)]
    large = event(5, eventID="event-5-0", requestParameters={"text": "x" * 900_000})
    bodies: list[str | dict[str, Any]] = [
        queues.call(records[0]),
        queues.through_sns(queues.call(records[1], "AWS Console Sign In via CloudTrail")),
        records[2],
        json.dumps([records[3]]),
        {"Records": [records[4]]},
        large,
    ]
    queue.send(*bodies, bodies[0], "junk \x1b[31m", '{"s3Bucket": "?", "s3ObjectKey": ["x"]}')
    done = read(cloud, queue, tmp_path)
    assert (done.code, told(done)["events"], queue.count()) == (3, 6, 2)
    assert [fault["kind"] for fault in told(done)["faults"]] == ["queue.unknown_message"] * 2
    assert told(done)["messages"] == {"received": 9, "deleted": 7, "left": 2, "ignored": {}}
    assert "junk" not in done.err
    assert numbers(tmp_path) == set(range(6))
    kept = list((tmp_path / "store" / "evidence").rglob("*.tar.gz"))
    assert len(kept) == 1
    with tarfile.open(kept[0]) as archive:
        members = {archive.extractfile(each).read().decode() for each in archive}  # type: ignore[union-attr]
    assert members == {body if isinstance(body, str) else json.dumps(body) for body in bodies}
    sources = select(tmp_path / "store", "SELECT DISTINCT source_file FROM cloudtrail_logs")
    assert {source.partition("!/")[0] for (source,) in sources} == {str(kept[0])}


@pytest.mark.slow
def test_a_record_without_an_id_is_known_by_its_message(cloud: Cloud, queue: TestQueue, tmp_path: Path) -> None:
    without_id = {name: value for name, value in event(6).items() if name != "eventID"}
    for number in range(2):  # delivered twice, and each time together with others
        queue.send(without_id, event(number))
        assert read(cloud, queue, tmp_path).code == 0
    assert select(tmp_path / "store", "SELECT count(*) FROM cloudtrail_logs") == [(3,)]


@pytest.mark.slow
def test_messages_stay_while_their_objects_cannot_be_read(cloud: Cloud, queue: TestQueue, tmp_path: Path) -> None:
    keys = [key_of(1, number) for number in range(6)]
    cloud.put(bucket_of(*keys[:5]))
    cloud.trouble(keys[0], DENIED)
    cloud.trouble(keys[1], KMS_DENIED)
    cloud.trouble(keys[2], Refusal("404 Not Found", "NoSuchKey", "The specified key does not exist."))
    queue.send(*(queues.from_s3(NAME, key) for key in keys[1:]), queues.from_cloudtrail(NAME, [keys[0], keys[4]]))
    done = read(cloud, queue, tmp_path)
    assert done.code == 3
    faults = {fault["path"].removeprefix(f"s3://{NAME}/"): fault["kind"] for fault in told(done)["faults"]}
    assert faults == {keys[0]: "s3.denied", keys[1]: "s3.kms", keys[2]: "s3.missing", keys[5]: "s3.missing"}
    assert (told(done)["messages"]["left"], queue.count(), numbers(tmp_path)) == (2, 2, {3, 4})
    assert queue.receive() == []  # they were put aside for a while
    queue.show_all()
    cloud.reset()
    cloud.put(bucket_of(*keys[:5]))
    done = read(cloud, queue, tmp_path)
    assert (done.code, told(done)["files_read"], told(done)["files_known"], queue.count()) == (0, 2, 1, 0)
    stored = select(tmp_path / "store", "SELECT kind FROM faults ORDER BY ALL")
    assert stored == [("s3.missing",)] * 2  # what was read since is no fault any more


@pytest.mark.slow
def test_a_kill_between_commit_and_deletion_loses_nothing_and_doubles_nothing(
    cloud: Cloud, queue: TestQueue, tmp_path: Path
) -> None:
    cloud.put(bucket_of(key_of(1, 0), key_of(1, 1)))
    record = {name: value for name, value in event(9).items() if name != "eventID"}
    queue.send(queues.from_s3(NAME, key_of(1, 0)), queues.from_s3(NAME, key_of(1, 1)), record)
    cloud.trouble("DeleteMessageBatch", Refusal("503 Service Unavailable", "ServiceUnavailable", "busy"))
    with follower(cloud, queue.source, tmp_path) as process:
        until(lambda: cloud.count("DeleteMessageBatch") > 0)
        process.kill()
    assert select(tmp_path / "store", "SELECT count(*) FROM cloudtrail_logs") == [(5,)]
    assert queue.count() == 3
    before = told_by_store(tmp_path)
    cloud.gate.reset()
    queue.show_all()
    done = read(cloud, queue, tmp_path)
    assert (done.code, told(done)["events"], queue.count()) == (0, 0, 0)
    assert told_by_store(tmp_path) == before
    assert select(tmp_path / "store", "SELECT count(*) FROM meta WHERE key LIKE 'unfinished:%'") == [(0,)]


@pytest.mark.slow
def test_sigterm_ends_it_after_what_is_under_way(cloud: Cloud, queue: TestQueue, tmp_path: Path) -> None:
    cloud.put(bucket_of(key_of(1, 0), key_of(1, 1)))
    cloud.trouble(key_of(1, 1), Delay(1.0))
    queue.send(queues.from_s3(NAME, key_of(1, 0)))
    with follower(cloud, queue.source, tmp_path, "--every", "1s") as process:
        until(lambda: queue.count() == 0)
        queue.send(queues.from_s3(NAME, key_of(1, 1)))
        until(lambda: cloud.count("GetObject", key_of(1, 1)) > 0)
        process.send_signal(signal.SIGTERM)
        done = ended(process)
    assert (done.code, queue.count(), numbers(tmp_path)) == (0, 0, {0, 1})
    rounds = [json.loads(line) for line in done.out.splitlines()]
    assert [each["events"] for each in rounds] == [2, 2]
    assert len(done.err.splitlines()) == 2


def test_ctrl_c_ends_waiting_at_once(cloud: Cloud, queue: TestQueue, tmp_path: Path) -> None:
    with follower(cloud, queue.source, tmp_path) as process:
        until(lambda: cloud.count("ReceiveMessage") > 0)
        time.sleep(0.5)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert ended(process).code == 130
        assert time.monotonic() - began < 5  # of 20 that the request may take


@pytest.mark.slow
def test_messages_do_not_come_again_while_they_are_worked_on(cloud: Cloud, tmp_path: Path) -> None:
    queue = TestQueue(cloud, "short", VisibilityTimeout="2")
    cloud.put(bucket_of(key_of(1, 0)))
    cloud.trouble(key_of(1, 0), Delay(5.0))
    queue.send(queues.from_s3(NAME, key_of(1, 0)))
    seen: list[dict[str, Any]] = []
    with follower(cloud, queue.source, tmp_path, "--every", "1s") as process:
        until(lambda: cloud.count("GetObject") > 0)
        while queue.count():
            seen += queue.receive()
            time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        assert ended(process).code == 0
    assert (seen, numbers(tmp_path)) == ([], {0})
    assert cloud.count("ChangeMessageVisibilityBatch") >= 3
    queue.delete()


@pytest.mark.slow
def test_a_message_that_is_not_understood_is_told_of_once_and_counted_by_sqs(cloud: Cloud, tmp_path: Path) -> None:
    queue = TestQueue(cloud, "poisoned", VisibilityTimeout="2")
    queue.send("junk")
    with follower(cloud, queue.source, tmp_path, "--every", "1s") as process:
        until(lambda: cloud.count("ReceiveMessage") > 7)
        process.send_signal(signal.SIGTERM)
        done = ended(process)
    time.sleep(2)
    (message,) = queue.receive()
    assert int(message["Attributes"]["ApproximateReceiveCount"]) >= 3
    assert (done.code, done.err.count("queue.unknown_message"), len(done.out.splitlines())) == (0, 1, 1)
    queue.delete()


@pytest.mark.slow
def test_deletion_is_tried_again_entry_by_entry(cloud: Cloud, queue: TestQueue, monkeypatch: Any) -> None:
    for name, value in cloud.environment.items():
        monkeypatch.setenv(name, value)
    queue.send(*map(str, range(12)))
    opened = Queue(place_of(queue.source), Login())
    received = opened.receive(1) + opened.receive(1)
    assert len(received) == 12
    bad = Message("x", "no receipt", "", 1)
    pauses: list[float] = []
    assert opened.delete([bad, *received], pauses.append) == [bad]
    assert (queue.count(), len(pauses)) == (0, 2)
    assert "no receipt" not in repr(bad)


@pytest.mark.slow
def test_a_prefix_and_a_folder_are_followed_by_looking_again(cloud: Cloud, tmp_path: Path) -> None:
    cloud.put(bucket := bucket_of(key_of(1, 0)))
    logs = tmp_path / "logs"
    logs.mkdir()
    with follower(cloud, f"s3://{NAME}", tmp_path, "logs", "--every", "1s") as process:
        until(lambda: (tmp_path / "store" / "ctaudit.duckdb").exists() and cloud.count("GetObject") > 0)
        bucket.put(key_of(1, 1), log(1), AT)
        cloud.put(bucket)
        (logs / "late.json").write_text(json.dumps({"Records": [event(5, eventID="event-5-0")]}))
        (logs / "cut.json").write_text('{"Records":[{"eventVersion":"1.11","eventTime":"2026-')
        listed = cloud.count("ListObjectsV2")
        until(lambda: cloud.count("ListObjectsV2") > listed + 12)
        process.send_signal(signal.SIGTERM)
        done = ended(process)
    assert (done.code, numbers(tmp_path)) == (0, {0, 1, 5})
    assert (done.err.count("json.cut"), cloud.count("GetObject")) == (1, 2)
    assert sum(json.loads(line)["events"] for line in done.out.splitlines()) == 5


@pytest.mark.slow
def test_a_queue_is_found_by_name_and_read_by_whom_may_only_receive_and_delete(
    cloud: Cloud, queue: TestQueue, tmp_path: Path
) -> None:
    cloud.put(bucket_of(key_of(1, 0)))
    queue.send(queues.from_s3(NAME, key_of(1, 0)))
    cloud.trouble("GetQueueAttributes", Refusal("403 Forbidden", "AccessDenied", "no"))
    done = read(cloud, queue, tmp_path, source=f"sqs://{queue.name}", AWS_ENDPOINT_URL_SQS=cloud.s3_url)
    assert (done.code, numbers(tmp_path)) == (0, {0})


@pytest.mark.slow
def test_what_cannot_be_asked_is_one_sentence(cloud: Cloud, queue: TestQueue, tmp_path: Path) -> None:
    def first(*words: str, source: str = "", **env: str | None) -> tuple[int, str]:
        done = read(cloud, queue, tmp_path, *words, source=source, **env)
        assert done.out == ""
        return done.code, done.err.splitlines()[0]

    gone = queue.source.replace(queue.name, "no-such-queue")
    assert first(source=gone) == (4, f"ctaudit: the queue {gone} cannot be read: there is no such queue "
                                     "(AWS.SimpleQueueService.NonExistentQueue)")  # fmt: skip
    assert first("logs") == (2, "ctaudit: a queue is read alone")
    assert first("--follow", source="-") == (2, "ctaudit: standard input cannot be followed")
    nobody = first(AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None)
    assert nobody == (4, "ctaudit: there are no usable AWS credentials")
    cloud.trouble("ReceiveMessage", Refusal("403 Forbidden", "AccessDenied", "no"))
    assert first()[0] == 4


@pytest.mark.slow
def test_workers_do_not_hear_the_signal_that_the_whole_group_is_sent(
    cloud: Cloud, queue: TestQueue, tmp_path: Path
) -> None:
    bucket = bucket_of()
    for number in range(2):  # of two days, and too large to be read by one process
        text = random.Random(number).randbytes(1_500_000).hex()
        content = json.dumps({"Records": [event(number, eventID=f"event-{number}-0", errorMessage=text)]})
        bucket.put(key_of(number + 1, number), gzip.compress(content.encode()), AT)
        queue.send(queues.from_s3(NAME, key_of(number + 1, number)))
    cloud.put(bucket)
    cloud.trouble(key_of(2, 1), Delay(3.0))
    with follower(cloud, queue.source, tmp_path, "--jobs", "2") as process:
        until(lambda: cloud.count("GetObject", key_of(2, 1)) > 0)
        os.killpg(process.pid, signal.SIGTERM)
        done = ended(process)
    assert (done.code, queue.count(), numbers(tmp_path)) == (0, 0, {0, 1}), done.err


@pytest.mark.slow
def test_an_outage_is_told_of_once_and_waited_out(cloud: Cloud, queue: TestQueue, tmp_path: Path) -> None:
    cloud.put(bucket_of(key_of(1, 0)))
    queue.send(queues.from_s3(NAME, key_of(1, 0)))
    # boto3 gives up after five.
    cloud.trouble("ReceiveMessage", Refusal("503 Service Unavailable", "ServiceUnavailable", "busy", times=11))
    with follower(cloud, queue.source, tmp_path, "--every", "1s") as process:
        until(lambda: queue.count() == 0)
        process.send_signal(signal.SIGTERM)
        done = ended(process)
    assert (done.code, numbers(tmp_path)) == (0, {0})
    assert done.err.count("the queue cannot be reached, and is asked again") == 1


@pytest.mark.slow
def test_while_another_process_ingests_messages_wait(cloud: Cloud, queue: TestQueue, tmp_path: Path) -> None:
    cloud.put(bucket_of(key_of(1, 0)))
    queue.send(queues.from_s3(NAME, key_of(1, 0)))
    with follower(cloud, queue.source, tmp_path, "--every", "1s") as process:
        with lock.held(Layout(tmp_path / "store")):
            until(lambda: cloud.count("ReceiveMessage") > 1)
            time.sleep(1)
            assert (queue.count(), cloud.count("GetObject")) == (1, 0)
            assert read(cloud, queue, tmp_path, "--every", "30s", source="s3://x-y-z").code == 4
        until(lambda: queue.count() == 0)
        process.send_signal(signal.SIGTERM)
        done = ended(process)
    assert (done.code, numbers(tmp_path)) == (0, {0})
    assert done.err.count("waited: process") == 1


@contextlib.contextmanager
def follower(cloud: Cloud, source: str, folder: Path, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """Follow a source in a process that is killed at the end of the block, if it is still there."""
    given = ["ingest", source, "--follow", "--store", "store", "--format", "json", *words]
    with subprocess.Popen(
        [*COMMAND, *given],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        env=environment(**cloud.environment),
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def ended(process: subprocess.Popen[bytes]) -> Done:
    out, err = process.communicate(timeout=PATIENCE)
    return Done(process.returncode, out.decode(), err.decode())


def until(holds: Callable[[], bool]) -> None:
    patience = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < patience, "it never came to that"
        time.sleep(0.05)


def told_by_store(folder: Path) -> list[tuple[Any, ...]]:
    return sorted(select(folder / "store", "FROM cloudtrail_logs"), key=repr)
