-- title: What came from one address, in order
-- answers: Which calls came from this address, as whom, and with which programs?
-- param address address: an IPv4 or IPv6 address
-- returns: eventtime, principal, eventname, service, errorcode, useragent, accesskeyid, account, region, eventid

SELECT eventtime,
       coalesce(useridentity.arn, useridentity.username, useridentity.accountid) AS principal,
       eventname,
       split_part(eventsource, '.', 1) AS service,
       errorcode,
       useragent,
       useridentity.accesskeyid AS accesskeyid,
       recipientaccountid AS account,
       awsregion AS region,
       eventid
FROM cloudtrail_logs
WHERE sourceipaddress = '{{address}}'
ORDER BY eventtime, eventid
