-- title: Logs other than CloudTrail's deleted, cut short or turned off
-- answers: Who removed flow logs, log groups, query logs, access logs or their retention?
-- technique: T1562.008, T1070
-- returns: eventtime, service, eventname, principal, requestparameters, errorcode, sourceipaddress, account, region, eventid

SELECT eventtime,
       split_part(eventsource, '.', 1) AS service,
       eventname,
       coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid) AS principal,
       requestparameters,
       errorcode,
       sourceipaddress,
       recipientaccountid AS account,
       awsregion AS region,
       eventid
FROM cloudtrail_logs
WHERE (eventsource = 'ec2.amazonaws.com' AND eventname = 'DeleteFlowLogs')
   OR (eventsource = 'logs.amazonaws.com'
       AND eventname IN ('DeleteLogGroup', 'DeleteLogStream', 'PutRetentionPolicy', 'DeleteDestination',
                         'DeleteSubscriptionFilter', 'DeleteMetricFilter', 'DeleteDelivery', 'DeleteAccountPolicy'))
   OR (eventsource = 'route53resolver.amazonaws.com'
       AND eventname IN ('DeleteResolverQueryLogConfig', 'DisassociateResolverQueryLogConfig'))
   OR (eventsource IN ('wafv2.amazonaws.com', 'waf.amazonaws.com', 'waf-regional.amazonaws.com')
       AND eventname = 'DeleteLoggingConfiguration')
   OR (eventsource = 's3.amazonaws.com' AND eventname = 'PutBucketLogging'
       AND strpos(requestparameters, '"LoggingEnabled"') = 0)
   OR (eventsource = 'elasticloadbalancing.amazonaws.com' AND eventname = 'ModifyLoadBalancerAttributes'
       AND strpos(requestparameters, 'access_logs.s3') > 0)
   OR (eventsource = 'bedrock.amazonaws.com' AND eventname = 'DeleteModelInvocationLoggingConfiguration')
   OR (eventsource = 'rds.amazonaws.com' AND strpos(requestparameters, '"disableLogTypes":[') > 0
       AND strpos(requestparameters, '"disableLogTypes":[]') = 0)
ORDER BY eventtime, eventid
