-- title: Changes of what principals may do
-- answers: Who changed which policies, attachments, boundaries and groups?
-- technique: T1098.003, T1548
-- returns: eventtime, eventname, target, policy, principal, errorcode, sourceipaddress, account, eventid

SELECT eventtime,
       eventname,
       coalesce(json_extract_scalar(requestparameters, '$.userName'),
                json_extract_scalar(requestparameters, '$.roleName'),
                json_extract_scalar(requestparameters, '$.groupName')) AS target,
       coalesce(json_extract_scalar(requestparameters, '$.policyArn'),
                json_extract_scalar(requestparameters, '$.policyName'),
                json_extract_scalar(requestparameters, '$.permissionsBoundary')) AS policy,
       coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid) AS principal,
       errorcode,
       sourceipaddress,
       recipientaccountid AS account,
       eventid
FROM cloudtrail_logs
WHERE eventsource = 'iam.amazonaws.com'
  AND regexp_like(eventname, '^(Put|Attach|Detach|Delete)(User|Role|Group)Policy$|^(Create|Delete)Policy(Version)?$|^SetDefaultPolicyVersion$|^(Put|Delete)(User|Role)PermissionsBoundary$|^(AddUserTo|RemoveUserFrom)Group$')
ORDER BY eventtime, eventid
