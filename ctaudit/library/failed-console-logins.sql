-- title: Failed sign-ins to the console
-- answers: Who failed to sign in, from where, how often, and did it work in the end?
-- technique: T1110.001, T1110.003
-- returns: account, user_name, sourceipaddress, failed, succeeded, messages, first_failure, last_failure

SELECT recipientaccountid AS account,
       coalesce(useridentity.username, useridentity.arn) AS user_name,
       sourceipaddress,
       count_if(json_extract_scalar(responseelements, '$.ConsoleLogin') = 'Failure') AS failed,
       count_if(json_extract_scalar(responseelements, '$.ConsoleLogin') = 'Success') AS succeeded,
       array_join(array_agg(DISTINCT errormessage ORDER BY errormessage), ', ') AS messages,
       min(CASE WHEN json_extract_scalar(responseelements, '$.ConsoleLogin') = 'Failure' THEN eventtime END)
         AS first_failure,
       max(CASE WHEN json_extract_scalar(responseelements, '$.ConsoleLogin') = 'Failure' THEN eventtime END)
         AS last_failure
FROM cloudtrail_logs
WHERE eventname = 'ConsoleLogin'
GROUP BY recipientaccountid, coalesce(useridentity.username, useridentity.arn), sourceipaddress
HAVING count_if(json_extract_scalar(responseelements, '$.ConsoleLogin') = 'Failure') > 0
ORDER BY failed DESC, first_failure, user_name
