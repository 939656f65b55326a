-- title: Infrastructure and pipelines changed by code
-- answers: Who changed stacks, builds and pipelines, through which another's rights can be used?
-- technique: T1648, T1525, T1195
-- returns: eventtime, service, eventname, name, role, principal, errorcode, sourceipaddress, account, region, eventid

SELECT eventtime,
       split_part(eventsource, '.', 1) AS service,
       eventname,
       coalesce(json_extract_scalar(requestparameters, '$.stackName'),
                json_extract_scalar(requestparameters, '$.stackSetName'),
                json_extract_scalar(requestparameters, '$.projectName'),
                json_extract_scalar(requestparameters, '$.name'),
                json_extract_scalar(requestparameters, '$.pipeline.name')) AS name,
       coalesce(json_extract_scalar(requestparameters, '$.roleARN'),
                json_extract_scalar(requestparameters, '$.serviceRole'),
                json_extract_scalar(requestparameters, '$.pipeline.roleArn')) AS role,
       coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid) AS principal,
       errorcode,
       sourceipaddress,
       recipientaccountid AS account,
       awsregion AS region,
       eventid
FROM cloudtrail_logs
WHERE (eventsource = 'cloudformation.amazonaws.com'
       AND eventname IN ('CreateStack', 'UpdateStack', 'DeleteStack', 'CreateChangeSet', 'ExecuteChangeSet',
                         'CreateStackSet', 'UpdateStackSet', 'CreateStackInstances', 'SetStackPolicy'))
   OR (eventsource = 'codebuild.amazonaws.com'
       AND eventname IN ('CreateProject', 'UpdateProject', 'StartBuild', 'ImportSourceCredentials'))
   OR (eventsource = 'codepipeline.amazonaws.com' AND eventname IN ('CreatePipeline', 'UpdatePipeline'))
ORDER BY eventtime, eventid
