"""More questions: Lake, names of the output, set operations, windows, WITH; and those that AWS's users ask most."""

from __future__ import annotations

from tests.dialect.night import A, B
from tests.dialect.questions import Rows, _ids

EDS = "0a1b2c3d-0000-4000-8000-0123456789ab"

LAKE: dict[str, Rows] = {
    _ids("eventTime > '2026-03-12 12:30:00'", EDS): "e11 e12",
    _ids("eventTime >= '2026-03-10 00:00:00' AND eventTime <= '2026-03-10 23:59:59'", EDS): "e01 e02",
    _ids("eventTime > TIMESTAMP '2026-03-12 12:30:00'", "$EDS_ID"): "e11 e12",
    _ids("eventTime > date_add('day', -36500, now()) AND eventName = 'Decrypt'", "<EDS ID>"): "e12",
    _ids("readOnly = true", "event_data_store_id"): "e05 e08 e09 e12",
    _ids("readOnly = false AND eventName = 'Odd'", "<event_data_store_id>"): "e13",
    _ids("managementEvent = false", "$EDS_ID"): "e08 e09",
    _ids("element_at(requestParameters, 'bucketName') = 'payroll'", EDS): "e06 e08 e09",
    _ids("requestParameters['bucketName'] = 'payroll'", EDS): "e06 e08 e09",
    _ids("element_at(additionalEventData, 'MFAUsed') = 'No'", "trail"): "e01",
    _ids("json_extract_scalar(element_at(responseElements, 'user'), '$.userName') = 'eve'", EDS): "e03",
    _ids("userIdentity.sessionContext.attributes.creationDate > TIMESTAMP '2026-03-11 10:00:00' AND "
         "eventName = 'DeleteBucket'", EDS): "e06 e07",
    _ids("contains(map_keys(requestParameters), 'keyId')", EDS): "e12",
    _ids("cardinality(map_keys(requestParameters)) = 4", EDS): "e08 e09",
    "SELECT element_at(responseElements, 'accessKey') FROM $EDS_ID WHERE eventName = 'CreateAccessKey'": [
        ('{"userName":"eve","accessKeyId":"AKIAEVE","status":"Active"}',)
    ],
    f"SELECT date_trunc('hour', eventTime) AS h, count(*) AS n FROM {EDS} WHERE eventSource = 's3.amazonaws.com' "
    "GROUP BY date_trunc('hour', eventTime) ORDER BY h": [("2026-03-11 11:00:00", 2), ("2026-03-12 00:00:00", 2)],
    f"SELECT r.arn FROM {EDS} CROSS JOIN UNNEST(resources) AS t(r) WHERE eventID = 'e06'": [("arn:aws:s3:::payroll",)],
    f"SELECT k, v FROM {EDS} CROSS JOIN UNNEST(requestParameters) AS t(k, v) WHERE eventID = 'e03'": [("userName", "eve")],
    f"SELECT eventTime FROM {EDS} WHERE eventID = 'e02'": [("2026-03-10 09:15:00",)],
    f"SELECT a.eventID FROM {EDS} a JOIN {EDS} b ON a.eventTime = b.eventTime AND b.eventID = 'e03'": "e03",
    f"SELECT sum(CAST(element_at(additionalEventData, 'bytesTransferredOut') AS bigint)) FROM {EDS}": [(4000,)],
    f"SELECT eventID FROM \"{EDS}\" WHERE eventTime > '2026-03-20 00:00:00'": "e12",
}  # fmt: skip

NAMES: dict[str, tuple[str, ...]] = {
    "SELECT eventName FROM t": ("eventName",),
    "SELECT useridentity.arn FROM t": ("arn",),
    "SELECT userIdentity.sessionContext.sessionIssuer.userName FROM t": ("userName",),
    "SELECT count(*) FROM t": ("_col0",),
    "SELECT eventname, count(*), max(eventtime) FROM t GROUP BY eventname": ("eventname", "_col1", "_col2"),
    'SELECT eventname AS "Event Name", 1 AS one FROM t': ("Event Name", "one"),
    "SELECT resources[1].arn FROM t": ("_col0",),
    "SELECT (eventname) FROM t": ("_col0",),
    "SELECT t.eventname, t.useridentity.type FROM t": ("eventname", "type"),
    "SELECT eventname FROM t UNION ALL SELECT eventsource FROM t": ("eventname",),
    "SELECT requestparameters.bucketName FROM t": ("bucketName",),
    "SELECT a.eventid, b.eventid FROM t a JOIN t b ON a.eventid = b.eventid": ("eventid", "eventid"),
    "SELECT year FROM t": ("year",),
    'SELECT "$path" FROM t': ("$path",),
    "WITH x AS (SELECT count(*) AS n FROM t) SELECT n + 1, n FROM x": ("_col0", "n"),
}

