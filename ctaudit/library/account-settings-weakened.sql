-- title: Settings of accounts that make them weaker
-- answers: Who loosened passwords, encryption, block settings, contacts, regions or metadata defaults of an account?
-- technique: T1562.001, T1556
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
WHERE eventname IN ('UpdateAccountPasswordPolicy', 'DeleteAccountPasswordPolicy', 'DisableEbsEncryptionByDefault',
                    'ModifyEbsDefaultKmsKeyId', 'ResetEbsDefaultKmsKeyId', 'DisableSnapshotBlockPublicAccess',
                    'DisableImageBlockPublicAccess', 'EnableSerialConsoleAccess', 'DeleteAccountPublicAccessBlock',
                    'ModifyInstanceMetadataDefaults', 'PutAlternateContact', 'DeleteAlternateContact',
                    'PutContactInformation', 'EnableRegion', 'SetSecurityTokenServicePreferences',
                    'PutDataLakeSettings', 'ModifyInstanceMetadataOptions', 'DeleteAccountAlias', 'CreateAccountAlias')
   OR (eventname = 'PutAccountPublicAccessBlock' AND strpos(requestparameters, 'false') > 0)
ORDER BY eventtime, eventid
