-- title: What one principal did, in order
-- answers: Which calls did this user, role or session make, with what and from where?
-- param principal text: an ARN or a part of it, such as a user's, role's or session's name
-- returns: eventtime, eventname, service, requestparameters, errorcode, sourceipaddress, useragent, accesskeyid, account, region, eventid

SELECT eventtime,
       eventname,
       split_part(eventsource, '.', 1) AS service,
       requestparameters,
       errorcode,
       sourceipaddress,
       useragent,
       useridentity.accesskeyid AS accesskeyid,
       recipientaccountid AS account,
       awsregion AS region,
       eventid
FROM cloudtrail_logs
WHERE strpos(useridentity.arn, '{{principal}}') > 0
   OR useridentity.principalid = '{{principal}}'
   OR useridentity.username = '{{principal}}'
   OR useridentity.sessioncontext.sessionissuer.arn = '{{principal}}'
ORDER BY eventtime, eventid
