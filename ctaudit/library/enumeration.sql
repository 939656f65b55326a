-- title: Principals that look around
-- answers: Who made many different calls that only list and describe within an hour, as somebody does who is new here?
-- technique: T1087.004, T1580, T1526, T1619
-- param at_least number: different calls within an hour, default 15
-- returns: principal, hour_utc, different_calls, services, calls, failed, addresses, first_seen, last_seen

SELECT useridentity.arn AS principal,
       substr(eventtime, 1, 13) AS hour_utc,
       count(DISTINCT eventsource || eventname) AS different_calls,
       count(DISTINCT eventsource) AS services,
       count(*) AS calls,
       count_if(errorcode IS NOT NULL) AS failed,
       array_join(array_agg(DISTINCT sourceipaddress ORDER BY sourceipaddress), ', ') AS addresses,
       min(eventtime) AS first_seen,
       max(eventtime) AS last_seen
FROM cloudtrail_logs
WHERE regexp_like(eventname, '^(List|Describe|Get|Lookup|Search|Head)')
  AND useridentity.invokedby IS NULL
  AND useridentity.arn IS NOT NULL
GROUP BY useridentity.arn, substr(eventtime, 1, 13)
HAVING count(DISTINCT eventsource || eventname) >= {{at_least}}
ORDER BY different_calls DESC, principal, hour_utc
