"""The event dictionary: every stored column, its JSON key, its shape and its meaning; store, queries and docs read it.

Names and order are those of AWS's Athena table for CloudTrail (user guide: "Create a table for CloudTrail logs in
Athena using partition projection"), lower case, nested fields too. What AWS's table lacks stands at the end of its
level, so that positions never move. A new column or field goes last and raises `SCHEMA_VERSION`.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass

SCHEMA_VERSION = 1


class Shape(enum.Enum):
    TEXT = "text"
    TIME = "time"
    """Text `YYYY-MM-DDTHH:MM:SSZ` or null; any other spelling is kept in `extra`."""
    FLAG = "flag"
    """A JSON boolean, stored as text `true` or `false`, as AWS's table has it."""
    JSON = "json"
    """Any JSON value, stored as its original text."""
    STRUCT = "struct"
    MAP = "map"
    """An object whose values are all text."""
    RESOURCES = "resources"
    """List of (arn, accountid, type), just these, so that `UNNEST(resources) AS t(arn, accountid, type)` works."""


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """A column, or a part of one. Two are never alike, so that looking one up costs no comparison of all parts."""

    key: str
    """The key in CloudTrail's JSON."""
    shape: Shape
    meaning: str
    fields: tuple[Field, ...] = ()

    @property
    def name(self) -> str:
        """The column's name in the store."""
        return self.key.lower()


def _text(key: str, meaning: str) -> Field:
    return Field(key, Shape.TEXT, meaning)


def _json(key: str, meaning: str) -> Field:
    return Field(key, Shape.JSON, meaning)


def _struct(key: str, meaning: str, *fields: Field) -> Field:
    return Field(key, Shape.STRUCT, meaning, fields)


_SESSION_ISSUER = _struct(
    "sessionIssuer",
    "Who the temporary credentials were issued from: the role, user or root",
    _text("type", "Role, IAMUser or Root"),
    _text("principalId", "Unique id of the issuer (AROA…, AIDA…)"),
    _text("arn", "ARN of the issuer, with its path"),
    _text("accountId", "Account that owns the issuer"),
    _text("userName", "Name of the role or user"),
)

_SESSION_CONTEXT = _struct(
    "sessionContext",
    "How temporary credentials came about",
    _struct(
        "attributes",
        "When the session began and whether MFA was used",
        _text("mfaAuthenticated", "true or false, as text"),
        _text("creationDate", "When the credentials were issued; one console session shares one"),
    ),
    _SESSION_ISSUER,
    _text("ec2RoleDelivery", "Version of the instance metadata service: 1.0 or 2.0"),
    _struct(
        "webIdFederationData",
        "Web identity (OIDC) behind the session",
        _text("federatedProvider", "The identity provider"),
        Field("attributes", Shape.MAP, "Application id and user id as the provider reported them"),
    ),
    _text("sourceIdentity", "Name set at the first assumption; it survives role chaining and cannot be changed"),
    _text("ec2IssuedInVpc", "VPC of the instance the credentials were delivered to"),
    _text("assumedRoot", "true when the session came from AssumeRoot"),
)

_USER_IDENTITY = _struct(
    "userIdentity",
    "Who made the call, as recorded",
    _text("type", "Root, IAMUser, AssumedRole, Role, FederatedUser, AWSAccount, AWSService, IdentityCenterUser, …"),
    _text("principalId", "Unique id of the caller; for roles ROLEID:SESSION"),
    _text("arn", "ARN of the caller"),
    _text("accountId", "Account that owns the caller"),
    _text("invokedBy", "The AWS service that made the call on the caller's behalf"),
    _text("accessKeyId", "Access key that signed the call"),
    _text("userName", "Name of the user; absent for roles"),
    _struct(
        "onBehalfOf",
        "The Identity Center user behind the call",
        _text("userId", "Identity Center user id"),
        _text("identityStoreArn", "The identity store of that user"),
    ),
    _SESSION_CONTEXT,
    _struct(
        "inScopeOf",
        "The workload that the credentials were issued to",
        _text("sourceArn", "Resource on whose behalf the service called"),
        _text("sourceAccount", "Account of that resource"),
        _text("issuerType", "Kind of workload, such as AWS::Lambda::Function"),
        _text("credentialsIssuedTo", "ARN of the workload"),
        _text("credentialsIssuedToVersion", "Version of the workload"),
    ),
    _text("identityProvider", "SAML or web identity provider"),
    _text("credentialId", "Bearer token used by an Identity Center user"),
    _struct("invokedByDelegate", "Product provider acting by delegated access", _text("accountId", "Its account")),
)

