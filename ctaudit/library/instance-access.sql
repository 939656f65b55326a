-- title: Other ways into machines
-- answers: Who pushed an SSH key, opened a serial console, read a Windows password or looked at a screen?
-- technique: T1021.008, T1098.004, T1552
-- returns: eventtime, service, eventname, instance_id, principal, errorcode, sourceipaddress, account, region, eventid

SELECT eventtime,
       split_part(eventsource, '.', 1) AS service,
       eventname,
       coalesce(json_extract_scalar(requestparameters, '$.instanceId'),
                json_extract_scalar(requestparameters, '$.GetConsoleScreenshotRequest.InstanceId'),
                json_extract_scalar(requestparameters, '$.keyName')) AS instance_id,
       coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid) AS principal,
       errorcode,
       sourceipaddress,
       recipientaccountid AS account,
       awsregion AS region,
       eventid
FROM cloudtrail_logs
WHERE (eventsource = 'ec2-instance-connect.amazonaws.com'
       AND eventname IN ('SendSSHPublicKey', 'SendSerialConsoleSSHPublicKey', 'OpenTunnel'))
   OR (eventsource = 'ec2.amazonaws.com'
       AND eventname IN ('EnableSerialConsoleAccess', 'GetPasswordData', 'GetConsoleScreenshot', 'GetConsoleOutput',
                         'CreateKeyPair', 'ImportKeyPair', 'CreateInstanceConnectEndpoint'))
ORDER BY eventtime, eventid
