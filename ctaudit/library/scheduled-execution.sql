-- title: What was set up to run by itself
-- answers: Who made a rule, schedule or trigger that runs something later, again and again, or on an event?
-- technique: T1546, T1053
-- returns: eventtime, service, eventname, name, targets, principal, errorcode, sourceipaddress, account, region, eventid

SELECT eventtime,
       split_part(eventsource, '.', 1) AS service,
       eventname,
       coalesce(json_extract_scalar(requestparameters, '$.name'),
                json_extract_scalar(requestparameters, '$.rule'),
                json_extract_scalar(requestparameters, '$.functionName'),
                json_extract_scalar(requestparameters, '$.bucketName')) AS name,
       json_format(coalesce(json_extract(requestparameters, '$.targets'), json_extract(requestparameters, '$.target')))
         AS targets,
       coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid) AS principal,
       errorcode,
       sourceipaddress,
       recipientaccountid AS account,
       awsregion AS region,
       eventid
FROM cloudtrail_logs
WHERE (eventsource = 'events.amazonaws.com' AND eventname IN ('PutRule', 'PutTargets', 'EnableRule'))
   OR (eventsource = 'scheduler.amazonaws.com' AND eventname IN ('CreateSchedule', 'UpdateSchedule'))
   OR (eventsource = 'lambda.amazonaws.com'
       AND regexp_like(eventname, '^(Create|Update)EventSourceMapping'))
   OR (eventsource = 's3.amazonaws.com' AND regexp_like(eventname, '^PutBucketNotification'))
   OR (eventsource = 'states.amazonaws.com' AND eventname IN ('CreateStateMachine', 'UpdateStateMachine'))
ORDER BY eventtime, eventid
