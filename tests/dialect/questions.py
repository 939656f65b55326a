"""Questions in Athena's SQL, as investigators write them, with what they find in the events of `night.py`.

A question's rows are given as text where it asks for event ids, "e01 e02", in order.
"""

from __future__ import annotations

from typing import Any

from tests.dialect.night import A, B

Rows = str | list[tuple[Any, ...]]
ORDER = " ORDER BY eventid"


def _ids(where: str, table: str = "cloudtrail_logs") -> str:
    return f"SELECT eventid FROM {table} WHERE {where}{ORDER}"


TABLES: dict[str, Rows] = {
    "SELECT count(*) FROM cloudtrail_logs": [(13,)],
    "SELECT count(*) FROM default.cloudtrail_logs_acme": [(13,)],
    'SELECT count(*) FROM "my-database"."cloudtrail-2026"': [(13,)],
    "SELECT count(*) FROM awsdatacatalog.security.trail": [(13,)],
    "SELECT count(*) FROM AwsDataCatalog.Security.Trail AS t": [(13,)],
    "SELECT count(*) FROM `trail`": [(13,)],
    "SELECT t.eventid FROM security.trail t WHERE t.eventname = 'StopLogging'": "e11",
    "SELECT trail.eventid FROM security.trail WHERE trail.eventname = 'StopLogging'": "e11",
    "SELECT security.trail.eventid FROM security.trail WHERE eventname = 'StopLogging'": "e11",
    "SELECT count(*) FROM cloudtrail_000000000000": [(13,)],
    "SELECT count(*) FROM logs.cloudtrail_DOC-EXAMPLE-BUCKET1_table": [(13,)],
    "SELECT count(*) FROM <YOUR TABLE NAME>": [(13,)],
    "SELECT count(*) FROM <database>.<table>": [(13,)],
    "SELECT count(*) FROM ${database}.${table}": [(13,)],
    "SELECT count(*) FROM {{ table }}": [(13,)],
    "SELECT count(*) FROM {table} t WHERE t.eventname = 'Odd'": [(1,)],
    "SELECT count(*) FROM $TABLE_NAME": [(13,)],
    "SELECT count(*) FROM ***": [(13,)],
    "select COUNT(*) from CloudTrail_Logs where EVENTNAME = 'Odd'": [(1,)],
    "SELECT EventName FROM trail WHERE EventID = 'e11'": [("StopLogging",)],
    "SELECT userIdentity.sessionContext.sessionIssuer.userName FROM trail WHERE eventId = 'e06'": [("admin",)],
    "SELECT t.userIdentity.sessionContext.sessionIssuer.userName FROM trail t WHERE t.eventId = 'e06'": [("admin",)],
    "SELECT count(*) FROM cloudtrail_logs;": [(13,)],
    "-- how many?\nSELECT /* all */ count(*) -- of them\nFROM cloudtrail_logs /* ; DROP TABLE x */": [(13,)],
    "TABLE cloudtrail_logs ORDER BY eventid LIMIT 0": [],
}

