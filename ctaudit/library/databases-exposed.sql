-- title: Databases opened, unlocked or exported
-- answers: Who made a database public, set its password, took off its protection or exported it to a bucket?
-- technique: T1562.007, T1098, T1537
-- returns: eventtime, eventname, what, how, principal, errorcode, sourceipaddress, account, region, eventid

SELECT eventtime,
       eventname,
       coalesce(json_extract_scalar(requestparameters, '$.dBInstanceIdentifier'),
                json_extract_scalar(requestparameters, '$.dBClusterIdentifier'),
                json_extract_scalar(requestparameters, '$.clusterIdentifier'),
                json_extract_scalar(requestparameters, '$.sourceArn')) AS what,
       CASE WHEN eventname = 'StartExportTask' THEN 'exported'
            WHEN json_extract_scalar(requestparameters, '$.publiclyAccessible') = 'true' THEN 'made public'
            WHEN strpos(requestparameters, '"masterUserPassword"') > 0 THEN 'password set'
            ELSE 'deletion protection off' END AS how,
       coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid) AS principal,
       errorcode,
       sourceipaddress,
       recipientaccountid AS account,
       awsregion AS region,
       eventid
FROM cloudtrail_logs
WHERE eventsource IN ('rds.amazonaws.com', 'redshift.amazonaws.com')
  AND (eventname = 'StartExportTask'
       OR json_extract_scalar(requestparameters, '$.publiclyAccessible') = 'true'
       OR (regexp_like(eventname, '^Modify') AND strpos(requestparameters, '"masterUserPassword"') > 0)
       OR (regexp_like(eventname, '^Modify')
           AND json_extract_scalar(requestparameters, '$.deletionProtection') = 'false'))
ORDER BY eventtime, eventid
