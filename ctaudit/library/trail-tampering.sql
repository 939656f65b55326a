-- title: What was done to trails and event data stores
-- answers: Who stopped, deleted or narrowed the logging of CloudTrail, or tried to?
-- technique: T1562.008
-- returns: eventtime, eventname, principal, target, errorcode, sourceipaddress, account, region, eventid

SELECT eventtime,
       eventname,
       coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid) AS principal,
       coalesce(json_extract_scalar(requestparameters, '$.name'),
                json_extract_scalar(requestparameters, '$.trailName'),
                json_extract_scalar(requestparameters, '$.eventDataStore'),
                json_extract_scalar(requestparameters, '$.channel')) AS target,
       errorcode,
       sourceipaddress,
       recipientaccountid AS account,
       awsregion AS region,
       eventid
FROM cloudtrail_logs
WHERE eventsource = 'cloudtrail.amazonaws.com'
  AND eventname IN ('StopLogging', 'DeleteTrail', 'UpdateTrail', 'PutEventSelectors', 'PutInsightSelectors',
                    'StopEventDataStoreIngestion', 'DeleteEventDataStore', 'UpdateEventDataStore', 'DeleteChannel',
                    'DisableFederation', 'DeleteResourcePolicy', 'DeregisterOrganizationDelegatedAdmin')
ORDER BY eventtime, eventid