PARTITIONS: dict[str, Rows] = {
    _ids(f"account = '{B}'"): "e06 e07 e08 e09",
    _ids(f"account_id = '{B}'"): "e06 e07 e08 e09",
    _ids(f"accountid = '{B}' AND region = 'eu-west-1'"): "e06 e07 e08 e09",
    _ids("region IN ('eu-west-1', 'eu-west-2')"): "e05 e06 e07 e08 e09",
    _ids("region_partition = 'eu-west-1' AND account_partition = '111122223333'"): "e05",
    _ids("year = '2026' AND month = '03' AND day = '10'"): "e01 e02",
    _ids("year = 2026 AND month = 3 AND day = 10"): "e01 e02",
    _ids("year = '2026' AND month = '4'"): "e12",
    _ids("year = '2025'"): "",
    _ids("year = CAST(year(DATE '2026-01-01') AS varchar) AND month = '3' AND day = '10'"): "e01 e02",
    _ids("year = substr('2026-03', 1, 4) AND month = format_datetime(TIMESTAMP '2026-03-11', 'MM') AND day = '10'"): (
        "e01 e02"
    ),
    _ids("year = date_format(TIMESTAMP '2026-03-10 00:00:00', '%Y') AND month = lpad('3', 2, '0') AND day = '10'"): (
        "e01 e02"
    ),
    _ids("month = lpad(CAST(month(DATE '2026-03-11') AS varchar), 2, '0') AND day = date_format(DATE '2026-01-10', '%d')"): (
        "e01 e02"
    ),
    _ids("CAST(year AS integer) = 2026 AND try_cast(month AS integer) = 3 AND CAST(day AS bigint) IN (10)"): "e01 e02",
    _ids("CAST(day AS int) BETWEEN 9 AND 10 AND month = '03'"): "e01 e02",
    _ids("day = '2026/03/10'"): "e01 e02",
    _ids("day = date_format(DATE '2026-03-10', '%Y-%m-%d')"): "e01 e02",
    _ids("concat(year, '-', month, '-', day) = '2026-03-10'"): "e01 e02",
    _ids("year || month || day = '20260310'"): "e01 e02",
    _ids("date_parse(concat(year, month, day), '%Y%m%d') = DATE '2026-03-10'"): "e01 e02",
    _ids("substr(dt, 1, 10) = '2026-03-10'"): "e01 e02",
    _ids("regexp_like(dt, '2026-03-1[0]')"): "e01 e02",
    _ids("split(dt, '-')[2] = '03' AND split(dt, '-')[3] = '10'"): "e01 e02",
    _ids("dt = replace('2026-03-10', '-', '/')"): "e01 e02",
    _ids("dt = concat('2026', '-', '03', '-', '10')"): "e01 e02",
    _ids("dt = CAST(DATE '2026-03-10' AS varchar)"): "e01 e02",
    _ids("replace(dt, '-', '') = '20260310'"): "e01 e02",
    _ids("date >= DATE '2026-03-10' AND date < DATE '2026-03-11'"): "e01 e02",
    _ids("CAST(date AS date) = DATE '2026-03-10'"): "e01 e02",
    _ids("day IN ('10', '12')"): "e01 e02 e08 e09 e10 e11",
    _ids("dt = '2026-03-10'"): "e01 e02",
    _ids("dt = '2026/03/10'"): "e01 e02",
    _ids("dt = '20260310'"): "e01 e02",
    _ids('"timestamp" = \'2026/03/10\''): "e01 e02",
    _ids("timestamp BETWEEN '2026/03/11' AND '2026/03/12' AND eventsource = 's3.amazonaws.com'"): "e06 e07 e08 e09",
    _ids("date BETWEEN '2026/03/11' AND '2026/03/12' AND eventsource = 's3.amazonaws.com'"): "e06 e07 e08 e09",
    _ids("date = '2026-03-10'"): "e01 e02",
    _ids('"date" >= \'2026/04/01\''): "e12",
    _ids("date = 'unknown'"): "e13",
    "WITH x AS (SELECT * FROM trail) SELECT eventid FROM x WHERE dt >= '2026/04/01' AND region = 'us-east-1'": "e12",
    "SELECT eventid FROM (SELECT t.* FROM trail t) AS x WHERE x.year = '2026' AND x.month = '04'": "e12",
    _ids("date_partition >= '2026/04/01' AND date_partition < '2026/05/01'"): "e12",
    _ids("date_partition >= '2026-04-01' AND date_partition < '2026-05-01'"): "e12",
    _ids("date_partition > date_format(DATE '2026-03-31', '%Y/%m/%d') AND eventtime IS NOT NULL"): "e12",
    _ids("dt >= DATE '2026-03-12' AND dt < DATE '2026-03-13'"): "e08 e09 e10 e11",
    _ids("date_parse(dt, '%Y/%m/%d') = TIMESTAMP '2026-03-10 00:00:00' AND eventtime IS NOT NULL"): "e01 e02",
    _ids("dt LIKE '2026/03/1%' AND eventname = 'ConsoleLogin'"): "e01 e02",
    _ids("eventday = '20260310'"): "e01 e02",
    _ids("day >= '2026/04/01' AND account_id = '111122223333'"): "e12",
    _ids("eventdate >= CURRENT_DATE - INTERVAL '36500' DAY AND eventname = 'ConsoleLogin'"): "e01 e02",
    _ids("year = '2026' AND hour = '00'"): "e08 e09 e12",
    _ids("partition_0 = '111122223333' AND partition_2 = 'eu-west-1'"): "e05",
    "SELECT DISTINCT account FROM trail ORDER BY account": [(A,), (B,)],
    "SELECT year, month, count(*) FROM trail WHERE eventtime IS NOT NULL GROUP BY year, month ORDER BY 2": [
        ("2026", "03", 11), ("2026", "04", 1),
    ],
    "SELECT \"$path\" FROM trail WHERE eventid = 'e01'": [("s3://bucket/AWSLogs/0.json.gz",)],
    _ids("\"$path\" LIKE '%/1.json.gz'"): "e02",
    "SELECT t.year FROM trail t JOIN trail u ON t.eventid = u.eventid WHERE u.day = '10' AND t.eventid = 'e01'": [("2026",)],
}  # fmt: skip