_RESOURCE = (
    _text("ARN", "ARN of the resource"),
    _text("accountId", "Account that owns it"),
    _text("type", "Its CloudFormation type, such as AWS::S3::Bucket"),
)

EVENT: tuple[Field, ...] = (
    _text("eventVersion", "Version of the record format, major.minor"),
    _USER_IDENTITY,
    Field("eventTime", Shape.TIME, "When the call completed, UTC, whole seconds, by the service's clock"),
    _text("eventSource", "The service, such as s3.amazonaws.com"),
    _text("eventName", "The API call; sometimes with the API's date, as DeleteFunction20150331"),
    _text("awsRegion", "Region the call was made to; global services mostly record us-east-1"),
    _text("sourceIPAddress", "Address of the caller, or the DNS name of a service, or AWS Internal"),
    _text("userAgent", "What the caller said it was: a claim"),
    _text("errorCode", "The service's error; null when the call succeeded"),
    _text("errorMessage", "Text of the error"),
    _json("requestParameters", "Parameters of the call; omitted by AWS above 100 KB"),
    _json("responseElements", "What changing calls returned; null for reading ones"),
    _json("additionalEventData", "Facts outside request and response, such as MFAUsed at sign-in"),
    _text("requestID", "Id of the request; not unique"),
    _text("eventID", "Id of the event; the same event delivered twice carries the same"),
    Field("resources", Shape.RESOURCES, "Resources the call touched, where the service lists them", _RESOURCE),
    _text("eventType", "AwsApiCall, AwsServiceEvent, AwsConsoleSignIn, AwsConsoleAction, AwsVpceEvent, …"),
    _text("apiVersion", "API version"),
    Field("readOnly", Shape.FLAG, "Whether the call only reads; AssumeRole counts as reading"),
    _text("recipientAccountId", "Account whose trail received this copy"),
    _json("serviceEventDetails", "What a service event is about"),
    _text("sharedEventID", "The same action recorded in several accounts carries the same"),
    _text("vpcEndpointId", "VPC endpoint the call went through"),
    _text("vpcEndpointAccountId", "Owner of that endpoint"),
    _text("eventCategory", "Management, Data, NetworkActivity, Insight or Aggregated"),
    _struct(
        "addendum",
        "Why a record came late or amends an earlier one",
        _text("reason", "DELIVERY_DELAY, UPDATED_DATA or SERVICE_OUTAGE"),
        _text("updatedFields", "Fields that were updated"),
        _text("originalRequestID", "Request of the record it amends"),
        _text("originalEventID", "Event that it amends"),
    ),
    _text("sessionCredentialFromConsole", "true when the credentials come from a console session"),
    _json("edgeDeviceDetails", "The Outposts device"),
    _struct(
        "tlsDetails",
        "TLS of the call",
        _text("tlsVersion", "TLS version"),
        _text("cipherSuite", "Cipher suite"),
        _text("clientProvidedHostHeader", "Host header the client sent"),
        _text("keyExchange", "Key exchange, such as X25519MLKEM768"),
    ),
    Field("managementEvent", Shape.FLAG, "Whether this is a management event"),
    _json("insightDetails", "What an Insight event found"),
    _json("eventContext", "Tags and request context, in event data stores that record them"),
)
"""Top-level fields of a record that have a column, in column order."""

BY_KEY: dict[str, Field] = {field.key: field for field in EVENT}

ACCOUNT, REGION, DATE, FILE_ID, RECORD, EXTRA = "account", "region", "date", "file_id", "record", "extra"
UNKNOWN_DATE = "unknown"
"""The date of events without a usable time."""

DERIVED: tuple[tuple[str, str], ...] = (
    (ACCOUNT, "Account of the partition: recipientAccountId (accountId in aggregated events)"),
    (FILE_ID, "The file it was read from: first 8 bytes of the SHA-256 of its content, as a signed integer"),
    (RECORD, "Index of the record in that file, from 0"),
    (EXTRA, "JSON merge patch (RFC 7396) that turns the columns' JSON into the record: all that no column holds"),
)
"""Columns that every segment holds beside those of `EVENT`; `date` is the folder, `region` is awsregion."""


def walk(fields: tuple[Field, ...] = EVENT, path: str = "") -> Iterator[tuple[str, Field]]:
    """Yield every field with its dotted JSON path, outer before inner."""
    for field in fields:
        yield path + field.key, field
        yield from walk(field.fields, f"{path}{field.key}.")
