"""A real Spark for tests: settings that start it sooner, `ctaudit` as a process, and a reason where it lacks."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from ctaudit.engines.spark_session import java
from tests.cli.processes import Done, environment

CLUSTER = "local-cluster[2,1,1024]"
"""Two workers, each a process of its own with one core and 1 GB."""
SETTINGS = {
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",
    "spark.executor.extraJavaOptions": "-XX:TieredStopAtLevel=1",
    "spark.sql.shuffle.partitions": "2",
}
"""The compiler that takes its time would not pay within a test."""
_PATIENCE = 900
_ROOT = Path(__file__).parents[2]

needs_spark = pytest.mark.skipif(
    java() is None or importlib.util.find_spec("pyspark") is None, reason="Spark needs PySpark and a Java runtime"
)


def with_spark(folder: Path) -> dict[str, str]:
    """Return the environment of a process that uses Spark; its settings and what its workers write lie in `folder`."""
    conf = folder / "spark-conf"
    conf.mkdir(exist_ok=True)
    (conf / "spark-defaults.conf").write_text("".join(f"{name} {value}\n" for name, value in SETTINGS.items()))
    paths = [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        "SPARK_CONF_DIR": str(conf),
        "SPARK_WORKER_DIR": str(folder / "spark-work"),
        "PYTHONPATH": os.pathsep.join(paths),
    }


def run(
    *words: str | Path,
    folder: Path,
    env: Mapping[str, str | None] | None = None,
    code: str = "",
    stop_when: Callable[[], bool] | None = None,
) -> Done:
    """Run `ctaudit`, or other code that takes the same words, with time enough for a slow machine to start Spark.

    It gets a Ctrl-C when `stop_when` says so.
    """
    begin = ("-c", code) if code else ("-m", "ctaudit")
    process = subprocess.Popen(
        [sys.executable, *begin, *map(str, words)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        env=environment(**{**with_spark(folder), **(env or {})}),
    )
    if stop_when is not None:
        while not stop_when() and process.poll() is None:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=_PATIENCE)
    return Done(process.returncode, out.decode(), err.decode())