SHAPES: dict[str, Rows] = {
    "SELECT eventid AS day FROM t WHERE eventid IN ('e03', 'e12') ORDER BY day DESC": [("e12",), ("e03",)],
    "SELECT substr(eventid, 2) AS hour, count(*) AS n FROM t WHERE eventid < 'e03' "
    "GROUP BY substr(eventid, 2) ORDER BY hour DESC": [("02", 1), ("01", 1)],
    "SELECT concat('x', eventid) AS eventid FROM t WHERE eventid < 'e03' ORDER BY eventid DESC": [("xe02",), ("xe01",)],
    "SELECT eventid FROM t WHERE eventid < 'e03' ORDER BY upper(eventid) DESC": [("e02",), ("e01",)],
    "SELECT useridentity.arn FROM trail WHERE eventid IN ('e01', 'e10') ORDER BY arn": [
        (f"arn:aws:iam::{A}:root",), (f"arn:aws:iam::{A}:user/mia",),
    ],
    "SELECT eventname, count(*) FROM trail GROUP BY 1 HAVING count(*) > 1 ORDER BY 2 DESC, 1": [
        ("ConsoleLogin", 2), ("DeleteBucket", 2), ("GetObject", 2),
    ],
    "SELECT eventid FROM trail WHERE eventname = 'Odd' UNION SELECT eventid FROM trail WHERE eventname = 'Decrypt' "
    "ORDER BY eventid": "e12 e13",
    "SELECT eventname FROM trail WHERE eventid < 'e03' UNION ALL SELECT eventname FROM trail WHERE eventid = 'e01'": [
        ("ConsoleLogin",), ("ConsoleLogin",), ("ConsoleLogin",),
    ],
    "SELECT awsregion FROM trail WHERE eventid = 'e05' INTERSECT SELECT awsregion FROM trail WHERE eventid = 'e06'": [
        ("eu-west-1",)
    ],
    "SELECT eventid FROM trail WHERE eventid < 'e03' EXCEPT SELECT 'e01'": "e02",
    "WITH d AS (SELECT * FROM trail WHERE eventname = 'DeleteBucket') SELECT eventid FROM d WHERE errorcode IS NULL": "e06",
    "WITH a AS (SELECT eventid, awsregion FROM trail), b(id) AS (SELECT eventid FROM a WHERE awsregion = 'eu-west-1') "
    "SELECT id FROM b ORDER BY id": "e05 e06 e07 e08 e09",
    "WITH cloudtrail_logs AS (SELECT * FROM db.cloudtrail_logs WHERE eventid < 'e02') SELECT eventid FROM cloudtrail_logs": "e01",
    "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 3) SELECT n FROM r ORDER BY n": [(1,), (2,), (3,)],
    "SELECT eventid FROM (SELECT eventid, row_number() OVER (PARTITION BY eventname ORDER BY eventtime DESC) AS rn FROM trail "
    "WHERE eventname IN ('ConsoleLogin', 'DeleteBucket')) AS x WHERE rn = 1 ORDER BY 1": "e02 e07",
    "SELECT eventid, lag(eventid) OVER (ORDER BY eventtime) AS before FROM trail WHERE eventid < 'e04' ORDER BY 1": [
        ("e01", None), ("e02", "e01"), ("e03", "e02"),
    ],
    "SELECT eventsource, rank() OVER (ORDER BY count(*) DESC) FROM trail GROUP BY eventsource ORDER BY 2, 1 LIMIT 3": [
        ("s3.amazonaws.com", 1), ("iam.amazonaws.com", 2), ("signin.amazonaws.com", 2),
    ],
    "SELECT k.eventid FROM trail k JOIN trail u ON json_extract_scalar(k.responseelements, '$.accessKey.accessKeyId') = "
    "u.useridentity.accesskeyid": "e04",
    "SELECT t.eventid FROM trail t WHERE EXISTS (SELECT 1 FROM trail u WHERE u.useridentity.username = "
    "json_extract_scalar(t.requestparameters, '$.userName')) ORDER BY 1": "e03 e04",
    "SELECT eventid FROM trail WHERE useridentity.accesskeyid IN (SELECT json_extract_scalar(responseelements, "
    "'$.accessKey.accessKeyId') FROM trail) ORDER BY 1": "e05",
    "SELECT eventid FROM trail WHERE eventtime = (SELECT max(eventtime) FROM trail)": "e12",
    "SELECT awsregion, array_agg(DISTINCT eventname ORDER BY eventname) FROM trail WHERE awsregion = 'eu-west-1' GROUP BY 1": [
        ("eu-west-1", ["AssumeRole", "DeleteBucket", "GetObject"])
    ],
    "SELECT CASE WHEN errorcode IS NULL THEN 'ok' ELSE 'failed' END AS outcome, count(*) FROM trail GROUP BY 1 ORDER BY 1": [
        ("failed", 2), ("ok", 11),
    ],
    "SELECT CASE WHEN errorcode IS NULL THEN 'ok' ELSE 'failed' END, count(*) FROM trail GROUP BY CASE WHEN errorcode IS "
    "NULL THEN 'ok' ELSE 'failed' END ORDER BY 1": [("failed", 2), ("ok", 11)],
    "SELECT count(*) FILTER (WHERE errorcode IS NOT NULL) * 100.0 / count(*) FROM trail": [(15.4,)],
    "SELECT useridentity.type, count(*) AS n FROM trail GROUP BY useridentity.type ORDER BY n DESC LIMIT 2": [
        ("IAMUser", 6), ("AssumedRole", 4),
    ],
    "SELECT awsregion, useridentity.type, count(*) FROM trail WHERE eventsource = 's3.amazonaws.com' GROUP BY GROUPING SETS "
    "((awsregion), (useridentity.type)) ORDER BY 1, 2": [("eu-west-1", None, 4), (None, "AssumedRole", 4)],
    "SELECT count(*) FROM trail a CROSS JOIN trail b": [(169,)],
    "SELECT a.eventid FROM trail a LEFT JOIN trail b ON a.eventid = b.eventid AND b.eventname = 'x' WHERE b.eventid IS NULL "
    "AND a.eventid < 'e03' ORDER BY 1": "e01 e02",
    "SELECT eventid FROM trail JOIN (VALUES ('e01'), ('e02')) AS w(eventid) USING (eventid) ORDER BY eventid": "e01 e02",
    "SELECT x.n FROM (SELECT count(*) AS n FROM trail) AS x": [(13,)],
    "SELECT * FROM (SELECT eventid, eventname FROM trail WHERE eventid = 'e11') AS x": [("e11", "StopLogging")],
    "SELECT count(*) FROM (SELECT * FROM trail) AS x": [(13,)],
    "SELECT t.* FROM (SELECT eventid FROM trail WHERE eventid = 'e01') AS t": "e01",
    "SELECT DISTINCT useridentity.accountid FROM trail WHERE useridentity.accountid IS NOT NULL ORDER BY 1": [(A,), (B,)],
    "SELECT eventid FROM trail ORDER BY errorcode, eventid LIMIT 2": "e07 e10",
    "SELECT eventid FROM trail ORDER BY errorcode DESC, eventid LIMIT 3": "e10 e07 e01",
    "SELECT useridentity.arn AS who, count(*) AS n FROM trail GROUP BY useridentity.arn ORDER BY n DESC, who LIMIT 1": [
        (f"arn:aws:iam::{A}:user/mia", 4)
    ],
    "SELECT eventid, sum(1) OVER (ORDER BY eventid ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) FROM trail "
    "ORDER BY 1 LIMIT 2": [("e01", 1), ("e02", 2)],
}  # fmt: skip

