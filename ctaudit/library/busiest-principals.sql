-- title: Who is active, the busiest first
-- answers: Which users, roles and services made calls, how many of them changed something, and from how many addresses?
-- returns: principal, principal_type, calls, writes, failed, addresses, regions, first_seen, last_seen

SELECT coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, useridentity.invokedby,
                useridentity.principalid, useridentity.accountid) AS principal,
       useridentity.type AS principal_type,
       count(*) AS calls,
       count_if(readonly = 'false') AS writes,
       count_if(errorcode IS NOT NULL) AS failed,
       count(DISTINCT sourceipaddress) AS addresses,
       count(DISTINCT awsregion) AS regions,
       min(eventtime) AS first_seen,
       max(eventtime) AS last_seen
FROM cloudtrail_logs
GROUP BY coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, useridentity.invokedby,
                  useridentity.principalid, useridentity.accountid),
         useridentity.type
ORDER BY calls DESC, principal, principal_type
