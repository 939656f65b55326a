"""`ingest history:` and `ingest logs:GROUP`: captured into files first, asked once, gone on with after a break."""

from __future__ import annotations

import gzip
import json
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import boto3
import pytest

import ctaudit
from ctaudit import FromS3, Summary, UsageError, limits
from ctaudit.sources import event_history, log_group, turns
from tests.cli.evidence import event
from tests.cli.processes import COMMAND, PATIENCE, Done, environment, piped
from tests.cloud.event_sources import EventSources, Refused, logged, looked_up
from tests.cloud.server import Cloud, serving
from tests.store.stores import select

pytestmark = pytest.mark.slow

ACCOUNT = "123456789012"
EAST, WEST = "us-east-1", "eu-west-1"
NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def aws() -> EventSources:
    return EventSources()


@pytest.fixture
def env(cloud: Cloud, aws: EventSources, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """Variables that point boto3 here, in this process too, which does not keep AWS's pace."""
    monkeypatch.setattr(event_history, "PAUSE", 0.01)
    monkeypatch.setattr(log_group, "PAUSE", 0.01)
    monkeypatch.setattr(turns, "_FIRST_PAUSE", 0.01)
    with serving(aws) as url:
        names = ("CLOUDTRAIL", "EC2", "CLOUDWATCH_LOGS")
        variables = cloud.environment | {f"AWS_ENDPOINT_URL_{name}": url for name in names}
        variables["AWS_ENDPOINT_URL_STS"] = cloud.s3_url
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        yield variables


def record(number: int, age: timedelta, **fields: Any) -> dict[str, Any]:
    happened = (NOW - age).isoformat().replace("+00:00", "Z")
    return event(number % 60, eventID=f"event-{number}", eventTime=happened, **fields)


def records(first: int, last: int, age: timedelta = timedelta(days=2)) -> list[dict[str, Any]]:
    """Return events with these numbers, a second apart, the first of them `age` old."""
    return [record(number, age - timedelta(seconds=number - first)) for number in range(first, last)]


def ingest(folder: Path, *sources: str, **how: Any) -> Summary:
    """Ingest in this process: as the command does, and sooner."""
    return ctaudit.ingest(folder / "store", sources, from_s3=FromS3(**how), jobs=1)


def command(env: Mapping[str, str | None], folder: Path, *words: str) -> Done:
    return piped("ingest", *words, "--store", "store", "--format", "json", env=env, folder=folder)


def told(done: Done) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(done.out)
    return content


def status(folder: Path) -> dict[str, Any]:
    return dict(ctaudit.open(folder / "store").status().content)


def kinds(summary: Summary) -> list[tuple[str, str]]:
    return [(fault.path, fault.kind) for fault in summary.faults]


def numbers(folder: Path) -> list[int]:
    return sorted(int(row[0].split("-")[1]) for row in select(folder / "store", "SELECT eventid FROM cloudtrail_logs"))


def faults(folder: Path) -> list[tuple[str, str]]:
    return [(row[0], row[1]) for row in select(folder / "store", "SELECT path, kind FROM faults ORDER BY ALL")]


def evidence(folder: Path) -> list[Path]:
    return sorted((folder / "store" / "evidence").rglob("*.json.gz"))


def spans(folder: Path) -> list[dict[str, Any]]:
    """Return what the only manifest says of each span."""
    (manifest,) = (folder / "store" / "evidence").rglob("manifest.json")
    listed: list[dict[str, Any]] = json.loads(manifest.read_text())["spans"]
    return listed


def test_all_enabled_regions_are_asked_page_by_page_at_their_own_pace(
    env: dict[str, str], aws: EventSources, tmp_path: Path
) -> None:
    aws.history[EAST] = [looked_up(each) for each in records(0, 120)]
    aws.history[WEST] = [looked_up(each) for each in records(200, 260)]
    done = command(env, tmp_path, "history:")
    assert (done.code, told(done)["faults"], told(done)["captured"]) == (0, [], 180)
    assert "note: Event history holds management events alone" in done.err
    assert f"180 events captured into {Path('store') / 'evidence'}" in done.err
    assert numbers(tmp_path) == [*range(120), *range(200, 260)]
    assert {(region, aws.count("LookupEvents", region)) for region in (EAST, WEST)} == {(EAST, 3), (WEST, 2)}
    moments = [moment for operation, region, _, moment in aws.asked if (operation, region) == ("LookupEvents", EAST)]
    assert all(later - earlier >= 0.45 for earlier, later in pairwise(moments))
    files = evidence(tmp_path)
    assert [path.parent.relative_to(tmp_path / "store/evidence").as_posix() for path in files] == [
        f"history/{ACCOUNT}/{WEST}",
        f"history/{ACCOUNT}/{EAST}",
    ]
    sources = select(tmp_path / "store", "SELECT DISTINCT source_file FROM cloudtrail_logs ORDER BY 1")
    assert [row[0] for row in sources] == [str(path) for path in files]


def test_a_later_run_asks_for_what_is_new_and_for_the_last_hours_again(
    env: dict[str, str], aws: EventSources, tmp_path: Path
) -> None:
    aws.history[EAST] = [looked_up(each) for each in [*records(0, 3), record(9, timedelta(minutes=30))]]
    ingest(tmp_path, "history:", regions=(EAST,))
    before = {path: path.read_bytes() for path in evidence(tmp_path)}
    aws.history[EAST].append(looked_up(record(10, timedelta(hours=1))))  # late
    aws.history[EAST].append(looked_up(record(11, timedelta(days=3))))  # of time that is done with
    done = ingest(tmp_path, "history:", regions=(EAST,))
    assert (done.captured, done.files_known, done.faults) == (1, 1, [])
    assert numbers(tmp_path) == [0, 1, 2, 9, 10]
    asked = aws.asked[-1][2]
    again = timedelta(seconds=asked["EndTime"] - asked["StartTime"])
    assert timedelta(hours=3) <= again < timedelta(hours=3, minutes=5)
    assert all(path.read_bytes() == data for path, data in before.items())
    assert len(evidence(tmp_path)) == 2
    assert ingest(tmp_path, "history:", regions=(EAST,)).captured == 0
    assert len(evidence(tmp_path)) == 2


@pytest.mark.slow
def test_silence_is_one_span_however_often_it_is_asked_for(
    env: dict[str, str], aws: EventSources, tmp_path: Path
) -> None:
    for _ in range(3):
        ingest(tmp_path, "history:", regions=(EAST,))
        time.sleep(0.4)
    (span,) = spans(tmp_path)
    assert span["files"] == []
    asked = [each["EndTime"] - each["StartTime"] for _, _, each, _ in aws.asked]
    assert asked[0] == 90 * 86400
    assert all(3 * 3600 <= each < 3 * 3600 + 60 for each in asked[1:])


def test_log_groups(env: dict[str, str], aws: EventSources, tmp_path: Path) -> None:
    aws.group_made = int((NOW - timedelta(days=3)).timestamp() * 1000)
    aws.logs[EAST] = [logged(each) for each in records(0, 25)]
    aws.page_size, aws.empty_pages = 10, 2
    done = ingest(tmp_path, "logs:trail/events")
    assert (done.faults, numbers(tmp_path)) == ([], list(range(25)))
    assert any("256 KB" in note for note in done.notes)
    again = ingest(tmp_path, "logs:trail/events")
    assert (again.captured, again.files_known, len(evidence(tmp_path))) == (0, 1, 1)


@pytest.mark.slow
def test_the_time_of_a_log_event_is_that_of_its_delivery(
    env: dict[str, str], aws: EventSources, tmp_path: Path
) -> None:
    aws.logs[EAST] = [logged(each, seconds_later=3 * 3600) for each in records(0, 5)]
    since, until = NOW - timedelta(days=3), NOW - timedelta(days=1, hours=23)
    ingest(tmp_path, "logs:trail/events", since=since, until=until)
    assert numbers(tmp_path) == list(range(5))
    asked = [each for operation, _, each, _ in aws.asked if operation == "FilterLogEvents"]
    assert asked[0]["startTime"] == since.timestamp() * 1000
    assert asked[-1]["endTime"] == (until + timedelta(days=1)).timestamp() * 1000 - 1


@pytest.mark.slow
def test_a_log_group_by_its_arn_and_one_that_is_not_there(
    env: dict[str, str], aws: EventSources, tmp_path: Path
) -> None:
    aws.logs[WEST] = [logged(each) for each in records(0, 3)]
    arn = f"arn:aws:logs:{WEST}:444455556666:log-group:trail/events:*"
    since = NOW - timedelta(days=4)
    assert (ingest(tmp_path, f"logs:{arn}", since=since).faults, numbers(tmp_path)) == ([], [0, 1, 2])
    assert aws.asked[-1][1:3] == (WEST, aws.asked[-1][2] | {"logGroupIdentifier": arn.removesuffix(":*")})
    (path,) = evidence(tmp_path)
    assert path.parent == tmp_path / "store" / "evidence" / "logs" / "444455556666" / WEST / "trail%2Fevents"
    done = ingest(tmp_path, "logs:../trail", regions=(EAST,), since=since)
    assert kinds(done) == [(f"logs:{ACCOUNT}/{EAST}/../trail", "logs.missing")]
    assert faults(tmp_path) == []  # a slip of the pen


def test_log_groups_as_moto_has_them(cloud: Cloud, tmp_path: Path) -> None:
    env = cloud.environment | {f"AWS_ENDPOINT_URL_{name}": cloud.s3_url for name in ("CLOUDWATCH_LOGS", "STS")}
    keys = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "x"}
    client = boto3.client("logs", region_name=EAST, endpoint_url=cloud.s3_url, **keys)
    client.create_log_group(logGroupName="CloudTrail/Logs")
    try:
        for stream in range(2):
            named = {"logGroupName": "CloudTrail/Logs", "logStreamName": f"{ACCOUNT}_CloudTrail_{EAST}_{stream}"}
            client.create_log_stream(**named)
            found = [logged(each) for each in records(10 * stream, 10 * stream + 4)]
            events = [{"timestamp": each["timestamp"], "message": each["message"]} for each in found]
            client.put_log_events(**named, logEvents=events)
        done = command(env, tmp_path, "logs:CloudTrail/Logs")
    finally:
        client.delete_log_group(logGroupName="CloudTrail/Logs")
    assert (done.code, numbers(tmp_path)) == (0, [0, 1, 2, 3, 10, 11, 12, 13])


