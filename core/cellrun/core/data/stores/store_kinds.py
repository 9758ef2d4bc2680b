"""The kinds of stores that cellrun reaches over fsspec, in one table: what each is told, and what opens it."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from urllib.parse import quote, urlsplit

from cellrun.core.data.stores.workspace_datastores import LOCAL, DatastoreDefinition
from cellrun.core.errors import DatastoreError

Texts = Mapping[str, str]

AZURE_BLOB = "azure_blob"
AZURE_DATA_LAKE_2 = "azure_data_lake_gen2"
S3 = "s3"
GCS = "gcs"
HUGGINGFACE = "huggingface"
HTTPS = "https"


@dataclass(frozen=True)
class StoreKind:
    """One kind of store: its settings are kept in the workspace, its credentials in the keyvault alone."""

    type: str
    """`datastore_type`, Azure ML's name where that has the kind."""
    filesystem: str
    """The module and class of its fsspec file system."""
    extra: str
    """What of cellrun's extras brings that, empty if cellrun itself does."""
    needs: tuple[str, ...]
    """The settings without which there is no such store."""
    credentials: tuple[str, ...]
    root: Callable[[Texts], str]
    """The container or bucket as that file system knows it."""
    options: Callable[[Texts, Texts], Mapping[str, Any]]
    """What that file system is made with: of settings and credentials."""
    place: Callable[[Texts], str]
    """The store's address for people."""
    server: Callable[[Texts], str]
    """The URL of what has to answer."""
    checksum: Callable[[Mapping[str, Any]], tuple[str, str] | None] = lambda _: None
    """What an entry of its listing tells of the content: the algorithm and its hex digits."""
    is_checksum_sure: bool = True
    """Whether that is always of the content itself: S3's is another one for objects that are encrypted by a key."""
    takes_own_login: bool = False
    """Whether its package takes what this user has logged in with, where no credentials are given."""
    lists_by_prefix: bool = False
    signs_urls: bool = False
    """Whether it gives URLs by which others read a file for a while, without credentials."""
    is_read_only: bool = False

    def connect(self, store: str, settings: Texts, credentials: Texts) -> Any:
        """Return its fsspec file system, without a word to the store yet.

        Raises DatastoreError where the package isn't installed, or refuses what it was given.
        """
        module, _, name = self.filesystem.partition(":")
        try:
            cls = getattr(import_module(module), name)
        except ImportError as error:
            raise DatastoreError(
                store, f"needs a package that isn't installed here ({error.name}): pip install 'cellrun[{self.extra}]'"
            ) from error
        try:
            return cls(use_listings_cache=False, **self.options(settings, credentials))
        except Exception as error:  # noqa: BLE001  # whatever each package checks; its text may hold the credentials
            raise DatastoreError(
                store,
                f"at {self.place(settings)} can't be opened with its settings and credentials "
                f"({type(error).__name__}): register it again with overwrite=True",
            ) from None


def _azure_account(settings: Texts) -> str:
    """Return an account's address: `endpoint` is a domain as Azure ML has it, or the URL of an emulator."""
    protocol, endpoint = settings["protocol"], settings["endpoint"]
    if "://" in endpoint:
        return f"{endpoint.rstrip('/')}/{settings['account_name']}"
    return f"{protocol}://{settings['account_name']}.blob.{endpoint}"


def _azure_options(settings: Texts, credentials: Texts) -> Mapping[str, Any]:
    name, address = settings["account_name"], _azure_account(settings)
    if "client_id" in credentials:
        return {"account_name": name, "account_host": urlsplit(address).netloc, **credentials}
    parts = {"DefaultEndpointsProtocol": urlsplit(address).scheme, "AccountName": name, "BlobEndpoint": address}
    if "account_key" in credentials:
        parts["AccountKey"] = credentials["account_key"]
    elif "sas_token" in credentials:
        parts["SharedAccessSignature"] = credentials["sas_token"].lstrip("?")
    return {"connection_string": ";".join(f"{key}={value}" for key, value in parts.items())}


def _azure_checksum(entry: Mapping[str, Any]) -> tuple[str, str] | None:
    md5 = (entry.get("content_settings") or {}).get("content_md5")
    return ("md5", bytes(md5).hex()) if md5 else None


def _azure(kind: str) -> StoreKind:
    return StoreKind(
        type=kind,
        filesystem="adlfs:AzureBlobFileSystem",
        extra="azure",
        needs=("container_name", "account_name", "protocol", "endpoint"),
        credentials=("account_key", "sas_token", "tenant_id", "client_id", "client_secret"),
        root=lambda settings: settings["container_name"],
        options=_azure_options,
        place=lambda settings: f"{_azure_account(settings)}/{settings['container_name']}",
        server=_azure_account,
        checksum=_azure_checksum,
        lists_by_prefix=True,
        signs_urls=True,
    )


def _s3_options(settings: Texts, credentials: Texts) -> Mapping[str, Any]:
    from botocore.config import Config  # type: ignore[import-untyped]  # noqa: F401, PLC0415  # says which extra is missing

    return {
        "anon": settings.get("anonymous") == "yes",
        "key": credentials.get("access_key"),
        "secret": credentials.get("secret_key"),
        "token": credentials.get("session_token"),
        "endpoint_url": settings.get("endpoint"),
        "client_kwargs": {"region_name": settings["region"]} if "region" in settings else {},
        "config_kwargs": {"connect_timeout": 10, "read_timeout": 60, "retries": {"max_attempts": 3}},
    }


