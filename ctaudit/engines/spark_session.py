"""Spark as ctaudit uses it: one session, in UTC and strict about errors, silent, stopped when the work is done."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from ctaudit.errors import CtauditError, UsageError

if TYPE_CHECKING:
    from pyspark.conf import SparkConf
    from pyspark.sql import SparkSession

LOCAL = "local[*]"
"""The master when none is named: this machine, all its processors."""
_MASTER = re.compile(r"local(\[[\d*, ]+\])?|local-cluster\[[\d, ]+\]|spark://\S+|k8s://\S+|yarn|mesos://\S+", re.ASCII)
_SETTINGS: Mapping[str, str] = {
    "spark.app.name": "ctaudit",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.catalogImplementation": "in-memory",  # else Hive's Derby leaves files in the working directory
    "spark.sql.sources.partitionColumnTypeInference.enabled": "false",  # account 012345678901 is no number
}
_OF_THIS_MACHINE: Mapping[str, str] = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
"""Beside a local master: the name of a laptop often has no address."""
_EARLIEST_JAVA = 17
_ENDING_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Started:
    """A session, and what the Java process wrote meanwhile."""

    spark: SparkSession
    said: IO[bytes]

    def reason(self) -> str:
        """Return the last trouble that Java wrote of, empty when there is none."""
        return _trouble(self.said)


@contextlib.contextmanager
def started(master: str = LOCAL, settings: Mapping[str, str] | None = None) -> Iterator[Started]:
    """Start Spark on a master, and stop it at the end of the block. One process can have one such block at a time.

    Raises UsageError when Spark is not installed or the master is none, CtauditError when it does not start.
    """
    check(master)
    with tempfile.TemporaryFile() as said:
        try:
            spark = _session(_conf(master, settings or {}), said)
        except Exception as error:
            _end_java()
            reason = _trouble(said) or reason_of(error)
            raise CtauditError(f"Spark does not start on {master}: {reason}", "check --master, and Java") from error
        try:
            yield Started(spark, said)
        finally:
            soon(spark.stop)
            _end_java()


def _conf(master: str, settings: Mapping[str, str]) -> SparkConf:
    from pyspark.conf import SparkConf

    of_this_machine = _OF_THIS_MACHINE if master.startswith("local") else {}
    if of_this_machine:  # elsewhere the cluster knows which Python has ctaudit
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    return SparkConf().setMaster(master).setAll([*{**_SETTINGS, **of_this_machine, **settings}.items()])


def _session(conf: SparkConf, said: IO[bytes]) -> SparkSession:
    """Start Java, with other streams than ours, since it logs to both; keep Ctrl-C with whom it was."""
    from pyspark import SparkContext, java_gateway
    from pyspark.logger import PySparkLogger
    from pyspark.sql import SparkSession

    for name in ("DataFrameQueryContextLogger", "SQLQueryContextLogger"):
        PySparkLogger.getLogger(name).disabled = True  # else each error's whole stack, as JSON, goes to stderr
    logging.getLogger("py4j").setLevel(logging.CRITICAL + 1)
    logging.getLogger().addFilter(_is_no_ctrl_c)
    launch: Any = java_gateway.launch_gateway
    before = signal.getsignal(signal.SIGINT)
    try:
        gateway = launch(conf, {"stdout": said, "stderr": said})
        return SparkSession(SparkContext(conf=conf, gateway=gateway))
    finally:
        with contextlib.suppress(ValueError, TypeError):  # signals are not ours in another thread
            signal.signal(signal.SIGINT, before)


def _is_no_ctrl_c(record: logging.LogRecord) -> bool:
    """Drop what Py4J logs, with its stack, of a Ctrl-C that comes while it waits for Java."""
    return record.module not in ("java_gateway", "clientserver")


def _end_java() -> None:
    """End the Java process, which else would wait for the next session, with its settings."""
    from pyspark import SparkContext

    gateway: Any = SparkContext._gateway
    if gateway is None:
        return
    process = gateway.proc
    soon(gateway.shutdown)
    with contextlib.suppress(OSError):
        process.stdin.close()  # Java ends with the pipe that it reads from
    try:
        process.wait(timeout=_ENDING_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    SparkContext._gateway = SparkContext._jvm = None


def soon(call: Callable[[], object]) -> None:
    """Make a call to Java in a thread of its own, and wait for it a while, whatever comes of it.

    After a Ctrl-C the connection of the thread that was waiting is still busy, and would be for as long as its job.
    """

    def quietly() -> None:
        with contextlib.suppress(Exception):
            call()

    thread = threading.Thread(target=quietly, name="ctaudit-spark-end", daemon=True)
    thread.start()
    thread.join(_ENDING_SECONDS)


def check(master: str) -> None:
    """Raise UsageError unless Spark can be started here, and the master is one."""
    import importlib.util

    if not _MASTER.fullmatch(master):
        raise UsageError(
            f"'{master}' is no master of Spark", "give local[*], spark://HOST:PORT, yarn or k8s://HOST:PORT"
        )
    if importlib.util.find_spec("pyspark") is None:
        raise UsageError("Spark is not installed here", "try: pip install 'ctaudit[spark]'")
    if java() is None:
        raise UsageError(
            "Spark needs Java, and there is none",
            f"install a Java runtime, {_EARLIEST_JAVA} or newer, or set JAVA_HOME",
        )


def java() -> str | None:
    """Return the path of Java, None when there is none."""
    home = os.environ.get("JAVA_HOME")
    if home and os.access(found := os.path.join(home, "bin", "java"), os.X_OK):  # noqa: PTH118 - asked as Spark asks
        return found
    return None if home else shutil.which("java")


_TROUBLE = re.compile(rb"^(?:.*\bERROR\b[^:]*:|Exception in thread [^:]*:|Error:|Caused by:)\s*(.+)$", re.MULTILINE)


def _trouble(said: IO[bytes]) -> str:
    said.seek(0)
    found = _TROUBLE.findall(said.read(4 * 1024 * 1024))
    return found[-1].decode(errors="replace").strip()[:300] if found else ""


_OF_PYTHON = re.compile(r"^([A-Za-z_][\w.]*(?:Error|Exception|Interrupt|Busy)): (.+)$", re.MULTILINE)


def reason_of(error: BaseException) -> str:
    """Return what Spark says, or what the Python of an executor said: Spark gives tracebacks of both languages."""
    text = str(error).strip()
    found = _OF_PYTHON.findall(text)
    if found:
        name, said = found[0]
        return str(said if name.startswith("ctaudit.") else f"{name.rpartition('.')[2]}: {said}")[:300]
    if (condition := condition_of(error)) is not None:
        return condition[1][:300]
    return (text.splitlines() or [type(error).__name__])[0][:300]


_CONDITION = re.compile(r"\[([A-Z][A-Z0-9_]+(?:\.[A-Z0-9_]+)*)\] (.+)")


def condition_of(error: BaseException) -> tuple[str, str] | None:
    """Return the first of Spark's own conditions that an error tells of, and its sentence."""
    found = _CONDITION.search(str(error))
    return None if found is None else (found[1], re.sub(r"\s*SQLSTATE: \w+.*$", "", found[2]))
