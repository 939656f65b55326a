-- title: Who calls models, and who opened them
-- answers: Which principals invoked models, asked for access to them or looked whether calls are logged?
-- technique: T1496.004
-- returns: principal, eventname, model, region, sourceipaddress, times, failed, first_seen, last_seen

SELECT coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid) AS principal,
       eventname,
       json_extract_scalar(requestparameters, '$.modelId') AS model,
       awsregion AS region,
       sourceipaddress,
       count(*) AS times,
       count_if(errorcode IS NOT NULL) AS failed,
       min(eventtime) AS first_seen,
       max(eventtime) AS last_seen
FROM cloudtrail_logs
WHERE eventsource = 'bedrock.amazonaws.com'
  AND (regexp_like(eventname, '^(InvokeModel|Converse|InvokeAgent)')
       OR eventname IN ('PutFoundationModelEntitlement', 'PutUseCaseForModelAccess', 'CreateFoundationModelAgreement',
                        'GetModelInvocationLoggingConfiguration', 'DeleteModelInvocationLoggingConfiguration',
                        'PutModelInvocationLoggingConfiguration', 'GetFoundationModelAvailability',
                        'CreateModelInvocationJob', 'CreateProvisionedModelThroughput'))
GROUP BY coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid), eventname,
         json_extract_scalar(requestparameters, '$.modelId'), awsregion, sourceipaddress
ORDER BY first_seen, principal, eventname, model
