"""A peer of `ctaudit ingest`: ClickHouse, embedded by the package chdb, that extracts the same columns to Parquet.

It is given every advantage: one result file, no ledger, no check for duplicates, no word of where a row came from, and
members outside the typed tuple are lost. Free-form members are kept as text. Run it with an interpreter that has chdb:
`python benchmarks/by_chdb.py CORPUS OUT`.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

FREE = ("requestParameters", "responseElements", "additionalEventData", "serviceEventDetails", "edgeDeviceDetails")
NESTED = {
    "userIdentity": """type String, principalId String, arn String, accountId String, invokedBy String,
      accessKeyId String, userName String, onBehalfOf Tuple(userId String, identityStoreArn String),
      sessionContext Tuple(attributes Tuple(mfaAuthenticated String, creationDate String),
        sessionIssuer Tuple(type String, principalId String, arn String, accountId String, userName String),
        ec2RoleDelivery String,
        webIdFederationData Tuple(federatedProvider String, attributes Map(String, String)),
        sourceIdentity String, ec2IssuedInVpc String, assumedRoot String),
      inScopeOf Tuple(sourceArn String, sourceAccount String, issuerType String, credentialsIssuedTo String),
      identityProvider String, credentialId String""",
    "addendum": "reason String, updatedFields String, originalRequestID String, originalEventID String",
    "tlsDetails": "tlsVersion String, cipherSuite String, clientProvidedHostHeader String",
}
PLAIN = (
    *("eventVersion", "eventTime", "eventSource", "eventName", "awsRegion", "sourceIPAddress", "userAgent"),
    *("errorCode", "errorMessage", "requestID", "eventID", "eventType", "apiVersion", "readOnly"),
    *("recipientAccountId", "sharedEventID", "vpcEndpointId", "vpcEndpointAccountId", "eventCategory"),
    *("sessionCredentialFromConsole", "managementEvent"),
)
RECORD = ", ".join(
    [
        *(f"{name} String" for name in (*PLAIN, *FREE)),
        *(f"{name} Tuple({members})" for name, members in NESTED.items()),
        "resources Array(Tuple(ARN String, accountId String, type String))",
    ]
)
SQL = """
INSERT INTO FUNCTION file('{out}', 'Parquet')
SELECT untuple(arrayJoin(JSONExtract(json, 'Records', 'Array(Tuple({record}))')) AS record)
FROM file('{corpus}/**/*.json.gz', 'JSONAsString', 'json String')
SETTINGS output_format_parquet_compression_method = 'zstd', max_threads = {threads}, engine_file_truncate_on_insert = 1
"""


def main(corpus: str, out: str, threads: str) -> None:
    Path(out).mkdir(parents=True, exist_ok=True)
    chdb = importlib.import_module("chdb")
    chdb.query(SQL.format(out=Path(out) / "events.parquet", corpus=corpus, record=RECORD, threads=threads))


if __name__ == "__main__":
    main(*sys.argv[1:])
