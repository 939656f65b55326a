-- title: Calls by which a caller can gain rights
-- answers: Who made a call by which rights grow: policies put on oneself, versions made default, roles handed to services?
-- technique: T1098.003, T1548.005
-- returns: eventtime, eventname, path, target, principal, on_self, errorcode, sourceipaddress, account, eventid

WITH calls AS (
  SELECT eventtime, eventname, useridentity, errorcode, sourceipaddress, recipientaccountid, eventid,
         coalesce(json_extract_scalar(requestparameters, '$.userName'),
                  json_extract_scalar(requestparameters, '$.roleName'),
                  json_extract_scalar(requestparameters, '$.groupName'),
                  json_extract_scalar(requestparameters, '$.policyArn'),
                  json_extract_scalar(requestparameters, '$.functionName'),
                  json_extract_scalar(requestparameters, '$.stackName'),
                  json_extract_scalar(requestparameters, '$.name')) AS target,
         CASE
           WHEN eventname IN ('CreatePolicyVersion', 'SetDefaultPolicyVersion') THEN 'policy version'
           WHEN regexp_like(eventname, '^(Put|Attach)(User|Role|Group)Policy$') THEN 'policy put on a principal'
           WHEN eventname = 'AddUserToGroup' THEN 'group'
           WHEN eventname = 'UpdateAssumeRolePolicy' THEN 'trust policy'
           WHEN eventname IN ('DeleteUserPermissionsBoundary', 'DeleteRolePermissionsBoundary') THEN 'boundary removed'
           WHEN eventname IN ('CreateAccessKey', 'CreateLoginProfile', 'UpdateLoginProfile') THEN 'credentials of a user'
           ELSE 'role handed to a service' END AS path
  FROM cloudtrail_logs
  WHERE (eventsource = 'iam.amazonaws.com'
         AND (eventname IN ('SetDefaultPolicyVersion', 'AddUserToGroup', 'UpdateAssumeRolePolicy', 'CreateAccessKey',
                            'DeleteUserPermissionsBoundary', 'DeleteRolePermissionsBoundary', 'CreateLoginProfile',
                            'UpdateLoginProfile')
              OR (eventname = 'CreatePolicyVersion'
                  AND json_extract_scalar(requestparameters, '$.setAsDefault') = 'true')
              OR regexp_like(eventname, '^(Put|Attach)(User|Role|Group)Policy$')))
     OR (eventname IN ('CreateStack', 'UpdateStack', 'CreateChangeSet')
         AND json_extract_scalar(requestparameters, '$.roleARN') IS NOT NULL)
     OR (eventsource = 'lambda.amazonaws.com' AND regexp_like(eventname, '^CreateFunction([0-9].*)?$'))
     OR (eventsource IN ('glue.amazonaws.com', 'sagemaker.amazonaws.com')
         AND eventname IN ('CreateDevEndpoint', 'CreateJob', 'CreateNotebookInstance', 'CreateTrainingJob'))
)
SELECT eventtime,
       eventname,
       path,
       target,
       coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid) AS principal,
       coalesce(target = useridentity.username
                OR target = useridentity.sessioncontext.sessionissuer.username, false) AS on_self,
       errorcode,
       sourceipaddress,
       recipientaccountid AS account,
       eventid
FROM calls
ORDER BY eventtime, eventid
