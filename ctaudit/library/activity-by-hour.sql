-- title: Calls by hour of the day (UTC)
-- answers: At which hours do people and machines work, and does a night stand out?
-- returns: hour_utc, calls, writes, failed, principals, addresses

SELECT substr(eventtime, 12, 2) AS hour_utc,
       count(*) AS calls,
       count_if(readonly = 'false') AS writes,
       count_if(errorcode IS NOT NULL) AS failed,
       count(DISTINCT useridentity.arn) AS principals,
       count(DISTINCT sourceipaddress) AS addresses
FROM cloudtrail_logs
WHERE eventtime IS NOT NULL
GROUP BY substr(eventtime, 12, 2)
ORDER BY hour_utc
