-- title: What one access key did, in order
-- answers: Which calls were made with this access key, and who made the key?
-- technique: T1552, T1098.001
-- param key key: the access key's id
-- returns: eventtime, how, eventname, service, principal, sourceipaddress, useragent, errorcode, account, region, eventid

SELECT eventtime,
       CASE WHEN useridentity.accesskeyid = '{{key}}' THEN 'used' ELSE 'named' END AS how,
       eventname,
       split_part(eventsource, '.', 1) AS service,
       coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid) AS principal,
       sourceipaddress,
       useragent,
       errorcode,
       recipientaccountid AS account,
       awsregion AS region,
       eventid
FROM cloudtrail_logs
WHERE useridentity.accesskeyid = '{{key}}'
   OR json_extract_scalar(requestparameters, '$.accessKeyId') = '{{key}}'
   OR json_extract_scalar(responseelements, '$.accessKey.accessKeyId') = '{{key}}'
   OR json_extract_scalar(responseelements, '$.credentials.accessKeyId') = '{{key}}'
ORDER BY eventtime, eventid
