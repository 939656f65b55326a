-- title: Instances launched, by region and type
-- answers: Who launched how many machines of which type, where, and where was it refused?
-- technique: T1578.002, T1496.001
-- returns: account, region, principal, instance_type, launched, failed, first_seen, last_seen

SELECT recipientaccountid AS account,
       awsregion AS region,
       coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid) AS principal,
       json_extract_scalar(requestparameters, '$.instanceType') AS instance_type,
       sum(CASE WHEN errorcode IS NULL
                THEN coalesce(json_array_length(json_extract(responseelements, '$.instancesSet.items')), 0)
                ELSE 0 END) AS launched,
       count_if(errorcode IS NOT NULL) AS failed,
       min(eventtime) AS first_seen,
       max(eventtime) AS last_seen
FROM cloudtrail_logs
WHERE eventsource = 'ec2.amazonaws.com'
  AND eventname = 'RunInstances'
GROUP BY recipientaccountid, awsregion, coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid),
         json_extract_scalar(requestparameters, '$.instanceType')
ORDER BY first_seen, account, region, principal
