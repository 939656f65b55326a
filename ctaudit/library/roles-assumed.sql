-- title: Which roles were assumed, by whom
-- answers: Who opened sessions of which role, by AssumeRole, SAML or web identity?
-- technique: T1078.004, T1550.001
-- returns: to_role, caller, how, times, failed, first_seen, last_seen

SELECT json_extract_scalar(requestparameters, '$.roleArn') AS to_role,
       coalesce(useridentity.arn, useridentity.invokedby, useridentity.principalid, useridentity.accountid) AS caller,
       eventname AS how,
       count(*) AS times,
       count_if(errorcode IS NOT NULL) AS failed,
       min(eventtime) AS first_seen,
       max(eventtime) AS last_seen
FROM cloudtrail_logs
WHERE eventsource = 'sts.amazonaws.com'
  AND eventname IN ('AssumeRole', 'AssumeRoleWithSAML', 'AssumeRoleWithWebIdentity')
  AND NOT (eventname = 'AssumeRole' AND useridentity.type = 'AWSAccount')
GROUP BY json_extract_scalar(requestparameters, '$.roleArn'),
         coalesce(useridentity.arn, useridentity.invokedby, useridentity.principalid, useridentity.accountid),
         eventname
ORDER BY to_role, times DESC, caller
