-- title: Accounts and regions, the least used first
-- answers: In which regions does each account work, and is there one where it hardly ever did?
-- technique: T1535
-- returns: account, region, calls, writes, principals, first_seen, last_seen

SELECT recipientaccountid AS account,
       awsregion AS region,
       count(*) AS calls,
       count_if(readonly = 'false') AS writes,
       count(DISTINCT useridentity.arn) AS principals,
       min(eventtime) AS first_seen,
       max(eventtime) AS last_seen
FROM cloudtrail_logs
GROUP BY recipientaccountid, awsregion
ORDER BY calls, account, region
