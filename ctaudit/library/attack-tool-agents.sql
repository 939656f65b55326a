-- title: User agents of attack tools
-- answers: Who called with a program or system that intruders (and testers) use? It is what the caller claims.
-- technique: T1588.002, T1526
-- returns: tool, principal, sourceipaddress, useragent, calls, failed, first_seen, last_seen

SELECT regexp_extract(lower(useragent), 'kali|parrot|blackarch|pentoo|pacu|scoutsuite|scout suite|prowler|cloudmapper|cloudfox|trufflehog|gitleaks|s3browser|s3 browser|weirdaal|enumerate-iam|nimbostratus|stratus-red-team|cloudsploit|steampipe|principalmapper|peirates|metasploit|nuclei|sqlmap|gowitness|hydra')
         AS tool,
       coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid) AS principal,
       sourceipaddress,
       useragent,
       count(*) AS calls,
       count_if(errorcode IS NOT NULL) AS failed,
       min(eventtime) AS first_seen,
       max(eventtime) AS last_seen
FROM cloudtrail_logs
WHERE regexp_like(lower(useragent), 'kali|parrot|blackarch|pentoo|pacu|scoutsuite|scout suite|prowler|cloudmapper|cloudfox|trufflehog|gitleaks|s3browser|s3 browser|weirdaal|enumerate-iam|nimbostratus|stratus-red-team|cloudsploit|steampipe|principalmapper|peirates|metasploit|nuclei|sqlmap|gowitness|hydra')
GROUP BY coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid), sourceipaddress, useragent
ORDER BY first_seen, principal, sourceipaddress
