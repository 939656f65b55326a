"""What a timeline may be narrowed to, beside its span."""

from __future__ import annotations

from dataclasses import dataclass

OUTCOMES = ("succeeded", "failed", "dry-run")


@dataclass(frozen=True, slots=True)
class Filters:
    """What `timeline` and `what-did` may be narrowed to; empty means everything."""

    events: tuple[str, ...] = ()
    """Event names, with or without the API's date."""
    services: tuple[str, ...] = ()
    """Event sources: `s3` or `s3.amazonaws.com`."""
    outcomes: tuple[str, ...] = ()
    """Some of `OUTCOMES`."""
    writes: bool = False
    """Only calls that change something."""
