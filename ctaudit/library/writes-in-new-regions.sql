-- title: Changes in regions that an account did not use before a day
-- answers: In which regions did an account change something only on or after this day, and who did it?
-- technique: T1535
-- param day date: the first day that is not taken for the past
-- returns: account, region, first_seen, last_seen, writes, failed, calls, principals

SELECT recipientaccountid AS account,
       awsregion AS region,
       min(eventtime) AS first_seen,
       max(eventtime) AS last_seen,
       count(*) AS writes,
       count_if(errorcode IS NOT NULL) AS failed,
       array_join(array_agg(DISTINCT eventname ORDER BY eventname), ', ') AS calls,
       array_join(array_agg(DISTINCT useridentity.arn ORDER BY useridentity.arn), ', ') AS principals
FROM cloudtrail_logs
WHERE readonly = 'false'
  AND eventname NOT IN ('ConsoleLogin', 'AssumeRole', 'SwitchRole')
GROUP BY recipientaccountid, awsregion
HAVING min(eventtime) >= '{{day}}'
ORDER BY first_seen, account, region
