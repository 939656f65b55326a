"""Machines and settings: what the Recycle Bin keeps, what the log shows a thing to be made of again."""

from __future__ import annotations

from tests.undo.making import Expected, Log


def _rule(log: Log, kind: str, days: int, tags: list[dict[str, str]] | None = None, rule: str = "r1") -> None:
    request = {
        "resourceType": kind,
        "retentionPeriod": {"retentionPeriodValue": days, "retentionPeriodUnit": "DAYS"},
        "resourceTags": tags or [],
    }
    log.call("rbin:CreateRule", request, {"identifier": f"{log.region}-{rule}"})


def _delete_snapshot(log: Log, snapshot: str) -> None:
    log.call("ec2:DeleteSnapshot", {"snapshotId": snapshot}, {"_return": True})


def snapshot_in_the_bin(log: Log) -> Expected:
    log.region = "ap-south-1"
    _rule(log, "EBS_SNAPSHOT", 60)
    _delete_snapshot(log, "snap-0aaa000000000001")
    until = "2026-05-08T10:00:00Z"
    return Expected(
        "snap-0aaa000000000001", "restorable", until, command="restore-snapshot-from-recycle-bin", told_by=0
    )


def snapshot_without_a_rule(log: Log) -> Expected:
    """A rule of another region does not help; nor does one that is made later."""
    log.region = "ap-south-2"
    _delete_snapshot(log, "snap-0aaa000000000002")
    _rule(log, "EBS_SNAPSHOT", 60)
    return Expected("snap-0aaa000000000002", "not known", words="no rule", command="list-snapshots-in-recycle-bin")


def snapshot_under_a_rule_for_images(log: Log) -> Expected:
    log.region = "ap-east-1"
    _rule(log, "EC2_IMAGE", 60)
    _delete_snapshot(log, "snap-0aaa000000000003")
    return Expected("snap-0aaa000000000003", "not known", words="no rule")


def snapshot_under_a_rule_for_some(log: Log) -> Expected:
    """Whether the snapshot had the tag, its deletion does not tell."""
    log.region = "ap-southeast-1"
    _rule(log, "EBS_SNAPSHOT", 60, [{"resourceTagKey": "keep", "resourceTagValue": "yes"}])
    _delete_snapshot(log, "snap-0aaa000000000004")
    return Expected("snap-0aaa000000000004", "not known", words="tags", told_by=0)


def snapshot_under_a_rule_that_was_deleted(log: Log) -> Expected:
    log.region = "ap-southeast-2"
    _rule(log, "EBS_SNAPSHOT", 60)
    log.call("rbin:DeleteRule", {"identifier": "ap-southeast-2-r1"})
    _delete_snapshot(log, "snap-0aaa000000000005")
    return Expected("snap-0aaa000000000005", "not known", words="no rule")


def snapshot_whose_time_in_the_bin_is_over(log: Log) -> Expected:
    log.region = "ap-southeast-3"
    _rule(log, "EBS_SNAPSHOT", 7)
    _delete_snapshot(log, "snap-0aaa000000000006")
    return Expected("snap-0aaa000000000006", "gone", "2026-03-16T10:00:00Z", words="over")


def snapshot_that_was_taken_out(log: Log) -> Expected:
    log.region = "ap-northeast-1"
    _rule(log, "EBS_SNAPSHOT", 7)
    _delete_snapshot(log, "snap-0aaa000000000007")
    log.call("ec2:RestoreSnapshotFromRecycleBin", {"snapshotId": "snap-0aaa000000000007"})
    return Expected("snap-0aaa000000000007", "restored", told_by=2)


def image_in_the_bin(log: Log) -> Expected:
    log.region = "ap-northeast-2"
    _rule(log, "EC2_IMAGE", 60)
    log.call("ec2:DeregisterImage", {"imageId": "ami-0aaa000000000001"})
    return Expected("ami-0aaa000000000001", "restorable", "2026-05-08T10:00:00Z", command="restore-image-from")


def volume_with_a_snapshot(log: Log) -> Expected:
    log.region = "eu-north-1"
    made = {"snapshotId": "snap-0bbb000000000001", "volumeId": "vol-0aaa000000000001"}
    log.call("ec2:CreateSnapshot", {"volumeId": "vol-0aaa000000000001"}, made)
    log.call("ec2:DeleteVolume", {"volumeId": "vol-0aaa000000000001"})
    return Expected("vol-0aaa000000000001", "restorable", words="snapshot", told_by=0)


