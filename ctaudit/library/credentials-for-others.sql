-- title: Credentials that somebody made for another user
-- answers: Who made a key or password for a user that is not the caller?
-- technique: T1098.001
-- returns: eventtime, eventname, principal, for_user, credential, errorcode, sourceipaddress, account, eventid

SELECT eventtime,
       eventname,
       useridentity.arn AS principal,
       json_extract_scalar(requestparameters, '$.userName') AS for_user,
       json_extract_scalar(responseelements, '$.accessKey.accessKeyId') AS credential,
       errorcode,
       sourceipaddress,
       recipientaccountid AS account,
       eventid
FROM cloudtrail_logs
WHERE eventsource = 'iam.amazonaws.com'
  AND eventname IN ('CreateAccessKey', 'CreateLoginProfile', 'UpdateLoginProfile', 'UpdateAccessKey')
  AND json_extract_scalar(requestparameters, '$.userName') IS NOT NULL
  AND json_extract_scalar(requestparameters, '$.userName') <> coalesce(useridentity.username, '')
ORDER BY eventtime, eventid
