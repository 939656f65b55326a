-- title: Functions that others can call
-- answers: Who gave a Lambda function a URL without login, or let another account or everybody call it?
-- technique: T1648, T1546, T1199
-- returns: eventtime, eventname, function_name, to_whom, auth_type, principal, errorcode, sourceipaddress, account, region, eventid

SELECT eventtime,
       eventname,
       coalesce(json_extract_scalar(requestparameters, '$.functionName'),
                json_extract_scalar(requestparameters, '$.layerName')) AS function_name,
       json_extract_scalar(requestparameters, '$.principal') AS to_whom,
       coalesce(json_extract_scalar(requestparameters, '$.authType'),
                json_extract_scalar(requestparameters, '$.functionUrlAuthType')) AS auth_type,
       coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid) AS principal,
       errorcode,
       sourceipaddress,
       recipientaccountid AS account,
       awsregion AS region,
       eventid
FROM cloudtrail_logs
WHERE eventsource = 'lambda.amazonaws.com'
  AND ((regexp_like(eventname, '^(Create|Update)FunctionUrlConfig')
        AND json_extract_scalar(requestparameters, '$.authType') = 'NONE')
       OR (regexp_like(eventname, '^Add(LayerVersion)?Permission')
           AND NOT regexp_like(json_extract_scalar(requestparameters, '$.principal'), '[.]amazonaws[.]com$')
           AND strpos(json_extract_scalar(requestparameters, '$.principal'), recipientaccountid) = 0))
ORDER BY eventtime, eventid
