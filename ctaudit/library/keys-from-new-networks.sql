-- title: Long-lived keys used from networks that are new to them
-- answers: Which access keys of users were used from a network (/24, or /48 of IPv6) only on or after this day?
-- technique: T1078.004, T1552
-- param day date: the first day that is not taken for the past
-- returns: accesskeyid, principal, network, first_seen, last_seen, calls, failed, addresses, networks_before

WITH uses AS (
  SELECT useridentity.accesskeyid AS accesskeyid,
         useridentity.arn AS principal,
         sourceipaddress,
         CASE WHEN strpos(sourceipaddress, ':') > 0
              THEN array_join(slice(split(sourceipaddress, ':'), 1, 3), ':')
              ELSE array_join(slice(split(sourceipaddress, '.'), 1, 3), '.') END AS network,
         eventtime,
         errorcode
  FROM cloudtrail_logs
  WHERE starts_with(useridentity.accesskeyid, 'AKIA')
    AND regexp_like(sourceipaddress, '^[0-9a-fA-F.:]+$')
), known AS (
  SELECT accesskeyid, array_join(array_agg(DISTINCT network ORDER BY network), ', ') AS networks
  FROM uses
  WHERE eventtime < '{{day}}'
  GROUP BY accesskeyid
)
SELECT uses.accesskeyid AS accesskeyid,
       uses.principal AS principal,
       uses.network AS network,
       min(uses.eventtime) AS first_seen,
       max(uses.eventtime) AS last_seen,
       count(*) AS calls,
       count_if(uses.errorcode IS NOT NULL) AS failed,
       array_join(array_agg(DISTINCT uses.sourceipaddress ORDER BY uses.sourceipaddress), ', ') AS addresses,
       known.networks AS networks_before
FROM uses
LEFT JOIN known ON known.accesskeyid = uses.accesskeyid
GROUP BY uses.accesskeyid, uses.principal, uses.network, known.networks
HAVING min(uses.eventtime) >= '{{day}}'
ORDER BY first_seen, accesskeyid, network