def _s3_checksum(entry: Mapping[str, Any]) -> tuple[str, str] | None:
    tag = str(entry.get("ETag", "")).strip('"')
    return ("md5", tag) if len(tag) == 32 and "-" not in tag else None


def _gcs_options(settings: Texts, credentials: Texts) -> Mapping[str, Any]:
    token = credentials.get("token")
    found: Any = "anon" if settings.get("anonymous") == "yes" else None
    return {
        "token": json.loads(token) if token and token.lstrip().startswith("{") else token or found,
        "endpoint_url": settings.get("endpoint"),
        **({"project": settings["project"]} if "project" in settings else {}),
    }


def _gcs_checksum(entry: Mapping[str, Any]) -> tuple[str, str] | None:
    md5 = entry.get("md5Hash")
    return ("md5", base64.b64decode(md5).hex()) if md5 else None


def _huggingface_root(settings: Texts) -> str:
    folder = {"dataset": "datasets/", "space": "spaces/"}.get(settings["repo_type"], "")
    revision = f"@{quote(settings['revision'], safe='')}" if "revision" in settings else ""
    return f"{folder}{settings['repo']}{revision}"


def _huggingface_checksum(entry: Mapping[str, Any]) -> tuple[str, str] | None:
    large = entry.get("lfs")
    return ("sha256", str(large["sha256"])) if large else None


KINDS: Mapping[str, StoreKind] = {
    AZURE_BLOB: _azure("AzureBlob"),
    AZURE_DATA_LAKE_2: _azure("AzureDataLakeGen2"),
    S3: StoreKind(
        type="AmazonS3",
        filesystem="s3fs:S3FileSystem",
        extra="s3",
        needs=("bucket",),
        credentials=("access_key", "secret_key", "session_token"),
        root=lambda settings: settings["bucket"],
        options=_s3_options,
        place=lambda settings: (
            f"s3://{settings['bucket']}" + (f" of {settings['endpoint']}" if "endpoint" in settings else "")
        ),
        server=lambda settings: (
            settings.get("endpoint") or f"https://s3.{settings.get('region', 'us-east-1')}.amazonaws.com"
        ),
        checksum=_s3_checksum,
        is_checksum_sure=False,
        takes_own_login=True,
        lists_by_prefix=True,
        signs_urls=True,
    ),
    GCS: StoreKind(
        type="GoogleCloudStorage",
        filesystem="gcsfs.core:GCSFileSystem",
        extra="gcs",
        needs=("bucket",),
        credentials=("token",),
        root=lambda settings: settings["bucket"],
        options=_gcs_options,
        place=lambda settings: (
            f"gs://{settings['bucket']}" + (f" of {settings['endpoint']}" if "endpoint" in settings else "")
        ),
        server=lambda settings: settings.get("endpoint", "https://storage.googleapis.com"),
        checksum=_gcs_checksum,
        takes_own_login=True,
        lists_by_prefix=True,
    ),
    HUGGINGFACE: StoreKind(
        type="HuggingFace",
        filesystem="huggingface_hub:HfFileSystem",
        extra="huggingface",
        needs=("repo", "repo_type"),
        credentials=("token",),
        root=_huggingface_root,
        options=lambda settings, credentials: {
            "endpoint": settings.get("endpoint"),
            "token": credentials.get("token"),
        },
        place=lambda settings: f"hf://{_huggingface_root(settings)}",
        server=lambda settings: settings.get("endpoint", "https://huggingface.co"),
        checksum=_huggingface_checksum,
        takes_own_login=True,
        is_read_only=True,  # each file would be a commit: huggingface_hub's upload_folder makes one of all
    ),
    HTTPS: StoreKind(
        type="Https",
        filesystem="fsspec.implementations.http:HTTPFileSystem",
        extra="",
        needs=("url",),
        credentials=(),
        root=lambda settings: settings["url"].rstrip("/"),
        options=lambda _settings, _credentials: {"headers": {"Accept-Encoding": "identity"}},  # sizes are of files
        place=lambda settings: settings["url"].rstrip("/"),
        server=lambda settings: settings["url"],
        is_read_only=True,
    ),
}
"""Every kind but `local`, which is a folder and needs no way to it."""


def kind_of(definition: DatastoreDefinition) -> StoreKind | None:
    """Return the kind of a store, None for a folder of this machine.

    Raises DatastoreError for one that isn't known, or a store that lacks what one of its kind needs.
    """
    name, kind, settings = definition
    if kind != LOCAL and kind not in KINDS:
        known = ", ".join([LOCAL, *KINDS])
        raise DatastoreError(name, f"is of the kind {kind!r}, which this cellrun doesn't know; it knows: {known}")
    found = KINDS.get(kind)
    missing = [each for each in (found.needs if found else ("folder",)) if not settings.get(each)]
    if missing or (found is None and not os.path.isabs(settings["folder"])):  # noqa: PTH117  # no path is made of it
        what = f"no {', '.join(missing)}" if missing else "a folder that is no absolute path"
        raise DatastoreError(name, f"has {what} in its file; register it again with overwrite=True")
    return found
