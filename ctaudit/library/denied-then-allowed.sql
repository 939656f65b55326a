-- title: What was refused at first and worked later
-- answers: Who was refused a call and then made the same call with success?
-- technique: T1548.005, T1098.003
-- returns: principal, service, eventname, first_refused, first_allowed, refused, allowed

SELECT useridentity.arn AS principal,
       split_part(eventsource, '.', 1) AS service,
       eventname,
       min(CASE WHEN regexp_like(errorcode, '(?i)AccessDenied|Unauthorized') THEN eventtime END) AS first_refused,
       min(CASE WHEN errorcode IS NULL THEN eventtime END) AS first_allowed,
       count_if(regexp_like(errorcode, '(?i)AccessDenied|Unauthorized')) AS refused,
       count_if(errorcode IS NULL) AS allowed
FROM cloudtrail_logs
WHERE useridentity.arn IS NOT NULL
GROUP BY useridentity.arn, split_part(eventsource, '.', 1), eventname
HAVING min(CASE WHEN regexp_like(errorcode, '(?i)AccessDenied|Unauthorized') THEN eventtime END)
       < min(CASE WHEN errorcode IS NULL THEN eventtime END)
ORDER BY first_refused, principal, eventname
