"""The copying of objects out of S3: each is fetched once, verified by later runs, and never written over."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from msgspec import structs

from ctaudit import collection, times
from ctaudit.collection import Collected, Known, Line, Manifest
from ctaudit.errors import Interrupted
from ctaudit.fault import Fault
from ctaudit.integrity.names import digest_name
from ctaudit.listing import named, why_nothing
from ctaudit.progress import Progress, Step
from ctaudit.sources import copies, s3_listing
from ctaudit.sources.left_out import LeftOut
from ctaudit.sources.mirror import KEYS
from ctaudit.sources.objects import Unavailable
from ctaudit.sources.s3 import S3
from ctaudit.sources.s3_listing import ALTERED, Passed, Wanted
from ctaudit.sources.sidecars import SUFFIX

CONNECTIONS = 64
FACTS = "trail-facts.jsonl"
_CHUNK = 1024 * 1024
_ATTEMPTS = 4


_Outcome = tuple[Line | None, bool, Fault | None]
"""The line of an object, whether it was copied now, and what went wrong."""


class Copying:
    """One run of a collection; `copy` does it."""

    def __init__(
        self,
        root: Path,
        s3: S3,
        known: Known,
        progress: Progress,
        stopped: Callable[[], bool],
    ) -> None:
        self._root = root
        self._s3 = s3
        self._known = known
        self._progress = progress
        self._stopped = stopped
        self.done = Collected()
        self._seen: set[tuple[str, str]] = set()
        self._step = Step(events=None)
        self._listed, self._listed_bytes = False, 0
        """Whether all is listed, and how much up to now."""
        self._in_the_way: set[str] = set()
        """Files that lie where something else belongs, and were told."""
        self._unlisted = False
        """Whether a folder could not be listed: what is not seen may still be there."""
        self.regions: dict[str, tuple[datetime, datetime]] = {}
        """Region -> ends of its first and last digest."""

    def copy(self, wanted: Wanted) -> Collected:
        """Copy or verify each object; what went wrong with one stops no other."""
        manifest = Manifest(self._root)
        try:
            for line, new, fault in self._outcomes(wanted):
                self._tell(None if line is None else line.size)
                if fault is not None:
                    self.done.faults.append(fault)
                if line is not None:
                    if new:
                        manifest.add(line)
                        self._known.add(line)
                    self._count(line, new, fault is None)
        finally:
            manifest.close()
        if not self._seen and not self._unlisted:
            self.done.nothing = why_nothing([self._s3], self.done.left_out)
        if not self._unlisted and not wanted.narrow:
            self.done.faults += self._gone()
        self.done.faults += self._strangers()
        self.done.regions = tuple(sorted(self.regions))
        return self.done

    def _strangers(self) -> Iterator[Fault]:
        """Tell of files in the copy that no run has put there: somebody else did."""
        own = {collection.NAME, FACTS}
        for path in self._known.paths():
            own |= {path, f"{path}{SUFFIX}"}
        digests = (digest_name(key) for _, key in self._known.objects)
        own |= {f"{KEYS}/{digest.chain.region}.json" for digest in digests if digest}
        for path in copies.strangers(self._root, own):
            if str(self._root / path) not in self._in_the_way:
                reason = "lies in the copy, and the manifest does not tell of it: no run of collect has put it there"
                yield Fault(named(str(self._root / path)), None, "copy.planted", reason)

    def _tell(self, size: int | None) -> None:
        """Tell that one more object is done."""
        step = self._step
        total, size_total = (len(self._seen), self._listed_bytes) if self._listed else (None, None)
        self._step = Step(step.files + 1, total, len(self._seen), None, step.bytes + (size or 0), size_total)
        self._progress.update(self._step)

    def _gone(self) -> Iterator[Fault]:
        """Tell of what was copied and is not in the bucket any more."""
        prefix = self._s3.prefix.rstrip("/")
        for bucket, key in self._known.objects.keys() - self._seen:
            if bucket == self._s3.bucket and (not prefix or key == prefix or key.startswith(f"{prefix}/")):
                reason = "is not in the bucket any more; its copy stays"
                yield Fault(f"s3://{bucket}/{key}", None, "copy.gone_from_bucket", reason)

    def _outcomes(self, wanted: Wanted) -> Iterator[_Outcome]:
        ahead: deque[Future[_Outcome]] = deque()
        with ThreadPoolExecutor(CONNECTIONS, "ctaudit-copy") as pool:
            try:
                for entry in s3_listing.find(self._s3, self._s3.bucket, self._s3.prefix, wanted, self._stopped):
                    if isinstance(entry, Fault):
                        self._unlisted |= entry.kind not in ALTERED
                        self.done.faults.append(entry)
                    elif isinstance(entry, Passed):
                        self.done.passed += 1
                    elif isinstance(entry, LeftOut):
                        self.done.left_out.add(entry)
                    else:
                        self._seen.add((self._s3.bucket, entry["Key"]))
                        self._listed_bytes += entry.get("Size", 0)
                        ahead.append(pool.submit(self._one, entry))
                    while len(ahead) > 2 * CONNECTIONS:
                        yield ahead.popleft().result()
                self._listed = True
                while ahead and not self._stopped():
                    yield ahead.popleft().result()
            finally:
                pool.shutdown(cancel_futures=True)
        if self._stopped():
            raise Interrupted("interrupted")

    def _one(self, entry: dict[str, Any]) -> _Outcome:
        bucket, key = self._s3.bucket, entry["Key"]
        name = f"s3://{bucket}/{key}"
        try:
            if "ETag" not in entry:
                return self._marked(entry)
            line, version = self._line_of(entry)
            if line is not None:
                return self._verified(line, entry, name)
            with self._s3.pace.turn():
                return self._copied(bucket, key, version, current=entry.get("IsLatest", True)), True, None
        except Unavailable as trouble:
            return None, False, Fault(name, None, trouble.fault_kind(), f"cannot be copied: {trouble.reason}")
        except FileExistsError as error:
            path = str(error.filename2 or error.filename)
            self._in_the_way.add(path)
            reason = f"another file lies where it would be copied to ({path}); not overwritten"
            return None, False, Fault(name, None, "copy.exists", reason)
        except NotADirectoryError:
            return None, False, Fault(name, None, "copy.exists", "a file lies where its folder would be; not copied")

    def _line_of(self, entry: dict[str, Any]) -> tuple[Line | None, str | None]:
        """Return what the manifest tells of an object, and the version to be copied beside when it is none of that."""
        bucket, key, version = self._s3.bucket, entry["Key"], entry.get("VersionId")
        own = self._known.objects.get((bucket, key))
        if version is None:
            return own, None
        if own is not None and (own.version or "null") == version:
            return own, version
        line = self._known.versions.get((bucket, key, version))
        return line, None if entry["IsLatest"] and own is None else version

    def _marked(self, marker: dict[str, Any]) -> _Outcome:
        """Note a delete marker."""
        at = self._s3.bucket, marker["Key"], marker["VersionId"]
        if (line := self._known.versions.get(at)) is not None:
            return line, False, None
        modified = times.format_utc(marker["LastModified"].astimezone(UTC))
        now = not marker["IsLatest"]
        return Line(*at[:2], "", 0, "", modified, "", at[2], noncurrent=now, deleted=True), True, None

    def _verified(self, line: Line, entry: dict[str, Any], name: str) -> _Outcome:
        """Compare a copy with what it was, and with what lies in the bucket now."""
        if line.etag != entry["ETag"]:
            reason = "is another object now than was copied; the copy stays: with --versions, both are kept"
            return line, False, Fault(name, None, "copy.changed_in_bucket", reason)
        found = copies.sha256_of(self._root / line.path)
        if found is None:
            with self._s3.pace.turn():
                beside = line.path.split("/")[1] == copies.VERSIONS
                version = line.version if beside else None
                again = self._copied(line.bucket, line.key, version, current=not line.noncurrent)
            return again, True, Fault(name, None, "copy.gone", f"its copy {line.path} was gone, and was made again")
        if line.size != entry["Size"]:
            return line, False, Fault(name, None, "copy.manifest", "the manifest says another size than the bucket")
        if found != line.sha256:
            return line, False, Fault(name, None, "copy.changed", f"its copy {line.path} is not what was copied")
        return line, False, None

    def _copied(self, bucket: str, key: str, version: str | None = None, *, current: bool = True) -> Line:
        """Copy an object under its own path; or a version of it beside that."""
        folder = copies.path_of(bucket)
        if version is not None:
            path = f"{folder}/{copies.path_of_version(key, version)}"
            line = structs.replace(self._fetched(bucket, key, path, version), version=version, noncurrent=not current)
        else:
            path = f"{folder}/{copies.path_of(key)}"
            if key.startswith(f"{copies.VERSIONS}/"):  # by its path it would be an earlier version
                path = f"{folder}/{copies.path_beside(key)}"
            try:
                line = self._fetched(bucket, key, path)
            except (FileExistsError, NotADirectoryError):
                if not copies.clashes(self._root / path):
                    raise
                line = self._fetched(bucket, key, f"{folder}/{copies.path_beside(key)}")
        if line.metadata:
            _write_sidecar(self._root / f"{line.path}{SUFFIX}", line)
        return line

    def _fetched(self, bucket: str, key: str, path: str, version: str | None = None) -> Line:
        """Copy an object to a path; where the connection breaks off, it is fetched again from the start."""
        attempt = 1
        while True:
            said = self._s3.describe(bucket, key, version)
            try:
                return _line(bucket, key, path, copies.write_new(self._root / path, _chunks(said["Body"])), said)
            except Unavailable:
                if attempt == _ATTEMPTS:
                    raise
            time.sleep(0.2 * 2**attempt)
            attempt += 1

    def _count(self, line: Line, new: bool, sound: bool) -> None:
        tally = self.done.tally
        if line.deleted:
            tally.delete_markers += 1
            return
        tally.copied += new
        tally.verified += sound and not new
        tally.noncurrent += line.noncurrent
        tally.bytes += line.size
        if (digest := digest_name(line.key)) is not None:
            first, last = self.regions.get(digest.chain.region, (digest.end, digest.end))
            self.regions[digest.chain.region] = min(first, digest.end), max(last, digest.end)


def _chunks(body: Any) -> Iterator[bytes]:
    try:
        yield from body.iter_chunks(_CHUNK)
    except Exception as error:
        raise Unavailable("network", f"the connection broke off ({type(error).__name__})") from error
    finally:
        body.close()


def _line(bucket: str, key: str, path: str, sha256: str, said: dict[str, Any]) -> Line:
    return Line(
        bucket,
        key,
        path,
        said["ContentLength"],
        said["ETag"],
        times.format_utc(said["LastModified"].astimezone(UTC)),
        sha256,
        said.get("VersionId"),
        said.get("StorageClass", "STANDARD"),
        said.get("ServerSideEncryption"),
        said.get("SSEKMSKeyId"),
        {name.lower(): value for name, value in said.get("Metadata", {}).items()},
    )


def _write_sidecar(path: Path, line: Line) -> None:
    """Write what `aws s3api head-object` prints of an object's metadata, where `validate` looks for it."""
    head = {"Metadata": line.metadata, "ETag": line.etag, "LastModified": line.last_modified}
    if copies.sha256_of(path) is None:
        copies.write_new(path, [msgspec.json.encode(head)])
