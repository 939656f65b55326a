"""How to log in to AWS: boto3's own chain, a profile, a role to take on; and credentials lent to worker processes.

boto3 does all of it. Credentials stay in memory: they are passed to workers through pipes and are in no `repr`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ctaudit.errors import CtauditError, UsageError
from ctaudit.sources.objects import PASSING, Unavailable
from ctaudit.sources.s3_errors import LOGIN_ADVICE, classified

SESSION_NAME = "ctaudit"
"""What the taken role's session is called in CloudTrail."""
_NETWORK_ADVICE = "see that the network and the region are right"
_ROLE_ADVICE = (
    "you need sts:AssumeRole for it, its trust policy must let you in, and may ask for --external-id or --mfa-serial"
)


@dataclass(frozen=True, slots=True)
class Keys:
    """Credentials as they are at one moment."""

    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    token: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Login:
    profile: str | None = None
    role_arn: str | None = None
    """A role to take on with the credentials that are found otherwise."""
    external_id: str | None = None
    mfa_serial: str | None = None
    """The device whose code the role asks for."""
    endpoint_url: str | None = None
    """For S3 alone: something else than AWS that speaks its language."""
    requester_pays: bool = False
    ask_code: Callable[[str], str] | None = None
    """Asks the user for the code that a device shows."""
    lent: Keys | None = None
    """What another process logged in with; then nothing else is looked for."""
    made: Any = field(default=None, repr=False, compare=False)
    """A session that was made before, to go on with: nobody types the code of a device once a minute."""

    def without_means(self) -> Login:
        """Return what a worker process needs beside the keys that are lent to it."""
        return Login(endpoint_url=self.endpoint_url, requester_pays=self.requester_pays)


def session(login: Login) -> Any:
    """Return a boto3 session; raises what boto3 raises, and CtauditError when a code is needed and nobody can be asked.

    A taken role's credentials are renewed before they end, with a new code where the role asks for one.
    """
    import boto3
    import botocore.session

    if login.made is not None:
        return login.made
    if login.lent is not None:
        keys = login.lent
        return boto3.Session(keys.access_key, keys.secret_key, keys.token)
    if login.role_arn is None:
        return boto3.Session(profile_name=login.profile)
    core = botocore.session.Session(profile=login.profile)
    core.register_component("credential_provider", _Always(_role(core, login)))
    return boto3.Session(botocore_session=core)


class _Always:
    """What botocore looks for credentials in: these and no others."""

    def __init__(self, credentials: Any) -> None:
        self._credentials = credentials

    def load_credentials(self) -> Any:
        return self._credentials


def _role(core: Any, login: Login) -> Any:
    from botocore.credentials import DeferredRefreshableCredentials

    own = core.get_component("credential_provider").load_credentials()
    if own is None:
        from botocore.exceptions import NoCredentialsError

        raise NoCredentialsError

    def refresh() -> dict[str, str]:
        found = _taken(core, own, login)
        return {
            "access_key": found["AccessKeyId"],
            "secret_key": found["SecretAccessKey"],
            "token": found["SessionToken"],
            "expiry_time": found["Expiration"].isoformat(),
        }

    return DeferredRefreshableCredentials(refresh, "assume-role")


def _taken(core: Any, own: Any, login: Login) -> Any:
    """Take the role on; raises CtauditError, and Unavailable when AWS may let it be taken on a moment later."""
    asked = _request(login)
    try:
        return core.create_client("sts", **_signed_by(own)).assume_role(**asked)["Credentials"]
    except Exception as error:
        raise _refused(error, login) from error


def _refused(error: Exception, login: Login) -> Exception:
    from botocore.exceptions import ParamValidationError

    what = f"the role {login.role_arn} cannot be taken on"
    if isinstance(error, ParamValidationError):  # whose text holds what was given
        return UsageError(f"{what}: AWS allows no such ARN, external id or serial number", "see --help")
    trouble = classified(error)
    if not isinstance(trouble, Unavailable):
        return trouble
    if trouble.kind in PASSING:
        return Unavailable(trouble.kind, f"{what}: {trouble.reason}")
    return CtauditError(f"{what}: {trouble.reason}", _ROLE_ADVICE)


def _signed_by(own: Any) -> dict[str, str | None]:
    keys = own.get_frozen_credentials()
    return {
        "aws_access_key_id": keys.access_key,
        "aws_secret_access_key": keys.secret_key,
        "aws_session_token": keys.token,
    }


def _request(login: Login) -> dict[str, str]:
    asked = {"RoleArn": login.role_arn or "", "RoleSessionName": SESSION_NAME}
    if login.external_id is not None:
        asked["ExternalId"] = login.external_id
    if login.mfa_serial is not None:
        if login.ask_code is None:
            raise CtauditError(
                "the role asks for the code of a device, and there is no terminal to ask on",
                "take the role on first (`aws sts assume-role`), and give its credentials in the environment",
            )
        asked |= {"SerialNumber": login.mfa_serial, "TokenCode": login.ask_code(login.mfa_serial)}
    return asked


def log_in(login: Login) -> Any:
    """Return a session whose credentials are at hand: now, so that threads do not each ask for a device's code.

    Raises CtauditError, whatever goes wrong: before this nothing was asked, and after it nothing can be.
    """
    from botocore.exceptions import NoCredentialsError

    try:
        made = session(login)
        if (credentials := made.get_credentials()) is None:
            raise NoCredentialsError
        credentials.get_frozen_credentials()
    except CtauditError:
        raise
    except Exception as error:
        trouble = classified(error)
        if not isinstance(trouble, Unavailable):
            raise trouble from error
        advice = _NETWORK_ADVICE if trouble.kind in PASSING else LOGIN_ADVICE
        raise CtauditError(f"logging in to AWS failed: {trouble.reason}", advice) from error
    return made


def keys_of(credentials: Any) -> Keys:
    """Return boto3's credentials as they are now, renewed when they are about to end."""
    keys = credentials.get_frozen_credentials()
    return Keys(keys.access_key, keys.secret_key, keys.token)
