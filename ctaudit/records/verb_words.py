"""The words of API names, sorted into verb classes, and the calls whose class depends on a parameter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ctaudit.records.anyjson import fold

EXACT: Mapping[str, str] = {
    "destroy": """
        CloseAccount CloseAccountResult LeaveOrganization RemoveAccountFromOrganization
        AbortMultipartUpload AbortMultipartReadSetUpload
        ReleaseAddress ReleaseHosts ReleaseStaticIp ReleaseIpamPoolAllocation ReleasePhoneNumber ReleaseSenderId
        StartSecretVersionDelete EndSecretVersionDelete BidEvictedEvent
        """,
    "detach": "DeleteTags RetireGrant",
    "undo": "CancelKeyDeletion CancelSecretVersionDelete EnableKey",
    "create": "PutObject PutItem CompleteMultipartUpload",
    "modify": "ScheduleRun ReleaseFileSystemNfsV3Locks",
    "impair": "PutEventSelectors UpdateTrail PutRetentionPolicy",
    # Records before version 1.01 have no readOnly; with it, AWS calls these read-only.
    "read": """
        AssumeRole AssumeRoleWithSAML AssumeRoleWithWebIdentity Decrypt Encrypt GenerateDataKey
        GenerateDataKeyWithoutPlaintext GenerateDataKeyPair GenerateDataKeyPairWithoutPlaintext
        """,
    # A credential or a message is made, nothing is read and no resource is created.
    "other": "GetFederationToken GetSessionToken GetSigninToken Publish PublishBatch",
}
"""Whole names that their first word would put into the wrong class."""

PATTERNS: tuple[tuple[str, str], ...] = (
    (r"Schedule[A-Za-z]*Deletion", "destroy"),
    (r"Cancel[A-Za-z]*Deletion", "undo"),
    # RestoreDBInstanceFromDBSnapshot makes a new one; RestoreSnapshotFromRecycleBin brings the old one back.
    (r"Restore[A-Za-z]*(?:From[A-Za-z]*(?:Snapshot|Backup|RecoveryPoint|S3)|ToPointInTime)", "create"),
)

PREFIXES: dict[str, str] = {
    "destroy": """
        Delete Terminate Purge Deregister Unregister Destroy Drop Empty Expire Truncate Forget Withdraw Deprovision
        Dispose
        """,
    "detach": """
        Remove Detach Disassociate Dissociate Unassign Untag Revoke Unsubscribe Unlink Unshare Unpeer Deauthorize Reject
        Decline
        """,
    "impair": "Disable Stop Deactivate Suspend Cancel Close Archive Reset Schedule Abort Pause Disconnect",
    "undo": "Restore Undelete Unarchive Undeprecate",
    "create": """
        Create Run Allocate Import Copy Register Request Provision Launch Upload Publish Purchase Clone Issue Replicate
        """,
    "modify": """
        Update Modify Put Set Attach Associate Add Enable Tag Change Replace Authorize Edit Reboot Start Rotate Assign
        Move Reset Merge Promote Failover Write Accept Activate Apply Configure Rename Resume Restart Upgrade Transfer
        """,
}
"""First words of API names; a word in two classes belongs to the first."""

READ_PREFIXES = """
    Get List Describe Head Lookup Search Select Query Scan Check View Read Validate Simulate Estimate Preview Filter
    Count Is
    """


class Switch(NamedTuple):
    """A parameter value that moves a call into another class."""

    path: str
    """Field of the record, then folded keys below it."""
    value: str | None
    """The folded value; None means any value but an empty one."""
    given: tuple[str, str] | None = None
    """Another path and value that must hold too."""

    def matches(self, value: Any) -> bool:
        """Compare scalars as text: `false`, `"false"` and `"False"` are the same answer."""
        if self.value is None:
            return value not in (None, "", [], {})
        return isinstance(value, str | bool) and fold(str(value)) == self.value


def _off(*paths: str) -> tuple[str, tuple[Switch, ...]]:
    return "impair", tuple(Switch(f"requestParameters.{path}", "false") for path in paths)


_EXPIRES = (
    "impair",
    tuple(
        Switch(f"requestParameters.lifecycleconfiguration.{rule}.{what}", None)
        for rule in ("rule", "rules")
        for what in ("expiration", "noncurrentversionexpiration")
    ),
)

SWITCHES: Mapping[tuple[str, str], tuple[str, tuple[Switch, ...]]] = {
    ("route53", "ChangeResourceRecordSets"): (
        "destroy",
        (Switch("requestParameters.changebatch.changes.action", "delete"),),
    ),
    # Images expired by a lifecycle policy: `"lifecycleEventImageActions": [{"lifecycleEventImage": ...}]`
    ("ecr", "PolicyExecutionEvent"): (
        "destroy",
        (Switch("serviceEventDetails.lifecycleeventimageactions", None),),
    ),
    ("s3", "PutBucketLifecycle"): _EXPIRES,
    ("s3", "PutBucketLifecycleConfiguration"): _EXPIRES,
    ("s3", "PutBucketVersioning"): (
        "impair",
        (Switch("requestParameters.versioningconfiguration.status", "suspended"),),
    ),
    ("s3", "PutObjectLegalHold"): ("impair", (Switch("requestParameters.legalhold.status", "off"),)),
    ("s3", "PutObjectRetention"): (
        "impair",
        (Switch("requestParameters.x-amz-bypass-governance-retention", "true"),),
    ),
    # `"disableApiTermination": {"value": false}`, or `"attribute": "disableApiTermination", "value": "false"`
    ("ec2", "ModifyInstanceAttribute"): (
        "impair",
        (
            *_off("disableapitermination.value", "disableapitermination", "disableapistop.value", "disableapistop")[1],
            *(
                Switch("requestParameters.value", "false", given=("requestParameters.attribute", attribute))
                for attribute in ("disableapitermination", "disableapistop")
            ),
        ),
    ),
    ("rds", "ModifyDBInstance"): _off("deletionprotection"),
    ("rds", "ModifyDBCluster"): _off("deletionprotection"),
    ("rds", "ModifyGlobalCluster"): _off("deletionprotection"),
    ("dynamodb", "UpdateTable"): _off("deletionprotectionenabled"),
    ("cloudformation", "UpdateTerminationProtection"): _off("enableterminationprotection"),
    ("elasticmapreduce", "SetTerminationProtection"): _off("terminationprotected"),
    ("guardduty", "UpdateDetector"): _off("enable"),
}
"""(service, bare name) -> the class it has when one of the switches is on, instead of the one its name gives."""
