-- title: Credentials of instances used from many addresses
-- answers: Which EC2 instance's role was used from more than one address, as stolen credentials of an instance are?
-- technique: T1552.005, T1550.001
-- returns: principal, account, addresses, calls, failed, first_seen, last_seen

SELECT useridentity.arn AS principal,
       useridentity.accountid AS account,
       array_join(array_agg(DISTINCT sourceipaddress ORDER BY sourceipaddress), ', ') AS addresses,
       count(*) AS calls,
       count_if(errorcode IS NOT NULL) AS failed,
       min(eventtime) AS first_seen,
       max(eventtime) AS last_seen
FROM cloudtrail_logs
WHERE useridentity.type = 'AssumedRole'
  AND regexp_like(useridentity.arn, '/i-[0-9a-f]{8,17}$')
  AND useridentity.invokedby IS NULL
  AND regexp_like(sourceipaddress, '^[0-9a-fA-F.:]+$')
GROUP BY useridentity.arn, useridentity.accountid
HAVING count(DISTINCT sourceipaddress) > 1
ORDER BY first_seen, principal
