-- title: Protection taken off buckets
-- answers: Who removed or weakened versions, locks, encryption, public access blocks, replication or logging of a bucket?
-- technique: T1562.001, T1490
-- returns: eventtime, eventname, bucket, what, principal, errorcode, sourceipaddress, account, region, eventid

SELECT eventtime,
       eventname,
       json_extract_scalar(requestparameters, '$.bucketName') AS bucket,
       CASE WHEN eventname = 'PutBucketVersioning'
            THEN json_extract_scalar(requestparameters, '$.VersioningConfiguration.Status')
            WHEN regexp_like(eventname, 'PublicAccessBlock$')
            THEN coalesce(json_format(json_extract(requestparameters, '$.PublicAccessBlockConfiguration')), 'removed')
            ELSE 'removed' END AS what,
       coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid) AS principal,
       errorcode,
       sourceipaddress,
       recipientaccountid AS account,
       awsregion AS region,
       eventid
FROM cloudtrail_logs
WHERE eventsource = 's3.amazonaws.com'
  AND (eventname IN ('DeleteBucketPolicy', 'DeleteBucketEncryption', 'DeleteBucketReplication',
                     'DeleteBucketPublicAccessBlock', 'DeleteAccountPublicAccessBlock', 'DeleteBucketOwnershipControls')
       OR (eventname = 'PutBucketVersioning'
           AND json_extract_scalar(requestparameters, '$.VersioningConfiguration.Status') = 'Suspended')
       OR (eventname IN ('PutBucketPublicAccessBlock', 'PutAccountPublicAccessBlock')
           AND strpos(requestparameters, 'false') > 0)
       OR (eventname = 'PutBucketLogging' AND strpos(requestparameters, '"LoggingEnabled"') = 0))
ORDER BY eventtime, eventid
