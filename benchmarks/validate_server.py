"""A mirror served as an S3 bucket on localhost, and CloudTrail's public keys, by a process of its own."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import orjson
from chain import BUCKET, Mirror, signing_key
from corpus import REGIONS
from replay import Replay

from tests.cloud.server import Cloud, running_cloud
from tests.trail.bucket import Bucket

_SIDECAR = ".meta.json"


@dataclass(frozen=True, slots=True)
class Served:
    """A server that runs."""

    pid: int
    environment: Mapping[str, str]
    """What points a client there."""

    def cpu(self) -> float:
        """Return the user and system seconds that it took so far."""
        user, system = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@contextmanager
def serving(folder: Path, server: str, latency: float) -> Iterator[Served]:
    """Serve a mirror by `moto` or by `replay` until the block is left; every answer comes `latency` seconds late."""
    command = [sys.executable, __file__, str(folder), server, str(latency)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield Served(process.pid, orjson.loads(process.stdout.readline()))
        finally:
            process.stdin.close()


def main(folder: str, server: str, latency: str) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    mirror = Mirror(**orjson.loads(Path(f"{folder}.json").read_bytes()))
    with running_cloud() as cloud:
        cloud.put(_bucket(Path(folder)))
        cloud.serve_keys({region: [signing_key(mirror, region)] for region in REGIONS[: mirror.regions]})
        if server == "replay":
            replay = Replay(urlsplit(cloud.s3_url).port or 0, float(latency))
            asyncio.run(replay.serve(lambda port: _tell(cloud, AWS_ENDPOINT_URL_S3=f"http://127.0.0.1:{port}")))
        else:
            cloud.gate.latency = float(latency)
            _tell(cloud)
            threading.Event().wait()


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)


def _tell(cloud: Cloud, **changes: str) -> None:
    print(orjson.dumps(cloud.environment | changes).decode(), flush=True)


def _bucket(folder: Path) -> Bucket:
    bucket = Bucket(BUCKET)
    for path in folder.rglob("*.json.gz"):
        sidecar = path.with_name(path.name + _SIDECAR)
        head = orjson.loads(sidecar.read_bytes()) if sidecar.exists() else {}
        modified = datetime.fromisoformat(head["LastModified"]) if head else _delivered(path)
        bucket.put(str(path.relative_to(folder)), path.read_bytes(), modified, head.get("Metadata"))
    return bucket


def _delivered(path: Path) -> datetime:
    return datetime.strptime(path.name.split("_")[3], "%Y%m%dT%H%MZ").replace(tzinfo=UTC)


if __name__ == "__main__":
    main(*sys.argv[1:])
