-- title: Second factors taken away
-- answers: Who took off or deleted a second factor, of whom?
-- technique: T1556.006
-- returns: eventtime, eventname, for_user, device, principal, errorcode, sourceipaddress, account, eventid

SELECT eventtime,
       eventname,
       coalesce(json_extract_scalar(requestparameters, '$.userName'),
                json_extract_scalar(requestparameters, '$.userId'),
                useridentity.username) AS for_user,
       coalesce(json_extract_scalar(requestparameters, '$.serialNumber'),
                json_extract_scalar(requestparameters, '$.mfaDeviceId')) AS device,
       coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid) AS principal,
       errorcode,
       sourceipaddress,
       recipientaccountid AS account,
       eventid
FROM cloudtrail_logs
WHERE eventname IN ('DeactivateMFADevice', 'DeleteVirtualMFADevice', 'DeleteMfaDeviceForUser', 'ResyncMFADevice')
ORDER BY eventtime, eventid