def test_throttling_and_a_token_that_ran_out_cost_no_event(
    env: dict[str, str], aws: EventSources, tmp_path: Path
) -> None:
    aws.history[EAST] = [looked_up(each) for each in records(0, 130)]
    aws.history[WEST] = [looked_up(each) for each in records(200, 330)]
    aws.refused = {
        EAST: Refused("ThrottlingException", times=2, after=1),
        WEST: Refused("InvalidNextTokenException", times=1, after=2),
    }
    assert ingest(tmp_path, "history:").faults == []
    assert numbers(tmp_path) == [*range(130), *range(200, 330)]
    assert aws.count("LookupEvents", EAST) == 5
    asked = [each for operation, region, each, _ in aws.asked if (operation, region) == ("LookupEvents", WEST)]
    assert asked[-1]["EndTime"] < asked[0]["EndTime"]  # what it had was not asked for again


@pytest.mark.slow
def test_a_region_that_refuses_is_a_fault_until_it_answers_and_the_rest_goes_on(
    env: dict[str, str], aws: EventSources, tmp_path: Path
) -> None:
    aws.history[EAST] = [looked_up(each) for each in records(0, 2)]
    aws.history[WEST] = [looked_up(each) for each in records(10, 12)]
    aws.refused = {WEST: Refused("UnrecognizedClientException", status="403 Forbidden")}
    done = command(env, tmp_path, "history:")
    fault = (f"history:{ACCOUNT}/{WEST}", "history.denied")
    assert (done.code, [(each["path"], each["kind"]) for each in told(done)["faults"]]) == (3, [fault])
    assert "a region that is not enabled answers so" in done.err
    assert (numbers(tmp_path), faults(tmp_path)) == ([0, 1], [fault])
    assert ctaudit.open(tmp_path / "store").timeline().partial
    assert ingest(tmp_path, "history:", regions=(EAST,)).faults == []
    assert faults(tmp_path) == [fault]  # nobody asked
    group = (f"logs:{ACCOUNT}/{WEST}/trail/events", "logs.denied")
    assert kinds(ingest(tmp_path, "logs:trail/events", regions=(WEST,), since=NOW - timedelta(hours=1))) == [group]
    assert faults(tmp_path) == [fault, group]
    aws.refused.clear()
    ingest(tmp_path, "history:", "logs:trail/events", regions=(WEST,), since=NOW - timedelta(days=3))
    assert (numbers(tmp_path), faults(tmp_path)) == ([0, 1, 10, 11], [])


