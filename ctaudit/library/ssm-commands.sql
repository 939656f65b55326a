-- title: Commands and sessions on machines through Systems Manager
-- answers: Who ran a command or opened a shell on which machines, with which document?
-- technique: T1651, T1021.008
-- returns: eventtime, eventname, document, targets, principal, errorcode, sourceipaddress, account, region, eventid

SELECT eventtime,
       eventname,
       json_extract_scalar(requestparameters, '$.documentName') AS document,
       coalesce(json_extract_scalar(requestparameters, '$.target'),
                array_join(TRY_CAST(json_extract(requestparameters, '$.instanceIds') AS array(varchar)), ', '),
                json_format(json_extract(requestparameters, '$.targets'))) AS targets,
       coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid) AS principal,
       errorcode,
       sourceipaddress,
       recipientaccountid AS account,
       awsregion AS region,
       eventid
FROM cloudtrail_logs
WHERE eventsource = 'ssm.amazonaws.com'
  AND eventname IN ('SendCommand', 'StartSession', 'ResumeSession', 'StartAutomationExecution', 'CreateAssociation',
                    'UpdateAssociation', 'CreateDocument', 'UpdateDocument', 'UpdateDocumentDefaultVersion',
                    'ModifyDocumentPermission', 'CreateActivation')
ORDER BY eventtime, eventid
