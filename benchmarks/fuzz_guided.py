"""Let atheris look for inputs that reach new code of the reader: run by `fuzz.py`, in a process of its own.

Atheris counts branches in modules that it changes while they are imported, hence the imports in `main`. Failures are
written to a file and the search goes on; the end is libFuzzer's, which leaves the process at once.
"""

from __future__ import annotations

import json
import sys
from itertools import count
from pathlib import Path

import atheris  # type: ignore[import-not-found,import-untyped,unused-ignore]  # it is no dependency

TOKENS = ("{", "}", "[", "]", ",", ":", "null", "true", "1e999", "\\\\ud800", '\\"', "Records", "Events", "logEvents",
          "message", "detail", "detail-type", "CloudTrailEvent", "eventVersion", "eventID", "eventTime",
          "userIdentity", "resources", "aws:sqs", "\\x1f\\x8b\\x08")  # fmt: skip
MOST_FAILURES = 20
SAMPLE = 50
"""One input in so many is compared value by value, too."""


def main(target: str, seed: str, seconds: str, folder: str) -> None:
    with atheris.instrument_imports(include=["ctaudit.records", "ctaudit.times", "ctaudit.parse"]):
        import fuzz_check
        from fuzz_inputs import seeds
    place = Path(folder)
    corpus = place / "corpus"
    corpus.mkdir()
    for number, data in enumerate(seeds(target, 150)):
        (corpus / f"seed-{number:03}").write_bytes(data)
    (place / "tokens").write_text("".join(f'"{token}"\n' for token in TOKENS))
    failures: list[list[str]] = []
    numbers = count()

    def one(data: bytes) -> None:
        light = next(numbers) % SAMPLE
        failure = fuzz_check.lightly(data) if light else fuzz_check.alone(data)
        if failure is not None and len(failures) < MOST_FAILURES:
            failures.append([data.hex(), failure.complaint])
            (place / "failures.json").write_text(json.dumps(failures))

    options = [
        f"-max_total_time={seconds}",
        f"-seed={seed}",
        "-max_len=4096",
        f"-dict={place / 'tokens'}",
        "-timeout=20",
    ]
    atheris.Setup([sys.argv[0], str(corpus), *options, f"-artifact_prefix={place}/", "-print_final_stats=1"], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
