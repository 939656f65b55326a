"""How an origin is written: the same human or workload is always spelled the same, whatever its trace began with."""

from __future__ import annotations

import re

from ctaudit.lineage.credential import Credential
from ctaudit.records.anyjson import fold

_SERVICES = {
    "ec2.amazonaws.com": "EC2",
    "lambda.amazonaws.com": "Lambda",
    "edgelambda.amazonaws.com": "Lambda",
    "ecs-tasks.amazonaws.com": "ECS",
    "pods.eks.amazonaws.com": "EKS",
    "codebuild.amazonaws.com": "CodeBuild",
    "glue.amazonaws.com": "Glue",
    "sagemaker.amazonaws.com": "SageMaker",
    "states.amazonaws.com": "Step Functions",
    "ssm.amazonaws.com": "Systems Manager",
}
"""Services that take a role for something of the customer's, and name the session after it."""
_KINDS = {"AWS::EC2::Instance": "EC2", "AWS::Lambda::Function": "Lambda", "AWS::ECS::Task": "ECS"}
_SSO_PATH = "/aws-reserved/sso.amazonaws.com/"
_PROBE = re.compile(r"awslambda_\d+_\d+")
"""Lambda's own session when a function is made; it names no function."""
_FUNCTION = re.compile(r":function:([^:]+)")


def of_service(service: str | None, session: str | None) -> str:
    """Write who took a role as a service: the workload that the session is named after, else the service."""
    label = _SERVICES.get(service or "")
    if label is None or session is None or _PROBE.fullmatch(session):
        return service or "an AWS service"
    return f"{session} ({label})"


def of_workload(issued_to: str, kind: str | None) -> str:
    """Write what AWS itself says credentials were issued to, an ARN or an id."""
    function = _FUNCTION.search(issued_to)
    name = function[1] if function else issued_to.rpartition("/")[2]
    return f"{name} ({_KINDS.get(kind or '', kind)})"


def is_identity_center(role_arn: str | None) -> bool:
    """Tell whether only Identity Center can take the role: nobody else may make roles below this path."""
    return role_arn is not None and f":role{_SSO_PATH}" in role_arn


def in_identity_center(user: str) -> str:
    """Write a user of Identity Center, by the name that it gives a session, or by the user id."""
    return f"user/{user} (Identity Center)"


def federated(who: Credential, session: str | None, role_arn: str | None) -> str:
    """Write a user that another directory vouches for."""
    if who.kind == "SAMLUser":
        if is_identity_center(role_arn):
            return in_identity_center(session or who.user or "unknown")
        return f"user/{who.user or session} (SAML)"
    return f"{who.user or who.principal_id} ({_provider(who.provider)})"


def outsider(who: Credential) -> str | None:
    """Write a caller of whom only the account and an id are known; None when neither is."""
    if who.account is None or who.principal_id is None:
        return who.principal_id if who.account is None else f"account {who.account}"
    return (
        f"{who.principal_id} of account {who.account}" if who.principal_id != who.account else f"account {who.account}"
    )


def _provider(provider: str | None) -> str:
    """Return the host of an identity provider that is named by an ARN or an address."""
    return fold((provider or "unknown provider").rpartition("oidc-provider/")[2])