ODDITIES: dict[str, Rows] = {
    "SELECT eventid FROM trail WHERE eventname = ‘StopLogging’": "e11",
    "SELECT eventid AS “id” FROM trail WHERE eventname = ‘StopLogging’": "e11",
    "SELECT `eventid` FROM `trail` WHERE `eventname` = 'StopLogging'": "e11",
    "SELECT eventid FROM trail # the newest\nWHERE eventname = 'StopLogging'": "e11",
    "SELECT\u00a0eventid\u00a0FROM trail WHERE eventname =\u00a0'StopLogging'": "e11",
    "SELECT eventid FROM trail WHERE eventtime > = '2026-04-01'": "e12",
    "SELECT eventid FROM trail WHERE eventtime < = '2026-03-10T08:00:00Z'": "e01",
    "SELECT eventid FROM trail WHERE eventname != 'x' AND eventname < > 'y' AND eventid = 'e01'": "e01",
    "SELECT 'it''s', '-- no comment', '/* none */', '#', ';' FROM trail WHERE eventid = 'e01'": [
        ("it's", "-- no comment", "/* none */", "#", ";")
    ],
    "SELECT count(*) FROM trail WHERE eventtime>'2026-03-12'AND eventtime<'2026-03-13'": [(4,)],
    "CREATE OR REPLACE VIEW deletions AS SELECT eventid FROM trail WHERE eventname = 'DeleteBucket' ORDER BY 1": "e06 e07",
    "CREATE VIEW db.logins AS WITH l AS (SELECT * FROM trail WHERE eventname = 'ConsoleLogin') "
    "SELECT eventid FROM l ORDER BY eventid": "e01 e02",
    "(SELECT eventid FROM trail WHERE eventid = 'e01')": "e01",
    "VALUES ('a', 1), ('b', 2)": [("a", 1), ("b", 2)],
    "SELECT eventid FROM trail ORDER BY eventid OFFSET 2 LIMIT 2": "e03 e04",
    "SELECT eventid FROM trail ORDER BY eventid FETCH FIRST 2 ROWS ONLY": "e01 e02",
    "SELECT eventid FROM trail WHERE eventid < 'e02' LIMIT ALL": "e01",
}

