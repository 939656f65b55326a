-- title: Changes of names and domains
-- answers: Who changed which DNS records, zones, domains or resolver rules?
-- technique: T1584.002, T1565
-- returns: eventtime, service, eventname, zone, changed, principal, errorcode, sourceipaddress, account, eventid

SELECT eventtime,
       split_part(eventsource, '.', 1) AS service,
       eventname,
       coalesce(json_extract_scalar(requestparameters, '$.hostedZoneId'),
                json_extract_scalar(requestparameters, '$.domainName'),
                json_extract_scalar(requestparameters, '$.name')) AS zone,
       array_join(transform(TRY_CAST(json_extract(requestparameters, '$.changeBatch.changes') AS array(json)),
                            c -> json_extract_scalar(c, '$.action') || ' '
                                 || json_extract_scalar(c, '$.resourceRecordSet.type') || ' '
                                 || json_extract_scalar(c, '$.resourceRecordSet.name')), ', ') AS changed,
       coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid) AS principal,
       errorcode,
       sourceipaddress,
       recipientaccountid AS account,
       eventid
FROM cloudtrail_logs
WHERE eventsource IN ('route53.amazonaws.com', 'route53domains.amazonaws.com', 'route53resolver.amazonaws.com')
  AND NOT regexp_like(eventname, '^(Get|List|Describe|Check|Test|View)')
ORDER BY eventtime, eventid
