-- title: Whom roles trust
-- answers: Who made a role or changed whom it trusts, and which accounts and providers does it name?
-- technique: T1098.003, T1199, T1484.002
-- returns: eventtime, eventname, role_name, accounts_named, providers_named, trusts_everybody, principal, errorcode, sourceipaddress, account, eventid

WITH documents AS (
  SELECT eventtime, eventname, useridentity, errorcode, sourceipaddress, recipientaccountid, eventid,
         json_extract_scalar(requestparameters, '$.roleName') AS role_name,
         coalesce(json_extract_scalar(requestparameters, '$.policyDocument'),
                  json_extract_scalar(requestparameters, '$.assumeRolePolicyDocument')) AS document
  FROM cloudtrail_logs
  WHERE eventsource = 'iam.amazonaws.com'
    AND eventname IN ('CreateRole', 'UpdateAssumeRolePolicy')
)
SELECT eventtime,
       eventname,
       role_name,
       array_join(array_distinct(regexp_extract_all(document, '(?:arn:aws[a-z-]*:(?:iam|sts)::|")(\d{12})(?::|")', 1)), ', ')
         AS accounts_named,
       array_join(array_distinct(regexp_extract_all(document, '(?:saml|oidc)-provider/([^"]+)"', 1)), ', ')
         AS providers_named,
       regexp_like(document, '"Principal"\s*:\s*("\*"|\{\s*"AWS"\s*:\s*(\[[^\]]*)?"\*")') AS trusts_everybody,
       coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid) AS principal,
       errorcode,
       sourceipaddress,
       recipientaccountid AS account,
       eventid
FROM documents
ORDER BY eventtime, eventid
