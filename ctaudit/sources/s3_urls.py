"""How a bucket is named: `s3://bucket/prefix`, and what people write instead, out of a browser or a policy."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, unquote, urlsplit

from ctaudit.errors import UsageError

SCHEME = "s3://"
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]", re.ASCII)
_NEARLY = re.compile(r"s3[an]?:/*(?P<rest>[^/].*)", re.IGNORECASE | re.DOTALL)
_ARN = re.compile(r"arn:aws[a-z-]*:s3:::(?P<rest>[^/].*)", re.IGNORECASE | re.DOTALL)
_DOMAIN = r"s3(?:[.-](?:dualstack\.|fips\.)?[a-z0-9-]+)*\.amazonaws\.com(?:\.cn)?"
_IN_HOST = re.compile(rf"(?P<bucket>.+?)\.{_DOMAIN}", re.IGNORECASE)
_IN_PATH = re.compile(_DOMAIN, re.IGNORECASE)
_CONSOLE = re.compile(r"(?:.*\.)?console\.(?:aws\.amazon|amazonaws(?:-us-gov)?)\.(?:com|cn)", re.IGNORECASE)
_CONSOLE_PATH = re.compile(r"/s3/(?:buckets|object)/(?P<bucket>[^/]+)/?(?P<rest>.*)")


def split_url(url: str) -> tuple[str, str]:
    """Split `s3://bucket/prefix`; raises UsageError."""
    refuse(url)
    bucket, _, prefix = url.removeprefix(SCHEME).partition("/")
    if not url.startswith(SCHEME) or not is_bucket_name(bucket):
        shown = re.sub(r"//[^/]*@", "//...@", url)  # somebody's password
        raise UsageError(f"'{shown}' names no bucket", "give s3://BUCKET or s3://BUCKET/PREFIX")
    return bucket, prefix.lstrip("/")


def is_bucket_name(name: str) -> bool:
    """Tell whether a bucket may be called so."""
    return _BUCKET.fullmatch(name) is not None


def refuse(source: str) -> None:
    """Raise UsageError, with the right spelling, when a source names a bucket in another way than here."""
    if source.startswith(SCHEME) or (said := meant(source)) is None:
        return
    # Not the source itself: the query of such a URL may be somebody's signature.
    raise UsageError("a bucket is named by s3://BUCKET/PREFIX, and not by its ARN or web address", f"say {said}")


def meant(source: str) -> str | None:
    """Return the right spelling of what names a bucket in another way; None when it does not."""
    found = _NEARLY.fullmatch(source) or _ARN.fullmatch(source)
    bucket, _, prefix = (found["rest"] if found else _of_address(source)).partition("/")
    return f"{SCHEME}{bucket}/{prefix}".rstrip("/") if is_bucket_name(bucket) else None


def _of_address(source: str) -> str:
    """Return `bucket/prefix` of a web address; empty when it is none of S3."""
    try:
        parts = urlsplit(source)
        host = parts.hostname or ""
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https"):
        return ""
    if _CONSOLE.fullmatch(host):
        found = _CONSOLE_PATH.fullmatch(parts.path)
        prefix = parse_qs(parts.query).get("prefix", [""])[0]
        return f"{found['bucket']}/{prefix or unquote(found['rest'])}" if found else ""
    if _IN_PATH.fullmatch(host):
        return unquote(parts.path).lstrip("/")
    found = _IN_HOST.fullmatch(host)
    return f"{found['bucket']}{unquote(parts.path)}" if found else ""
