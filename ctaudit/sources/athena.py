"""Athena as boto3 asks it, and the sizes of objects in S3, for who runs questions there; trouble is one sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ctaudit.errors import CtauditError
from ctaudit.sources import aws_login
from ctaudit.sources.aws_login import Login
from ctaudit.sources.objects import Unavailable
from ctaudit.sources.s3_errors import classified
from ctaudit.sources.turns import code_of

_ATTEMPTS = 8
"""Of boto3, which waits longer each time: Athena allows some twenty requests a second, and twenty queries at once."""
_SPELLED_OUT = frozenset({"InvalidRequestException", "MetadataException"})
"""Errors whose message names what of the request is wrong: a workgroup, an output location, a table."""
_LONGEST = 300
_ACTION = re.compile(r"not authorized to perform: ([a-z0-9-]{1,40}:[A-Za-z]{1,60})")


class Athena:
    """Clients of Athena and S3, made of one login."""

    def __init__(self, login: Login) -> None:
        """Log in; raises CtauditError when there are no credentials or no region."""
        from botocore.config import Config
        from botocore.exceptions import NoCredentialsError, NoRegionError

        self._payer = {"RequestPayer": "requester"} if login.requester_pays else {}
        retries = {"mode": "standard", "total_max_attempts": _ATTEMPTS}
        config = Config(retries=retries, connect_timeout=10, read_timeout=60)
        try:
            session = aws_login.session(login)
            if (credentials := session.get_credentials()) is None:
                raise NoCredentialsError
            credentials.get_frozen_credentials()
            self._athena = session.client("athena", config=config)
            self._s3 = session.client("s3", config=config, endpoint_url=login.endpoint_url)
        except CtauditError:
            raise
        except NoRegionError as error:
            raise CtauditError("no AWS region is set, and Athena is asked in one", "set AWS_REGION") from error
        except Exception as error:
            raise _explained("the login", "", error) from error

    def __call__(self, operation: str, **asked: Any) -> Mapping[str, Any]:
        """Ask Athena by boto3's name of an operation; raises CtauditError."""
        name = "".join(word.capitalize() for word in operation.split("_"))
        try:
            answer: Mapping[str, Any] = getattr(self._athena, operation)(**asked)
        except Exception as error:
            raise _explained(f"Athena ({name})", f"athena:{name}", error) from error
        return answer

    def sizes(self, bucket: str, prefix: str, after: str = "") -> Iterator[tuple[str, int]]:
        """Yield key and bytes of all objects below a prefix, in order, from behind the key `after`.

        Raises CtauditError.
        """
        asked = {"Bucket": bucket, "Prefix": prefix} | ({"StartAfter": after} if after else {}) | self._payer
        try:
            for page in self._s3.get_paginator("list_objects_v2").paginate(**asked):
                for each in page.get("Contents", ()):
                    yield str(each["Key"]), int(each["Size"])
        except Exception as error:
            raise _explained(f"the bucket {bucket} (ListObjectsV2)", "s3:ListBucket", error) from error


def _explained(asked: str, action: str, error: Exception) -> CtauditError:
    """Return the error to raise; AWS's own words only where they name what is wrong, and never whole."""
    trouble = classified(error)
    if not isinstance(trouble, Unavailable):
        assert isinstance(trouble, CtauditError)
        return trouble
    said = _said(error)
    if trouble.kind == "denied":
        named = _ACTION.search(said)
        advice = f"it needs {named[1] if named else action}" if named or action else ""
        return CtauditError(f"{asked} cannot be asked: {trouble.reason}", advice)
    if code_of(error) in _SPELLED_OUT and said:
        return CtauditError(f"{asked} refuses the request: {' '.join(said.split())[:_LONGEST]}")
    return CtauditError(f"{asked} cannot be asked: {trouble.reason}")


def _said(error: Exception) -> str:
    answer = getattr(error, "response", None)
    found = answer.get("Error", {}) if isinstance(answer, Mapping) else {}
    return str(found.get("Message") or "")
