-- title: Addresses that were not seen before a day
-- answers: From which addresses did calls come for the first time on or after this day, and as whom?
-- technique: T1078.004
-- param day date: the first day that is not taken for the past
-- returns: sourceipaddress, first_seen, last_seen, calls, writes, failed, principals

SELECT sourceipaddress,
       min(eventtime) AS first_seen,
       max(eventtime) AS last_seen,
       count(*) AS calls,
       count_if(readonly = 'false') AS writes,
       count_if(errorcode IS NOT NULL) AS failed,
       array_join(array_agg(DISTINCT useridentity.arn ORDER BY useridentity.arn), ', ') AS principals
FROM cloudtrail_logs
WHERE regexp_like(sourceipaddress, '^[0-9a-fA-F.:]+$')
GROUP BY sourceipaddress
HAVING min(eventtime) >= '{{day}}'
ORDER BY first_seen, sourceipaddress
