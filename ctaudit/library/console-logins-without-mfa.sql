-- title: Sign-ins to the console without a second factor
-- answers: Which IAM users and root signed in with a password alone?
-- technique: T1078.004, T1556.006
-- returns: eventtime, principal, principal_type, mfa_used, sourceipaddress, useragent, account, eventid

SELECT eventtime,
       useridentity.arn AS principal,
       useridentity.type AS principal_type,
       json_extract_scalar(additionaleventdata, '$.MFAUsed') AS mfa_used,
       sourceipaddress,
       useragent,
       recipientaccountid AS account,
       eventid
FROM cloudtrail_logs
WHERE eventname = 'ConsoleLogin'
  AND json_extract_scalar(responseelements, '$.ConsoleLogin') = 'Success'
  AND useridentity.type IN ('IAMUser', 'Root')
  AND coalesce(json_extract_scalar(additionaleventdata, '$.MFAUsed'), 'unknown') <> 'Yes'
ORDER BY eventtime, eventid
