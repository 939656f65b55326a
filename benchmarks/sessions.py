"""Who calls in the benchmark corpus: users, role sessions and services, each with one credential for many calls."""

from __future__ import annotations

import random
import string
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

LOOSE_USER = "ana.ruiz"
"""Deletes the bucket that the lookup benchmark asks for."""

Json = dict[str, Any]

_UPPER = string.ascii_uppercase + "234567"
USERS = (LOOSE_USER, "li.wei", "sam.okoro", "ci-deployer", "backup-agent", "j.meyer", "metrics-reader", "n.patel")
SERVICES = ("lambda", "autoscaling", "config", "ec2", "ecs-tasks", "cloudtrail", "ssm", "dms", "logs", "rds")
_AGENTS = (
    "aws-cli/2.15.30 Python/3.11.8 Linux/6.1.79-99.167.amzn2023.x86_64 exe/x86_64.amzn.2023 prompt/off "
    "command/{service}.{name}",
    "APN/1.0 HashiCorp/1.0 Terraform/1.7.5 (+https://www.terraform.io) terraform-provider-aws/5.41.0 (+https://registry."
    "terraform.io/providers/hashicorp/aws) aws-sdk-go-v2/1.25.3 os/linux lang/go#1.21.8 api/{service}#1.53.1",
    "Boto3/1.34.69 md/Botocore#1.34.69 ua/2.0 os/linux#5.10.210-201.852.amzn2.x86_64 md/arch#x86_64 lang/python#3.11.6 "
    "md/pyimpl#CPython cfg/retry-mode#legacy Botocore/1.34.69",
    "aws-sdk-go-v2/1.26.0 os/linux lang/go#1.22.1 md/GOOS#linux md/GOARCH#arm64 api/{service}#1.37.0",
    "aws-sdk-java/2.25.17 Linux/5.10.213-201.855.amzn2.x86_64 OpenJDK_64-Bit_Server_VM/17.0.10+7-LTS Java/17.0.10 "
    "vendor/Amazon.com_Inc. exec-env/AWS_ECS_FARGATE io/async http/NettyNio cfg/retry-mode/standard",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/122.0.0.0 Safari/537.36",
)
ROLES = ("app", "deploy", "worker", "etl", "node", "admin", "readonly")


@dataclass(frozen=True, slots=True)
class Place:
    """Whose trail, and where."""

    account: str
    region: str


@dataclass(frozen=True, slots=True)
class Session:
    """Who calls, from where and with what: one credential, used for many calls."""

    identity: Json
    address: str
    agent: str
    console: bool = False


def token(rng: random.Random, length: int) -> str:
    return "".join(rng.choices(string.ascii_letters + string.digits, k=length))


def uuid(rng: random.Random) -> str:
    text = f"{rng.getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


def unique_id(prefix: str, length: int, rng: random.Random) -> str:
    return prefix + "".join(rng.choices(_UPPER, k=length))


def stamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def user(account: str, name: str, rng: random.Random) -> Session:
    """Return an IAM user with a lasting access key."""
    identity = {
        "type": "IAMUser",
        "principalId": unique_id("AIDA", 17, rng),
        "arn": f"arn:aws:iam::{account}:user/{name}",
        "accountId": account,
        "accessKeyId": unique_id("AKIA", 16, rng),
        "userName": name,
    }
    return Session(identity, _address(rng), rng.choice(_AGENTS[:3]))


def assumed(account: str, day: datetime, role: str, role_id: str, rng: random.Random) -> Session:
    """Return a session of a role: of a workload, a person, or a service on their behalf."""
    began = day + timedelta(minutes=rng.randrange(-60, 1380))
    workload = rng.random() < 0.7
    name = f"i-{rng.getrandbits(68):017x}" if workload else f"{rng.choice(USERS)}@example.com"
    session: Json = {
        "sessionIssuer": {
            "type": "Role",
            "principalId": role_id,
            "arn": f"arn:aws:iam::{account}:role/{role}",
            "accountId": account,
            "userName": role,
        },
        "attributes": {"creationDate": stamp(began), "mfaAuthenticated": "false"},
    }
    if rng.random() < 0.5:
        session["webIdFederationData"] = {}
    if workload:
        session["ec2RoleDelivery"] = "2.0"
    identity: Json = {
        "type": "AssumedRole",
        "principalId": f"{role_id}:{name}",
        "arn": f"arn:aws:sts::{account}:assumed-role/{role}/{name}",
        "accountId": account,
        "accessKeyId": unique_id("ASIA", 16, rng),
        "sessionContext": session,
    }
    if rng.random() < 0.15:
        service = f"{rng.choice(SERVICES)}.amazonaws.com"
        return Session(identity | {"invokedBy": service}, service, service)
    console = not workload and rng.random() < 0.4
    return Session(identity, _address(rng), _AGENTS[5] if console else rng.choice(_AGENTS[:5]), console)


def _address(rng: random.Random) -> str:
    return f"{rng.choice((3, 18, 34, 52, 54, 203))}.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}"


def service_session(rng: random.Random) -> Session:
    service = f"{rng.choice(SERVICES)}.amazonaws.com"
    return Session({"type": "AWSService", "invokedBy": service}, service, service)
