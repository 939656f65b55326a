-- title: What costs money at once, as mining does
-- answers: Who asked for large or many machines, fleets, notebooks, jobs or higher quotas?
-- technique: T1496.001, T1578.002
-- param at_least number: machines in one call that count as many, default 10
-- returns: eventtime, service, eventname, instance_type, machines, principal, errorcode, sourceipaddress, account, region, eventid

WITH requests AS (
  SELECT eventtime, eventsource, eventname, useridentity, errorcode, sourceipaddress, recipientaccountid, awsregion,
         eventid,
         coalesce(json_extract_scalar(requestparameters, '$.instanceType'),
                  json_extract_scalar(requestparameters, '$.resourceConfig.instanceType')) AS instance_type,
         TRY_CAST(coalesce(json_extract_scalar(requestparameters, '$.instancesSet.items[0].maxCount'),
                           json_extract_scalar(requestparameters, '$.desiredCapacity'),
                           json_extract_scalar(requestparameters, '$.desiredCount'),
                           json_extract_scalar(requestparameters, '$.resourceConfig.instanceCount')) AS bigint)
           AS machines
  FROM cloudtrail_logs
  WHERE eventname IN ('RunInstances', 'RequestSpotInstances', 'RequestSpotFleet', 'CreateFleet',
                      'CreateAutoScalingGroup', 'UpdateAutoScalingGroup', 'SetDesiredCapacity', 'RunTask',
                      'CreateService', 'UpdateService', 'CreateNotebookInstance', 'CreateTrainingJob',
                      'CreateProcessingJob', 'SubmitJob', 'CreateComputeEnvironment', 'CreateInstances',
                      'RequestServiceQuotaIncrease')
)
SELECT eventtime,
       split_part(eventsource, '.', 1) AS service,
       eventname,
       instance_type,
       machines,
       coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid) AS principal,
       errorcode,
       sourceipaddress,
       recipientaccountid AS account,
       awsregion AS region,
       eventid
FROM requests
WHERE machines >= {{at_least}}
   OR regexp_like(instance_type, '^(ml[.])?(p[2-6]|g[3-6]|inf|trn|c[5-8]|m[5-8]|x[12]|u-)[a-z0-9-]*[.]([0-9]+xlarge|metal.*)$')
   OR eventname IN ('RequestSpotFleet', 'CreateFleet', 'RequestServiceQuotaIncrease')
ORDER BY eventtime, eventid
