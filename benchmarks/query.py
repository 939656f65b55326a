"""Time Athena SQL on a store beside the same questions put to DuckDB by hand: `python benchmarks/query.py`.

The peer reads the store's own Parquet files, knows that they lie in folders by date, and is given the dates by hand.
Both print all rows as CSV, and must print the same ones. A whole process is timed, from the shell to the last row.
"""

from __future__ import annotations

import argparse
import csv
import io
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from corpus import ensure
from measure import WORK, Cost, alternate, ctaudit, median, ratios, run

PLAIN = """
import csv, sys, duckdb
connection = duckdb.connect(config={"threads": 2})
connection.execute("SET enable_progress_bar = false")
connection.execute(
    "CREATE VIEW events AS SELECT *, date AS day FROM read_parquet("
    f"'{sys.argv[1]}/events/date=*/*.parquet', hive_partitioning = true, hive_types = {{'date': VARCHAR}})"
)
answer = connection.execute(sys.argv[2])
writer = csv.writer(sys.stdout)
writer.writerow([column[0] for column in answer.description])
while rows := answer.fetchmany(10_000):
    writer.writerows(rows)
"""


@dataclass(frozen=True, slots=True)
class Question:
    name: str
    athena: str
    by_hand: str


QUESTIONS = (
    Question(
        "calls by name",
        """SELECT eventsource, eventname, count(*) AS calls FROM cloudtrail_logs
           GROUP BY eventsource, eventname ORDER BY calls DESC, eventsource, eventname LIMIT 25""",
        """SELECT eventsource, eventname, count(*) AS calls FROM events
           GROUP BY ALL ORDER BY calls DESC, eventsource, eventname LIMIT 25""",
    ),
    Question(
        "denied calls by principal",
        """SELECT useridentity.arn, errorcode, count(*) AS denied FROM "security"."cloudtrail_logs_prod"
           WHERE errorcode IN ('AccessDenied', 'Client.UnauthorizedOperation', 'AccessDeniedException')
           GROUP BY useridentity.arn, errorcode ORDER BY denied DESC, 1, 2""",
        """SELECT useridentity.arn, errorcode, count(*) AS denied FROM events
           WHERE errorcode IN ('AccessDenied', 'Client.UnauthorizedOperation', 'AccessDeniedException')
           GROUP BY ALL ORDER BY denied DESC, 1, 2""",
    ),
    Question(
        "bytes out of buckets",
        """SELECT json_extract_scalar(requestparameters, '$.bucketName') AS bucket,
                  sum(CAST(json_extract_scalar(additionaleventdata, '$.bytesTransferredOut') AS bigint)) AS bytes
           FROM cloudtrail_logs WHERE eventname = 'GetObject' GROUP BY 1 ORDER BY bytes DESC, 1 LIMIT 50""",
        """SELECT requestparameters ->> '$.bucketName' AS bucket,
                  sum((additionaleventdata ->> '$.bytesTransferredOut')::BIGINT) AS bytes
           FROM events WHERE eventname = 'GetObject' GROUP BY 1 ORDER BY bytes DESC NULLS LAST, 1 LIMIT 50""",
    ),
    Question(
        "two days of one service",
        """SELECT eventtime, eventname, useridentity.arn, sourceipaddress FROM cloudtrail_logs
           WHERE eventtime >= '2026-01-10T00:00:00Z' AND eventtime < '2026-01-12T00:00:00Z'
             AND eventsource = 'iam.amazonaws.com' ORDER BY eventtime, eventid""",
        """SELECT eventtime, eventname, useridentity.arn, sourceipaddress FROM events
           WHERE day IN ('2026-01-10', '2026-01-11') AND eventsource = 'iam.amazonaws.com'
           ORDER BY eventtime, eventid""",
    ),
    Question(
        "a week by hour",
        """SELECT date_format(date_trunc('hour', from_iso8601_timestamp(eventtime)), '%Y-%m-%d %H:%i') AS hour,
                  count(*) AS calls,
                  count(DISTINCT useridentity.accesskeyid) AS keys
           FROM cloudtrail_logs
           WHERE from_iso8601_timestamp(eventtime) >= timestamp '2026-01-05 00:00:00'
             AND from_iso8601_timestamp(eventtime) < timestamp '2026-01-12 00:00:00'
           GROUP BY 1 ORDER BY 1""",
        """SELECT strftime(date_trunc('hour', eventtime::TIMESTAMP), '%Y-%m-%d %H:%M') AS hour, count(*) AS calls,
                  count(DISTINCT useridentity.accesskeyid) AS keys
           FROM events WHERE day BETWEEN '2026-01-05' AND '2026-01-11' GROUP BY 1 ORDER BY 1""",
    ),
    Question(
        "what was done to buckets",
        """SELECT json_extract_scalar(requestparameters, '$.bucketName') AS bucket, eventname, count(*) AS calls
           FROM cloudtrail_logs WHERE eventsource = 's3.amazonaws.com' AND readonly = 'false'
           GROUP BY 1, 2 ORDER BY calls DESC, 1, 2 LIMIT 100""",
        """SELECT requestparameters ->> '$.bucketName' AS bucket, eventname, count(*) AS calls
           FROM events WHERE eventsource = 's3.amazonaws.com' AND readonly = 'false'
           GROUP BY 1, 2 ORDER BY calls DESC, 1, 2 LIMIT 100""",
    ),
    Question(
        "resources touched",
        """SELECT r.arn, count(*) AS calls FROM cloudtrail_logs CROSS JOIN UNNEST(resources) AS t(r)
           WHERE eventname NOT LIKE 'Get%' GROUP BY r.arn ORDER BY calls DESC, r.arn LIMIT 100""",
        """SELECT r.arn, count(*) AS calls FROM events, unnest(resources) AS t(r)
           WHERE eventname NOT LIKE 'Get%' GROUP BY r.arn ORDER BY calls DESC, r.arn LIMIT 100""",
    ),
    Question(
        "principals by addresses",
        """SELECT useridentity.principalid, cardinality(array_agg(DISTINCT sourceipaddress)) AS addresses
           FROM cloudtrail_logs WHERE recipientaccountid IS NOT NULL GROUP BY useridentity.principalid
           HAVING count(DISTINCT sourceipaddress) > 3 ORDER BY addresses DESC, 1""",
        """SELECT useridentity.principalid, len(list(DISTINCT sourceipaddress)) AS addresses
           FROM events WHERE recipientaccountid IS NOT NULL GROUP BY ALL
           HAVING count(DISTINCT sourceipaddress) > 3 ORDER BY addresses DESC, 1""",
    ),
    Question(
        "agents by pattern",
        """SELECT awsregion, useragent, count(*) AS calls FROM cloudtrail_logs
           WHERE regexp_like(useragent, '(?i)boto3?/|terraform|curl') GROUP BY awsregion, useragent
           ORDER BY calls DESC, 1, 2 LIMIT 100""",
        """SELECT awsregion, useragent, count(*) AS calls FROM events
           WHERE regexp_matches(useragent, '(?i)boto3?/|terraform|curl') GROUP BY ALL
           ORDER BY calls DESC, 1, 2 LIMIT 100""",
    ),
    Question(
        "what else those keys did",
        """WITH seen AS (
             SELECT DISTINCT useridentity.accesskeyid AS key FROM cloudtrail_logs
             WHERE eventname = 'DeleteBucketPolicy' AND year = '2026' AND month = '01' AND day = '15'
           )
           SELECT c.eventname, count(*) AS calls FROM seen s
           JOIN cloudtrail_logs c ON c.useridentity.accesskeyid = s.key
           GROUP BY c.eventname ORDER BY calls DESC, 1 LIMIT 100""",
        """WITH seen AS (
             SELECT DISTINCT useridentity.accesskeyid AS key FROM events
             WHERE eventname = 'DeleteBucketPolicy' AND day = '2026-01-15'
           )
           SELECT c.eventname, count(*) AS calls FROM seen s
           JOIN events c ON c.useridentity.accesskeyid = s.key GROUP BY ALL ORDER BY calls DESC, 1 LIMIT 100""",
    ),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=WORK, help="folder for the corpus and the store")
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--store", type=Path, help="a store that is there already")
    parser.add_argument("--ctaudit", metavar="COMMAND", help="another build to measure")
    given = parser.parse_args()
    program = ctaudit(given.ctaudit)
    store = given.store or _store(program, given.work, given.events)
    print("| question | rows | ctaudit s | DuckDB by hand s | wall | CPU |\n|---|---|---|---|---|---|")
    measured = [_measure(program, store, question, given.runs) for question in QUESTIONS]
    walls = [statistics.median(a.wall / b.wall for a, b in zip(*pair, strict=True)) for pair in measured]
    print(f"\nmedian of the ratios {statistics.median(walls):.2f}, worst {max(walls):.2f}")
    print(f"translation: {_translation_ms():.2f} ms a question (median)")


