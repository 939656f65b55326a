-- title: Roles assumed from another account
-- answers: Which accounts came into which roles, and which of them are strangers?
-- technique: T1199, T1550.001
-- returns: from_account, to_role, times, failed, session_names, addresses, first_seen, last_seen

SELECT useridentity.accountid AS from_account,
       json_extract_scalar(requestparameters, '$.roleArn') AS to_role,
       count(DISTINCT coalesce(sharedeventid, eventid)) AS times,
       count(DISTINCT CASE WHEN errorcode IS NOT NULL THEN coalesce(sharedeventid, eventid) END) AS failed,
       array_join(array_agg(DISTINCT json_extract_scalar(requestparameters, '$.roleSessionName')), ', ')
         AS session_names,
       array_join(array_agg(DISTINCT sourceipaddress ORDER BY sourceipaddress), ', ') AS addresses,
       min(eventtime) AS first_seen,
       max(eventtime) AS last_seen
FROM cloudtrail_logs
WHERE eventsource = 'sts.amazonaws.com'
  AND eventname = 'AssumeRole'
  AND useridentity.accountid <> split_part(json_extract_scalar(requestparameters, '$.roleArn'), ':', 5)
GROUP BY useridentity.accountid, json_extract_scalar(requestparameters, '$.roleArn')
ORDER BY first_seen, from_account, to_role
