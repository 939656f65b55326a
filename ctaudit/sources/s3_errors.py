"""Trouble with AWS, told apart: what is not there, what is forbidden, what the network broke; never with credentials.

AWS's own message is given on only where it names the rule that was broken; others can hold parts of a request.
"""

from __future__ import annotations

from ctaudit.errors import CtauditError
from ctaudit.sources.objects import Unavailable

# A mere 404 is not among them: S3 names what it misses, and a proxy's page must not make an object `missing`.
_KINDS = {
    "NoSuchKey": "missing",
    "NoSuchBucket": "no-bucket", "InvalidBucketName": "no-bucket",
    "InvalidObjectState": "archived",
    "AccessDenied": "denied", "AccessDeniedException": "denied", "403": "denied", "Forbidden": "denied",
    "AllAccessDisabled": "denied", "AccountProblem": "denied", "UnrecognizedClientException": "denied",
    "InvalidClientTokenId": "denied", "OptInRequired": "denied", "OperationNotPermittedException": "denied",
    "InvalidAccessKeyId": "denied", "SignatureDoesNotMatch": "denied", "ExpiredToken": "denied",
    "ExpiredTokenException": "denied", "InvalidToken": "denied", "TokenRefreshRequired": "denied",
    "SlowDown": "network", "InternalError": "network", "ServiceUnavailable": "network", "RequestTimeout": "network",
    "Throttling": "network", "ThrottlingException": "network", "500": "network", "502": "network", "503": "network",
    "504": "network",
}  # fmt: skip
_REASONS = {
    "missing": "there is no such object",
    "no-bucket": "there is no such bucket",
    "denied": "AWS refuses access",
    "kms": "AWS refuses the use of the KMS key that it is encrypted with",
    "archived": "it is archived (Glacier) and has to be restored first",
}
_BY_CODE = {
    "InvalidAccessKeyId": "AWS does not know this access key",
    "InvalidClientTokenId": "AWS does not know this access key",
    "UnrecognizedClientException": "AWS does not know this access key",
    "SignatureDoesNotMatch": "the secret access key does not fit the access key",
    "ExpiredToken": "the credentials have expired",
    "ExpiredTokenException": "the credentials have expired",
    "TokenRefreshRequired": "the credentials have expired",
    "InvalidToken": "the session token is not valid",
    "PreconditionFailed": "it changed while it was read",
}
_NO_LOGIN = (
    "NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError", "ProfileNotFound", "NoAuthTokenError",
    "SSOTokenLoadError", "TokenRetrievalError", "UnauthorizedSSOTokenError", "LoginTokenLoadError",
)  # fmt: skip
_ADVICE = "log in (for instance `aws sso login`), or set AWS_PROFILE; `aws sts get-caller-identity` must work"


def classified(error: Exception) -> Exception:
    """Return what to raise for an error of boto3: CtauditError when nothing at all can be asked, else Unavailable."""
    return _no_login(error) or (error if isinstance(error, Unavailable) else _unavailable(error))


def _no_login(error: Exception) -> CtauditError | None:
    """Return the error that ends a run in which nothing at all can be asked, or None."""
    name = type(error).__name__
    if name not in _NO_LOGIN:
        return None
    if name == "ProfileNotFound":
        return CtauditError("there is no AWS profile of the name that AWS_PROFILE gives", "see ~/.aws/config")
    return CtauditError("there are no usable AWS credentials", _ADVICE)


def _unavailable(error: Exception) -> Unavailable:
    """Classify an error of boto3; all that is no clear answer of AWS counts as trouble with the network."""
    from botocore.exceptions import ClientError, ParamValidationError

    if isinstance(error, ParamValidationError):
        return Unavailable("unreadable", "AWS allows no such name for a bucket or an object")
    if not isinstance(error, ClientError):
        return Unavailable("network", f"the connection to AWS failed ({type(error).__name__})")
    code, message = str(error.response["Error"].get("Code", "")), str(error.response["Error"].get("Message", ""))
    kind = _KINDS.get(code, "unreadable")
    if kind == "unreadable" and int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") or 0) >= 500:
        kind = "network"
    if (kind == "denied" and "kms" in message.lower()) or code.startswith("KMS."):
        kind = "kms"
    return Unavailable(kind, _reason(kind, code))


def _reason(kind: str, code: str) -> str:
    said = _BY_CODE.get(code) or _REASONS.get(kind)
    if said is None:
        said = "AWS had no answer, after several attempts" if kind == "network" else "AWS refuses the request"
    return f"{said} ({code})" if code else said
