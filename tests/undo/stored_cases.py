"""Objects in S3, keys and secrets, tables and databases: each thing that can be had again beside one that cannot."""

from __future__ import annotations

from tests.undo.making import Expected, Log

KEY = "arn:aws:kms:us-east-1:777788889999:key/{}"


def _versions(log: Log, bucket: str, status: str) -> None:
    log.call(
        "s3:PutBucketVersioning",
        {"bucketName": bucket, "VersioningConfiguration": {"Status": status, "xmlns": "http://s3.amazonaws.com/"}},
    )


def _delete_object(log: Log, bucket: str, key: str, response: dict[str, str] | None = None, **request: str) -> None:
    log.call("s3:DeleteObject", {"bucketName": bucket, "key": key, **request}, response, eventCategory="Data")


def object_with_marker(log: Log) -> Expected:
    """S3 answers that it left a delete marker."""
    _delete_object(log, "undo-marker-1", "a.csv", {"x-amz-delete-marker": "true", "x-amz-version-id": "m1"})
    return Expected("undo-marker-1/a.csv", "restorable", words="delete marker", command="list-object-versions")


def object_of_a_bucket_with_versions(log: Log) -> Expected:
    """The bucket was told to keep versions before."""
    _versions(log, "undo-versions-1", "Enabled")
    _delete_object(log, "undo-versions-1", "a.csv")
    return Expected("undo-versions-1/a.csv", "restorable", words="PutBucketVersioning", told_by=0)


def object_of_a_bucket_with_versions_too_late(log: Log) -> Expected:
    """Versions that are kept from later on do not help."""
    _delete_object(log, "undo-versions-2", "a.csv")
    _versions(log, "undo-versions-2", "Enabled")
    return Expected("undo-versions-2/a.csv", "not known", words="does not tell", command="--prefix a.csv")


def object_of_a_bucket_that_stopped(log: Log) -> Expected:
    """Versions were suspended last."""
    _versions(log, "undo-versions-3", "Enabled")
    _versions(log, "undo-versions-3", "Suspended")
    _delete_object(log, "undo-versions-3", "a.csv")
    return Expected("undo-versions-3/a.csv", "not known", words="had stopped", told_by=1)


def object_version(log: Log) -> Expected:
    """One version was deleted for good."""
    _versions(log, "undo-versions-4", "Enabled")
    _delete_object(log, "undo-versions-4", "a.csv", versionId="v7")
    return Expected("undo-versions-4/a.csv", "gone", words="for good")


def _lifecycle(log: Log, bucket: str, days: int, status: str = "Enabled") -> None:
    rule = {"ID": "old", "Status": status, "NoncurrentVersionExpiration": {"NoncurrentDays": days}, "Prefix": ""}
    log.call("s3:PutBucketLifecycle", {"bucketName": bucket, "LifecycleConfiguration": {"Rule": rule}})


def object_whose_versions_will_expire(log: Log) -> Expected:
    """A rule deletes old versions; without a word in the log."""
    _versions(log, "undo-expires-1", "Enabled")
    _lifecycle(log, "undo-expires-1", 30)
    _delete_object(log, "undo-expires-1", "a.csv")
    return Expected("undo-expires-1/a.csv", "restorable", "2026-04-08T11:00:00Z", words="30 days")


def object_whose_versions_have_expired(log: Log) -> Expected:
    _versions(log, "undo-expires-2", "Enabled")
    _lifecycle(log, "undo-expires-2", 7)
    _delete_object(log, "undo-expires-2", "a.csv")
    return Expected("undo-expires-2/a.csv", "not known", "2026-03-16T11:00:00Z", words="does not log")


def object_under_a_rule_that_is_off(log: Log) -> Expected:
    _versions(log, "undo-expires-3", "Enabled")
    _lifecycle(log, "undo-expires-3", 7, "Disabled")
    _delete_object(log, "undo-expires-3", "a.csv")
    return Expected("undo-expires-3/a.csv", "restorable")


def object_in_a_bucket_that_was_deleted(log: Log) -> Expected:
    """A bucket that was deleted had no version left."""
    _versions(log, "undo-emptied-1", "Enabled")
    _delete_object(log, "undo-emptied-1", "a.csv")
    log.call("s3:DeleteBucket", {"bucketName": "undo-emptied-1"})
    return Expected("undo-emptied-1/a.csv", "gone", words="bucket itself", told_by=2)


def object_in_a_bucket_that_could_not_be_deleted(log: Log) -> Expected:
    _versions(log, "undo-emptied-2", "Enabled")
    _delete_object(log, "undo-emptied-2", "a.csv")
    log.call("s3:DeleteBucket", {"bucketName": "undo-emptied-2"}, error=("BucketNotEmpty", "it is not empty"))
    return Expected("undo-emptied-2/a.csv", "restorable", told_by=0)


