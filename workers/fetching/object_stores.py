"""Media in object stores: `s3://bucket/key`, `gs://bucket/key` and `az://container/key`.

Stores, unlike hosts, are the operator's: their addresses and credentials come from the environment
variables that the stores' own tools read, and without any nothing is sent, not even to the metadata
service that lends credentials on machines of the clouds. A message names only bucket and key.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from workers.processors.base import ProcessingFailed

if TYPE_CHECKING:
    from obstore import GetResult
    from obstore.store import AzureStore, GCSStore, S3Store

    Store = S3Store | GCSStore | AzureStore

logger = logging.getLogger(__name__)

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,221}[A-Za-z0-9]|\$(?:root|web|logs)")
_STATUS = re.compile(r"status code: (\d{3})")
_STORES_KEPT = 64
_PIECE_BYTES = 2**16
_CONNECT_TIME = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class _Service:
    """The variables of a kind of store; any of `credentials` says where to get them."""

    credentials: tuple[str, ...]
    endpoints: tuple[str, ...]


_SERVICES = {
    "s3": _Service(
        credentials=(
            "AWS_ACCESS_KEY_ID",
            "AWS_WEB_IDENTITY_TOKEN_FILE",
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            "AWS_METADATA_ENDPOINT",
            "AWS_SKIP_SIGNATURE",
        ),
        endpoints=("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"),
    ),
    "gs": _Service(
        credentials=(
            "GOOGLE_APPLICATION_CREDENTIALS",
            "GOOGLE_SERVICE_ACCOUNT",
            "GOOGLE_SERVICE_ACCOUNT_PATH",
            "GOOGLE_SERVICE_ACCOUNT_KEY",
            "GOOGLE_BEARER_TOKEN",
            "GOOGLE_SKIP_SIGNATURE",
        ),
        endpoints=("GOOGLE_BASE_URL",),
    ),
    "az": _Service(
        credentials=(
            "AZURE_STORAGE_ACCOUNT_KEY",
            "AZURE_STORAGE_ACCESS_KEY",
            "AZURE_STORAGE_SAS_TOKEN",
            "AZURE_STORAGE_SAS_KEY",
            "AZURE_STORAGE_TOKEN",
            "AZURE_STORAGE_CLIENT_SECRET",
            "AZURE_CLIENT_SECRET",
            "AZURE_FEDERATED_TOKEN_FILE",
            "AZURE_MSI_ENDPOINT",
            "AZURE_IDENTITY_ENDPOINT",
            "AZURE_SKIP_SIGNATURE",
            "AZURE_STORAGE_USE_EMULATOR",
        ),
        endpoints=("AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT"),
    ),
}

SCHEMES = tuple(f"{scheme}://" for scheme in _SERVICES)


class ObjectStores:
    """Reads objects; if `buckets` (`s3://name`) names any, of these alone."""

    def __init__(self, buckets: frozenset[str], timeout_seconds: float) -> None:
        """`timeout_seconds` is for one object in all."""
        self._buckets = buckets
        self._timeout = timedelta(seconds=timeout_seconds)
        self._stores: dict[str, Store] = {}

    async def open(self, address: str) -> StoredObject:
        """The object at `s3://bucket/key`; the key is taken as it stands, not percent-decoded.

        Raises ProcessingFailed `download_failed`.
        """
        scheme, _, rest = address.partition("://")
        scheme = scheme.lower()
        name, _, key = rest.partition("/")
        bucket = f"{scheme}://{name}"
        # A slash at either end would be cut off in silence, and another object read.
        if not _BUCKET.fullmatch(name) or not key or key != key.strip("/"):
            raise _failed(f"the address is not of the form {scheme}://bucket/key")
        if self._buckets and bucket not in self._buckets:
            raise _failed(f"BACKSCROLL_MEDIA_BUCKETS does not name {bucket}")
        if not any(os.environ.get(variable) for variable in _SERVICES[scheme].credentials):
            raise _failed(
                f"there are no credentials for {scheme}://; set"
                f" {_SERVICES[scheme].credentials[0]} or another of the store's variables"
            )
        try:
            import obstore
        except ImportError:
            raise _failed("object stores need the package obstore, which is missing") from None
        store = self._store(scheme, name, bucket)
        with _failures_named(bucket):
            return StoredObject(bucket, await obstore.get_async(store, key))

    def _store(self, scheme: str, name: str, bucket: str) -> Store:
        if (known := self._stores.get(bucket)) is not None:
            return known
        from obstore import store as stores

        endpoints = [os.environ.get(variable, "") for variable in _SERVICES[scheme].endpoints]
        makers = {"s3": stores.S3Store, "gs": stores.GCSStore, "az": stores.AzureStore}
        try:
            store: Store = makers[scheme](
                name,
                client_options={
                    "allow_http": any(each.startswith("http://") for each in endpoints),
                    "connect_timeout": min(_CONNECT_TIME, self._timeout),
                    "timeout": self._timeout,
                },
                retry_config={"max_retries": 2, "retry_timeout": self._timeout},
            )
        except Exception as error:  # whatever it found in the variables
            logger.warning("%s cannot be opened: %s", bucket, str(error).partition("\n")[0])
            raise _failed(
                f"{bucket} cannot be opened with the worker's variables; its log says why"
            ) from None
        if len(self._stores) >= _STORES_KEPT:
            self._stores.clear()
        self._stores[bucket] = store
        return store


class StoredObject:
    """An object whose bytes are still to be read."""

    def __init__(self, bucket: str, result: GetResult) -> None:
        self._bucket = bucket
        self._result = result

    @property
    def size(self) -> int:
        return int(self._result.meta["size"])

    @property
    def content_encoding(self) -> str | None:
        encoding = self._result.attributes.get("Content-Encoding")
        return None if encoding is None else str(encoding)

    async def chunks(self) -> AsyncGenerator[bytes]:
        """Raises ProcessingFailed `download_failed`."""
        with _failures_named(self._bucket):
            async for piece in self._result.stream(min_chunk_size=_PIECE_BYTES):
                yield bytes(piece)


@contextlib.contextmanager
def _failures_named(bucket: str) -> Iterator[None]:
    """Turns what obstore raises into words of our own: its texts show addresses and signatures."""
    from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

    try:
        yield
    except FileNotFoundError:
        reason = f"there is no such object in {bucket}"
    except (PermissionDeniedError, UnauthenticatedError, PermissionError):
        reason = f"{bucket} refuses the worker's credentials"
    except ValueError:
        reason = f"the address names no possible object of {bucket}"
    except (BaseError, OSError) as error:
        status = _STATUS.search(str(error))
        answer = f"answered {status[1]}" if status else "did not answer, or broke off"
        reason = f"the store of {bucket} {answer}"
    else:
        return
    raise _failed(reason) from None


def _failed(reason: str) -> ProcessingFailed:
    return ProcessingFailed("download_failed", f"could not be fetched: {reason}")
