-- title: Keys used from several addresses within an hour
-- answers: Which access key, of a user or a session, was at work from different addresses at about the same time?
-- technique: T1550.001, T1552
-- param at_least number: addresses within an hour, default 2
-- returns: accesskeyid, principal, hour_utc, addresses, useragents, calls

SELECT useridentity.accesskeyid AS accesskeyid,
       max(useridentity.arn) AS principal,
       substr(eventtime, 1, 13) AS hour_utc,
       array_join(array_agg(DISTINCT sourceipaddress ORDER BY sourceipaddress), ', ') AS addresses,
       count(DISTINCT useragent) AS useragents,
       count(*) AS calls
FROM cloudtrail_logs
WHERE useridentity.accesskeyid <> ''
  AND useridentity.invokedby IS NULL
  AND regexp_like(sourceipaddress, '^[0-9a-fA-F.:]+$')
GROUP BY useridentity.accesskeyid, substr(eventtime, 1, 13)
HAVING count(DISTINCT sourceipaddress) >= {{at_least}}
ORDER BY hour_utc, accesskeyid