PARAMETERS: dict[tuple[str, tuple[tuple[str, str], ...]], Rows] = {
    ("SELECT eventid FROM trail WHERE eventname = '${name}'", (("name", "StopLogging"),)): "e11",
    ("SELECT eventid FROM trail WHERE eventname = '{{name}}'", (("name", "StopLogging"),)): "e11",
    ("SELECT eventid FROM trail WHERE eventname = '{{ name }}'", (("name", "StopLogging"),)): "e11",
    ("SELECT eventid FROM trail WHERE eventname = '{name}'", (("name", "StopLogging"),)): "e11",
    ("SELECT eventid FROM trail WHERE eventname = '<EVENT NAME>'", (("EVENT NAME", "StopLogging"),)): "e11",
    ("SELECT eventid FROM trail WHERE eventname = <NAME>", (("NAME", "'StopLogging'"),)): "e11",
    ("SELECT eventid FROM trail WHERE eventname IN ({names}) ORDER BY 1", (("names", "'Odd', 'Decrypt'"),)): "e12 e13",
    ("SELECT eventid FROM trail WHERE eventname = ?", (("1", "'StopLogging'"),)): "e11",
    ("SELECT eventid FROM trail WHERE eventname = ? AND awsregion = ?", (("1", "'Odd'"), ("2", "'us-east-1'"))): "e13",
    ("SELECT eventid FROM trail WHERE eventtime > '${day}T12:30:00Z' AND eventtime < '2026-03-20'", (("day", "2026-03-12"),)): "e11",
    ("SELECT eventid FROM trail WHERE from_iso8601_timestamp(eventtime) > from_iso8601_timestamp('<START>')",
     (("START", "2026-03-20T00:00:00Z"),)): "e12",
    ("SELECT eventid FROM trail WHERE eventtime > 'START_TIME'", (("START_TIME", "2026-03-20"),)): "e12",
    ("SELECT eventid FROM trail WHERE useridentity.username = '${who}'", (("who", "o'brien"),)): "",
    ("SELECT eventid FROM trail WHERE eventname = '${a}' OR eventname = '${b}' ORDER BY 1", (("a", "Odd"), ("b", "Decrypt"))): "e12 e13",
    ("SELECT eventid FROM trail ORDER BY eventid LIMIT ${n}", (("n", "2"),)): "e01 e02",
}  # fmt: skip

JSON: dict[str, Rows] = {
    _ids("json_extract_scalar(requestparameters, '$.bucketName') = 'payroll'"): "e06 e08 e09",
    _ids("json_extract_scalar(requestparameters, '$.x-amz-acl') = 'private'"): "e08 e09",
    _ids("json_extract_scalar(responseelements, '$.ConsoleLogin') = 'Failure'"): "e02",
    _ids("json_extract_scalar(responseelements, '$.user.userName') = 'eve'"): "e03",
    _ids("json_extract_scalar(requestparameters, '$.encryptionContext[\"aws:s3:arn\"]') IS NOT NULL"): "e12",
    _ids("json_extract_scalar(requestparameters, '$.encryptionContext.aws:s3:arn') = 'arn:aws:s3:::payroll'"): "e12",
    _ids("json_extract_scalar(additionaleventdata, '$.MFAUsed') = 'No'"): "e01",
    _ids("CAST(json_extract_scalar(additionaleventdata, '$.bytesTransferredOut') AS bigint) > 2000"): "e09",
    _ids("CAST(json_extract(additionaleventdata, '$.bytesTransferredOut') AS double) > 2000"): "e09",
    _ids("json_extract(responseelements, '$.user') IS NOT NULL"): "e03",
    _ids("requestparameters LIKE '%payroll%'"): "e06 e08 e09 e12",
    _ids('responseelements LIKE \'%"ConsoleLogin": "Success"%\''): "e01",
    _ids("requestParameters.bucketName = 'payroll'"): "e06 e08 e09",
    _ids("additionalEventData.MFAUsed = 'No'"): "e01",
    _ids("responseElements.user.userName = 'eve'"): "e03",
    _ids("requestparameters.durationseconds IS NULL AND eventname = 'AssumeRole'"): "e05",
    _ids("requestParameters.durationSeconds = 3600"): "e05",
    _ids("requestParameters.durationSeconds > 900"): "e05",
    "SELECT sum(additionalEventData.bytesTransferredOut) FROM trail": [(4000.0,)],
    "SELECT requestParameters.instancesSet.items[1].imageId FROM trail WHERE eventid = 'e10'": [("ami-1",)],
    "SELECT json_extract_scalar(requestparameters, '$.instancesSet.items[1].imageId') FROM trail WHERE eventid = 'e10'": [
        ("ami-2",)
    ],
    "SELECT json_extract_scalar(requestparameters, '$.instancesSet') FROM trail WHERE eventid = 'e10'": [(None,)],
    "SELECT json_array_length(json_extract(requestparameters, '$.instancesSet.items')) FROM trail WHERE eventid = 'e10'": [
        (2,)
    ],
    "SELECT CAST(json_extract(requestparameters, '$.instancesSet.items') AS array(json))[2] FROM trail "
    "WHERE eventid = 'e10'": [('{"imageId":"ami-2","minCount":1}',)],
    "SELECT i.item FROM trail CROSS JOIN UNNEST(CAST(json_extract(requestparameters, '$.instancesSet.items') AS "
    "array(json))) AS i(item) WHERE eventid = 'e10' AND json_extract_scalar(i.item, '$.imageId') = 'ami-1'": [
        ('{"imageId":"ami-1","minCount":1,"maxCount":3}',)
    ],
    "SELECT json_extract_scalar(json_extract(responseelements, '$.user'), '$.arn') FROM trail WHERE eventid = 'e03'": [
        (f"arn:aws:iam::{A}:user/eve",)
    ],
    "WITH t AS (SELECT requestparameters AS rp, eventid FROM trail) SELECT eventid FROM t WHERE rp.keyId = 'k-1'": "e12",
    "SELECT eventid FROM trail WHERE json_extract_scalar(requestparameters, '$.name') LIKE '%trail/main'": "e11",
    "SELECT element_at(CAST(json_parse(responseelements) AS map(varchar, varchar)), 'ConsoleLogin') FROM trail "
    "WHERE eventname = 'ConsoleLogin' ORDER BY eventid": [("Success",), ("Failure",)],
}