def volume_whose_snapshot_was_deleted(log: Log) -> Expected:
    log.region = "eu-north-1"
    made = {"snapshotId": "snap-0bbb000000000002", "volumeId": "vol-0aaa000000000002"}
    log.call("ec2:CreateSnapshot", {"volumeId": "vol-0aaa000000000002"}, made)
    log.call("ec2:DeleteVolume", {"volumeId": "vol-0aaa000000000002"})
    _delete_snapshot(log, "snap-0bbb000000000002")
    return Expected("vol-0aaa000000000002", "not known", words="no snapshot")


def _terminate(log: Log, instance: str) -> None:
    log.call("ec2:TerminateInstances", {"instancesSet": {"items": [{"instanceId": instance}]}})


def instance_alone(log: Log) -> Expected:
    log.region = "eu-west-3"
    _terminate(log, "i-0aaa0000000000001")
    return Expected("i-0aaa0000000000001", "gone", words="terminated", command="describe-volumes")


def instance_with_an_image(log: Log) -> Expected:
    log.region = "eu-west-3"
    log.call("ec2:CreateImage", {"instanceId": "i-0aaa0000000000002"}, {"imageId": "ami-0bbb000000000001"})
    _terminate(log, "i-0aaa0000000000002")
    return Expected("i-0aaa0000000000002", "restorable", words="image", command="ami-0bbb000000000001")


def instance_whose_image_was_deregistered(log: Log) -> Expected:
    log.region = "eu-west-3"
    log.call("ec2:CreateImage", {"instanceId": "i-0aaa0000000000003"}, {"imageId": "ami-0bbb000000000002"})
    _terminate(log, "i-0aaa0000000000003")
    log.call("ec2:DeregisterImage", {"imageId": "ami-0bbb000000000002"})
    return Expected("i-0aaa0000000000003", "gone")


VAULT = "arn:aws:backup:eu-west-2:777788889999:recovery-point:{}"


def _backed_up(log: Log, file_system: str, state: str = "COMPLETED") -> str:
    arn = f"arn:aws:elasticfilesystem:eu-west-2:777788889999:file-system/{file_system}"
    point = VAULT.format(file_system)
    log.region = "eu-west-2"
    details = {"resourceArn": arn, "recoveryPointArn": point, "state": state}
    log.service("backup:BackupJobCompleted", details=details)
    log.call("elasticfilesystem:DeleteFileSystem", {"fileSystemId": file_system})
    return point


def file_system_with_a_recovery_point(log: Log) -> Expected:
    """AWS Backup tells of what it has made by itself."""
    _backed_up(log, "fs-0aaa0000000000001")
    return Expected("fs-0aaa0000000000001", "restorable", words="AWS Backup", told_by=0)


def file_system_whose_backup_failed(log: Log) -> Expected:
    _backed_up(log, "fs-0aaa0000000000002", "FAILED")
    return Expected("fs-0aaa0000000000002", "gone", words="with its files")


def file_system_whose_recovery_point_was_deleted(log: Log) -> Expected:
    point = _backed_up(log, "fs-0aaa0000000000003")
    log.call("backup:DeleteRecoveryPoint", {"backupVaultName": "v", "recoveryPointArn": point})
    return Expected("fs-0aaa0000000000003", "gone")


def address(log: Log) -> Expected:
    log.call("ec2:ReleaseAddress", {"publicIp": "192.0.2.77"})
    return Expected("192.0.2.77", "not known", words="nobody else", command="allocate-address --address 192.0.2.77")


def role_with_its_policy(log: Log) -> Expected:
    """The call that made it has its trust policy."""
    log.call("iam:CreateRole", {"roleName": "undo-role-1", "assumeRolePolicyDocument": "{}"})
    log.call("iam:DeleteRole", {"roleName": "undo-role-1"})
    return Expected("undo-role-1", "gone", words="it was made by CreateRole", command="get-role", told_by=0)


def role_that_was_changed(log: Log) -> Expected:
    """What it could do stands in other calls."""
    log.call("iam:CreateRole", {"roleName": "undo-role-4", "assumeRolePolicyDocument": "{}"})
    log.call("iam:AttachRolePolicy", {"roleName": "undo-role-4", "policyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"})
    log.call("iam:PutRolePolicy", {"roleName": "undo-role-4", "policyName": "in", "policyDocument": "{}"})
    log.call("iam:DeleteRole", {"roleName": "undo-role-4"})
    return Expected("undo-role-4", "gone", words="then changed by 2 calls, the last PutRolePolicy", told_by=0)


