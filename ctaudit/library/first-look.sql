-- title: What the logs hold, service by service
-- answers: Which services were called, how often, by how many, how often in vain, and since when?
-- returns: service, calls, writes, failed, principals, first_seen, last_seen

SELECT split_part(eventsource, '.', 1) AS service,
       count(*) AS calls,
       count_if(readonly = 'false') AS writes,
       count_if(errorcode IS NOT NULL) AS failed,
       count(DISTINCT coalesce(useridentity.arn, useridentity.invokedby, useridentity.principalid)) AS principals,
       min(eventtime) AS first_seen,
       max(eventtime) AS last_seen
FROM cloudtrail_logs
GROUP BY split_part(eventsource, '.', 1)
ORDER BY calls DESC, service
