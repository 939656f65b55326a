-- title: What was done in CloudShell
-- answers: Who opened a shell in the console, moved files with it, or called AWS from one?
-- technique: T1059.009
-- returns: eventtime, eventname, service, principal, errorcode, sourceipaddress, useragent, account, region, eventid

SELECT eventtime,
       eventname,
       split_part(eventsource, '.', 1) AS service,
       useridentity.arn AS principal,
       errorcode,
       sourceipaddress,
       useragent,
       recipientaccountid AS account,
       awsregion AS region,
       eventid
FROM cloudtrail_logs
WHERE (eventsource = 'cloudshell.amazonaws.com' AND eventname NOT IN ('SendHeartBeat', 'PutCredentials', 'RedeemCode'))
   OR strpos(useragent, 'exec-env/CloudShell') > 0
ORDER BY eventtime, eventid
