-- title: Limits asked about and raised
-- answers: Who looked at service quotas or asked for more?
-- technique: T1578.005, T1526
-- returns: eventtime, eventname, of_service, quota, wanted, principal, errorcode, sourceipaddress, account, region, eventid

SELECT eventtime,
       eventname,
       json_extract_scalar(requestparameters, '$.serviceCode') AS of_service,
       json_extract_scalar(requestparameters, '$.quotaCode') AS quota,
       json_extract_scalar(requestparameters, '$.desiredValue') AS wanted,
       coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid) AS principal,
       errorcode,
       sourceipaddress,
       recipientaccountid AS account,
       awsregion AS region,
       eventid
FROM cloudtrail_logs
WHERE eventsource = 'servicequotas.amazonaws.com'
ORDER BY eventtime, eventid
