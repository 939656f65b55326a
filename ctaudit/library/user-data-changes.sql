-- title: Start-up scripts of instances changed
-- answers: Who changed the user data of an instance, or made a launch template, which runs as root at the next start?
-- technique: T1578.005, T1059
-- returns: eventtime, eventname, what, principal, errorcode, sourceipaddress, account, region, eventid

SELECT eventtime,
       eventname,
       coalesce(json_extract_scalar(requestparameters, '$.instanceId'),
                json_extract_scalar(requestparameters, '$.CreateLaunchTemplateVersionRequest.LaunchTemplateId'),
                json_extract_scalar(requestparameters, '$.CreateLaunchTemplateRequest.LaunchTemplateName'),
                json_extract_scalar(requestparameters, '$.launchConfigurationName')) AS what,
       coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid) AS principal,
       errorcode,
       sourceipaddress,
       recipientaccountid AS account,
       awsregion AS region,
       eventid
FROM cloudtrail_logs
WHERE (eventname = 'ModifyInstanceAttribute'
       AND (strpos(requestparameters, '"userData"') > 0
            OR json_extract_scalar(requestparameters, '$.attribute') = 'userData'))
   OR (eventname IN ('CreateLaunchTemplate', 'CreateLaunchTemplateVersion', 'CreateLaunchConfiguration')
       AND regexp_like(requestparameters, '"[uU]serData"'))
ORDER BY eventtime, eventid
