-- title: Functions made or changed
-- answers: Who made a Lambda function, changed its code, its layers or its role?
-- technique: T1648, T1525, T1546
-- returns: eventtime, eventname, function_name, role, layers, principal, errorcode, sourceipaddress, account, region, eventid

SELECT eventtime,
       eventname,
       coalesce(json_extract_scalar(requestparameters, '$.functionName'),
                json_extract_scalar(requestparameters, '$.layerName')) AS function_name,
       json_extract_scalar(requestparameters, '$.role') AS role,
       json_format(json_extract(requestparameters, '$.layers')) AS layers,
       coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid) AS principal,
       errorcode,
       sourceipaddress,
       recipientaccountid AS account,
       awsregion AS region,
       eventid
FROM cloudtrail_logs
WHERE eventsource = 'lambda.amazonaws.com'
  AND regexp_like(eventname, '^(CreateFunction|UpdateFunctionCode|UpdateFunctionConfiguration|PublishLayerVersion|UpdateAlias|PublishVersion)([0-9].*)?$')
ORDER BY eventtime, eventid
