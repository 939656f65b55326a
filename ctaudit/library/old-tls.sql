-- title: Calls with old TLS
-- answers: Who still calls with TLS 1.0 or 1.1, with which programs?
-- technique: T1557
-- returns: tlsversion, principal, service, useragent, calls, first_seen, last_seen

SELECT tlsdetails.tlsversion AS tlsversion,
       coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid) AS principal,
       split_part(eventsource, '.', 1) AS service,
       useragent,
       count(*) AS calls,
       min(eventtime) AS first_seen,
       max(eventtime) AS last_seen
FROM cloudtrail_logs
WHERE tlsdetails.tlsversion IN ('TLSv1', 'TLSv1.0', 'TLSv1.1', 'SSLv3')
GROUP BY tlsdetails.tlsversion, coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid),
         split_part(eventsource, '.', 1), useragent
ORDER BY calls DESC, principal, service
