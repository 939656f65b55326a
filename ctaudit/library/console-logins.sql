-- title: Who signed in to the console, and from where
-- answers: Which people have used the console, how, and from which addresses?
-- technique: T1078.004, T1538
-- returns: account, principal, sourceipaddress, result, mfa_used, times, first_seen, last_seen

SELECT recipientaccountid AS account,
       coalesce(useridentity.arn, useridentity.username, useridentity.principalid) AS principal,
       sourceipaddress,
       coalesce(json_extract_scalar(responseelements, '$.ConsoleLogin'),
                json_extract_scalar(responseelements, '$.SwitchRole')) AS result,
       json_extract_scalar(additionaleventdata, '$.MFAUsed') AS mfa_used,
       count(*) AS times,
       min(eventtime) AS first_seen,
       max(eventtime) AS last_seen
FROM cloudtrail_logs
WHERE eventsource = 'signin.amazonaws.com'
  AND eventname IN ('ConsoleLogin', 'SwitchRole')
GROUP BY recipientaccountid,
         coalesce(useridentity.arn, useridentity.username, useridentity.principalid),
         sourceipaddress,
         coalesce(json_extract_scalar(responseelements, '$.ConsoleLogin'),
                  json_extract_scalar(responseelements, '$.SwitchRole')),
         json_extract_scalar(additionaleventdata, '$.MFAUsed')
ORDER BY first_seen, principal
