"""Read 5,000 small objects from S3 on localhost, and say what each costs: `python benchmarks/s3.py`.

ctaudit's own way to fetch bodies, beside a plain pool of boto3 threads and, where it can be imported, obstore. The
server is a proxy that answers from memory (`replay.py`) before the tests' simulated S3. Every client is a process of
its own; what it costs is counted from the first object on, without imports and listing.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

BUCKET = "small-objects"
FLIGHT = 64
"""Objects asked for at once, by each client."""
CLIENTS = ("ctaudit", "boto3", "obstore")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--objects", type=int, default=5000)
    parser.add_argument("--bytes", type=int, default=3000, help="of each object")
    parser.add_argument("--latency", type=float, default=0.0, metavar="MS", help="before every answer")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--peers-python", default=sys.executable, help="an interpreter that has obstore")
    parser.add_argument("--client", choices=CLIENTS, help=argparse.SUPPRESS)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        _serve(given)
    elif given.client:
        print(json.dumps(_measured(_CLIENTS[given.client], _keys(given))))
    else:
        _compare(given)


def _compare(given: argparse.Namespace) -> None:
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in CLIENTS if _has(name, given)}
    with _server(given) as environment:
        for each in range(given.runs + 1):  # the first round fills the proxy's memory
            for name in found:
                cost = _run(name, given, environment)
                if each:
                    found[name].append(cost)
    print(f"{given.objects:,} objects of {given.bytes:,} bytes, {FLIGHT} at once, {given.latency:g} ms latency\n")
    print("| client | objects/s (rounds) | CPU ms an object (rounds) | CPU, boto3 / it |\n|---|---|---|---|")
    for name, costs in found.items():
        rate = [given.objects / wall for wall, _ in costs]
        cpu = [1000 * spent / given.objects for _, spent in costs]
        ratio = statistics.median(b[1] / c[1] for b, c in zip(found["boto3"], costs, strict=True))
        rates, cpus = ", ".join(f"{each:,.0f}" for each in rate), ", ".join(f"{each:.2f}" for each in cpu)
        print(
            f"| {name} | {statistics.median(rate):,.0f} ({rates}) | {statistics.median(cpu):.2f} ({cpus}) "
            f"| **{ratio:.1f}** |"
        )


def _has(name: str, given: argparse.Namespace) -> bool:
    python = given.peers_python if name == "obstore" else sys.executable
    module = "boto3" if name == "ctaudit" else name
    return subprocess.run([python, "-c", f"import {module}"], capture_output=True, check=False).returncode == 0


def _run(name: str, given: argparse.Namespace, environment: dict[str, str]) -> tuple[float, float]:
    python = given.peers_python if name == "obstore" else sys.executable
    command = [python, __file__, "--client", name, "--objects", str(given.objects)]
    done = subprocess.run(command, env=os.environ | environment, check=True, capture_output=True)
    wall, cpu = json.loads(done.stdout)
    return wall, cpu


def _keys(given: argparse.Namespace) -> list[str]:
    folder = "AWSLogs/111122223333/CloudTrail/us-east-1/2026/02/01"
    return [f"{folder}/{number:06}.json.gz" for number in range(given.objects)]


def _measured(fetch: Callable[[Sequence[str]], int], keys: Sequence[str]) -> tuple[float, float]:
    fetch(keys[:FLIGHT])  # connections, and what is loaded at the first request
    before, started = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    if fetch(keys) < len(keys):
        sys.exit("some objects were empty")
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


_MADE: list[object] = []
"""The client's own handle: made once in a process."""


def _by_ctaudit(keys: Sequence[str]) -> int:
    from ctaudit.sources.bodies import bodies
    from ctaudit.sources.files import SourceFile
    from ctaudit.sources.s3 import S3

    if not _MADE:
        _MADE.append(S3(f"s3://{BUCKET}", connections=FLIGHT))
    s3 = _MADE[0]
    assert isinstance(s3, S3)
    files = [SourceFile(f"s3://{BUCKET}/{key}", 1, 1) for key in keys]
    return sum(len(body.whole()[0]) for body in bodies(files, s3, Path(tempfile.gettempdir())))


def _by_boto3(keys: Sequence[str]) -> int:
    import boto3
    from botocore.config import Config

    if not _MADE:
        _MADE.append(boto3.client("s3", config=Config(max_pool_connections=FLIGHT)))
    client = _MADE[0]

    def one(key: str) -> int:
        return len(client.get_object(Bucket=BUCKET, Key=key)["Body"].read())  # type: ignore[attr-defined]

    with ThreadPoolExecutor(FLIGHT) as pool:
        return sum(pool.map(one, keys))


def _by_obstore(keys: Sequence[str]) -> int:
    from obstore.store import S3Store

    if not _MADE:
        endpoint = os.environ["AWS_ENDPOINT_URL_S3"]
        _MADE.append(S3Store(BUCKET, endpoint=endpoint, client_options={"allow_http": True}, region="us-east-1"))
    store = _MADE[0]

    def one(key: str) -> int:
        return len(store.get(key).bytes())  # type: ignore[attr-defined]

    with ThreadPoolExecutor(FLIGHT) as pool:
        return sum(pool.map(one, keys))


_CLIENTS = {"ctaudit": _by_ctaudit, "boto3": _by_boto3, "obstore": _by_obstore}


@contextmanager
def _server(given: argparse.Namespace) -> Iterator[dict[str, str]]:
    command = [sys.executable, __file__, "--serve", "--objects", str(given.objects), "--bytes", str(given.bytes)]
    command += ["--latency", str(given.latency)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.kill()


def _serve(given: argparse.Namespace) -> None:
    from replay import Replay

    from tests.cloud.server import running_cloud
    from tests.trail.bucket import Bucket

    bucket, noise = Bucket(BUCKET), random.Random(7)
    for key in _keys(given):
        bucket.put(key, noise.randbytes(given.bytes), datetime(2026, 2, 1, tzinfo=UTC))
    with running_cloud() as cloud:
        cloud.put(bucket)
        replay = Replay(urlsplit(cloud.s3_url).port or 0, given.latency / 1000)
        environment = cloud.environment
        asyncio.run(
            replay.serve(
                lambda port: print(
                    json.dumps(environment | {"AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{port}"}), flush=True
                )
            )
        )


if __name__ == "__main__":
    main()