@pytest.mark.slow
def test_a_fault_of_a_region_that_is_not_enabled_any_more_clears(
    env: dict[str, str], aws: EventSources, tmp_path: Path
) -> None:
    aws.refused = {"eu-south-1": Refused("UnrecognizedClientException", status="403 Forbidden")}
    aws.regions = None
    done = ingest(tmp_path, "history:")
    assert kinds(done) == faults(tmp_path) == [(f"history:{ACCOUNT}/eu-south-1", "history.denied")]
    (note,) = (each for each in done.notes if "ec2:DescribeRegions" in each)
    assert aws.count("LookupEvents") > 20
    assert f"all {aws.count('LookupEvents')} " in note
    aws.regions = (EAST,)
    ingest(tmp_path, "history:")
    assert faults(tmp_path) == []


@pytest.mark.slow
def test_events_that_hold_junk_are_told_and_all_others_are_read(
    env: dict[str, str], aws: EventSources, tmp_path: Path
) -> None:
    whole = [looked_up(each) for each in records(0, 5)]
    whole[1]["CloudTrailEvent"] = whole[1]["CloudTrailEvent"][:-9]
    whole[2]["CloudTrailEvent"] = "no JSON"
    del whole[3]["CloudTrailEvent"]
    whole[4]["CloudTrailEvent"] = json.dumps(record(4, timedelta(days=2), userAgent="\ud800 \u2028\n"))
    aws.history[EAST] = whole
    done = ingest(tmp_path, "history:", regions=(EAST,))
    (path,) = evidence(tmp_path)
    assert kinds(done) == [(str(path), "json.bad_record"), (str(path), "text.lone_surrogate")]
    assert numbers(tmp_path) == [0, 4]
    assert len(json.loads(gzip.decompress(path.read_bytes()))["Events"]) == 5  # evidence as it came