UNNESTED: dict[str, Rows] = {
    "SELECT eventid, r.arn FROM trail CROSS JOIN UNNEST(resources) AS t(r) WHERE r.type = 'AWS::S3::Object' ORDER BY 1": [
        ("e08", "arn:aws:s3:::payroll/a/b.csv"), ("e09", "arn:aws:s3:::payroll/a/c.csv"),
    ],
    "SELECT eventid, arn FROM trail CROSS JOIN UNNEST(resources) AS t(arn, accountid, type) "
    "WHERE type = 'AWS::S3::Object' ORDER BY 1": [
        ("e08", "arn:aws:s3:::payroll/a/b.csv"), ("e09", "arn:aws:s3:::payroll/a/c.csv"),
    ],
    "SELECT eventid, n FROM trail CROSS JOIN UNNEST(resources) WITH ORDINALITY AS t(r, n) WHERE eventid = 'e08' ORDER BY n": [
        ("e08", 1), ("e08", 2),
    ],
    "SELECT eventid, r.type FROM trail LEFT JOIN UNNEST(resources) AS t(r) ON TRUE WHERE eventid IN ('e01', 'e05') "
    "ORDER BY 1": [("e01", None), ("e05", "AWS::IAM::Role")],
    "SELECT x, y FROM UNNEST(ARRAY[1, 2], ARRAY['a']) AS t(x, y)": [(1, "a"), (2, None)],
    "SELECT k, v FROM UNNEST(MAP(ARRAY['a', 'b'], ARRAY[1, 2])) AS t(k, v)": [("a", 1), ("b", 2)],
    "SELECT x FROM UNNEST(sequence(1, 3)) AS t(x)": [(1,), (2,), (3,)],
    "SELECT t.x FROM UNNEST(split('a,b', ',')) AS t(x)": [("a",), ("b",)],
    "SELECT r.type, count(*) AS n FROM trail, UNNEST(resources) AS t(r) GROUP BY r.type ORDER BY n DESC, 1": [
        ("AWS::S3::Bucket", 4), ("AWS::S3::Object", 2), ("AWS::IAM::Role", 1), ("AWS::KMS::Key", 1),
    ],
    "SELECT eventid FROM trail WHERE any_match(resources, r -> r.arn LIKE '%payroll') ORDER BY 1": "e06 e08 e09",
    "SELECT eventid FROM trail WHERE cardinality(filter(resources, r -> r.type = 'AWS::S3::Object')) = 1 ORDER BY 1": "e08 e09",
    "SELECT eventid FROM trail WHERE contains(transform(resources, r -> r.accountid), '444455556666') ORDER BY 1":
        "e05 e06 e07 e08 e09",
    "SELECT transform(resources, x -> x.type) FROM trail WHERE eventid = 'e08'": [(["AWS::S3::Object", "AWS::S3::Bucket"],)],
    "SELECT resources[1].arn FROM trail WHERE eventid = 'e06'": [("arn:aws:s3:::payroll",)],
    "SELECT resources[1][1] AS arn, resources[1][3] FROM trail WHERE eventid = 'e06'": [
        ("arn:aws:s3:::payroll", "AWS::S3::Bucket"),
    ],
    "SELECT element_at(resources, 2).type FROM trail WHERE eventid IN ('e06', 'e08') ORDER BY eventid": [
        (None,), ("AWS::S3::Bucket",),
    ],
    "SELECT eventid FROM trail WHERE cardinality(resources) = 2 AND resources[2].accountid = '444455556666' ORDER BY 1": "e08 e09",
    "SELECT word, count(*) FROM trail CROSS JOIN UNNEST(split(useridentity.arn, '/')) AS t(word) WHERE word = 'mia' "
    "GROUP BY word": [("mia", 4)],
    "SELECT a.x, b.y FROM UNNEST(ARRAY[1]) AS a(x) CROSS JOIN UNNEST(ARRAY[2, 3]) AS b(y) ORDER BY 2": [(1, 2), (1, 3)],
}  # fmt: skip

