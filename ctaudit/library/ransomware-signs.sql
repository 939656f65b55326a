-- title: Signs of data held to ransom
-- answers: Who wrote objects with a key of their own (SSE-C), let buckets expire, or threw away versions, keys or locks?
-- technique: T1486, T1485.001, T1490
-- needs: data events of S3 for objects that were written anew
-- returns: sign, eventname, what, principal, times, failed, first_seen, last_seen, addresses

WITH signs AS (
  SELECT CASE
           WHEN eventname IN ('PutObject', 'CopyObject', 'CreateMultipartUpload') THEN 'encrypted with a foreign key'
           WHEN regexp_like(eventname, '^PutBucketLifecycle') THEN 'expiry by a lifecycle rule'
           WHEN eventsource = 'kms.amazonaws.com' THEN 'key taken away'
           ELSE 'protection taken away' END AS sign,
         eventname,
         coalesce(json_extract_scalar(requestparameters, '$.bucketName'),
                  json_extract_scalar(requestparameters, '$.keyId')) AS what,
         coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid) AS principal,
         errorcode,
         eventtime,
         sourceipaddress
  FROM cloudtrail_logs
  WHERE (eventsource = 's3.amazonaws.com'
         AND ((eventname IN ('PutObject', 'CopyObject', 'CreateMultipartUpload')
               AND (strpos(requestparameters, 'x-amz-server-side-encryption-customer-algorithm') > 0
                    OR json_extract_scalar(additionaleventdata, '$.SSEApplied') = 'SSE_C'))
              OR (regexp_like(eventname, '^PutBucketLifecycle')
                  AND regexp_like(requestparameters, '"(Expiration|NoncurrentVersionExpiration)"'))
              OR (eventname = 'PutBucketVersioning'
                  AND json_extract_scalar(requestparameters, '$.VersioningConfiguration.Status') = 'Suspended')
              OR eventname = 'PutBucketObjectLockConfiguration'))
     OR (eventsource = 'kms.amazonaws.com'
         AND eventname IN ('ScheduleKeyDeletion', 'DeleteImportedKeyMaterial', 'DisableKey'))
)
SELECT sign, eventname, what, principal,
       count(*) AS times,
       count_if(errorcode IS NOT NULL) AS failed,
       min(eventtime) AS first_seen,
       max(eventtime) AS last_seen,
       array_join(array_agg(DISTINCT sourceipaddress ORDER BY sourceipaddress), ', ') AS addresses
FROM signs
GROUP BY sign, eventname, what, principal
ORDER BY first_seen, sign, what
