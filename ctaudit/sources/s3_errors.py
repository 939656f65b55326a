"""Trouble with AWS, told apart: what is not there, is forbidden, failed at AWS or on the way; never with credentials.

AWS's own message is given on only where it names the rule that was broken; others can hold parts of a request.
"""

from __future__ import annotations

from ctaudit.errors import CtauditError
from ctaudit.sources.objects import Unavailable

# A mere 404 is not among them: S3 names what it misses, and a proxy's page must not make an object `missing`.
_KINDS = {
    "NoSuchKey": "missing",
    "NoSuchBucket": "no-bucket", "InvalidBucketName": "no-bucket",
    "QueueDoesNotExist": "no-queue", "AWS.SimpleQueueService.NonExistentQueue": "no-queue",
    "InvalidAddress": "no-queue",
    "InvalidObjectState": "archived",
    "AccessDenied": "denied", "AccessDeniedException": "denied", "403": "denied", "Forbidden": "denied",
    "AllAccessDisabled": "denied", "AccountProblem": "denied", "UnrecognizedClientException": "denied",
    "InvalidClientTokenId": "denied", "OptInRequired": "denied", "OperationNotPermittedException": "denied",
    "InvalidAccessKeyId": "denied", "SignatureDoesNotMatch": "denied", "ExpiredToken": "denied",
    "ExpiredTokenException": "denied", "InvalidToken": "denied", "TokenRefreshRequired": "denied",
    "RequestTimeTooSkewed": "denied", "RequestExpired": "denied", "InvalidSignatureException": "denied",
    "SlowDown": "service", "InternalError": "service", "ServiceUnavailable": "service", "RequestTimeout": "network",
    "Throttling": "service", "ThrottlingException": "service", "500": "service", "502": "service", "503": "service",
    "504": "service", "TooManyRequestsException": "service", "RequestLimitExceeded": "service",
}  # fmt: skip
_REASONS = {
    "missing": "there is no such object",
    "no-bucket": "there is no such bucket",
    "no-queue": "there is no such queue",
    "denied": "AWS refuses access",
    "kms": "AWS refuses the use of the KMS key that it is encrypted with",
    "service": "AWS itself failed or was overloaded, at several attempts",
    "network": "AWS had no answer, after several attempts",
    "archived": "it is archived (Glacier) and has to be restored first",
}
_CLOCK = "the clock of this machine is too far from the right time"
_BY_CODE = {
    "InvalidAccessKeyId": "AWS does not know this access key",
    "InvalidClientTokenId": "AWS does not know this access key",
    "UnrecognizedClientException": "AWS does not know this access key",
    "SignatureDoesNotMatch": "the secret access key does not fit the access key",
    "ExpiredToken": "the credentials have expired",
    "ExpiredTokenException": "the credentials have expired",
    "TokenRefreshRequired": "the credentials have expired",
    "InvalidToken": "the session token is not valid",
    "RequestTimeTooSkewed": _CLOCK,
    "RequestExpired": _CLOCK,
    "PreconditionFailed": "it changed while it was read",
    "GlacierExpeditedRetrievalNotAvailable": "S3 has no capacity for expedited restores now; try another tier",
    "ObjectAlreadyInActiveTierError": "it is not archived any more",
}
_NO_LOGIN = (
    "NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError", "ProfileNotFound", "NoAuthTokenError",
    "SSOTokenLoadError", "TokenRetrievalError", "UnauthorizedSSOTokenError", "LoginTokenLoadError",
    "ConfigParseError", "ConfigNotFound",
)  # fmt: skip
_OUT_OF_TIME = ("Signature expired", "Signature not yet current")
"""How services other than S3 say that the clocks differ; their code is that of a wrong secret key."""
LOGIN_ADVICE = "log in (for instance `aws sso login`), or set AWS_PROFILE; `aws sts get-caller-identity` must work"


def classified(error: Exception) -> Exception:
    """Return what to raise for an error of boto3: CtauditError when nothing at all can be asked, else Unavailable."""
    if isinstance(error, CtauditError | Unavailable):  # such as of a role that is taken on at the first request
        return error
    return _no_login(error) or _unavailable(error)


def _no_login(error: Exception) -> CtauditError | None:
    """Return the error that ends a run in which nothing at all can be asked, or None."""
    name = type(error).__name__
    if name not in _NO_LOGIN:
        return None
    if name == "ProfileNotFound":
        profile = getattr(error, "kwargs", {}).get("profile")
        return CtauditError(f"there is no AWS profile '{profile}'", "see ~/.aws/config, --profile and AWS_PROFILE")
    if name in ("ConfigParseError", "ConfigNotFound"):
        return CtauditError("the configuration of AWS cannot be read", "see ~/.aws/config and ~/.aws/credentials")
    return CtauditError("there are no usable AWS credentials", LOGIN_ADVICE)


def _unavailable(error: Exception) -> Unavailable:
    """Classify an error of boto3; all that is no answer of AWS counts as trouble with the network."""
    from botocore.exceptions import ClientError, ParamValidationError

    if isinstance(error, ParamValidationError):
        return Unavailable("unreadable", "AWS allows no such name for a bucket or an object")
    if not isinstance(error, ClientError):
        return Unavailable("network", f"the connection to AWS failed ({type(error).__name__})")
    code, message = str(error.response["Error"].get("Code", "")), str(error.response["Error"].get("Message", ""))
    kind = _KINDS.get(code, "unreadable")
    if kind == "unreadable" and int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") or 0) >= 500:
        kind = "service"
    if (kind == "denied" and "kms" in message.lower()) or code.startswith("KMS."):
        kind = "kms"
    if message.startswith(_OUT_OF_TIME):
        return Unavailable(kind, f"{_CLOCK} ({code})")
    return Unavailable(kind, _reason(kind, code))


def _reason(kind: str, code: str) -> str:
    said = _BY_CODE.get(code) or _REASONS.get(kind)
    if said is None:
        said = "AWS refuses the request"
    return f"{said} ({code})" if code else said
