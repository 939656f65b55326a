"""What no ingest can do without: inflate each file, parse its JSON, write the finished table as Parquet.

Nothing is built from what is parsed, and the table is read from a finished store before the clock starts, so the sum
is below anything that turns the one into the other. Prints CPU seconds of each step as JSON. Run it with an interpreter
that has pysimdjson: `python benchmarks/floor.py CORPUS STORE`.
"""

from __future__ import annotations

import importlib
import json
import sys
import tempfile
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from isal import isal_zlib


def main(corpus: str, store: str) -> None:
    pa.set_cpu_count(1)
    parser = importlib.import_module("simdjson").Parser()
    files = sorted(Path(corpus).rglob("*.json.gz"))
    cost = dict.fromkeys(("inflate", "parse", "write"), 0.0)
    for path in files:
        packed = path.read_bytes()
        started = time.process_time()
        text = isal_zlib.decompress(packed, 31)
        inflated = time.process_time()
        document = parser.parse(text)
        cost["parse"] += time.process_time() - inflated
        cost["inflate"] += inflated - started
        del document  # the parser keeps one at a time
    with tempfile.TemporaryDirectory() as folder:
        segments = sorted(Path(store).glob("events/date=*/*.parquet"))
        table = pa.concat_tables([pq.ParquetFile(segment).read(use_threads=False) for segment in segments])
        started = time.process_time()
        pq.write_table(table, Path(folder) / "events.parquet", compression="zstd")
        cost["write"] = time.process_time() - started
    print(json.dumps(cost))


if __name__ == "__main__":
    main(*sys.argv[1:])