@pytest.mark.slow
def test_the_span_and_how_far_history_goes_back(env: dict[str, str], aws: EventSources, tmp_path: Path) -> None:
    aws.history[EAST] = [looked_up(record(number, timedelta(days=number, hours=1))) for number in range(1, 10)]
    words = ("history:", "--region", EAST, "--since", "6d", "--until", "3d")
    assert (command(env, tmp_path, *words).code, numbers(tmp_path)) == (0, [3, 4, 5])
    done = ingest(tmp_path, "history:", regions=(EAST,), since=NOW - timedelta(days=200))
    assert numbers(tmp_path) == list(range(1, 10))
    assert any("goes back 90 days" in note for note in done.notes)
    (first, *later) = [asked for _, _, asked, _ in aws.asked]
    assert abs(later[-1]["StartTime"] - (datetime.now(UTC) - timedelta(days=90)).timestamp()) < 120
    assert all(each["EndTime"] <= first["StartTime"] or first["EndTime"] <= each["StartTime"] for each in later)


@pytest.mark.slow
def test_files_are_of_bounded_size_and_their_spans_tile_the_time(
    env: dict[str, str], aws: EventSources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "CAPTURE_FILE_EVENTS", 60)
    aws.history[EAST] = [looked_up(each) for each in records(0, 230)]
    assert ingest(tmp_path, "history:", regions=(EAST,)).events == 230
    sizes = [each["files"][0]["events"] for each in spans(tmp_path)]
    assert (sum(sizes), max(sizes) <= 110, len(sizes) >= 3) == (230, True, True)
    assert all(one["until"] == other["since"] for one, other in pairwise(spans(tmp_path)))
    for span in spans(tmp_path):
        (listed,) = span["files"]
        text = gzip.decompress(next(path for path in evidence(tmp_path) if path.name == listed["name"]).read_bytes())
        times = [datetime.fromisoformat(each["EventTime"]) for each in json.loads(text)["Events"]]
        since, until = (datetime.fromisoformat(span[key]) for key in ("since", "until"))
        assert since - timedelta(seconds=1) <= min(times)
        assert max(times) <= until


