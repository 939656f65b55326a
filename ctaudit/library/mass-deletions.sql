-- title: Many deletions within an hour
-- answers: Who destroyed many things within an hour, of which services?
-- technique: T1485
-- param at_least number: deletions within an hour, default 10
-- needs: data events for objects and items
-- returns: principal, hour_utc, deletions, failed, calls, addresses, first_seen, last_seen

SELECT coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid) AS principal,
       substr(eventtime, 1, 13) AS hour_utc,
       count_if(errorcode IS NULL) AS deletions,
       count_if(errorcode IS NOT NULL) AS failed,
       array_join(array_agg(DISTINCT eventname ORDER BY eventname), ', ') AS calls,
       array_join(array_agg(DISTINCT sourceipaddress ORDER BY sourceipaddress), ', ') AS addresses,
       min(eventtime) AS first_seen,
       max(eventtime) AS last_seen
FROM cloudtrail_logs
WHERE regexp_like(eventname, '^(Delete|Terminate|Remove|Purge|BatchDelete|Deregister|ScheduleKeyDeletion)')
GROUP BY coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid), substr(eventtime, 1, 13)
HAVING count(*) >= {{at_least}}
ORDER BY deletions DESC, hour_utc, principal
