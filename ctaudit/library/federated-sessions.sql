-- title: Sessions that outlive their key
-- answers: Who asked for a federation or session token, which works on after the key behind it was disabled?
-- technique: T1550.001, T1606
-- returns: eventtime, eventname, principal, for_name, new_key, errorcode, sourceipaddress, useragent, account, eventid

SELECT eventtime,
       eventname,
       useridentity.arn AS principal,
       json_extract_scalar(requestparameters, '$.name') AS for_name,
       json_extract_scalar(responseelements, '$.credentials.accessKeyId') AS new_key,
       errorcode,
       sourceipaddress,
       useragent,
       recipientaccountid AS account,
       eventid
FROM cloudtrail_logs
WHERE (eventsource = 'sts.amazonaws.com' AND eventname IN ('GetFederationToken', 'GetSessionToken'))
   OR (eventsource = 'signin.amazonaws.com' AND eventname = 'GetSigninToken')
ORDER BY eventtime, eventid
