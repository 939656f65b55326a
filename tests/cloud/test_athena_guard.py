"""`--max-scan`: what may scan more is refused before it costs, and so is what nobody knows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ctaudit import limits
from ctaudit.errors import UsageError
from ctaudit.on_athena import OnAthena
from tests.cloud.athena import Athena
from tests.cloud.gate import DENIED
from tests.cloud.lake import Lake
from tests.cloud.server import Cloud
from tests.trail.bucket import Bucket

pytestmark = pytest.mark.slow

ONE, OTHER = "111122223333", "444455556666"
KIB = 1024
AT = datetime(2026, 3, 12, tzinfo=UTC)
KEYS = ("account", "region", "date")
LOCATION = "s3://lake/events"


def table(*keys: str, **parameters: str) -> dict[str, Any]:
    return {
        "TableType": "EXTERNAL_TABLE",
        "PartitionKeys": [{"Name": key, "Type": "string"} for key in keys],
        "Parameters": {"location": f"{LOCATION}/", "projection.enabled": "true"} | parameters,
    }


@pytest.fixture
def sized(cloud: Cloud, athena: Athena) -> Athena:
    """A lake of 12 files of one KiB: two accounts, two regions, three days."""
    bucket = Bucket("lake")
    for account in (ONE, OTHER):
        for region in ("eu-west-1", "us-east-1"):
            for day in ("09", "10", "11"):
                bucket.put(f"events/account={account}/region={region}/date=2026-03-{day}/0.parquet", b"x" * KIB, AT)
    bucket.put("events-of-others/0.parquet", b"x" * 99 * KIB, AT)
    cloud.put(bucket)
    athena.table = table(*KEYS)
    return athena


def refusal(asked: OnAthena, sql: str = "SELECT 1 FROM x", **span: Any) -> UsageError:
    with pytest.raises(UsageError) as caught:
        asked.query(sql, **span)
    return caught.value


SPANS: dict[str, tuple[dict[str, Any], int]] = {
    "all": ({}, 12),
    "account": ({"account": ONE}, 6),
    "accounts": ({"account": (ONE, OTHER), "region": "eu-west-1"}, 6),
    "region": ({"region": "us-east-1"}, 6),
    "since": ({"since": "2026-03-10T12:00Z"}, 8),
    "day": ({"since": "2026-03-10", "until": "2026-03-10T23:00Z", "account": ONE, "region": "eu-west-1"}, 1),
    "before": ({"until": "2026-03-01"}, 0),
}


@pytest.mark.parametrize("name", SPANS)
def test_the_files_in_reach_are_the_bound(name: str, sized: Athena, lake: Lake) -> None:
    span, files = SPANS[name]
    if files:
        assert "may scan more than --max-scan" in refusal(lake(max_scan=files * KIB - 1), **span).message
        assert not sized.begun
    allowed = lake(max_scan=max(files * KIB, 1)).query("SELECT 1 FROM x", **span)
    assert any("--max-scan: the files that each query can read have" in note for note in allowed.notes)
    assert len(sized.begun) == 1


def test_what_the_sql_itself_asks_for_narrows_the_bound(sized: Athena, lake: Lake) -> None:
    sql = f"SELECT 1 FROM x WHERE eventtime LIKE '2026-03-10%' AND recipientaccountid = '{ONE}'"
    assert refusal(lake(max_scan=2 * KIB - 1), sql)
    lake(max_scan=2 * KIB).query(sql)
    assert f"""WHERE "date" >= '2026-03-10' AND "date" <= '2026-03-10' AND account IN ('{ONE}')""" in sized.sent[0]


def test_what_is_read_twice_counts_twice(sized: Athena, lake: Lake) -> None:
    twice = "SELECT 1 FROM x JOIN y ON x.eventid = y.eventid"
    named = "WITH d AS (SELECT * FROM x) SELECT 1 FROM d JOIN d AS e ON d.eventid = e.eventid"
    for sql in (twice, named):
        assert "which is read 2 times" in refusal(lake(max_scan=24 * KIB - 1), sql).message
        lake(max_scan=24 * KIB).query(sql)


def test_sql_that_reads_no_events_is_free(sized: Athena, lake: Lake) -> None:
    assert lake(max_scan=1).query("SELECT 1 AS x").rows == [(1,)]
    assert "GetTableMetadata" not in sized.calls


def test_lookups_are_bounded_too(sized: Athena, lake: Lake) -> None:
    with pytest.raises(UsageError, match="may scan more"):
        lake(max_scan=KIB).who_deleted("x")
    assert not sized.begun


def test_the_limit_of_the_workgroup_is_a_bound_by_itself(sized: Athena, lake: Lake) -> None:
    sized.cutoff = 10_000_000
    lake(max_scan=10_000_000).query("SELECT 1 FROM x")
    assert "GetTableMetadata" not in sized.calls
    assert refusal(lake(max_scan=KIB)).message.startswith("a query may scan more")


UNKNOWN = {
    "view": ({"TableType": "VIRTUAL_VIEW"}, "the table is a view"),
    "catalog": (table(*KEYS, **{"projection.enabled": "false"}), "listed in the catalog"),
    "elsewhere": (table(*KEYS, **{"storage.location.template": "s3://other/${date}"}), "of the form key=value"),
    "nowhere": (table(location=""), "does not say where in S3"),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_is_not_known_is_refused(name: str, sized: Athena, lake: Lake) -> None:
    sized.table, said = UNKNOWN[name]
    message = refusal(lake(max_scan=10**12)).message
    assert message.startswith("it is not known what a query would scan")
    assert said in message
    assert not sized.begun


def test_a_template_of_the_same_folders_is_known(sized: Athena, lake: Lake) -> None:
    hive = f"{LOCATION}/account=${{account}}/region=${{region}}/date=${{date}}/"
    sized.table = table(*KEYS, **{"storage.location.template": hive})
    lake(max_scan=12 * KIB).query("SELECT 1 FROM x")


def test_what_may_not_be_asked_is_refused_with_the_permission(sized: Athena, cloud: Cloud, lake: Lake) -> None:
    cloud.trouble("", DENIED)
    assert "s3:ListBucket" in refusal(lake(max_scan=10**12)).message
    sized.errors["GetTableMetadata"] = [("AccessDeniedException", "no")]
    sized.errors["GetWorkGroup"] = [("AccessDeniedException", "no")]
    message = refusal(lake(max_scan=10**12)).message
    assert "athena:GetTableMetadata" in message
    assert "GetWorkGroup" in message
    assert not sized.begun


def test_a_lake_of_too_many_files_is_not_sized(sized: Athena, monkeypatch: pytest.MonkeyPatch, lake: Lake) -> None:
    monkeypatch.setattr(limits, "MAX_LISTED_PAGES", 0)
    assert "files in reach" in refusal(lake(max_scan=10**12)).message


def test_a_table_without_partitions_is_its_folder(sized: Athena, lake: Lake) -> None:
    sized.table = table(**{"projection.enabled": "false"})
    assert refusal(lake(max_scan=12 * KIB - 1), account=ONE)
    lake(max_scan=12 * KIB).query("SELECT 1 FROM x", account=ONE)
