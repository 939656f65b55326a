"""Values of parameters: each of its kind, and none that becomes more than a value."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctaudit.dialect.translate import translate
from ctaudit.errors import QueryError
from ctaudit.library.header import parse
from ctaudit.library.kinds import Kind, checked
from ctaudit.library.placeholders import filled
from ctaudit.library.values import values
from tests.dialect.asking import engine

SAYS = parse(
    "says",
    "-- title: t\n-- answers: a\n-- param what text: a text\n-- param n number: a number, default 1\n"
    "-- returns: said, n, tail\n\nSELECT '{{what}}' AS said, {{n}} AS n, 'it is {{what}}' AS tail -- '{{what}}'\n",
    "says.sql",
)
HOSTILE = [
    "' OR '1'='1", "'; DROP TABLE x; --", "''", "\\'", "x' UNION SELECT 'y", "{{n}}", "${n}", "{what}", "<n>", "?",
    "--", "/*", "*/", "$n", "%", "\u2019 OR 1=1", "`", '"', "WHAT", "é\u202e",
]  # fmt: skip


@pytest.mark.parametrize("what", [text for text in HOSTILE if checked(Kind.TEXT, text)])
def test_text_stays_text_whatever_it_holds(what: str) -> None:
    found = values(SAYS, {"what": what})
    rows = engine().execute(translate(SAYS.sql, params=found).sql).fetchall()
    assert rows == [(what, 1, f"it is {what}")]


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=40).filter(lambda text: checked(Kind.TEXT, text)))
def test_no_text_at_all_breaks_out_of_its_quotes(what: str) -> None:
    found = values(SAYS, {"what": what})
    assert engine().execute(translate(SAYS.sql, params=found).sql).fetchall() == [(what, 1, f"it is {what}")]
    assert engine().execute(filled(SAYS.sql, found, "says.sql")).fetchall() == [(what, 1, f"it is {what}")]


@pytest.mark.parametrize(
    ("kind", "value", "seen"),
    [
        (Kind.NUMBER, "007", "7"),
        (Kind.NUMBER, "1 OR 1=1", None),
        (Kind.NUMBER, "-1", None),
        (Kind.NUMBER, "١", None),
        (Kind.NUMBER, "1234567890", None),
        (Kind.DATE, "2026-03-11", "2026-03-11"),
        (Kind.DATE, "2026-02-30", None),
        (Kind.DATE, "yesterday", None),
        (Kind.TIME, "2026-03-11T14:00:00+02:00", "2026-03-11T12:00:00Z"),
        (Kind.TIME, "2026-03-11T25:00:00Z", None),
        (Kind.ACCOUNT, "012345678901", "012345678901"),
        (Kind.ACCOUNT, "12345678901", None),
        (Kind.REGION, "us-gov-west-1", "us-gov-west-1"),
        (Kind.REGION, "us-east-1'", None),
        (Kind.ADDRESS, "2001:DB8:0:0::1", "2001:db8::1"),
        (Kind.ADDRESS, "192.0.2.256", None),
        (Kind.KEY, " AKIAIOSFODNN7EXAMPLE\n", "AKIAIOSFODNN7EXAMPLE"),
        (Kind.KEY, "AKIA", None),
        (Kind.TEXT, "two\nlines", None),
        (Kind.TEXT, "\x1b[31m", None),
        (Kind.TEXT, "", None),
        (Kind.TEXT, "x" * 1001, None),
    ],
)
def test_a_value_is_of_its_kind_or_refused(kind: Kind, value: str, seen: str | None) -> None:
    assert checked(kind, value) == seen


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({}, "says has parameters without a value: what (a text)"),
        ({"what": "x", "other": "y"}, "says has no parameter 'other'"),
        ({"what": "x", "n": "many"}, "n of says is not a whole number: 'many'"),
        ({"what": "a\x1bb"}, "what of says is not printable text of at most 1000 characters: 'a\\x1bb'"),
    ],
)
def test_what_does_not_fit_is_said(params: dict[str, str], said: str) -> None:
    with pytest.raises(QueryError) as caught:
        values(SAYS, params)
    assert caught.value.message == said