HUNTS: dict[str, Rows] = {
    _ids("useridentity.type = 'Root' AND useridentity.invokedby IS NULL AND eventtype <> 'AwsServiceEvent'"): "e10 e11",
    _ids("eventname = 'ConsoleLogin' AND errormessage = 'Failed authentication'"): "e02",
    _ids("errorcode IN ('AccessDenied', 'Client.UnauthorizedOperation')"): "e07 e10",
    _ids("errorcode LIKE '%Unauthorized%' OR errorcode LIKE 'AccessDenied%'"): "e07 e10",
    _ids("eventname IN ('StopLogging', 'DeleteTrail', 'UpdateTrail')"): "e11",
    _ids("readonly = 'false' AND eventsource = 'iam.amazonaws.com'"): "e03 e04",
    _ids("useridentity.sessioncontext.attributes.mfaauthenticated = 'false' AND eventname LIKE 'Delete%'"): "e06 e07",
    _ids("useridentity.sessioncontext.sessionissuer.username = 'admin' AND eventname = 'GetObject'"): "e08 e09",
    _ids("split_part(useridentity.arn, '/', 3) = 'x' AND eventname = 'DeleteBucket'"): "e06 e07",
    _ids("split(useridentity.arn, ':')[5] = '444455556666' AND eventname = 'DeleteBucket'"): "e06 e07",
    _ids("regexp_extract(useridentity.arn, 'assumed-role/([^/]+)/', 1) = 'admin' AND eventname = 'GetObject'"): "e08 e09",
    _ids("regexp_like(eventname, '^(Create|Delete)')"): "e03 e04 e06 e07",
    _ids("lower(useragent) LIKE '%mozilla%'"): "e01 e02",
    _ids("NOT (useragent LIKE 'aws-cli%') AND useridentity.type = 'IAMUser'"): "e01 e02",
    _ids("useridentity.invokedby = 's3.amazonaws.com'"): "e12",
    _ids("coalesce(errorcode, 'none') = 'none' AND eventname = 'DeleteBucket'"): "e06",
    _ids("eventcategory = 'Data' AND resources[1].arn LIKE '%b.csv'"): "e08",
    _ids("eventid NOT IN ('e01') AND eventname = 'ConsoleLogin'"): "e02",
    _ids("awsregion = 'eu-west-1' AND eventsource = 'sts.amazonaws.com' AND json_extract_scalar(requestparameters, "
         "'$.roleArn') = 'arn:aws:iam::444455556666:role/admin'"): "e05",
    _ids("useridentity.accesskeyid = 'AKIAEVE'"): "e05",
    _ids("tlsdetails.tlsversion IS NULL AND eventid = 'e01'"): "e01",
    "SELECT useridentity.username, sourceipaddress, eventtime, additionaleventdata FROM default.cloudtrail_logs WHERE "
    "eventname = 'ConsoleLogin' AND eventtime >= '2026-03-10' AND eventtime < '2026-03-10T09:00:00Z'": [
        ("mia", "203.0.113.10", "2026-03-10T08:00:00Z", '{"MFAUsed": "No", "MobileVersion": "No"}')
    ],
    "SELECT sourceipaddress, count(*) AS attempts FROM trail WHERE errorcode IS NOT NULL GROUP BY sourceipaddress ORDER BY "
    "attempts DESC, 1": [("198.51.100.7", 1), ("AWS Internal", 1)],
    "SELECT json_extract_scalar(requestparameters, '$.bucketName') AS bucket, count(*) AS calls, approx_distinct(eventname) "
    "AS kinds FROM trail WHERE eventsource = 's3.amazonaws.com' GROUP BY 1 ORDER BY calls DESC": [
        ("payroll", 3, 2), ("logs", 1, 1),
    ],
    "SELECT useridentity.principalid, min(eventtime), max(eventtime) FROM trail WHERE useridentity.type = 'AssumedRole' "
    "GROUP BY useridentity.principalid": [("AROAADMIN:x", "2026-03-11T11:00:00Z", "2026-03-12T00:30:00Z")],
    "SELECT max_by(eventname, eventtime) FROM trail": [("Decrypt",)],
    "SELECT array_join(array_agg(eventname ORDER BY eventtime), ' > ') FROM trail WHERE useridentity.username = 'mia' AND "
    "eventtime IS NOT NULL": [("ConsoleLogin > CreateUser > CreateAccessKey",)],
}  # fmt: skip