def _store(program: list[str], work: Path, events: int) -> Path:
    work.mkdir(parents=True, exist_ok=True)
    files = max(1, events // 250)
    corpus, store = work / f"corpus-{events}-{files}-7-0.02", work / "query-store"
    ensure(corpus, events, files)
    run([*program, "ingest", str(corpus), "--store", str(store), "--quiet"])
    return store


def _measure(program: list[str], store: Path, question: Question, runs: int) -> tuple[Sequence[Cost], Sequence[Cost]]:
    ours = [*program, "query", question.athena, "--store", str(store), "--format", "csv", "--limit", "0"]
    theirs = [sys.executable, "-c", PLAIN, str(store), question.by_hand]
    rows = _same_rows(question.name, ours, theirs)
    costs = alternate({"ctaudit": ours, "by hand": theirs}, runs, warm=False)
    wall, cpu = ratios(costs["ctaudit"], costs["by hand"])
    shown = [f"{median(costs[name]).wall:.2f}" for name in ("ctaudit", "by hand")]
    print(f"| {question.name} | {rows:,} | {' | '.join(shown)} | **{wall:.2f}** | {cpu:.2f} |", flush=True)
    return costs["ctaudit"], costs["by hand"]


def _same_rows(name: str, ours: list[str], theirs: list[str]) -> int:
    """Return how many rows both print; exits when they differ, or when there are none: fast and wrong is no result."""
    answers = [_rows(command) for command in (ours, theirs)]
    if not answers[0] or answers[0] != answers[1]:
        sys.exit(f"{name}: {len(answers[0])} rows of ctaudit, {len(answers[1])} by hand, and they differ")
    return len(answers[0])


def _rows(command: list[str]) -> list[list[str]]:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"exit {done.returncode}: {done.stderr[-1000:]}")
    return list(csv.reader(io.StringIO(done.stdout)))[1:]


def _translation_ms() -> float:
    """Return the median time of a translation, the first one of the process left out: it imports the parser."""
    from ctaudit.dialect.translate import translate

    taken = []
    for _ in range(20):
        for question in QUESTIONS:
            started = time.perf_counter()
            translate(question.athena)
            taken.append((time.perf_counter() - started) * 1e3)
    return statistics.median(taken[1:])


if __name__ == "__main__":
    main()
