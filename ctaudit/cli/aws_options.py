"""Options of commands that read from AWS."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from ctaudit.cli.options import TEXT, stack

if TYPE_CHECKING:
    from ctaudit.listing import FromS3, Login

LOGIN = stack(
    click.option("--profile", type=TEXT, metavar="NAME", help="AWS profile. Default: what the AWS CLI would use."),
    click.option("--role-arn", type=TEXT, metavar="ARN", help="Take on this role to read."),
    click.option("--external-id", type=TEXT, metavar="ID", help="What the role asks for, besides credentials."),
    click.option("--mfa-serial", type=TEXT, metavar="ARN", help="The device whose code the role asks for."),
    click.option("--endpoint-url", type=TEXT, metavar="URL", help="Something else than AWS that speaks S3."),
    click.option("--requester-pays", is_flag=True, help="Agree to pay for requests, where a bucket asks that."),
)
"""How to log in."""
SENDER = stack(
    click.option("--profile", type=TEXT, metavar="NAME", help="AWS profile. Default: what the AWS CLI would use."),
    click.option("--role-arn", type=TEXT, metavar="ARN", help="Take on this role to send."),
    click.option("--external-id", type=TEXT, metavar="ID", help="What the role asks for, besides credentials."),
    click.option("--mfa-serial", type=TEXT, metavar="ARN", help="The device whose code the role asks for."),
    click.option("--endpoint-url", type=TEXT, metavar="URL", help="Something else than AWS that takes messages."),
)
"""How to log in where nothing is read, and something is sent."""
LATE = click.option(
    "--late",
    type=click.IntRange(0, 400),
    default=1,
    show_default=True,
    metavar="DAYS",
    help="Look for log files delivered up to so many days after --until.",
)
_URL = re.compile(r"https?://[^/\s]")
_NAMES = ("profile", "role_arn", "external_id", "mfa_serial", "endpoint_url", "requester_pays")


def login_of(options: dict[str, Any]) -> Login:
    """Take the options of `LOGIN` or `SENDER` out of `options`."""
    from ctaudit.listing import Login

    given = {name: options.pop(name) for name in _NAMES if name in options}
    if given["role_arn"] is None and (given["external_id"] or given["mfa_serial"]):
        raise click.UsageError("--external-id and --mfa-serial belong to a role; name it with --role-arn")
    if given["endpoint_url"] is not None and not _URL.match(given["endpoint_url"]):  # not shown: it may hold a password
        raise click.UsageError("--endpoint-url is no URL, such as https://s3.example.com")
    return Login(**given, ask_code=_asker())


def _asker() -> Callable[[str], str] | None:
    """Return what asks the user for a code; None where there is no terminal."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return None

    def ask(device: str) -> str:
        import getpass

        return getpass.getpass(f"Code of {device}: ").strip()

    return ask


def from_s3_of(options: dict[str, Any]) -> FromS3:
    """Return how S3 is asked, of the options that are left: those of `LOGIN`, `LATE` and the span."""
    from ctaudit.listing import FromS3

    late, accounts, regions = timedelta(days=options.pop("late")), options.pop("account"), options.pop("region")
    return FromS3(login_of(options), accounts, regions, late=late, **options)