TIMES: dict[str, Rows] = {
    _ids("eventtime > '2026-03-12T12:30:00Z'"): "e11 e12",
    _ids("eventtime >= '2026-03-10' AND eventtime < '2026-03-11'"): "e01 e02",
    _ids("eventtime BETWEEN '2026-03-10T08:00:00Z' AND '2026-03-10T09:15:00Z'"): "e01 e02",
    _ids("eventtime LIKE '2026-03-10%'"): "e01 e02",
    _ids("from_iso8601_timestamp(eventtime) > TIMESTAMP '2026-03-12 12:30:00'"): "e11 e12",
    _ids("from_iso8601_timestamp(eventtime) > from_iso8601_timestamp('2026-03-12T12:30:00Z')"): "e11 e12",
    _ids("from_iso8601_timestamp(eventtime) BETWEEN DATE '2026-03-10' AND DATE '2026-03-11'"): "e01 e02",
    _ids("from_iso8601_timestamp(eventtime) > TIMESTAMP '2026-03-12 13:30:00 Europe/Berlin'"): "e11 e12",
    _ids("from_iso8601_timestamp(eventtime) AT TIME ZONE 'Asia/Tokyo' > TIMESTAMP '2026-03-12 12:30:00'"): "e11 e12",
    _ids("date(from_iso8601_timestamp(eventtime)) = DATE '2026-03-10'"): "e01 e02",
    _ids("CAST(from_iso8601_timestamp(eventtime) AS date) = DATE '2026-03-10'"): "e01 e02",
    _ids("date_parse(eventtime, '%Y-%m-%dT%H:%i:%sZ') > TIMESTAMP '2026-03-12 12:30:00'"): "e11 e12",
    _ids("parse_datetime(eventtime, 'yyyy-MM-dd''T''HH:mm:ss''Z''') > TIMESTAMP '2026-03-12 12:30:00'"): "e11 e12",
    _ids("eventtime > TIMESTAMP '2026-03-12 12:30:00'"): "e11 e12",
    _ids("parse_datetime(eventtime, 'yyyy-MM-dd''T''HH:mm:ss''Z') < TIMESTAMP '2026-03-10 09:00:00'"): "e01",
    _ids("parse_datetime(eventtime, 'yyyy-MM-dd''T''HH:mm:ss''Z') BETWEEN parse_datetime('2026-03-10-09', 'yyyy-MM-dd-HH') "
         "AND parse_datetime('2026-03-10-10', 'yyyy-MM-dd-HH')"): "e02",
    _ids("eventtime > date_add('day', -36500, now()) AND eventid = 'e01'"): "e01",
    _ids("eventtime > current_timestamp - INTERVAL '36500' DAY AND eventid = 'e01'"): "e01",
    _ids("from_iso8601_timestamp(eventtime) > date_add('day', -36500, now()) AND eventid = 'e01'"): "e01",
    _ids("from_iso8601_timestamp(eventtime) >= current_date - INTERVAL '36500' DAY AND eventid = 'e01'"): "e01",
    _ids("date_diff('day', from_iso8601_timestamp(eventtime), TIMESTAMP '2026-03-13 08:00:00') = 3"): "e01",
    _ids("hour(from_iso8601_timestamp(eventtime)) BETWEEN 8 AND 9"): "e01 e02",
    _ids("day_of_week(from_iso8601_timestamp(eventtime)) = 2"): "e01 e02",
    _ids("substr(eventtime, 12, 2) = '09'"): "e02",
    "SELECT date_trunc('day', from_iso8601_timestamp(eventtime)) AS d, count(*) FROM trail WHERE eventtime IS NOT NULL "
    "GROUP BY 1 ORDER BY 1": [
        ("2026-03-10 00:00:00+00", 2), ("2026-03-11 00:00:00+00", 5), ("2026-03-12 00:00:00+00", 4), ("2026-04-01 00:00:00+00", 1),
    ],
    "SELECT date_format(from_iso8601_timestamp(eventtime), '%Y-%m-%d %H') AS h FROM trail WHERE eventid = 'e02'": [
        ("2026-03-10 09",)
    ],
    "SELECT format_datetime(from_iso8601_timestamp(eventtime), 'yyyy-MM-dd HH:mm') FROM trail WHERE eventid = 'e02'": [
        ("2026-03-10 09:15",)
    ],
    "SELECT date_format(from_iso8601_timestamp(eventtime) AT TIME ZONE 'America/New_York', '%H:%i') FROM trail "
    "WHERE eventid = 'e02'": [("05:15",)],
    "SELECT max(from_iso8601_timestamp(eventtime)) - min(from_iso8601_timestamp(eventtime)) > INTERVAL '20' DAY FROM trail": [
        (True,)
    ],
    "SELECT to_unixtime(from_iso8601_timestamp(eventtime)) FROM trail WHERE eventid = 'e08'": [(1773273600.0,)],
    "SELECT eventid FROM trail WHERE useridentity.sessioncontext.attributes.creationdate = '2026-03-11T10:30:00Z' "
    "AND eventname = 'DeleteBucket' ORDER BY 1": "e06 e07",
}  # fmt: skip

