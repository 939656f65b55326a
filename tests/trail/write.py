"""Writes the sample evidence: the trail's objects, metadata sidecars, public keys, checksums, and the story to tell."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from string import Template
from typing import Any

from tests.trail import company
from tests.trail.packing import unpacked
from tests.trail.sample import sample_trail
from tests.trail.signing import demo_keys, public_key_list
from tests.trail.story import ANSWERS
from tests.trail.trail import Trail

SUMS = "SHA256SUMS"


def sample_files(trail: Trail) -> dict[str, bytes]:
    """Lay out everything below `sample_logs/`: relative path to bytes, in order."""
    files = dict(trail.bucket.bodies)
    for key in trail.bucket.keys("/CloudTrail-Digest/"):
        files[f"{key}.meta.json"] = _indented(trail.bucket.head(key))
    for region, signer in demo_keys().items():
        files[f"public-keys/{region}.json"] = _indented(public_key_list(signer))
    files["README.md"] = _readme(trail).encode()
    ordered = dict(sorted(files.items()))
    sums = [f"{hashlib.sha256(body).hexdigest()}  {path}\n" for path, body in ordered.items()]
    return ordered | {SUMS: "".join(sums).encode()}


def write(folder: Path) -> int:
    """Write the sample into `folder`, replacing an older one; returns how many files.

    Raises FileExistsError when the folder holds anything else than an older sample.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / SUMS).is_file():
        raise FileExistsError(folder)
    if folder.exists():
        shutil.rmtree(folder)
    files = sample_files(sample_trail())
    for path, body in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(body)
    return len(files)


def _indented(content: Any) -> bytes:
    return (json.dumps(content, indent=4) + "\n").encode()


def _readme(trail: Trail) -> str:
    logs = [key for key in trail.bucket.keys(".json.gz") if "/CloudTrail-Digest/" not in key]
    whole = [key for key in logs if key != ANSWERS.damaged_key]
    told = sum(len(json.loads(unpacked(trail.bucket.bodies[key]))["Records"]) for key in whole)
    steps = {name: step.event_id for name, step in ANSWERS.steps.items()}
    facts: dict[str, Any] = {
        "events": told + len(ANSWERS.damaged_events),
        "lost": len(ANSWERS.damaged_events),
        "log_files": len(logs),
        "digests": len(trail.bucket.keys("/CloudTrail-Digest/")),
        "organization": company.ORGANIZATION,
        "stolen_key": ANSWERS.stolen_key,
        "backdoor_key": ANSWERS.backdoor_key,
        "damaged_key": ANSWERS.damaged_key,
        "damaged_name": ANSWERS.damaged_key.rsplit("/", 1)[1],
        "objects": len(ANSWERS.payroll_objects),
        "snapshot": company.ORDERS_SNAPSHOT,
        "payroll_key": company.PAYROLL_KEY,
        "payroll_secret": company.PAYROLL_SECRET,
    }
    text = Path(__file__).with_name("story.md").read_text(encoding="utf-8")
    return Template(text).substitute(facts | steps)
