-- title: Calls that were too many
-- answers: Whose calls did AWS throttle, or refuse because a limit was reached?
-- technique: T1580
-- returns: principal, service, eventname, errorcode, times, busiest_hour, first_seen, last_seen

WITH throttled AS (
  SELECT coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid) AS principal,
         split_part(eventsource, '.', 1) AS service,
         eventname,
         errorcode,
         substr(eventtime, 1, 13) AS hour_utc,
         count(*) AS times,
         min(eventtime) AS first_seen,
         max(eventtime) AS last_seen
  FROM cloudtrail_logs
  WHERE regexp_like(errorcode, '(?i)Throttl|LimitExceeded|TooManyRequests|RequestLimit|QuotaExceeded|SlowDown')
  GROUP BY coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid),
           split_part(eventsource, '.', 1), eventname, errorcode, substr(eventtime, 1, 13)
)
SELECT principal, service, eventname, errorcode,
       sum(times) AS times,
       max_by(hour_utc, times) AS busiest_hour,
       min(first_seen) AS first_seen,
       max(last_seen) AS last_seen
FROM throttled
GROUP BY principal, service, eventname, errorcode
ORDER BY times DESC, principal, service, eventname
