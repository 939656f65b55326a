-- title: Calls that were refused
-- answers: Who was refused what, how often, and from when to when?
-- technique: T1580, T1526
-- returns: principal, service, eventname, errorcode, times, first_seen, last_seen, addresses

SELECT coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid) AS principal,
       split_part(eventsource, '.', 1) AS service,
       eventname,
       errorcode,
       count(*) AS times,
       min(eventtime) AS first_seen,
       max(eventtime) AS last_seen,
       array_join(array_agg(DISTINCT sourceipaddress ORDER BY sourceipaddress), ', ') AS addresses
FROM cloudtrail_logs
WHERE regexp_like(errorcode, '(?i)AccessDenied|Unauthorized|NotAuthorized|Forbidden|AuthFailure')
GROUP BY coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid),
         split_part(eventsource, '.', 1), eventname, errorcode
ORDER BY times DESC, principal, service, eventname
