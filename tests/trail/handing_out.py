"""More calls that hand out credentials: AssumeRoot, tokens of a user, a switch of role, lasting access keys."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.trail.events import event, us_date
from tests.trail.ids import Ids
from tests.trail.principals import Client, Principal, Record, Role, User, root, stamp
from tests.trail.sessions import Issued, assume_role

INTERNAL = Client("AWS Internal", "AWS Internal")


def assume_root(ids: Ids, at: datetime, caller: Principal, account: str, region: str) -> Issued:
    """Let an administrator of the organization act as a member's root, with a key, for a quarter of an hour."""
    key = ids.access_key()
    request = {
        "targetPrincipal": account,
        "taskPolicyArn": {"arn": "arn:aws:iam::aws:policy/root-task/S3UnlockBucketPolicy"},
    }
    response = {"credentials": _credentials(ids, at, key, 900)}
    record = event(ids, at, "sts:AssumeRoot", caller, region, request, response)
    used = root(account, caller.client, at, key)
    return Issued((record,), Principal(account, used.identity, caller.client))


def session_token(ids: Ids, at: datetime, user: User, client: Client, region: str) -> Issued:
    """Let a user exchange the lasting key, and a code, for a session."""
    key = ids.access_key()
    request = {"durationSeconds": 43200, "serialNumber": f"arn:aws:iam::{user.account}:mfa/{user.name}"}
    response = {"credentials": _credentials(ids, at, key, 43200)}
    record = event(ids, at, "sts:GetSessionToken", user.calling(client), region, request, response, readOnly=False)
    used = user.calling(client, created=at, key=key)
    return Issued((record,), Principal(user.account, used.identity, client))


def federation_token(ids: Ids, at: datetime, user: User, name: str, client: Client, region: str) -> Issued:
    """Let a user hand a session on to somebody named `name`."""
    key = ids.access_key()
    arn = f"arn:aws:sts::{user.account}:federated-user/{name}"
    response = {
        "credentials": _credentials(ids, at, key, 3600),
        "federatedUser": {"federatedUserId": f"{user.account}:{name}", "arn": arn},
    }
    request = {"name": name, "durationSeconds": 3600}
    record = event(ids, at, "sts:GetFederationToken", user.calling(client), region, request, response, readOnly=False)
    issuer = {
        "type": "IAMUser",
        "principalId": user.unique_id,
        "arn": user.arn,
        "accountId": user.account,
        "userName": user.name,
    }
    identity: Record = {
        "type": "FederatedUser",
        "principalId": f"{user.account}:{name}",
        "arn": arn,
        "accountId": user.account,
        "accessKeyId": key,
        "sessionContext": {
            "sessionIssuer": issuer,
            "attributes": {"creationDate": stamp(at), "mfaAuthenticated": "false"},
        },
    }
    return Issued((record,), Principal(user.account, identity, client))


def switch_role(
    ids: Ids, at: datetime, console: Principal, role: Role, name: str, window: Client, region: str
) -> Issued:
    """Switch the role in the console: AssumeRole by AWS itself hands out a key that no later call uses."""
    inside = Principal(console.account, console.identity | {"invokedBy": "AWS Internal"}, INTERNAL)
    issued = assume_role(ids, at, inside, role, name, region)
    identity = {
        key: value for key, value in issued.session.identity.items() if key not in ("accessKeyId", "sessionContext")
    }
    record = event(
        *(ids, at, "signin:SwitchRole", Principal(role.account, identity, window), region, None),
        {"SwitchRole": "Success"},
        additionalEventData={"SwitchFrom": console.arn, "RedirectTo": "https://console.aws.amazon.com/"},
        eventType="AwsConsoleSignIn",
        readOnly=False,
    )
    used = Principal(role.account, issued.session.with_key(ids.access_key()).identity, window, console=True)
    return Issued((*issued.records, record), used)


def create_access_key(ids: Ids, at: datetime, caller: Principal, user: User, key: str, region: str) -> Record:
    """Make a lasting key for `user`; a request without a name makes one for the caller."""
    own = caller.identity.get("userName") == user.name
    made = {"accessKeyId": key, "status": "Active", "userName": user.name, "createDate": us_date(at)}
    request = None if own else {"userName": user.name}
    return event(ids, at, "iam:CreateAccessKey", caller, region, request, {"accessKey": made})


def _credentials(ids: Ids, at: datetime, key: str, seconds: int) -> Record:
    until = us_date(at + timedelta(seconds=seconds))
    return {"accessKeyId": key, "sessionToken": f"IQoJEXAMPLETOKEN{ids.alnum(12)}", "expiration": until}
