-- title: Kinds of errors
-- answers: Which errors did which service give, to how many principals, and when first?
-- returns: service, errorcode, times, principals, calls, first_seen, last_seen

SELECT split_part(eventsource, '.', 1) AS service,
       errorcode,
       count(*) AS times,
       count(DISTINCT useridentity.arn) AS principals,
       array_join(array_agg(DISTINCT eventname ORDER BY eventname), ', ') AS calls,
       min(eventtime) AS first_seen,
       max(eventtime) AS last_seen
FROM cloudtrail_logs
WHERE errorcode IS NOT NULL
GROUP BY split_part(eventsource, '.', 1), errorcode
ORDER BY times DESC, service, errorcode
