-- title: Secrets and parameters read
-- answers: Who read secrets and secure parameters, how many, and from where?
-- technique: T1555.006, T1552
-- returns: principal, service, eventname, sourceipaddress, secrets, times, failed, first_seen, last_seen

SELECT coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid) AS principal,
       split_part(eventsource, '.', 1) AS service,
       eventname,
       sourceipaddress,
       array_join(array_agg(DISTINCT coalesce(json_extract_scalar(requestparameters, '$.secretId'),
                                              json_extract_scalar(requestparameters, '$.name'),
                                              json_extract_scalar(requestparameters, '$.path'),
                                              json_format(json_extract(requestparameters, '$.names')),
                                              json_format(json_extract(requestparameters, '$.secretIdList')),
                                              '-')), ', ') AS secrets,
       count(*) AS times,
       count_if(errorcode IS NOT NULL) AS failed,
       min(eventtime) AS first_seen,
       max(eventtime) AS last_seen
FROM cloudtrail_logs
WHERE (eventsource = 'secretsmanager.amazonaws.com' AND eventname IN ('GetSecretValue', 'BatchGetSecretValue'))
   OR (eventsource = 'ssm.amazonaws.com'
       AND eventname IN ('GetParameter', 'GetParameters', 'GetParametersByPath', 'GetParameterHistory'))
GROUP BY coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid),
         split_part(eventsource, '.', 1), eventname, sourceipaddress
ORDER BY first_seen, principal, service, eventname
