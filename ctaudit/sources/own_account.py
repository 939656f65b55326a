"""Whose account the credentials are of, and where it may be asked: what must be known before its events are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ctaudit.sources import aws_login
from ctaudit.sources.aws_login import Login
from ctaudit.sources.objects import Unavailable
from ctaudit.sources.s3_errors import classified

REGION = re.compile(r"[a-z]{2,8}(?:-[a-z]{2,20}){1,3}-[0-9]{1,2}", re.ASCII)
"""What a region's name looks like; names become folders, and AWS's answer is not trusted with that."""
_ACCOUNT = re.compile(r"[0-9]{12}", re.ASCII)
_PARTITION = re.compile(r"arn:(aws[a-z-]{0,20}):", re.ASCII)
_DEFAULT_REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class Account:
    number: str
    partition: str


class Clients:
    """Boto3's clients by service and region; made by one thread, and each used by one."""

    def __init__(self, login: Login) -> None:
        """Log in; raises CtauditError when that fails. A code is asked for here, if at all."""
        from botocore.config import Config

        def tried(attempts: int) -> Config:
            retries = {"mode": "standard", "total_max_attempts": attempts}
            return Config(retries=retries, connect_timeout=10, read_timeout=30)

        self._config = tried(4)
        self._once = tried(1)
        self.session = aws_login.log_in(login)
        self.region: str | None = self.session.region_name
        """Where the user's own configuration points."""

    def client(self, service: str, region: str) -> Any:
        """Return a client that asks once: who uses it keeps a pace, and boto3 would ask again outside of it.

        Raises Unavailable.
        """
        try:
            return self.session.client(service, region_name=region, config=self._once)
        except Exception as error:
            raise classified(error) from error

    def _own(self, service: str) -> Any:
        return self.session.client(service, region_name=self.home, config=self._config)

    @property
    def home(self) -> str:
        return self.region or _DEFAULT_REGION

    def account(self) -> Account:
        """Return whose the credentials are; raises Unavailable, CtauditError when they are none."""
        try:
            said = self._own("sts").get_caller_identity()
        except Exception as error:
            raise classified(error) from error
        number, partition = str(said.get("Account")), _PARTITION.match(str(said.get("Arn")))
        if not _ACCOUNT.fullmatch(number):
            raise Unavailable("unreadable", "AWS does not say of which account the credentials are")
        return Account(number, partition[1] if partition else "aws")

    def enabled_regions(self, partition: str) -> tuple[list[str], str]:
        """Return the regions that the account has enabled, and an empty text.

        Where AWS does not tell: all that boto3 knows of the partition, and why AWS did not.
        """
        try:
            said = self._own("ec2").describe_regions()
            names, why = [str(each.get("RegionName")) for each in said.get("Regions", ())], ""
        except Exception as error:
            trouble = classified(error)
            if not isinstance(trouble, Unavailable):
                raise trouble from error
            names, why = self.session.get_available_regions("cloudtrail", partition), trouble.reason
        return sorted(filter(REGION.fullmatch, names)), why
