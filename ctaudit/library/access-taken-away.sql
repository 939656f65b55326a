-- title: Users and roles locked out or deleted
-- answers: Who took away others' keys, passwords, users or roles, as a defender does, or one who locks defenders out?
-- technique: T1531
-- returns: eventtime, eventname, target, principal, errorcode, sourceipaddress, account, eventid

SELECT eventtime,
       eventname,
       coalesce(json_extract_scalar(requestparameters, '$.accessKeyId'),
                json_extract_scalar(requestparameters, '$.userName'),
                json_extract_scalar(requestparameters, '$.roleName')) AS target,
       coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid) AS principal,
       errorcode,
       sourceipaddress,
       recipientaccountid AS account,
       eventid
FROM cloudtrail_logs
WHERE eventsource = 'iam.amazonaws.com'
  AND (eventname IN ('DeleteAccessKey', 'DeleteLoginProfile', 'DeleteUser', 'DeleteRole', 'DeleteSSHPublicKey',
                     'DeleteServiceSpecificCredential')
       OR (eventname = 'UpdateAccessKey' AND json_extract_scalar(requestparameters, '$.status') = 'Inactive')
       OR (eventname IN ('PutRolePolicy', 'PutUserPolicy')
           AND regexp_like(json_extract_scalar(requestparameters, '$.policyName'), '(?i)revoke|deny|quarantine')))
ORDER BY eventtime, eventid
