-- title: Passwords, keys and certificates made for users
-- answers: Who made credentials that outlive a session, for whom, and with what id?
-- technique: T1098.001, T1136.003
-- returns: eventtime, eventname, principal, for_user, credential, sourceipaddress, account, eventid

SELECT eventtime,
       eventname,
       useridentity.arn AS principal,
       coalesce(json_extract_scalar(requestparameters, '$.userName'),
                json_extract_scalar(responseelements, '$.accessKey.userName'),
                useridentity.username) AS for_user,
       coalesce(json_extract_scalar(responseelements, '$.accessKey.accessKeyId'),
                json_extract_scalar(responseelements, '$.serviceSpecificCredential.serviceSpecificCredentialId'),
                json_extract_scalar(responseelements, '$.sSHPublicKey.sSHPublicKeyId'),
                json_extract_scalar(responseelements, '$.certificate.certificateId')) AS credential,
       sourceipaddress,
       recipientaccountid AS account,
       eventid
FROM cloudtrail_logs
WHERE eventsource = 'iam.amazonaws.com'
  AND eventname IN ('CreateAccessKey', 'CreateLoginProfile', 'UpdateLoginProfile', 'ChangePassword',
                    'CreateServiceSpecificCredential', 'ResetServiceSpecificCredential', 'UploadSSHPublicKey',
                    'UploadSigningCertificate')
  AND errorcode IS NULL
ORDER BY eventtime, eventid
