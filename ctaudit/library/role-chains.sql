-- title: Roles that were assumed from roles
-- answers: Which session of a role went on into another role?
-- technique: T1550.001, T1548.005
-- returns: eventtime, from_session, to_role, session_name, new_key, errorcode, sourceipaddress, account, eventid

SELECT eventtime,
       useridentity.arn AS from_session,
       json_extract_scalar(requestparameters, '$.roleArn') AS to_role,
       json_extract_scalar(requestparameters, '$.roleSessionName') AS session_name,
       json_extract_scalar(responseelements, '$.credentials.accessKeyId') AS new_key,
       errorcode,
       sourceipaddress,
       recipientaccountid AS account,
       eventid
FROM cloudtrail_logs
WHERE eventsource = 'sts.amazonaws.com'
  AND eventname = 'AssumeRole'
  AND useridentity.type = 'AssumedRole'
ORDER BY eventtime, eventid
