-- title: Keys that asked whose they are
-- answers: Who called GetCallerIdentity, which somebody with a found key does first?
-- technique: T1087.004, T1552
-- returns: principal, accesskeyid, sourceipaddress, useragent, times, first_seen, last_seen

SELECT useridentity.arn AS principal,
       useridentity.accesskeyid AS accesskeyid,
       sourceipaddress,
       useragent,
       count(*) AS times,
       min(eventtime) AS first_seen,
       max(eventtime) AS last_seen
FROM cloudtrail_logs
WHERE eventsource = 'sts.amazonaws.com'
  AND eventname IN ('GetCallerIdentity', 'GetAccessKeyInfo')
GROUP BY useridentity.arn, useridentity.accesskeyid, sourceipaddress, useragent
ORDER BY first_seen, principal, accesskeyid
