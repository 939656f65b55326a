"""SQL about moments, and about accounts and regions, that all questions of coverage share."""

from __future__ import annotations

from ctaudit.query import Span
from ctaudit.store.views import quote


def chosen(span: Span, account: str = "account", region: str = "region") -> str:
    """Return the SQL condition on account and region that a span implies."""
    parts = ["true"]
    if span.accounts:
        parts.append(f"{account} IN ({', '.join(map(quote, span.accounts))})")
    if span.regions:
        parts.append(f"{region} IN ({', '.join(map(quote, span.regions))})")
    return " AND ".join(parts)


def hour_of(moment: str) -> str:
    """Return SQL for the hour of a timestamp, counted from 1970."""
    return f"floor(epoch({moment}) / 3600)::BIGINT"


def moment_of(column: str) -> str:
    """Return SQL for a moment, `YYYY-MM-DDTHH:MM:SSZ`, as a timestamp."""
    return f"try_cast({column} AS TIMESTAMP)"
