-- title: Roles given to machines
-- answers: Who gave an instance another role, or a role to a profile?
-- technique: T1098.003, T1548.005
-- returns: eventtime, eventname, what, profile, principal, errorcode, sourceipaddress, account, region, eventid

SELECT eventtime,
       eventname,
       coalesce(json_extract_scalar(requestparameters, '$.AssociateIamInstanceProfileRequest.InstanceId'),
                json_extract_scalar(requestparameters, '$.ReplaceIamInstanceProfileAssociationRequest.AssociationId'),
                json_extract_scalar(requestparameters, '$.roleName')) AS what,
       coalesce(json_extract_scalar(requestparameters, '$.AssociateIamInstanceProfileRequest.IamInstanceProfile.Name'),
                json_extract_scalar(requestparameters, '$.AssociateIamInstanceProfileRequest.IamInstanceProfile.Arn'),
                json_extract_scalar(requestparameters,
                                    '$.ReplaceIamInstanceProfileAssociationRequest.IamInstanceProfile.Name'),
                json_extract_scalar(requestparameters, '$.instanceProfileName')) AS profile,
       coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid) AS principal,
       errorcode,
       sourceipaddress,
       recipientaccountid AS account,
       awsregion AS region,
       eventid
FROM cloudtrail_logs
WHERE eventname IN ('AssociateIamInstanceProfile', 'ReplaceIamInstanceProfileAssociation', 'AddRoleToInstanceProfile',
                    'RemoveRoleFromInstanceProfile', 'DisassociateIamInstanceProfile')
ORDER BY eventtime, eventid
