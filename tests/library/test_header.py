"""Headers: what is read, and what is refused with file and line."""

from __future__ import annotations

import pytest

from ctaudit.errors import QueryError
from ctaudit.library.header import parse
from ctaudit.library.kinds import Kind
from ctaudit.library.named_query import Parameter

GOOD = """-- title: Buckets
-- answers: Which buckets were made,
--   and by whom?
-- technique: T1530, T1562.008
-- param bucket text: its name, or a part of it
-- param most number: rows, at most, default 10
-- needs: data events
-- returns: bucket, n

SELECT x AS bucket, 1 AS n -- {{not_one}}
FROM cloudtrail_logs WHERE x = '{{bucket}}' LIMIT {{ most }}
"""


def test_a_header_is_read_whole() -> None:
    query = parse("buckets", GOOD.replace("\n", "\r\n"), "b.sql")
    assert (query.title, query.answers) == ("Buckets", "Which buckets were made, and by whom?")
    assert (query.techniques, query.needs, query.returns) == (("T1530", "T1562.008"), "data events", ("bucket", "n"))
    assert query.parameters == (
        Parameter("bucket", Kind.TEXT, "its name, or a part of it"),
        Parameter("most", Kind.NUMBER, "rows, at most", "10"),
    )
    assert query.sql == GOOD


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("-- title: Buckets\n", "", 8, "'-- title: …'"),
        ("-- answers: Which buckets were made,\n--   and by whom?\n", "", 7, "'-- answers: …'"),
        ("-- returns: bucket, n\n", "", 8, "'-- returns: …'"),
        ("-- title: Buckets", "-- title:", 1, "'title' says nothing"),
        ("-- title: Buckets", "-- titel: Buckets", 1, "'-- titel: Buckets' is no line of a header"),
        ("-- title: Buckets", "--title: Buckets", 1, "is no line of a header"),
        ("-- title: Buckets", "-- title of it: Buckets", 1, "is no line of a header"),
        ("-- needs: data events", "-- title: Again", 7, "'title' stands there twice"),
        ("param most number", "param bucket number", 6, "'param bucket' stands there twice"),
        ("T1562.008", "T1562.8", 4, "'T1562.8' is not a technique"),
        ("returns: bucket, n", "returns: Bucket, n", 8, "'Bucket' is not a column's name"),
        ("bucket text:", "bucket word:", 5, "KIND one of text, number"),
        ("bucket text:", "bucket:", 5, "KIND one of text, number"),
        ("bucket text:", "Bucket text:", 5, "KIND one of text, number"),
        ("default 10", "default ten", 6, "the default of 'most' is not a whole number"),
        ("'{{bucket}}'", "'{{buckett}}'", 11, "'{{buckett}}' is no parameter"),
        ("'{{bucket}}'", "'${bucket}'", 11, "'${bucket}' is no parameter"),
        ("'{{bucket}}'", "${bucket}", 11, "'${bucket}' is no parameter"),
        ("'{{bucket}}'", "?", 11, "'?' is no parameter"),
        ("'{{bucket}}'", '"{{bucket}}"', 11, "'{{bucket}}' is no parameter"),
        ("'{{bucket}}'", "{{bucket}}", 11, "must stand in single quotes"),
        ("{{ most }}", "5", 1, "does not use the parameter 'most'"),
    ],
)
def test_a_wrong_header_is_refused_with_its_place(old: str, new: str, line: int, said: str) -> None:
    assert old in GOOD
    with pytest.raises(QueryError) as caught:
        parse("buckets", GOOD.replace(old, new, 1), "b.sql")
    assert caught.value.message.startswith(f"b.sql, line {line}: ")
    assert said in caught.value.message


@pytest.mark.parametrize("text", ["", "SELECT 1", "-- only a comment", "-- title: a\n-- answers: b\n-- returns: c\n"])
def test_what_is_no_named_query_is_refused(text: str) -> None:
    with pytest.raises(QueryError, match=r"^b\.sql, line \d+: "):
        parse("b", text, "b.sql")


def test_a_quote_without_an_end_is_refused() -> None:
    with pytest.raises(QueryError, match=r"^b\.sql: the SQL has a quote at line 11"):
        parse("b", GOOD.replace("'{{bucket}}'", "'{{bucket}}"), "b.sql")
