"""The tables and views of a catalog."""

ACCOUNT_NAMES = """
CREATE TABLE IF NOT EXISTS account_names (
  account VARCHAR PRIMARY KEY, name VARCHAR NOT NULL, source VARCHAR NOT NULL, learned VARCHAR NOT NULL
);
"""
"""Apart from the others: stores that were made before it get it with the first name."""

SCHEMA = f"""{ACCOUNT_NAMES}
CREATE TABLE meta (key VARCHAR PRIMARY KEY, value VARCHAR NOT NULL);
CREATE TABLE contents (
  file_id BIGINT PRIMARY KEY, sha256 VARCHAR NOT NULL, kind VARCHAR NOT NULL, bytes BIGINT NOT NULL,
  records BIGINT NOT NULL, events BIGINT NOT NULL, refused BIGINT NOT NULL, faults BIGINT NOT NULL,
  integrity VARCHAR
);
CREATE TABLE paths (
  path VARCHAR NOT NULL, file VARCHAR NOT NULL, file_id BIGINT NOT NULL, size BIGINT NOT NULL,
  changed_ns BIGINT NOT NULL, PRIMARY KEY (path, file, file_id)
);
CREATE TABLE refused (
  path VARCHAR NOT NULL, file VARCHAR NOT NULL, file_id BIGINT NOT NULL, kind VARCHAR NOT NULL, count BIGINT NOT NULL,
  PRIMARY KEY (path, file, file_id, kind)
);
CREATE TABLE faults (
  path VARCHAR NOT NULL, file VARCHAR NOT NULL, "offset" BIGINT, kind VARCHAR NOT NULL, reason VARCHAR NOT NULL,
  record BIGINT
);
CREATE TABLE segments (
  date VARCHAR NOT NULL, name VARCHAR NOT NULL, rows BIGINT NOT NULL, bytes BIGINT NOT NULL, PRIMARY KEY (date, name)
);
CREATE TABLE segment_partitions (
  date VARCHAR NOT NULL, name VARCHAR NOT NULL, account VARCHAR, region VARCHAR, rows BIGINT NOT NULL,
  first_time VARCHAR, last_time VARCHAR, hours INTEGER NOT NULL
);
CREATE TABLE segment_names (
  date VARCHAR NOT NULL, name VARCHAR NOT NULL, eventsource VARCHAR, eventname VARCHAR, readonly VARCHAR
);
CREATE TABLE segment_fields (
  date VARCHAR NOT NULL, name VARCHAR NOT NULL, field VARCHAR NOT NULL, rows BIGINT NOT NULL
);
CREATE TABLE duplicates (
  eventid VARCHAR, date VARCHAR NOT NULL, kept_file BIGINT NOT NULL, kept_record INTEGER NOT NULL,
  file_id BIGINT NOT NULL, record INTEGER NOT NULL, PRIMARY KEY (file_id, record)
);
CREATE TABLE conflicts (
  eventid VARCHAR NOT NULL, date VARCHAR NOT NULL, file_id BIGINT NOT NULL, record INTEGER NOT NULL,
  PRIMARY KEY (file_id, record)
);
CREATE TABLE listed (
  key VARCHAR PRIMARY KEY, name VARCHAR NOT NULL, sha256 VARCHAR NOT NULL, integrity VARCHAR NOT NULL,
  digest VARCHAR NOT NULL, digest_sha256 VARCHAR NOT NULL, proof VARCHAR, public_key VARCHAR,
  validated VARCHAR NOT NULL, run BIGINT NOT NULL
);
CREATE TABLE gaps (
  account VARCHAR NOT NULL, region VARCHAR NOT NULL, since VARCHAR, until VARCHAR, code VARCHAR NOT NULL,
  object VARCHAR, sentence VARCHAR NOT NULL
);
CREATE TABLE deliveries (
  file_id BIGINT NOT NULL, account VARCHAR NOT NULL, region VARCHAR NOT NULL, delivered TIMESTAMP NOT NULL,
  PRIMARY KEY (file_id, account, region, delivered)
);
CREATE TABLE windows (
  account VARCHAR NOT NULL, region VARCHAR NOT NULL, since VARCHAR NOT NULL, until VARCHAR NOT NULL
);
CREATE TABLE trail_stops (
  date VARCHAR NOT NULL, name VARCHAR NOT NULL, account VARCHAR NOT NULL, trail VARCHAR NOT NULL,
  time VARCHAR NOT NULL, starts BOOLEAN NOT NULL
);
CREATE TABLE log_buckets (name VARCHAR PRIMARY KEY);
CREATE VIEW files AS
  SELECT c.file_id, coalesce(min(p.path) FILTER (NOT starts_with(p.path, '-')), min(p.path)) AS path,
         c.sha256, c.kind, c.bytes, c.records, c.events, c.refused, c.integrity
  FROM contents c LEFT JOIN paths p USING (file_id) GROUP BY ALL;
CREATE VIEW partitions AS
  SELECT account, region, p.date, sum(p.rows)::BIGINT AS rows, round(sum(s.bytes * p.rows / s.rows))::BIGINT AS bytes,
         min(first_time) AS first_time, max(last_time) AS last_time, count(*) AS segments
  FROM segment_partitions p JOIN segments s USING (date, name) GROUP BY ALL;
CREATE TABLE retired (date VARCHAR NOT NULL, name VARCHAR NOT NULL, since VARCHAR NOT NULL);
CREATE TABLE forgotten (date VARCHAR NOT NULL, events BIGINT NOT NULL, "at" VARCHAR NOT NULL);
"""
