-- title: What was done as root
-- answers: Which calls did the root user make, services at work for it and sessions of AssumeRoot left out?
-- technique: T1078.004
-- returns: eventtime, eventname, service, readonly, errorcode, sourceipaddress, useragent, mfa, account, eventid

SELECT eventtime,
       eventname,
       split_part(eventsource, '.', 1) AS service,
       readonly,
       errorcode,
       sourceipaddress,
       useragent,
       useridentity.sessioncontext.attributes.mfaauthenticated AS mfa,
       recipientaccountid AS account,
       eventid
FROM cloudtrail_logs
WHERE useridentity.type = 'Root'
  AND useridentity.invokedby IS NULL
  AND eventtype <> 'AwsServiceEvent'
  AND NOT (eventname <> 'ConsoleLogin' AND starts_with(coalesce(useridentity.accesskeyid, ''), 'ASIA')
           AND coalesce(useridentity.sessioncontext.assumedroot, 'false') = 'true')
ORDER BY eventtime, eventid
