-- title: Users, roles and groups made
-- answers: Who made a user, role, group or instance profile, and with what name?
-- technique: T1136.003
-- returns: eventtime, eventname, name, principal, errorcode, sourceipaddress, useragent, account, eventid

SELECT eventtime,
       eventname,
       coalesce(json_extract_scalar(requestparameters, '$.userName'),
                json_extract_scalar(requestparameters, '$.roleName'),
                json_extract_scalar(requestparameters, '$.groupName'),
                json_extract_scalar(requestparameters, '$.instanceProfileName'),
                json_extract_scalar(requestparameters, '$.aWSServiceName')) AS name,
       coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid) AS principal,
       errorcode,
       sourceipaddress,
       useragent,
       recipientaccountid AS account,
       eventid
FROM cloudtrail_logs
WHERE eventsource = 'iam.amazonaws.com'
  AND eventname IN ('CreateUser', 'CreateRole', 'CreateGroup', 'CreateInstanceProfile', 'CreateServiceLinkedRole')
ORDER BY eventtime, eventid