ADDRESSES: dict[str, Rows] = {
    _ids("sourceipaddress = '10.1.2.3'"): "e11",
    _ids("contains('10.0.0.0/8', TRY_CAST(sourceipaddress AS ipaddress))"): "e11",
    _ids("contains('203.0.113.0/24', try(CAST(sourceipaddress AS ipaddress))) AND eventname = 'CreateUser'"): "e03",
    _ids("regexp_like(sourceipaddress, '^\\d') AND CAST(sourceipaddress AS ipaddress) = IPADDRESS '10.1.2.3'"): "e11",
    _ids("TRY_CAST(sourceipaddress AS ipaddress) BETWEEN IPADDRESS '10.0.0.0' AND IPADDRESS '10.255.255.255'"): "e11",
    _ids("TRY_CAST(sourceipaddress AS ipaddress) IS NULL"): "e10 e12",
    _ids("contains('2001:db8::/32', TRY_CAST(sourceipaddress AS ipaddress))"): "e05",
    _ids("NOT regexp_like(sourceipaddress, '^[0-9.]+$')"): "e05 e10 e12",
    _ids("TRY_CAST(sourceipaddress AS ipaddress) = IPADDRESS '2001:0db8:0:0:0:0:0:1'"): "e05",
    "SELECT count(DISTINCT TRY_CAST(sourceipaddress AS ipaddress)) FROM trail": [(4,)],
}
