-- title: Changes of networks
-- answers: Who changed routes, gateways, network access lists, peerings, tunnels, mirrors of traffic or firewalls?
-- technique: T1562.007, T1040, T1599
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
WHERE (eventsource = 'ec2.amazonaws.com'
       AND regexp_like(eventname, '^(Create|Delete|Replace|Attach|Detach|Modify|Accept|Reject|Enable|Disable|Authorize|Revoke|Associate|Disassociate)')
       AND regexp_like(eventname, 'NetworkAcl|Route|InternetGateway|NatGateway|CustomerGateway|VpnConnection|VpnGateway|ClientVpn|VpcPeering|TransitGateway|TrafficMirror|SecurityGroup|VpcEndpoint|DhcpOptions|VpcAttribute|VpcBlockPublicAccess'))
   OR (eventsource IN ('network-firewall.amazonaws.com', 'wafv2.amazonaws.com', 'waf-regional.amazonaws.com')
       AND regexp_like(eventname, '^(Create|Delete|Update|Associate|Disassociate|Put)'))
ORDER BY eventtime, eventid
