"""The event factory: one CloudTrail record for one API call, fields in the order in which CloudTrail writes them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.trail.ids import Ids
from tests.trail.principals import Principal, Record, stamp

# Services moved to newer record versions one by one; a trail of 2026 holds all of these side by side.
_VERSIONS = {
    "sts": "1.08",
    "signin": "1.08",
    "config": "1.08",
    "health": "1.08",
    "sso": "1.08",
    "organizations": "1.09",
    "monitoring": "1.09",
    "autoscaling": "1.10",
    "ssm": "1.10",
    "elasticloadbalancing": "1.10",
}
_READ_PREFIXES = ("Get", "List", "Describe", "Head", "Lookup", "Filter", "Decrypt", "GenerateDataKey", "AssumeRole")
_WRITTEN_NULL = ("requestParameters", "responseElements")
_GLOBAL_HOSTS = {"iam": "iam.amazonaws.com", "organizations": "organizations.us-east-1.amazonaws.com"}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def event(
    ids: Ids,
    at: datetime,
    action: str,
    who: Principal,
    region: str,
    request: Record | None = None,
    response: Record | None = None,
    *,
    error: tuple[str, str] | None = None,
    **fields: Any,
) -> Record:
    """Make the record of `who` calling `action` (`s3:DeleteBucket`).

    Args:
        error: code and message of a call that failed.
        **fields: any other record field by its CloudTrail name; None leaves one out that would be there.
    """
    source, name = action.split(":")
    version = _VERSIONS.get(source, "1.11")
    category = fields.get("eventCategory", "Management")
    record: Record = {
        "eventVersion": version,
        "userIdentity": who.identity,
        "eventTime": stamp(at),
        "eventSource": f"{source}.amazonaws.com",
        "eventName": name,
        "awsRegion": region,
        "sourceIPAddress": who.client.address,
        "userAgent": who.client.agent,
        "errorCode": error[0] if error else None,
        "errorMessage": (error[1] or None) if error else None,
        "requestParameters": request,
        "responseElements": response,
        "additionalEventData": None,
        "requestID": ids.request(source),
        "eventID": ids.uuid(),
        "readOnly": name.startswith(_READ_PREFIXES),
        "resources": None,
        "eventType": "AwsApiCall",
        "managementEvent": category == "Management",
        "recipientAccountId": who.account,
        "sharedEventID": None,
        "vpcEndpointId": None,
        "vpcEndpointAccountId": None,
        "serviceEventDetails": None,
        "eventCategory": category,
        "tlsDetails": _tls(ids, who, source, region, version, fields.get("host")),
        "sessionCredentialFromConsole": "true" if who.console else None,
    }
    record |= {key: value for key, value in fields.items() if key != "host"}
    return {key: value for key, value in record.items() if value is not None or key in _WRITTEN_NULL}


def denied(who: Principal, action: str, resource: str) -> tuple[str, str]:
    """Make the error of a call that no policy allows; EC2 has a code and a sentence of its own."""
    sentence = f"User: {who.arn} is not authorized to perform: {action} on resource: {resource}"
    reason = f" because no identity-based policy allows the {action} action"
    if action.startswith("ec2:"):
        return "Client.UnauthorizedOperation", f"You are not authorized to perform this operation. {sentence}{reason}"
    exceptions = ("dynamodb", "lambda", "secretsmanager", "kms", "cloudtrail", "ssm", "logs", "organizations")
    return "AccessDeniedException" if action.startswith(exceptions) else "AccessDenied", sentence + reason


def us_date(moment: datetime) -> str:
    """Write a date as most services do inside `responseElements`: `Mar 11, 2026, 2:14:09 AM`."""
    hour, half = (moment.hour % 12 or 12), ("AM" if moment.hour < 12 else "PM")
    return f"{_MONTHS[moment.month - 1]} {moment.day}, {moment.year}, {hour}:{moment:%M:%S} {half}"


def resource(account: str, kind: str, arn: str) -> Record:
    """One entry of `resources`."""
    return {"accountId": account, "type": kind, "ARN": arn}


def _tls(ids: Ids, who: Principal, source: str, region: str, version: str, host: str | None) -> Record | None:
    """Services calling for somebody, and console calls, carry no `tlsDetails`; `keyExchange` is recent."""
    if who.console or "invokedBy" in who.identity or source == "signin" or not who.client.address[:1].isdigit():
        return None
    details = {
        "tlsVersion": "TLSv1.3",
        "cipherSuite": "TLS_AES_128_GCM_SHA256",
        "clientProvidedHostHeader": host or _GLOBAL_HOSTS.get(source, f"{source}.{region}.amazonaws.com"),
    }
    if version == "1.11" and ids.chance(0.6):
        details["keyExchange"] = ids.pick(("X25519MLKEM768", "x25519", "secp256r1"))
    return details
