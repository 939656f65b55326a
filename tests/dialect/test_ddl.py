"""The statements that make a table of a lake: what each engine's grammar takes, and the same columns everywhere."""

from __future__ import annotations

import json
import re
from typing import Any

import botocore.session
import pyarrow as pa
import pytest
import sqlglot
from botocore.validate import ParamValidator
from sqlglot import exp

from ctaudit.dialect import ddl
from ctaudit.dialect.ddl import LakeTable
from ctaudit.dialect.projection import FIRST_DATE, Values, beyond
from ctaudit.records.arrow import lake_schema
from ctaudit.records.lake import KEYS

VALUES = Values(
    ("111122223333", "012345678901"), ("us-east-1", "eu-west-1", "us-gov-west-1"), ("2026-02-03", "2026-01-31")
)
TABLE = LakeTable("ctaudit", "cloudtrail", "s3://my-lake/events", values=VALUES)
ONE_KEY = LakeTable("ctaudit", "cloudtrail", "s3://my-lake/events", ("date",), VALUES)


def parsed(engine: str, table: LakeTable = TABLE) -> list[exp.Expression]:
    found = sqlglot.parse(ddl.WRITERS[engine](table), dialect=engine)
    return [statement for statement in found if isinstance(statement, exp.Expression)]


def columns(statement: exp.Expression) -> list[str]:
    """Return the columns of CREATE TABLE; not the fields of a struct, which sqlglot calls columns as well."""
    assert isinstance(statement.this, exp.Schema)
    return [each.name for each in statement.this.expressions if isinstance(each, exp.ColumnDef)]


@pytest.mark.parametrize("table", [TABLE, ONE_KEY], ids=["all", "date"])
@pytest.mark.parametrize("engine", ddl.WRITERS)
def test_the_engine_s_grammar_takes_them_and_the_columns_are_those_of_the_files(engine: str, table: LakeTable) -> None:
    statements = parsed(engine, table)
    creates = [statement for statement in statements if isinstance(statement, exp.Create)]
    assert [create.kind for create in creates] == ["SCHEMA" if engine == "trino" else "DATABASE", "TABLE", "VIEW"]
    names = columns(creates[1])
    keys = list(table.partition_by)
    in_files = lake_schema(table.partition_by).names
    assert names == (in_files if engine == "athena" else in_files + keys)
    marks = "`" if engine != "trino" else '"'
    text = creates[1].sql(engine)
    assert re.search(f"{marks}date{marks}", ddl.WRITERS[engine](table))
    assert "s3://my-lake/events/" in text


def test_types_are_those_of_the_files() -> None:
    """Each field of each struct, by its spelling; DuckDB and pyarrow read lakes by that same schema in other tests."""
    given = dict(TABLE.columns)
    for field in lake_schema(KEYS):
        assert ddl.hive_type(given[field.name]) == _hive(field.type)
        assert _plain(ddl.trino_type(given[field.name])) == _plain(_trino(field.type))


def _hive(kind: pa.DataType) -> str:
    if pa.types.is_struct(kind):
        return f"struct<{','.join(f'{field.name}:{_hive(field.type)}' for field in kind)}>"
    if pa.types.is_list(kind):
        return f"array<{_hive(kind.value_type)}>"
    if pa.types.is_map(kind):
        return f"map<{_hive(kind.key_type)},{_hive(kind.item_type)}>"
    return {pa.string(): "string", pa.int64(): "bigint"}[kind]


def _trino(kind: pa.DataType) -> str:
    if pa.types.is_struct(kind):
        return f"row({','.join(f'{field.name} {_trino(field.type)}' for field in kind)})"
    if pa.types.is_list(kind):
        return f"array({_trino(kind.value_type)})"
    if pa.types.is_map(kind):
        return f"map({_trino(kind.key_type)},{_trino(kind.item_type)})"
    return {pa.string(): "varchar", pa.int64(): "bigint"}[kind]


def _plain(spelled: str) -> str:
    return spelled.lower().replace('"', "").replace(", ", ",")


def properties(table: LakeTable) -> dict[str, str]:
    return dict(re.findall(r"^  '([^']+)'='([^']*)',?$", ddl.athena(table), re.MULTILINE))


def test_athena_projects_what_the_store_has_now() -> None:
    assert properties(TABLE) == {
        "projection.enabled": "true",
        "projection.account.type": "enum",
        "projection.account.values": "012345678901,111122223333",
        "projection.region.type": "enum",
        "projection.region.values": "eu-west-1,us-east-1,us-gov-west-1",
        "projection.date.type": "date",
        "projection.date.format": "yyyy-MM-dd",
        "projection.date.range": "2026-01-31,NOW",
        "projection.date.interval": "1",
        "projection.date.interval.unit": "DAYS",
        "storage.location.template": "s3://my-lake/events/account=${account}/region=${region}/date=${date}/",
    }
    assert properties(ONE_KEY)["storage.location.template"] == "s3://my-lake/events/date=${date}/"
    assert not [key for key in properties(ONE_KEY) if "account" in key or "region" in key]


def test_many_accounts_have_to_be_named_by_each_query_and_hostile_values_end_nothing() -> None:
    many = Values(
        tuple(f"{number:012}" for number in range(31)), ("us-east-1", "x'); DROP TABLE y --", "a,b"), ("0001-01-01",)
    )
    found = properties(LakeTable("a", "b", "s3://my-lake", values=many))
    assert found["projection.account.type"] == "injected"
    assert "projection.account.values" not in found
    assert found["projection.region.values"] == "us-east-1"
    assert found["projection.date.range"] == f"{FIRST_DATE},NOW"
    assert "DROP" not in ddl.athena(LakeTable("a", "b", "s3://my-lake", values=many))
    left_out = ["date=0001-01-01", "region=a,b", "region=x'); DROP TABLE y --"]
    assert beyond(many, KEYS, "2026-02-03") == left_out
    few = Values((None, "12", "012345678901"), (), ("unknown", "2026-02-03", "2026-02-04", "9999-12-31"))
    left_out = ["account=12", "account=none", "date=2026-02-04", "date=9999-12-31", "date=unknown"]
    assert beyond(few, KEYS, "2026-02-03") == left_out


def test_glue_s_model_takes_the_document() -> None:
    model = botocore.session.Session().get_service_model("glue").operation_model("CreateTable")
    document: Any = json.loads(json.dumps(ddl.glue(TABLE)))
    assert not ParamValidator().validate(document, model.input_shape).has_errors()
    table = document["TableInput"]
    assert [column["Name"] for column in table["StorageDescriptor"]["Columns"]] == lake_schema(KEYS).names
    assert [key["Name"] for key in table["PartitionKeys"]] == list(KEYS)
    assert {key: table["Parameters"][key] for key in properties(TABLE)} == properties(TABLE)
    del document["TableInput"]["Name"]
    assert ParamValidator().validate(document, model.input_shape).has_errors()


def test_the_view_has_the_partitions_that_published_queries_name() -> None:
    for engine in ("athena", "trino", "spark"):
        (*_, view) = parsed(engine)
        select = view.expression
        assert isinstance(select, exp.Select)
        assert [each.alias_or_name for each in select.expressions] == ["*", "year", "month", "day", "timestamp"]
