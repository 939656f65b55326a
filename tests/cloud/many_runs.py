"""The real AWS CLI for hundreds of runs: one process that takes command lines and gives back what each printed."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from tests.cloud.reference import Said
from tests.cloud.server import Cloud


class ManyRuns:
    """Starting Python and loading the AWS CLI takes a second; a run takes a tenth of that."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, words: Sequence[str]) -> Said:
        """Run `aws WORDS`."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(list(words)) + "\n")
        self._process.stdin.flush()
        return Said(*json.loads(self._process.stdout.readline()))


@contextlib.contextmanager
def many_runs(cloud: Cloud) -> Iterator[ManyRuns]:
    """Keep the process until the block is left."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | cloud.environment
    command = [sys.executable, "-m", "tests.cloud.many_runs"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True, env=env) as process:
        try:
            yield ManyRuns(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()


def _run(driver: Any, words: Sequence[str]) -> tuple[int, str, str]:
    out, err = io.StringIO(newline=""), io.StringIO(newline="")
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = driver.main(list(words))
        except SystemExit as error:
            code = int(error.code or 0)
    return code, out.getvalue(), err.getvalue()


def _main() -> None:
    answers, create_driver = sys.stdout, importlib.import_module("awscli.clidriver").create_clidriver
    # Each run needs a command of its own, which counts what it finds, but not to parse AWS's models anew.
    loader = importlib.import_module("botocore.loaders").JSONFileLoader
    loader._load_file = lru_cache(None)(loader._load_file)
    for line in sys.stdin:
        answers.write(json.dumps(_run(create_driver(), json.loads(line))) + "\n")
        answers.flush()


if __name__ == "__main__":
    _main()