def policy_of_a_role(log: Log) -> Expected:
    """Inline policies of many roles have one name: the role's own counts."""
    for role in ("undo-role-5", "undo-role-6"):
        log.call("iam:PutRolePolicy", {"roleName": role, "policyName": "undo-inline-1", "policyDocument": "{}"})
    log.call("iam:DeleteRolePolicy", {"roleName": "undo-role-5", "policyName": "undo-inline-1"})
    return Expected("undo-inline-1", "gone", words="it was made by PutRolePolicy", told_by=0)


def policy_of_another_role(log: Log) -> Expected:
    log.call("iam:PutRolePolicy", {"roleName": "undo-role-7", "policyName": "undo-inline-2", "policyDocument": "{}"})
    log.call("iam:DeleteRolePolicy", {"roleName": "undo-role-8", "policyName": "undo-inline-2"})
    return Expected("undo-inline-2", "gone", words="does not show how it was made")


def role_from_before(log: Log) -> Expected:
    log.call("iam:DeleteRole", {"roleName": "undo-role-2"})
    return Expected("undo-role-2", "gone", words="does not show how it was made")


def role_made_anew(log: Log) -> Expected:
    log.call("iam:DeleteRole", {"roleName": "undo-role-3"})
    log.call("iam:CreateRole", {"roleName": "undo-role-3", "assumeRolePolicyDocument": "{}"})
    return Expected("undo-role-3", "gone", words="a new one by this name was made")


def access_key(log: Log) -> Expected:
    log.call("iam:DeleteAccessKey", {"userName": "bob", "accessKeyId": "AKIAUNDO00000EXAMPLE"})
    return Expected("AKIAUNDO00000EXAMPLE", "gone", words="never valid again")


def function(log: Log) -> Expected:
    code = {"s3Bucket": "artifacts", "s3Key": "fn/1.zip"}
    log.call("lambda:CreateFunction20150331", {"functionName": "undo-fn-1", "code": code})
    log.call("lambda:DeleteFunction20150331", {"functionName": "undo-fn-1"})
    return Expected("undo-fn-1", "gone", words="s3://artifacts/fn/1.zip", told_by=0)


def function_without_its_source(log: Log) -> Expected:
    log.call("lambda:CreateFunction20150331", {"functionName": "undo-fn-2", "code": {}})
    log.call("lambda:DeleteFunction20150331", {"functionName": "undo-fn-2"})
    return Expected("undo-fn-2", "gone", words="does not tell where its code came from")


def stack(log: Log) -> Expected:
    log.call("cloudformation:CreateStack", {"stackName": "undo-stack-1", "templateURL": "https://example.com/t"})
    log.call("cloudformation:DeleteStack", {"stackName": "undo-stack-1", "retainResources": ["Data"]})
    return Expected("undo-stack-1", "gone", words="left these resources in place: Data", told_by=0)


def stack_with_nothing_retained(log: Log) -> Expected:
    log.call("cloudformation:DeleteStack", {"stackName": "undo-stack-2"})
    return Expected("undo-stack-2", "gone", words="until 2026-06-07T09:00:00Z get-template")


def log_group(log: Log) -> Expected:
    log.call("logs:DeleteLogGroup", {"logGroupName": "/undo/group-1"})
    return Expected("/undo/group-1", "gone", words="no export", command="describe-log-groups")


def log_group_that_was_exported(log: Log) -> Expected:
    log.call("logs:CreateExportTask", {"logGroupName": "/undo/group-2", "destination": "exports"})
    log.call("logs:DeleteLogGroup", {"logGroupName": "/undo/group-2"})
    return Expected("/undo/group-2", "gone", words="exported", told_by=0)


def dns_record(log: Log) -> Expected:
    """A deletion has to name what it deletes."""
    values = {"name": "undo-1.example.com.", "type": "A", "tTL": 60, "resourceRecords": [{"value": "192.0.2.1"}]}
    change = {"changes": [{"action": "DELETE", "resourceRecordSet": values}]}
    log.call("route53:ChangeResourceRecordSets", {"hostedZoneId": "Z1UNDO", "changeBatch": change})
    return Expected("undo-1.example.com", "restorable", words="all values")


def event_data_store(log: Log) -> Expected:
    arn = "arn:aws:cloudtrail:us-east-1:777788889999:eventdatastore/00000000-0000-4000-8000-000000000001"
    log.call("cloudtrail:DeleteEventDataStore", {"eventDataStore": arn})
    log.call("cloudtrail:RestoreEventDataStore", {"eventDataStore": arn})
    return Expected(arn, "restored", told_by=1)


def something_that_no_rule_knows(log: Log) -> Expected:
    log.call("braket:DeleteQuantumThing", {"quantumThingId": "qt-0000000000000001"})
    return Expected("qt-0000000000000001", "not known", words="no rule for DeleteQuantumThing")
