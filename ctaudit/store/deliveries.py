"""When log files were delivered, as CloudTrail writes it into their names; and the SQL to read such names.

Only the last part of a path counts: copies lie in all sorts of folders, and in archives.
"""

from __future__ import annotations

import duckdb

from ctaudit.store.views import quote

_LOG_NAME = (
    r"(?:^|/)([0-9]{12})_CloudTrail_([a-z]{2}[a-z0-9-]{1,30})_([0-9]{8}T[0-9]{4}Z)_?[A-Za-z0-9]{16}"
    r"\.json(?:\.[a-z0-9]+)*"
)
"""The last part of a path as CloudTrail names log files: account, region, minute of delivery.

AWS's documentation also shows a name without the `_` before its random part.
"""
MEMBER = "(?:#member[0-9]+)?"
"""Ends the path of a further gzip member: no file of its own, but what cannot be read in it is lacking all the same."""


def named(path: str, member: str = "") -> str:
    """Return SQL for the account, region and delivery in a path's last part: a struct with `a`, `r` and `t`."""
    return f"regexp_extract({path}, {quote(f'{_LOG_NAME}{member}$')}, ['a', 'r', 't'])"


MOMENT = "try_strptime(n.t, '%Y%m%dT%H%MZ')"


def note(connection: duckdb.DuckDBPyConnection) -> None:
    """Note of the contents in `incoming`, which are being taken into the ledger, when they were delivered.

    Names are read once, here: of a million paths it takes some seconds, which no lookup should.
    """
    connection.execute(
        f"""INSERT OR IGNORE INTO deliveries
            SELECT DISTINCT file_id, n.a, n.r, {MOMENT} FROM (
              SELECT file_id, {named("path")} AS n FROM incoming WHERE kind IN ('events', 'empty', 'known')
            ) WHERE n.a <> '' AND {MOMENT} IS NOT NULL"""
    )
