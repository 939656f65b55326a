-- title: Deletions of objects and buckets
-- answers: Who deleted how many objects of which bucket, and which buckets?
-- technique: T1485
-- needs: data events of S3 for objects (deletions of buckets are management events)
-- returns: bucket, eventname, principal, deleted, failed, sourceipaddress, first_seen, last_seen

SELECT json_extract_scalar(requestparameters, '$.bucketName') AS bucket,
       eventname,
       coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid) AS principal,
       count_if(errorcode IS NULL) AS deleted,
       count_if(errorcode IS NOT NULL) AS failed,
       sourceipaddress,
       min(eventtime) AS first_seen,
       max(eventtime) AS last_seen
FROM cloudtrail_logs
WHERE eventsource = 's3.amazonaws.com'
  AND eventname IN ('DeleteObject', 'DeleteObjects', 'DeleteBucket')
GROUP BY json_extract_scalar(requestparameters, '$.bucketName'), eventname,
         coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid), sourceipaddress
ORDER BY first_seen, bucket, eventname
