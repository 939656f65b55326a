-- title: KMS keys disabled, due for deletion or given away
-- answers: Who disabled a key, scheduled its deletion, or changed who may use it?
-- technique: T1485, T1486, T1531
-- returns: eventtime, eventname, key_id, days, principal, errorcode, sourceipaddress, account, region, eventid

SELECT eventtime,
       eventname,
       json_extract_scalar(requestparameters, '$.keyId') AS key_id,
       json_extract_scalar(requestparameters, '$.pendingWindowInDays') AS days,
       coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid) AS principal,
       errorcode,
       sourceipaddress,
       recipientaccountid AS account,
       awsregion AS region,
       eventid
FROM cloudtrail_logs
WHERE eventsource = 'kms.amazonaws.com'
  AND eventname IN ('ScheduleKeyDeletion', 'CancelKeyDeletion', 'DisableKey', 'EnableKey', 'PutKeyPolicy',
                    'DeleteImportedKeyMaterial', 'DisableKeyRotation', 'DisconnectCustomKeyStore',
                    'DeleteCustomKeyStore')
ORDER BY eventtime, eventid
