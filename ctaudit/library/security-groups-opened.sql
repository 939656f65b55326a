-- title: Security groups opened to the world
-- answers: Who let the whole internet in, to which ports of which group?
-- technique: T1562.007
-- returns: eventtime, eventname, group_id, protocol, from_port, to_port, world, principal, errorcode, sourceipaddress, account, region, eventid

WITH rules AS (
  SELECT eventtime, eventname, useridentity, errorcode, sourceipaddress, recipientaccountid, awsregion, eventid,
         json_extract_scalar(requestparameters, '$.groupId') AS group_id,
         rule
  FROM cloudtrail_logs
  CROSS JOIN UNNEST(TRY_CAST(json_extract(requestparameters, '$.ipPermissions.items') AS array(json))) AS t(rule)
  WHERE eventsource = 'ec2.amazonaws.com'
    AND eventname = 'AuthorizeSecurityGroupIngress'
)
SELECT eventtime,
       eventname,
       group_id,
       json_extract_scalar(rule, '$.ipProtocol') AS protocol,
       json_extract_scalar(rule, '$.fromPort') AS from_port,
       json_extract_scalar(rule, '$.toPort') AS to_port,
       CASE WHEN strpos(json_format(rule), '"0.0.0.0/0"') > 0 THEN '0.0.0.0/0' ELSE '::/0' END AS world,
       coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid) AS principal,
       errorcode,
       sourceipaddress,
       recipientaccountid AS account,
       awsregion AS region,
       eventid
FROM rules
WHERE regexp_like(json_format(rule), '"(0[.]0[.]0[.]0|::)/0"')
UNION ALL
SELECT eventtime,
       eventname,
       coalesce(json_extract_scalar(requestparameters, '$.ModifySecurityGroupRulesRequest.GroupId'),
                json_extract_scalar(requestparameters, '$.groupId')) AS group_id,
       json_extract_scalar(requestparameters,
                           '$.ModifySecurityGroupRulesRequest.SecurityGroupRule.SecurityGroupRule.IpProtocol') AS protocol,
       json_extract_scalar(requestparameters,
                           '$.ModifySecurityGroupRulesRequest.SecurityGroupRule.SecurityGroupRule.FromPort') AS from_port,
       json_extract_scalar(requestparameters,
                           '$.ModifySecurityGroupRulesRequest.SecurityGroupRule.SecurityGroupRule.ToPort') AS to_port,
       CASE WHEN strpos(requestparameters, '"0.0.0.0/0"') > 0 THEN '0.0.0.0/0' ELSE '::/0' END AS world,
       coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid) AS principal,
       errorcode,
       sourceipaddress,
       recipientaccountid AS account,
       awsregion AS region,
       eventid
FROM cloudtrail_logs
WHERE eventsource = 'ec2.amazonaws.com'
  AND eventname = 'ModifySecurityGroupRules'
  AND regexp_like(requestparameters, '"(0[.]0[.]0[.]0|::)/0"')
ORDER BY eventtime, eventid, from_port
