-- title: Changes of the organization
-- answers: Who let an account leave, moved it, or changed policies, delegates, trusted services or invitations?
-- technique: T1666, T1562.001
-- returns: eventtime, service, eventname, target, principal, requestparameters, errorcode, sourceipaddress, account, eventid

SELECT eventtime,
       split_part(eventsource, '.', 1) AS service,
       eventname,
       coalesce(json_extract_scalar(requestparameters, '$.targetId'),
                json_extract_scalar(requestparameters, '$.accountId'),
                json_extract_scalar(requestparameters, '$.policyId'),
                json_extract_scalar(requestparameters, '$.servicePrincipal')) AS target,
       coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid) AS principal,
       requestparameters,
       errorcode,
       sourceipaddress,
       recipientaccountid AS account,
       eventid
FROM cloudtrail_logs
WHERE (eventsource = 'organizations.amazonaws.com' AND NOT regexp_like(eventname, '^(Describe|List)'))
   OR (eventsource = 'account.amazonaws.com' AND eventname IN ('CloseAccount', 'DisableRegion', 'EnableRegion'))
ORDER BY eventtime, eventid
