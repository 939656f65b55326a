-- title: Who was not seen before a day
-- answers: Which principals made their first call on or after this day?
-- technique: T1078.004, T1136.003
-- param day date: the first day that is not taken for the past
-- returns: principal, principal_type, account, first_seen, last_seen, calls, writes, addresses

SELECT coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, useridentity.principalid) AS principal,
       useridentity.type AS principal_type,
       useridentity.accountid AS account,
       min(eventtime) AS first_seen,
       max(eventtime) AS last_seen,
       count(*) AS calls,
       count_if(readonly = 'false') AS writes,
       array_join(array_agg(DISTINCT sourceipaddress ORDER BY sourceipaddress), ', ') AS addresses
FROM cloudtrail_logs
WHERE coalesce(useridentity.arn, useridentity.principalid) IS NOT NULL
GROUP BY coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, useridentity.principalid),
         useridentity.type,
         useridentity.accountid
HAVING min(eventtime) >= '{{day}}'
ORDER BY first_seen, principal