def object_in_a_bucket_that_was_deleted_in_that_second(log: Log) -> Expected:
    """There is no object in a bucket that is gone: the deletion of the object came first."""
    _delete_object(log, "undo-emptied-3", "a.csv")
    log.call("s3:DeleteBucket", {"bucketName": "undo-emptied-3"})
    log.records[1]["eventTime"] = log.records[0]["eventTime"]
    return Expected("undo-emptied-3/a.csv", "gone", words="bucket itself", told_by=1)


def object_that_was_restored_before_its_bucket_was_deleted(log: Log) -> Expected:
    _delete_object(log, "undo-emptied-5", "a.csv", {"x-amz-delete-marker": "true", "x-amz-version-id": "m1"})
    _delete_object(log, "undo-emptied-5", "a.csv", {"x-amz-delete-marker": "true"}, versionId="m1")
    log.call("s3:DeleteBucket", {"bucketName": "undo-emptied-5"})
    return Expected("undo-emptied-5/a.csv", "gone", words="but the bucket itself", told_by=2)


def object_whose_marker_was_deleted(log: Log) -> Expected:
    """Who deletes the marker brings the object back."""
    _delete_object(log, "undo-lifted-1", "a.csv", {"x-amz-delete-marker": "true", "x-amz-version-id": "m1"})
    _delete_object(log, "undo-lifted-1", "a.csv", {"x-amz-delete-marker": "true"}, versionId="m1")
    return Expected("undo-lifted-1/a.csv", "restored", words="delete marker", told_by=1)


def object_of_which_another_version_was_deleted(log: Log) -> Expected:
    """Whoever deletes for good deletes version by version: what is left then, the log does not tell."""
    _delete_object(log, "undo-lifted-2", "a.csv", {"x-amz-delete-marker": "true", "x-amz-version-id": "m1"})
    _delete_object(log, "undo-lifted-2", "a.csv", versionId="v3")
    return Expected("undo-lifted-2/a.csv", "not known", words="may have been the last", told_by=1)


def object_of_which_a_version_was_deleted_before(log: Log) -> Expected:
    """What was cleaned up before, or of another object, is no matter."""
    _delete_object(log, "undo-lifted-3", "b.csv", versionId="v3")
    _versions(log, "undo-lifted-3", "Enabled")
    _delete_object(log, "undo-lifted-3", "a.csv")
    _delete_object(log, "undo-lifted-3", "c.csv", versionId="v4")
    log.records.append(log.records.pop(0))  # rows are told by the first record that is one
    return Expected("undo-lifted-3/a.csv", "restorable", told_by=0)


def object_of_a_bucket_of_the_log(log: Log) -> Expected:
    """The log has all of the bucket's life, and nothing that made it keep versions; still that is not proof."""
    log.call("s3:CreateBucket", {"bucketName": "undo-made-1"})
    _delete_object(log, "undo-made-1", "a.csv")
    return Expected("undo-made-1/a.csv", "not known", words="since CreateBucket")


def object_uploaded_again(log: Log) -> Expected:
    """What was uploaded under its key may be anything."""
    _delete_object(log, "undo-again-1", "a.csv")
    log.call("s3:PutObject", {"bucketName": "undo-again-1", "key": "a.csv"}, eventCategory="Data")
    return Expected("undo-again-1/a.csv", "not known", words="uploaded under that key again")


def bucket(log: Log) -> Expected:
    log.call("s3:DeleteBucket", {"bucketName": "undo-bucket-1"})
    return Expected("undo-bucket-1", "gone", words="must be empty", command="head-bucket")


def bucket_that_could_not_be_deleted(log: Log) -> Expected:
    """Nothing was deleted, so there is nothing to undo."""
    log.call("s3:DeleteBucket", {"bucketName": "undo-bucket-2"}, error=("BucketNotEmpty", "it is not empty"))
    return Expected("undo-bucket-2", None)


def bucket_that_was_replicated(log: Log) -> Expected:
    log.call("s3:PutBucketReplication", {"bucketName": "undo-bucket-3", "ReplicationConfiguration": {"Rule": {}}})
    log.call("s3:DeleteBucket", {"bucketName": "undo-bucket-3"})
    return Expected("undo-bucket-3", "gone", words="replicated", told_by=0)


def _schedule(log: Log, key: str, days: int, date: str | None = None) -> str:
    arn = KEY.format(key)
    answer = {"keyId": arn, "keyState": "PendingDeletion"} | ({"deletionDate": date} if date else {})
    log.call("kms:ScheduleKeyDeletion", {"keyId": arn, "pendingWindowInDays": days}, answer)
    return arn


