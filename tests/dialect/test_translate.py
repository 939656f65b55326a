"""What a translation says beside its SQL: relations, dialect, names, notes."""

from __future__ import annotations

from ctaudit.dialect.dialects import Dialect
from ctaudit.dialect.translate import translate


def test_a_plain_question_is_left_as_it_is() -> None:
    found = translate("SELECT eventName, count(*) AS n FROM cloudtrail_logs GROUP BY eventName")
    assert found.relations == {"cloudtrail_logs"}
    assert found.dialect is Dialect.ATHENA
    assert found.names == ("eventName", "n")
    assert found.notes == ()
    assert (found.since, found.until, found.accounts, found.regions) == (None, None, None, None)


def test_a_star_is_named_by_the_view_alone() -> None:
    assert translate("SELECT * FROM some_table").names is None


def test_an_event_data_store_is_recognised() -> None:
    found = translate("SELECT eventName FROM 0a1b2c3d-0000-4000-8000-0123456789ab WHERE readOnly = false")
    assert found.dialect is Dialect.LAKE
    assert found.relations == {"cloudtrail_lake"}
