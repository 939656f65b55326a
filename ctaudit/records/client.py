"""With what a call was made: console, CloudShell, CLI, SDK or a service; the user agent is the caller's own claim."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal

from ctaudit.records.anyjson import flag_of, fold, object_of, text_of

Client = Literal["console", "cloudshell", "cli", "sdk", "service", "unknown"]

_CLI = re.compile(r"aws-cli/\d", re.IGNORECASE)
_CLOUDSHELL = re.compile(r"exec-env/CloudShell", re.IGNORECASE)
_BROWSER = re.compile(r"AWS Internal\b|Mozilla/")
_CONSOLE = re.compile(
    r"Mozilla/|S3Console/|console\.(?:aws\.)?amazon(?:aws)?\.com|signin\.amazonaws\.com|EC2ConsoleBackend|AWSConsole"
    r"|[\w ]+ Console, aws-internal/",
    re.IGNORECASE,
)
# Terraform says `APN/1.0 HashiCorp/1.0 Terraform/1.5.0 (+https://www.terraform.io) ... aws-sdk-go/1.44`.
_SDK = re.compile(
    r"\b(?:boto3|botocore|aws-sdk-|aws-sdk\b|APN/1|HashiCorp/|Terraform|Pulumi|aws-cdk|cdk/|AWSPowerShell|AWS CDK)",
    re.IGNORECASE,
)
_INSIDE_AWS = re.compile(r"AWS Internal\b|aws-internal/")
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+|[0-9a-f]*:[0-9a-f:.]+", re.IGNORECASE)


def client(record: Mapping[str, Any]) -> Client:
    """Classify the client, first rule that holds.

    A service event or a service's own call; a sign-in or a console-only action; credentials of a console session; a
    service acting for the principal; the user agent.
    """
    identity = object_of(record.get("userIdentity"))
    event_type = _folded(record.get("eventType"))
    if identity.get("type") == "AWSService" or event_type == "awsserviceevent":
        return "service"
    if event_type in ("awsconsolesignin", "awsconsoleaction"):
        return "console"
    invoked_by, address = _folded(identity.get("invokedBy")), _folded(record.get("sourceIPAddress"))
    agent = _user_agent(record.get("userAgent"))
    from_console = flag_of(record.get("sessionCredentialFromConsole")) is True
    if from_console and _BROWSER.match(agent):
        return "console"
    if invoked_by == "signin.amazonaws.com":
        return "console"
    if (invoked_by and invoked_by != "aws internal") or address.endswith(".amazonaws.com"):
        return "service"
    # The console's own servers call for a person with her address; between services there is none.
    if _INSIDE_AWS.match(agent):
        return "console" if _ADDRESS.fullmatch(address) else "service" if address == "aws internal" else "unknown"
    by_agent = _by_agent(agent)
    return "console" if from_console and by_agent == "unknown" else by_agent


@lru_cache(maxsize=4096)
def _by_agent(agent: str) -> Client:
    if _CLI.match(agent):
        return "cloudshell" if _CLOUDSHELL.search(agent) else "cli"
    if _CONSOLE.match(agent):
        return "console"
    return "sdk" if _SDK.search(agent) else "unknown"


def _user_agent(value: Any) -> str:
    """Return the agent without S3's brackets; some collectors make a list of it."""
    if isinstance(value, list):
        value = " ".join(part for part in value if isinstance(part, str))
    return (text_of(value) or "").removeprefix("[").removesuffix("]")


def _folded(value: Any) -> str:
    return fold(value) if isinstance(value, str) else ""
