-- title: Full rights given
-- answers: Who gave a user, role or group an administrator's policy, or one that allows everything?
-- technique: T1098.003
-- returns: eventtime, eventname, target, policy, principal, errorcode, sourceipaddress, account, eventid

SELECT eventtime,
       eventname,
       coalesce(json_extract_scalar(requestparameters, '$.userName'),
                json_extract_scalar(requestparameters, '$.roleName'),
                json_extract_scalar(requestparameters, '$.groupName')) AS target,
       coalesce(json_extract_scalar(requestparameters, '$.policyArn'),
                json_extract_scalar(requestparameters, '$.policyName')) AS policy,
       coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid) AS principal,
       errorcode,
       sourceipaddress,
       recipientaccountid AS account,
       eventid
FROM cloudtrail_logs
WHERE eventsource = 'iam.amazonaws.com'
  AND ((eventname IN ('AttachUserPolicy', 'AttachRolePolicy', 'AttachGroupPolicy')
        AND regexp_like(json_extract_scalar(requestparameters, '$.policyArn'),
                        '/(AdministratorAccess|IAMFullAccess|PowerUserAccess|AdministratorAccess-.*)$'))
       OR (eventname IN ('PutUserPolicy', 'PutRolePolicy', 'PutGroupPolicy', 'CreatePolicy', 'CreatePolicyVersion')
           AND regexp_like(json_extract_scalar(requestparameters, '$.policyDocument'),
                           '"Action"\s*:\s*\[?\s*"(\*|\*:\*|iam:\*)"')
           AND regexp_like(json_extract_scalar(requestparameters, '$.policyDocument'), '"Effect"\s*:\s*"Allow"')))
ORDER BY eventtime, eventid
