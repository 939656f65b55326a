-- title: What makes root easier or harder to use
-- answers: Who took root's keys, password, e-mail address or second factor in hand, or assumed root of a member account?
-- technique: T1078.004, T1098.001, T1548.005
-- returns: eventtime, eventname, principal, target, errorcode, sourceipaddress, account, eventid

SELECT eventtime,
       eventname,
       coalesce(useridentity.arn, useridentity.accountid) AS principal,
       coalesce(json_extract_scalar(requestparameters, '$.targetPrincipal'),
                json_extract_scalar(requestparameters, '$.userName')) AS target,
       errorcode,
       sourceipaddress,
       recipientaccountid AS account,
       eventid
FROM cloudtrail_logs
WHERE eventname IN ('AssumeRoot', 'PasswordRecoveryRequested', 'PasswordRecoveryCompleted', 'PasswordUpdated',
                    'EmailUpdated', 'EnableOrganizationsRootSessions', 'EnableOrganizationsRootCredentialsManagement',
                    'DisableOrganizationsRootSessions', 'DisableOrganizationsRootCredentialsManagement')
   OR (useridentity.type = 'Root'
       AND eventname IN ('CreateAccessKey', 'CreateVirtualMFADevice', 'EnableMFADevice', 'DeactivateMFADevice',
                         'DeleteVirtualMFADevice', 'UpdateAccessKey', 'DeleteAccessKey'))
ORDER BY eventtime, eventid
