-- title: Mail being sent or made ready
-- answers: Who asked how much mail may be sent, verified senders, raised limits or sent mail?
-- technique: T1496.004, T1566
-- returns: eventtime, eventname, identity, principal, errorcode, sourceipaddress, useragent, account, region, eventid

SELECT eventtime,
       eventname,
       coalesce(json_extract_scalar(requestparameters, '$.emailIdentity'),
                json_extract_scalar(requestparameters, '$.emailAddress'),
                json_extract_scalar(requestparameters, '$.identity'),
                json_extract_scalar(requestparameters, '$.domain')) AS identity,
       coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid) AS principal,
       errorcode,
       sourceipaddress,
       useragent,
       recipientaccountid AS account,
       awsregion AS region,
       eventid
FROM cloudtrail_logs
WHERE eventsource = 'ses.amazonaws.com'
  AND eventname IN ('GetSendQuota', 'GetAccount', 'GetAccountSendingEnabled', 'UpdateAccountSendingEnabled',
                    'PutAccountDetails', 'PutAccountSendingAttributes', 'VerifyEmailIdentity', 'VerifyDomainIdentity',
                    'CreateEmailIdentity', 'DeleteIdentity', 'DeleteEmailIdentity', 'ListIdentities',
                    'ListEmailIdentities', 'SendEmail', 'SendRawEmail', 'SendBulkEmail', 'SendTemplatedEmail',
                    'SendBulkTemplatedEmail', 'PutIdentityPolicy', 'CreateEmailIdentityPolicy')
ORDER BY eventtime, eventid
