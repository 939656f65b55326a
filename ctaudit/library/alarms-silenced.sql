-- title: Alarms, rules and subscriptions taken away
-- answers: Who deleted or disabled what would have told somebody?
-- technique: T1562.001, T1562.008
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
WHERE (eventsource = 'monitoring.amazonaws.com'
       AND eventname IN ('DeleteAlarms', 'DisableAlarmActions', 'DeleteAnomalyDetector', 'DeleteInsightRules'))
   OR (eventsource = 'events.amazonaws.com' AND eventname IN ('DisableRule', 'DeleteRule', 'RemoveTargets'))
   OR (eventsource = 'sns.amazonaws.com' AND eventname IN ('Unsubscribe', 'DeleteTopic', 'SetSubscriptionAttributes'))
   OR (eventsource = 'budgets.amazonaws.com' AND eventname IN ('DeleteBudget', 'DeleteNotification', 'DeleteSubscriber'))
   OR (eventsource = 'ce.amazonaws.com' AND eventname IN ('DeleteAnomalyMonitor', 'DeleteAnomalySubscription'))
ORDER BY eventtime, eventid
