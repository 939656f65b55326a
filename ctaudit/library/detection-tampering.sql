-- title: Detection switched off or blinded
-- answers: Who disabled, narrowed or left GuardDuty, Security Hub, Config, Macie, Inspector, Detective or Access Analyzer?
-- technique: T1562.001
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
WHERE (eventsource = 'guardduty.amazonaws.com'
       AND (eventname IN ('DeleteDetector', 'StopMonitoringMembers', 'DeleteMembers', 'DisassociateMembers',
                          'DisassociateFromMasterAccount', 'DisassociateFromAdministratorAccount',
                          'DeletePublishingDestination', 'DisableOrganizationAdminAccount', 'CreateIPSet', 'UpdateIPSet',
                          'CreateFilter', 'UpdateFilter', 'DeleteThreatIntelSet', 'ArchiveFindings')
            OR (eventname = 'UpdateDetector' AND json_extract_scalar(requestparameters, '$.enable') = 'false')))
   OR (eventsource = 'securityhub.amazonaws.com'
       AND eventname IN ('DisableSecurityHub', 'BatchDisableStandards', 'DisassociateFromMasterAccount',
                         'DisassociateFromAdministratorAccount', 'DisassociateMembers', 'DeleteMembers',
                         'UpdateStandardsControl', 'CreateAutomationRule', 'DisableOrganizationAdminAccount',
                         'DisableImportFindingsForProduct'))
   OR (eventsource = 'config.amazonaws.com'
       AND eventname IN ('StopConfigurationRecorder', 'DeleteConfigurationRecorder', 'PutConfigurationRecorder',
                         'DeleteDeliveryChannel', 'DeleteConfigRule', 'DeleteOrganizationConfigRule',
                         'DeleteConformancePack', 'DeleteConfigurationAggregator', 'DeleteAggregationAuthorization'))
   OR (eventsource = 'macie2.amazonaws.com' AND eventname IN ('DisableMacie', 'UpdateMacieSession', 'DeleteMember'))
   OR (eventsource = 'inspector2.amazonaws.com' AND eventname IN ('Disable', 'CreateFilter', 'DisassociateMember'))
   OR (eventsource = 'detective.amazonaws.com' AND eventname IN ('DeleteGraph', 'DeleteMembers'))
   OR (eventsource = 'access-analyzer.amazonaws.com' AND eventname IN ('DeleteAnalyzer', 'CreateArchiveRule'))
ORDER BY eventtime, eventid
