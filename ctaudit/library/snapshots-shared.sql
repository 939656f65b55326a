-- title: Snapshots, images and databases given to other accounts
-- answers: Who shared a snapshot or an image with another account or with everybody, or what did such an account copy?
-- technique: T1537
-- returns: eventtime, eventname, what, shared_with, principal, errorcode, sourceipaddress, account, region, eventid

SELECT eventtime,
       eventname,
       coalesce(json_extract_scalar(requestparameters, '$.snapshotId'),
                json_extract_scalar(requestparameters, '$.imageId'),
                json_extract_scalar(requestparameters, '$.dBSnapshotIdentifier'),
                json_extract_scalar(requestparameters, '$.dBClusterSnapshotIdentifier'),
                json_extract_scalar(serviceeventdetails, '$.snapshotId')) AS what,
       coalesce(array_join(regexp_extract_all(requestparameters, '"userId"\s*:\s*"(\d{12})"', 1), ', '), '')
         || CASE WHEN regexp_like(requestparameters, '"group"\s*:\s*"all"') THEN 'everybody' ELSE '' END
         || coalesce(array_join(TRY_CAST(json_extract(requestparameters, '$.valuesToAdd') AS array(varchar)), ', '), '')
         AS shared_with,
       coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid) AS principal,
       errorcode,
       sourceipaddress,
       recipientaccountid AS account,
       awsregion AS region,
       eventid
FROM cloudtrail_logs
WHERE (eventname IN ('ModifySnapshotAttribute', 'ModifyImageAttribute', 'ModifyFpgaImageAttribute')
       AND strpos(requestparameters, '"add"') > 0)
   OR (eventname IN ('ModifyDBSnapshotAttribute', 'ModifyDBClusterSnapshotAttribute')
       AND strpos(requestparameters, '"valuesToAdd"') > 0)
   OR eventname IN ('SharedSnapshotCopyInitiated', 'SharedSnapshotVolumeCreated', 'ModifySnapshotTier')
ORDER BY eventtime, eventid
