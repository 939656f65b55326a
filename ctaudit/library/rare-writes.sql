-- title: Kinds of change that hardly ever happen
-- answers: Which calls that change something were made only a few times in all, and by whom?
-- param at_most number: how often a call may occur to be rare, default 2
-- returns: service, eventname, times, principals, first_seen, last_seen

SELECT split_part(eventsource, '.', 1) AS service,
       eventname,
       count(*) AS times,
       array_join(array_agg(DISTINCT coalesce(useridentity.arn, useridentity.invokedby)), ', ') AS principals,
       min(eventtime) AS first_seen,
       max(eventtime) AS last_seen
FROM cloudtrail_logs
WHERE readonly = 'false'
GROUP BY split_part(eventsource, '.', 1), eventname
HAVING count(*) <= {{at_most}}
ORDER BY times, service, eventname
