-- title: Programs that called, the rarest first
-- answers: With which programs was AWS called, and which of them does hardly anybody use?
-- technique: T1078.004
-- returns: program, calls, principals, addresses, first_seen, last_seen

SELECT regexp_extract(useragent, '^\[?([^ /\]]+(/[0-9]+)?)', 1) AS program,
       count(*) AS calls,
       count(DISTINCT useridentity.arn) AS principals,
       count(DISTINCT sourceipaddress) AS addresses,
       min(eventtime) AS first_seen,
       max(eventtime) AS last_seen
FROM cloudtrail_logs
WHERE useragent IS NOT NULL
GROUP BY regexp_extract(useragent, '^\[?([^ /\]]+(/[0-9]+)?)', 1)
ORDER BY calls, program
