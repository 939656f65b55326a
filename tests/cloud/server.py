"""AWS on localhost: S3 by moto and CloudTrail's public keys, over real HTTP, requests counted and troubles at will."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from moto.s3.exceptions import MissingBucket
from moto.s3.models import FakeKey, S3Backend, s3_backends
from werkzeug.serving import BaseWSGIServer, make_server

from tests.cloud.gate import Application, Gate, Trouble
from tests.cloud.public_keys import PublicKeys
from tests.trail.bucket import Bucket
from tests.trail.signing import SigningKey

_LOCALHOST = "127.0.0.1"
_SYSTEM_METADATA = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
"""As CloudTrail most likely sets them; a client must not unpack by itself, as it would for an encoding of transport."""


class Cloud:
    """What tests see of the servers: where they are, what lies there, and what was asked of them."""

    def __init__(self, s3_url: str, cloudtrail_url: str, gate: Gate, public_keys: PublicKeys) -> None:
        self.s3_url = s3_url
        self.cloudtrail_url = cloudtrail_url
        self.gate = gate
        self.public_keys = public_keys

    @property
    def environment(self) -> dict[str, str]:
        """The variables that point boto3 and the AWS CLI here, and keep them from everything else."""
        nowhere = str(Path(__file__).with_name("no-such-file"))
        return {
            "AWS_ENDPOINT_URL": self.cloudtrail_url,  # whatever else is asked is refused there, and never leaves
            "AWS_ENDPOINT_URL_S3": self.s3_url,
            "AWS_ENDPOINT_URL_CLOUDTRAIL": self.cloudtrail_url,
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": nowhere,
            "AWS_SHARED_CREDENTIALS_FILE": nowhere,
            "NO_PROXY": _LOCALHOST,
            "no_proxy": _LOCALHOST,
        }

    def put(self, bucket: Bucket, region: str = "us-east-1") -> None:
        """Lay a bucket down as it is in memory, times included, in place of one of the same name.

        It goes past HTTP, which would take longer than what tests do with it.
        """
        s3 = _backend()
        _remove_bucket(s3, bucket.name)
        s3.create_bucket(bucket.name, region)
        for key, body in bucket.bodies.items():
            lying = s3.put_object(bucket.name, key, body, disable_notification=True)
            user = {f"x-amz-meta-{name}": value for name, value in bucket.metadata[key].items()}
            lying.set_metadata(_SYSTEM_METADATA | user)
            lying.last_modified = bucket.modified[key].replace(tzinfo=None)

    def keep_versions(self, bucket: str) -> None:
        """Turn versioning on: what lies there is kept from now on."""
        _backend().put_bucket_versioning(bucket, "Enabled")

    def overwrite(self, bucket: str, key: str, body: bytes) -> None:
        _backend().put_object(bucket, key, body, disable_notification=True)

    def delete(self, bucket: str, key: str) -> None:
        """Delete an object; where versions are kept, that puts a marker above it."""
        _backend().delete_object(bucket, key)

    def fill(self, bucket: str, bodies: Mapping[str, bytes]) -> None:
        for key, body in bodies.items():
            self.overwrite(bucket, key, body)

    def objects(self, bucket: str) -> dict[str, bytes]:
        """Return what lies in a bucket, by key."""
        return {key: found.value for key, found in _backend().get_bucket(bucket).keys.items()}

    def kms_key(self, bucket: str, key: str) -> str | None:
        """Return the key that an object was to be encrypted with."""
        return _backend().get_object(bucket, key).kms_key_id  # type: ignore[union-attr]

    def archive(self, bucket: str, key: str, storage_class: str) -> None:
        """Move an object to another storage class, as a lifecycle rule does."""
        _backend().get_object(bucket, key)._storage_class = storage_class  # type: ignore[union-attr]

    def serve_keys(self, keys: Mapping[str, Sequence[SigningKey]]) -> None:
        """Let `ListPublicKeys` answer with these, by region."""
        self.public_keys.served = keys

    def trouble(self, key: str, trouble: Trouble) -> None:
        """Let requests for this object meet with trouble from now on; an empty key means listings."""
        self.gate.trouble(key, trouble)

    def count(self, kind: str, key: str | None = None) -> int:
        """Tell how many requests of a kind (`GetObject`) came since the last reset, for one object or for all."""
        return self.gate.requests[kind] if key is None else self.gate.keys[kind, key]

    def reset(self) -> None:
        """Delete all buckets, forget all keys, troubles and counts."""
        s3 = _backend()
        for name in list(s3.buckets):
            _remove_bucket(s3, name)
        self.gate.reset()
        self.public_keys.reset()


@contextmanager
def running_cloud() -> Iterator[Cloud]:
    """Serve on free ports, from threads of this process, until the block is left."""
    gate, public_keys = Gate(DomainDispatcherApplication(create_backend_app)), PublicKeys()
    with serving(gate) as s3_url, serving(public_keys) as cloudtrail_url:
        cloud = Cloud(s3_url, cloudtrail_url, gate, public_keys)
        cloud.reset()
        try:
            yield cloud
        finally:
            cloud.reset()


class _Handler(MotoRequestHandler):
    """Moto's own handler, silent and without Nagle's delay between the headers and the body."""

    disable_nagle_algorithm = True

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002  (werkzeug's name)
        pass


@contextmanager
def serving(application: Application) -> Iterator[str]:
    """Serve an application on a free port while the block runs; gives its URL."""
    server: BaseWSGIServer = make_server(_LOCALHOST, 0, application, threaded=True, request_handler=_Handler)
    server.daemon_threads, server.block_on_close = True, False  # type: ignore[attr-defined]  # clients keep connections
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://{_LOCALHOST}:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _backend() -> S3Backend:
    return s3_backends[DEFAULT_ACCOUNT_ID]["aws"]


def _remove_bucket(s3: S3Backend, name: str) -> None:
    with suppress(MissingBucket):
        bucket = s3.get_bucket(name)
        for key in bucket.keys:
            for lying in bucket.keys.getlist(key):
                if isinstance(lying, FakeKey):  # a delete marker has nothing to dispose of
                    lying.dispose()
        bucket.keys.clear()
        s3.delete_bucket(name)
