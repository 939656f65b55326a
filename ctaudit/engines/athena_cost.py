"""What queries in Athena have cost: bytes, time, money."""

from __future__ import annotations

from dataclasses import dataclass

_MB, _TB = 1024**2, 1024**4
_LEAST = 10 * _MB
_USD = 5.0


@dataclass(slots=True)
class Spent:
    """What the queries of one question have cost."""

    queries: int = 0
    reused: int = 0
    scanned: int = 0
    charged: int = 0
    """Bytes that AWS charges: ten megabytes at least for each query, none for an answer that was taken again."""
    milliseconds: int = 0


def charged(scanned: int) -> int:
    """Return the bytes that AWS charges for a query that ran: whole megabytes, ten at least."""
    return max(_LEAST, -(-scanned // _MB) * _MB)


def usd(bytes_charged: int) -> float:
    """Return the price in us-east-1 and most regions; https://aws.amazon.com/athena/pricing/."""
    return round(bytes_charged / _TB * _USD, 6)


def cost_text(spent: Spent) -> str:
    """Say what a question has cost."""
    queries = "1 query" if spent.queries == 1 else f"{spent.queries} queries"
    reused = f", {spent.reused} answered by an earlier result" if spent.reused else ""
    dollars = f"{usd(spent.charged):.6f}".rstrip("0").rstrip(".")
    price = f"about {dollars} USD at 5 USD per TB, 10 MB at least for each query; prices vary by region and plan"
    return f"Athena: {queries}{reused}, {size_text(spent.scanned)} scanned in {spent.milliseconds:,} ms, {price}"


def size_text(size: int) -> str:
    for unit, bytes_ in (("TB", 1024**4), ("GB", 1024**3), ("MB", 1024**2), ("KB", 1024)):
        if size >= bytes_:
            return f"{size / bytes_:.1f}".removesuffix(".0") + f" {unit}"
    return f"{size} bytes"
