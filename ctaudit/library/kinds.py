"""Kinds of parameters, and what a value of each must look like."""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum
from ipaddress import ip_address

from ctaudit import limits, times


class Kind(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    """Digits; the one kind that may stand outside of quotes."""
    DATE = "date"
    TIME = "time"
    ACCOUNT = "account"
    REGION = "region"
    ADDRESS = "address"
    KEY = "key"
    """The id of an access key."""


_SHAPES = {
    Kind.NUMBER: (re.compile(r"[0-9]{1,9}"), "a whole number"),
    Kind.DATE: (re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"), "a date such as 2026-01-31"),
    Kind.TIME: (re.compile(r"[0-9TZ:.+-]{10,40}"), "a time such as 2026-01-31T14:00:00Z"),
    Kind.ACCOUNT: (re.compile(r"[0-9]{12}"), "an account's twelve digits"),
    Kind.REGION: (re.compile(r"[a-z]{2,8}(-[a-z]{1,12}){1,3}-[0-9]{1,2}"), "a region such as eu-west-1"),
    Kind.ADDRESS: (re.compile(r"[0-9A-Fa-f:.]{2,45}"), "an IPv4 or IPv6 address"),
    Kind.KEY: (re.compile(r"A[A-Z0-9]{15,127}"), "the id of an access key such as AKIAIOSFODNN7EXAMPLE"),
}


def checked(kind: Kind, value: str) -> str | None:
    """Return the value as the SQL is to see it, or None when it is none of its kind."""
    if kind is Kind.TEXT:
        fits = value.isprintable() and 0 < len(value) <= limits.MAX_PARAM_CHARS
        return value if fits else None
    text = value.strip()
    if not _SHAPES[kind][0].fullmatch(text):
        return None
    try:
        return _canonical(kind, text)
    except ValueError:
        return None


def _canonical(kind: Kind, text: str) -> str | None:
    """Return the one spelling that CloudTrail uses; raises ValueError for what only looks like a date or an address."""
    if kind is Kind.NUMBER:
        return str(int(text))
    if kind is Kind.DATE:
        return date.fromisoformat(text).isoformat()
    if kind is Kind.TIME:
        return times.canonical(text)
    return str(ip_address(text)) if kind is Kind.ADDRESS else text


def described(kind: Kind) -> str:
    """Say what a value of this kind is."""
    return f"printable text of at most {limits.MAX_PARAM_CHARS} characters" if kind is Kind.TEXT else _SHAPES[kind][1]