def key_that_waits(log: Log) -> Expected:
    """The answer names the day."""
    arn = _schedule(log, "11111111-0000-4000-8000-000000000001", 30, "Apr 8, 2026, 9:00:00 AM")
    return Expected(arn, "restorable", "2026-04-08T09:00:00Z", command=f"cancel-key-deletion --key-id {arn}")


def key_without_a_date(log: Log) -> Expected:
    """Without one it is reckoned from the period that was asked for."""
    arn = _schedule(log, "11111111-0000-4000-8000-000000000002", 29)
    return Expected(arn, "restorable", "2026-04-07T09:00:00Z")


def key_whose_time_is_over(log: Log) -> Expected:
    """Neither its end nor its rescue is in the log, so neither is claimed."""
    arn = _schedule(log, "11111111-0000-4000-8000-000000000003", 7)
    return Expected(arn, "not known", "2026-03-16T09:00:00Z", words="over", command="describe-key")


def key_that_was_kept(log: Log) -> Expected:
    arn = _schedule(log, "11111111-0000-4000-8000-000000000004", 7)
    log.call("kms:CancelKeyDeletion", {"keyId": arn}, {"keyId": arn})
    return Expected(arn, "restored", words="disabled until EnableKey", told_by=1)


def key_that_was_kept_and_enabled(log: Log) -> Expected:
    arn = _schedule(log, "11111111-0000-4000-8000-000000000005", 7)
    log.call("kms:CancelKeyDeletion", {"keyId": arn}, {"keyId": arn}).call("kms:EnableKey", {"keyId": arn})
    return Expected(arn, "restored", told_by=1)


def key_of_which_another_was_kept(log: Log) -> Expected:
    """Another key's rescue is not this one's."""
    arn = _schedule(log, "11111111-0000-4000-8000-000000000006", 30)
    other = KEY.format("11111111-0000-4000-8000-000000000099")
    log.call("kms:CancelKeyDeletion", {"keyId": other}, {"keyId": other})
    return Expected(arn, "restorable", "2026-04-08T09:00:00Z")


def key_that_is_gone(log: Log) -> Expected:
    """KMS tells of the end itself."""
    arn = _schedule(log, "11111111-0000-4000-8000-000000000007", 7)
    target = [{"accountId": "777788889999", "type": "AWS::KMS::Key", "ARN": arn}]
    log.service("kms:DeleteKey", details={"keyId": arn}, resources=target)
    return Expected(arn, "gone", "2026-03-16T09:00:00Z", words="DeleteKey", told_by=1)


def _secret(log: Log, name: str, **request: object) -> str:
    arn = f"arn:aws:secretsmanager:us-east-1:777788889999:secret:{name}-AbCdEf"
    log.call("secretsmanager:DeleteSecret", {"secretId": name, **request}, {"aRN": arn, "name": name})
    return arn


def secret_in_its_window(log: Log) -> Expected:
    _secret(log, "undo/secret-1")
    return Expected("undo/secret-1", "restorable", "2026-04-08T09:00:00Z", command="restore-secret")


def secret_by_force(log: Log) -> Expected:
    _secret(log, "undo/secret-2", forceDeleteWithoutRecovery=True)
    return Expected("undo/secret-2", "gone", words="without a recovery window", command="describe-secret")


def secret_that_was_restored(log: Log) -> Expected:
    arn = _secret(log, "undo/secret-3", recoveryWindowInDays=7)
    log.call("secretsmanager:RestoreSecret", {"secretId": arn}, {"aRN": arn})
    return Expected("undo/secret-3", "restored", told_by=1)


def table_with_recovery(log: Log) -> Expected:
    """AWS keeps a backup of such a table for 35 days."""
    _recovery(log, "undo-table-1", True)
    log.call("dynamodb:DeleteTable", {"tableName": "undo-table-1"})
    return Expected("undo-table-1", "restorable", "2026-04-13T10:00:00Z", words="point in time", told_by=0)


def table_without_recovery(log: Log) -> Expected:
    _recovery(log, "undo-table-2", True)
    _recovery(log, "undo-table-2", False)
    log.call("dynamodb:DeleteTable", {"tableName": "undo-table-2"})
    return Expected("undo-table-2", "not known", words="was off", command="list-backups")


def table_of_another_region(log: Log) -> Expected:
    """A table of that name elsewhere is another table."""
    _recovery(log, "undo-table-3", True)
    log.region = "eu-west-1"
    log.call("dynamodb:DeleteTable", {"tableName": "undo-table-3"})
    return Expected("undo-table-3", "not known", words="neither a backup")


def _recovery(log: Log, table: str, on: bool) -> None:
    how = {"pointInTimeRecoveryEnabled": on}
    log.call("dynamodb:UpdateContinuousBackups", {"tableName": table, "pointInTimeRecoverySpecification": how})


