-- title: Changes of buckets' policies and access lists
-- answers: Who changed who may do what with a bucket, and which foreign accounts does the policy name?
-- technique: T1098, T1530
-- returns: eventtime, eventname, bucket, accounts_named, principal, errorcode, sourceipaddress, account, eventid

SELECT eventtime,
       eventname,
       json_extract_scalar(requestparameters, '$.bucketName') AS bucket,
       array_join(array_distinct(regexp_extract_all(requestparameters, 'arn:aws[a-z-]*:(?:iam|sts)::(\d{12}):', 1)), ', ')
         AS accounts_named,
       coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid) AS principal,
       errorcode,
       sourceipaddress,
       recipientaccountid AS account,
       eventid
FROM cloudtrail_logs
WHERE eventsource = 's3.amazonaws.com'
  AND eventname IN ('PutBucketPolicy', 'DeleteBucketPolicy', 'PutBucketAcl', 'PutBucketCors', 'DeleteBucketCors',
                    'PutBucketReplication', 'PutAccessPointPolicy', 'PutBucketOwnershipControls', 'PutBucketWebsite')
ORDER BY eventtime, eventid
