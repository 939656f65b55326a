-- title: Buckets and objects opened to everybody
-- answers: Which policy or access list gave everybody, or every AWS user, a right, and who wrote it?
-- technique: T1530, T1562.001
-- returns: eventtime, eventname, bucket, object, to_whom, has_condition, principal, errorcode, sourceipaddress, account, eventid

SELECT eventtime,
       eventname,
       json_extract_scalar(requestparameters, '$.bucketName') AS bucket,
       json_extract_scalar(requestparameters, '$.key') AS object,
       CASE WHEN strpos(requestparameters, 'AuthenticatedUsers') > 0
                 OR strpos(requestparameters, 'authenticated-read') > 0 THEN 'every AWS user'
            ELSE 'everybody' END AS to_whom,
       strpos(requestparameters, '"Condition"') > 0 AS has_condition,
       coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid) AS principal,
       errorcode,
       sourceipaddress,
       recipientaccountid AS account,
       eventid
FROM cloudtrail_logs
WHERE eventsource = 's3.amazonaws.com'
  AND ((eventname IN ('PutBucketAcl', 'PutObjectAcl', 'CreateBucket', 'PutObject', 'CopyObject')
        AND regexp_like(requestparameters, 'groups/global/A|"public-read|"authenticated-read"'))
       OR (eventname IN ('PutBucketPolicy', 'PutAccessPointPolicy')
           AND regexp_like(requestparameters, '"Effect"\s*:\s*"Allow"')
           AND regexp_like(requestparameters, '"Principal"\s*:\s*("\*"|\{\s*"AWS"\s*:\s*(\[[^\]]*)?"\*")')))
ORDER BY eventtime, eventid
