"""A case written down as a folder that mirrors its bucket: objects, metadata beside digests, public keys apart."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from tests.integrity.scenario import Case
from tests.trail.bucket import Bucket
from tests.trail.signing import public_key_list


@dataclass(frozen=True, slots=True)
class Mirror:
    root: Path
    """As `aws s3 sync s3://bucket DIR` leaves it."""
    keys: tuple[Path, ...]
    """One file a region, as `aws cloudtrail list-public-keys` prints it; outside of the mirror."""


def write_mirror(case: Case, folder: Path, bucket: Bucket | None = None) -> Mirror:
    """Write the case's bucket, or another one such as its earlier state, below `folder`."""
    root, keys = folder / "mirror", []
    write_bucket(bucket or case.bucket, root, sidecars=case.sidecars)
    for region, signers in case.ring.items():
        path = folder / "public-keys" / f"{region}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(public_key_list(*signers)))
        keys.append(path)
    return Mirror(root, tuple(keys))


def write_bucket(bucket: Bucket, root: Path, *, sidecars: bool = True) -> None:
    """Write every object under its key, and beside each digest what `aws s3api head-object` prints of it."""
    root.mkdir(parents=True)
    for key, body in bucket.bodies.items():
        path = root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
        if sidecars and "/CloudTrail-Digest/" in key:
            path.with_name(f"{path.name}.meta.json").write_text(json.dumps(bucket.head(key), indent=4))