@pytest.mark.slow
def test_a_slice_of_a_log_group_that_is_too_large_is_asked_in_parts(
    env: dict[str, str], aws: EventSources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "CAPTURE_FILE_EVENTS", 30)
    spread = [record(number, timedelta(hours=50, minutes=-number)) for number in range(100)]
    dense = records(500, 550, timedelta(hours=30))  # more within a minute than a file holds
    aws.logs[EAST] = [logged(each) for each in [*spread, *dense]]
    aws.page_size = 20
    assert ingest(tmp_path, "logs:trail/events", since=NOW - timedelta(days=4)).faults == []
    assert numbers(tmp_path) == [*range(100), *range(500, 550)]
    assert all(each["events"] <= 60 for span in spans(tmp_path) for each in span["files"])
    assert all(one["until"] == other["since"] for one, other in pairwise(spans(tmp_path)))


@contextmanager
def started(env: dict[str, str], folder: Path, aws: EventSources, until: Callable[[], bool]) -> Iterator[None]:
    """Run the command until something is so, do what is in the block, press Ctrl-C, and see it end soon."""
    words = [*COMMAND, "ingest", "history:", "--store", "store"]
    with subprocess.Popen(words, cwd=folder, env=environment(**env), stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + PATIENCE
        while not until() and time.monotonic() < deadline:
            time.sleep(0.02)
        yield
        pressed = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 130
        assert time.monotonic() - pressed < 3
        assert process.stderr is not None
        assert process.stderr.read() == "ctaudit: interrupted\n"
    aws.delay = 0.0


@pytest.mark.slow
def test_ctrl_c_does_not_wait_for_an_answer_of_aws(env: dict[str, str], aws: EventSources, tmp_path: Path) -> None:
    aws.delay = 20.0
    silent = env | {"AWS_ENDPOINT_URL_STS": env["AWS_ENDPOINT_URL_EC2"]}
    with started(silent, tmp_path, aws, lambda: aws.count("GetCallerIdentity") > 0):
        pass
    assert status(tmp_path)["unfinished"] == []  # nothing was begun


@pytest.mark.slow
def test_ctrl_c_keeps_what_came_and_a_later_run_goes_on(env: dict[str, str], aws: EventSources, tmp_path: Path) -> None:
    aws.history[EAST] = [looked_up(each) for each in records(0, 400)]
    aws.refused = {WEST: Refused("ThrottlingException")}
    with started(env, tmp_path, aws, lambda: aws.count("LookupEvents", EAST) >= 4):
        aws.delay = 20.0  # AWS is silent, and is not waited for
        time.sleep(0.7)
    (path,) = evidence(tmp_path)
    kept = path.read_bytes()
    assert len(json.loads(gzip.decompress(kept))["Events"]) >= 150
    assert not list(path.parent.glob(".*"))
    assert [each["source"] for each in status(tmp_path)["unfinished"]] == ["history:"]
    aws.refused.clear()
    before = aws.count("LookupEvents", EAST)
    ingest(tmp_path, "history:", regions=(WEST,))
    assert status(tmp_path)["unfinished"]  # a part that comes to its end is not all of it
    assert ingest(tmp_path, "history:").duplicates == 0
    assert (numbers(tmp_path), path.read_bytes()) == (list(range(400)), kept)
    assert aws.count("LookupEvents", EAST) - before <= 6
    assert status(tmp_path)["unfinished"] == []


@pytest.mark.slow
def test_evidence_that_is_gone_is_captured_again_and_a_copy_in_files_adds_nothing(
    env: dict[str, str], aws: EventSources, tmp_path: Path
) -> None:
    aws.history[EAST] = [looked_up(each) for each in records(0, 20)]
    (tmp_path / "copy.json").write_text(json.dumps({"Records": records(0, 20)}))
    ingest(tmp_path, str(tmp_path / "copy.json"))
    done = ingest(tmp_path, "history:", regions=(EAST,))
    assert (done.captured, done.events, done.duplicates) == (20, 0, 20)
    (path,) = evidence(tmp_path)
    path.unlink()
    assert ingest(tmp_path, "history:", regions=(EAST,)).captured == 20
    assert numbers(tmp_path) == list(range(20))


GROUP = "logs:arn:aws:logs:eu-west-1:111122223333:log-group:g"


@pytest.mark.parametrize(
    ("sources", "how", "sentence"),
    [
        (["history:x"], {}, "'history:x' names more than 'history:'"),
        (["logs:"], {}, "'logs:' names no log group"),
        (["logs:arn:aws:s3:::b"], {}, "names no log group"),
        (["history:"], {"regions": ("../..",)}, "'../..' is no name of a region"),
        (["history:"], {"accounts": (ACCOUNT,)}, "are those of the account that the credentials are of"),
        (["history:", "."], {"since": NOW}, "only what lies in AWS can be read in part"),
        ([GROUP], {"regions": (EAST,)}, "lies in eu-west-1, which is not asked for"),
    ],
)
@pytest.mark.slow
def test_what_cannot_be_asked_is_said_before_anything_is_made(
    sources: list[str], how: dict[str, Any], sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=re.escape(sentence)):
        ingest(tmp_path, *sources, **how)
    assert not (tmp_path / "store").exists()


@pytest.mark.slow
def test_a_log_group_by_its_name_needs_a_region(
    env: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_REGION")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(UsageError, match="the region of the log group g is not known"):
        ingest(tmp_path, "logs:g")
    assert status(tmp_path)["unfinished"] == []


def test_nobody_known_is_one_sentence_and_no_secret_is_told_or_kept(
    env: dict[str, str], aws: EventSources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = env | dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"))
    done = command(nobody, tmp_path, "history:")
    assert (done.code, done.err.splitlines()[0]) == (4, "ctaudit: there are no usable AWS credentials")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", env["AWS_ENDPOINT_URL_EC2"])  # which knows nobody
    assert kinds(ingest(tmp_path, "history:")) == faults(tmp_path) == [("history:", "history.denied")]
    aws.history[EAST] = [looked_up(each) for each in records(0, 2)]
    role = ("--role-arn", "arn:aws:iam::444455556666:role/auditor", "--debug")
    done = command(env, tmp_path, "history:", "--region", EAST, *role)
    assert (done.code, numbers(tmp_path), faults(tmp_path)) == (0, [0, 1], [])
    assert evidence(tmp_path)[0].parent.parent.name == "444455556666"
    kept = [path.read_bytes() for path in (tmp_path / "store").rglob("*") if path.is_file()]
    for secret in (env["AWS_SECRET_ACCESS_KEY"], "ASIA"):
        assert secret not in done.out + done.err
        assert not any(secret.encode() in content for content in kept)


@pytest.mark.slow
def test_captured_evidence_can_be_read_into_another_store(
    env: dict[str, str], aws: EventSources, tmp_path: Path
) -> None:
    aws.history[EAST] = [looked_up(each) for each in records(0, 3)]
    aws.logs[EAST] = [logged(each) for each in records(10, 13)]
    ingest(tmp_path, "history:", "logs:trail/events", regions=(EAST,))
    other = tmp_path / "other"
    other.mkdir()
    done = ingest(other, str(tmp_path / "store" / "evidence"))
    assert (done.faults, numbers(other)) == ([], [0, 1, 2, 10, 11, 12])
    assert done.refused == {"other-json": 2}  # the lists beside them
