-- title: Changes made outside of working hours
-- answers: Who changed something between these hours of the day (UTC), services, instances and functions left out?
-- technique: T1078.004
-- param from_hour number: first hour of the night, default 22
-- param to_hour number: first hour of the day, default 6
-- returns: eventtime, principal, eventname, service, sourceipaddress, errorcode, account, region, eventid

SELECT eventtime,
       useridentity.arn AS principal,
       eventname,
       split_part(eventsource, '.', 1) AS service,
       sourceipaddress,
       errorcode,
       recipientaccountid AS account,
       awsregion AS region,
       eventid
FROM cloudtrail_logs
WHERE readonly = 'false'
  AND useridentity.type IN ('Root', 'IAMUser', 'AssumedRole', 'FederatedUser', 'IdentityCenterUser')
  AND eventcategory = 'Management'
  AND useridentity.invokedby IS NULL
  AND useridentity.sessioncontext.ec2roledelivery IS NULL
  AND useridentity.inscopeof.credentialsissuedto IS NULL
  AND strpos(coalesce(useragent, ''), 'exec-env/AWS_') = 0
  AND CASE WHEN {{from_hour}} > {{to_hour}}
           THEN TRY_CAST(substr(eventtime, 12, 2) AS bigint) >= {{from_hour}}
                OR TRY_CAST(substr(eventtime, 12, 2) AS bigint) < {{to_hour}}
           ELSE TRY_CAST(substr(eventtime, 12, 2) AS bigint) >= {{from_hour}}
                AND TRY_CAST(substr(eventtime, 12, 2) AS bigint) < {{to_hour}} END
ORDER BY eventtime, eventid
