"""The peer of `ctaudit ingest`: the DuckDB SQL that a skilled user would write to turn a trail into Parquet.

It is given every advantage: no ledger, no check for duplicates, no word of where a row came from, and fields outside
its schema are lost. Column types are those of AWS's Athena table for CloudTrail; free-form fields are JSON.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

LAYOUTS = {"folders": "account, region, date", "date": "date"}
"""Partitions as folders: the layout that AWS's documentation teaches, and the leaner one."""

RECORD = """STRUCT(
  "eventVersion" VARCHAR,
  "userIdentity" STRUCT("type" VARCHAR, "principalId" VARCHAR, "arn" VARCHAR, "accountId" VARCHAR, "invokedBy" VARCHAR,
    "accessKeyId" VARCHAR, "userName" VARCHAR, "onBehalfOf" STRUCT("userId" VARCHAR, "identityStoreArn" VARCHAR),
    "sessionContext" STRUCT("attributes" STRUCT("mfaAuthenticated" VARCHAR, "creationDate" VARCHAR),
      "sessionIssuer" STRUCT("type" VARCHAR, "principalId" VARCHAR, "arn" VARCHAR, "accountId" VARCHAR,
        "userName" VARCHAR),
      "ec2RoleDelivery" VARCHAR,
      "webIdFederationData" STRUCT("federatedProvider" VARCHAR, "attributes" MAP(VARCHAR, VARCHAR)),
      "sourceIdentity" VARCHAR, "ec2IssuedInVpc" VARCHAR, "assumedRoot" VARCHAR),
    "inScopeOf" STRUCT("sourceArn" VARCHAR, "sourceAccount" VARCHAR, "issuerType" VARCHAR,
      "credentialsIssuedTo" VARCHAR),
    "identityProvider" VARCHAR, "credentialId" VARCHAR),
  "eventTime" VARCHAR, "eventSource" VARCHAR, "eventName" VARCHAR, "awsRegion" VARCHAR, "sourceIPAddress" VARCHAR,
  "userAgent" VARCHAR, "errorCode" VARCHAR, "errorMessage" VARCHAR,
  "requestParameters" JSON, "responseElements" JSON, "additionalEventData" JSON,
  "requestID" VARCHAR, "eventID" VARCHAR, "resources" STRUCT("ARN" VARCHAR, "accountId" VARCHAR, "type" VARCHAR)[],
  "eventType" VARCHAR, "apiVersion" VARCHAR, "readOnly" VARCHAR, "recipientAccountId" VARCHAR,
  "serviceEventDetails" JSON, "sharedEventID" VARCHAR, "vpcEndpointId" VARCHAR, "vpcEndpointAccountId" VARCHAR,
  "eventCategory" VARCHAR,
  "addendum" STRUCT("reason" VARCHAR, "updatedFields" VARCHAR, "originalRequestID" VARCHAR, "originalEventID" VARCHAR),
  "sessionCredentialFromConsole" VARCHAR, "edgeDeviceDetails" JSON,
  "tlsDetails" STRUCT("tlsVersion" VARCHAR, "cipherSuite" VARCHAR, "clientProvidedHostHeader" VARCHAR),
  "managementEvent" VARCHAR)"""

SQL = """
COPY (
  SELECT record.*, record.recipientAccountId AS account, record.awsRegion AS region, record.eventTime[1:10] AS date
  FROM (
    SELECT unnest(Records) AS record
    FROM read_json('{corpus}/**/*.json.gz', format = 'unstructured', compression = 'gzip',
                   columns = {{Records: '{record}[]'}}, maximum_object_size = 33554432)
  )
) TO '{out}' (FORMAT parquet, COMPRESSION zstd, PARTITION_BY ({layout}))
"""


def main(corpus: str, out: str, layout: str) -> None:
    Path(out).parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute(SQL.format(corpus=corpus, out=out, record=RECORD, layout=LAYOUTS[layout]))


if __name__ == "__main__":
    main(*sys.argv[1:])
