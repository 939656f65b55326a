-- title: Who touches data most
-- answers: Which principals made the most calls on objects, items, functions and other data, and how many failed?
-- technique: T1530, T1119
-- needs: data events of the services in question
-- returns: principal, service, eventname, calls, failed, addresses, first_seen, last_seen

SELECT coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid) AS principal,
       split_part(eventsource, '.', 1) AS service,
       eventname,
       count(*) AS calls,
       count_if(errorcode IS NOT NULL) AS failed,
       count(DISTINCT sourceipaddress) AS addresses,
       min(eventtime) AS first_seen,
       max(eventtime) AS last_seen
FROM cloudtrail_logs
WHERE eventcategory = 'Data' OR managementevent = 'false'
GROUP BY coalesce(useridentity.arn, useridentity.invokedby, useridentity.accountid),
         split_part(eventsource, '.', 1), eventname
ORDER BY calls DESC, principal, service, eventname
