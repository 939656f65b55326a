-- title: Backups and snapshots deleted
-- answers: Who deleted what would have brought data back, or a database without a last snapshot?
-- technique: T1490, T1485
-- returns: eventtime, service, eventname, what, principal, errorcode, sourceipaddress, account, region, eventid

SELECT eventtime,
       split_part(eventsource, '.', 1) AS service,
       eventname,
       coalesce(json_extract_scalar(requestparameters, '$.snapshotId'),
                json_extract_scalar(requestparameters, '$.imageId'),
                json_extract_scalar(requestparameters, '$.dBSnapshotIdentifier'),
                json_extract_scalar(requestparameters, '$.dBClusterSnapshotIdentifier'),
                json_extract_scalar(requestparameters, '$.dBInstanceIdentifier'),
                json_extract_scalar(requestparameters, '$.dBClusterIdentifier'),
                json_extract_scalar(requestparameters, '$.recoveryPointArn'),
                json_extract_scalar(requestparameters, '$.backupVaultName'),
                json_extract_scalar(requestparameters, '$.backupPlanId'),
                json_extract_scalar(requestparameters, '$.backupArn'),
                json_extract_scalar(requestparameters, '$.backupId')) AS what,
       coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid) AS principal,
       errorcode,
       sourceipaddress,
       recipientaccountid AS account,
       awsregion AS region,
       eventid
FROM cloudtrail_logs
WHERE eventname IN ('DeleteSnapshot', 'DeregisterImage', 'DeleteDBSnapshot', 'DeleteDBClusterSnapshot',
                    'DeleteDBInstanceAutomatedBackup', 'DeleteDBClusterAutomatedBackup', 'DeleteRecoveryPoint',
                    'DeleteBackupVault', 'DeleteBackupPlan', 'DeleteBackupSelection', 'DeleteBackup',
                    'DeleteBackupVaultLockConfiguration', 'DeleteClusterSnapshot', 'DeleteLifecyclePolicy')
   OR (eventname IN ('DeleteDBInstance', 'DeleteDBCluster')
       AND json_extract_scalar(requestparameters, '$.skipFinalSnapshot') = 'true')
   OR (eventname IN ('ModifyDBInstance', 'ModifyDBCluster')
       AND json_extract_scalar(requestparameters, '$.backupRetentionPeriod') = '0')
ORDER BY eventtime, eventid