def _backup(log: Log, table: str) -> str:
    arn = f"arn:aws:dynamodb:us-east-1:777788889999:table/{table}/backup/01-{table}"
    log.call("dynamodb:CreateBackup", {"tableName": table, "backupName": "b"}, {"backupDetails": {"backupArn": arn}})
    return arn


def table_with_backup(log: Log) -> Expected:
    arn = _backup(log, "undo-table-4")
    log.call("dynamodb:DeleteTable", {"tableName": "undo-table-4"})
    return Expected("undo-table-4", "restorable", command=f"--backup-arn {arn}", told_by=0)


def table_whose_backup_was_deleted(log: Log) -> Expected:
    arn = _backup(log, "undo-table-5")
    log.call("dynamodb:DeleteTable", {"tableName": "undo-table-5"}).call("dynamodb:DeleteBackup", {"backupArn": arn})
    return Expected("undo-table-5", "not known")


def table_that_was_restored(log: Log) -> Expected:
    arn = _backup(log, "undo-table-6")
    log.call("dynamodb:DeleteTable", {"tableName": "undo-table-6"})
    log.call("dynamodb:RestoreTableFromBackup", {"targetTableName": "undo-table-new", "backupArn": arn})
    return Expected("undo-table-6", "restored", told_by=2)


def _database(log: Log, name: str, response: dict[str, object] | None = None, **request: object) -> None:
    log.call("rds:DeleteDBInstance", {"dBInstanceIdentifier": name, **request}, response)


def database_with_final_snapshot(log: Log) -> Expected:
    _database(log, "undo-db-1", skipFinalSnapshot=False, finalDBSnapshotIdentifier="undo-db-1-final")
    return Expected("undo-db-1", "restorable", command="--db-snapshot-identifier undo-db-1-final")


def database_whose_final_snapshot_was_deleted(log: Log) -> Expected:
    _database(log, "undo-db-2", skipFinalSnapshot=False, finalDBSnapshotIdentifier="undo-db-2-final")
    log.call("rds:DeleteDBSnapshot", {"dBSnapshotIdentifier": "undo-db-2-final"})
    return Expected("undo-db-2", "not known", words="deleted, too", command="describe-db-snapshots")


def database_without_final_snapshot(log: Log) -> Expected:
    _database(log, "undo-db-3", skipFinalSnapshot=True)
    return Expected("undo-db-3", "not known", words="no final snapshot")


def database_with_an_earlier_snapshot(log: Log) -> Expected:
    log.call("rds:CreateDBSnapshot", {"dBInstanceIdentifier": "undo-db-4", "dBSnapshotIdentifier": "undo-db-4-may"})
    _database(log, "undo-db-4", skipFinalSnapshot=True)
    return Expected("undo-db-4", "restorable", words="undo-db-4-may")


def database_with_automated_backups(log: Log) -> Expected:
    _database(log, "undo-db-5", {"backupRetentionPeriod": 35}, skipFinalSnapshot=True, deleteAutomatedBackups=False)
    return Expected("undo-db-5", "restorable", "2026-04-13T09:00:00Z", words="automated backups")


def database_that_was_restored(log: Log) -> Expected:
    _database(log, "undo-db-6", skipFinalSnapshot=False, finalDBSnapshotIdentifier="undo-db-6-final")
    new = {"dBInstanceIdentifier": "undo-db-new", "dBSnapshotIdentifier": "undo-db-6-final"}
    log.call("rds:RestoreDBInstanceFromDBSnapshot", new)
    return Expected("undo-db-6", "restored", told_by=1)


def member_of_a_cluster(log: Log) -> Expected:
    _database(log, "undo-db-7", {"dBClusterIdentifier": "undo-aurora"}, skipFinalSnapshot=True)
    return Expected("undo-db-7", "restorable", words="undo-aurora")


def cluster_with_final_snapshot(log: Log) -> Expected:
    request = {"dBClusterIdentifier": "undo-cl-1", "finalDBSnapshotIdentifier": "undo-cl-1-final"}
    log.call("rds:DeleteDBCluster", request)
    return Expected("undo-cl-1", "restorable", command="--snapshot-identifier undo-cl-1-final")


def snapshot_of_a_database(log: Log) -> Expected:
    log.call("rds:DeleteDBSnapshot", {"dBSnapshotIdentifier": "undo-db-snap-1"})
    return Expected("undo-db-snap-1", "gone", words="no copy")


def snapshot_of_a_database_that_was_copied(log: Log) -> Expected:
    copy = {"sourceDBSnapshotIdentifier": "undo-db-snap-2", "targetDBSnapshotIdentifier": "undo-db-snap-copy"}
    log.call("rds:CopyDBSnapshot", copy).call("rds:DeleteDBSnapshot", {"dBSnapshotIdentifier": "undo-db-snap-2"})
    return Expected("undo-db-snap-2", "not known", words="copied", told_by=0)
