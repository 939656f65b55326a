-- title: Changes of who may come in from outside
-- answers: Who changed identity providers (SAML, OIDC), Identity Center or its permission sets, or Roles Anywhere?
-- technique: T1484.002, T1098.003, T1556
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
WHERE (eventsource = 'iam.amazonaws.com' AND regexp_like(eventname, 'SAMLProvider|OpenIDConnectProvider')
       AND NOT regexp_like(eventname, '^(Get|List)'))
   OR (eventsource IN ('sso.amazonaws.com', 'sso-directory.amazonaws.com', 'identitystore.amazonaws.com')
       AND regexp_like(eventname, '^(Create|Update|Delete|Put|Attach|Detach|Associate|Disassociate|Provision|Enable|Disable|Start|Add|Remove|Import)'))
   OR (eventsource = 'rolesanywhere.amazonaws.com' AND regexp_like(eventname, '^(Create|Update|Enable|Import)'))
   OR (eventsource IN ('cognito-idp.amazonaws.com', 'cognito-identity.amazonaws.com')
       AND eventname IN ('SetIdentityPoolRoles', 'UpdateIdentityPool', 'CreateIdentityPool', 'UpdateIdentityProvider'))
ORDER BY eventtime, eventid
