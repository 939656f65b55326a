-- title: Calls through VPC endpoints
-- answers: Which endpoints were used by whom for which services, and what did their policies refuse?
-- needs: network activity events for what endpoints refused
-- returns: vpcendpointid, principal, service, calls, refused, first_seen, last_seen

SELECT vpcendpointid,
       coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid) AS principal,
       split_part(eventsource, '.', 1) AS service,
       count(*) AS calls,
       count_if(errorcode = 'VpceAccessDenied') AS refused,
       min(eventtime) AS first_seen,
       max(eventtime) AS last_seen
FROM cloudtrail_logs
WHERE starts_with(vpcendpointid, 'vpce-')
GROUP BY vpcendpointid, coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid),
         split_part(eventsource, '.', 1)
ORDER BY calls DESC, vpcendpointid, principal, service
