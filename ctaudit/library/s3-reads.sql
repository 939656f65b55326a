-- title: Who read how much of which bucket
-- answers: Which principals fetched objects, how many, how many bytes, and from where?
-- technique: T1530
-- needs: data events of S3
-- returns: bucket, principal, sourceipaddress, objects, bytes_out, failed, first_seen, last_seen

SELECT json_extract_scalar(requestparameters, '$.bucketName') AS bucket,
       coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid) AS principal,
       sourceipaddress,
       count_if(errorcode IS NULL) AS objects,
       sum(TRY_CAST(TRY_CAST(json_extract_scalar(additionaleventdata, '$.bytesTransferredOut') AS double) AS bigint)) AS bytes_out,
       count_if(errorcode IS NOT NULL) AS failed,
       min(eventtime) AS first_seen,
       max(eventtime) AS last_seen
FROM cloudtrail_logs
WHERE eventsource = 's3.amazonaws.com'
  AND eventname IN ('GetObject', 'SelectObjectContent')
GROUP BY json_extract_scalar(requestparameters, '$.bucketName'),
         coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid),
         sourceipaddress
ORDER BY bytes_out DESC NULLS LAST, objects DESC, bucket, principal, sourceipaddress
