-- title: Every event that names a resource
-- answers: What was asked, answered or refused about this resource, reading included?
-- param resource text: a name, an id or an ARN
-- returns: eventtime, principal, eventname, service, errorcode, sourceipaddress, requestparameters, account, region, eventid

SELECT eventtime,
       coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid) AS principal,
       eventname,
       split_part(eventsource, '.', 1) AS service,
       errorcode,
       sourceipaddress,
       requestparameters,
       recipientaccountid AS account,
       awsregion AS region,
       eventid
FROM cloudtrail_logs
WHERE strpos(requestparameters, '{{resource}}') > 0
   OR strpos(responseelements, '{{resource}}') > 0
   OR strpos(serviceeventdetails, '{{resource}}') > 0
   OR strpos(errormessage, '{{resource}}') > 0
   OR any_match(resources, r -> strpos(r.arn, '{{resource}}') > 0)
ORDER BY eventtime, eventid
