-- title: Resources shared beyond the account
-- answers: Who shared resources with other accounts by Resource Access Manager, or by policies of services?
-- technique: T1537, T1199
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
WHERE (eventsource = 'ram.amazonaws.com'
       AND eventname IN ('CreateResourceShare', 'AssociateResourceShare', 'UpdateResourceShare',
                         'EnableSharingWithAwsOrganization', 'AcceptResourceShareInvitation'))
   OR (eventsource = 'secretsmanager.amazonaws.com' AND eventname = 'PutResourcePolicy')
   OR (eventsource = 'ecr.amazonaws.com' AND eventname IN ('SetRepositoryPolicy', 'PutRegistryPolicy'))
   OR (eventsource = 'glue.amazonaws.com' AND eventname = 'PutResourcePolicy')
   OR (eventsource = 'backup.amazonaws.com' AND eventname IN ('PutBackupVaultAccessPolicy'))
   OR (eventsource = 'sqs.amazonaws.com' AND eventname = 'AddPermission')
   OR (eventsource = 'sns.amazonaws.com' AND eventname = 'AddPermission')
   OR (eventsource = 'kms.amazonaws.com' AND eventname = 'CreateGrant'
       AND useridentity.invokedby IS NULL)
ORDER BY eventtime, eventid
