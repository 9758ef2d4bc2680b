"""Registering a store in a workspace: what it is goes into the workspace's files, what opens it into the keyvault."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cellrun.core.data.stores import store_kinds
from cellrun.core.data.stores.addresses import keys_of
from cellrun.core.data.stores.keyvault import Keyvault
from cellrun.core.data.stores.store_errors import StorePlace
from cellrun.core.data.stores.workspace_datastores import LOCAL, DatastoreDefinition, WorkspaceDatastores
from cellrun.core.environment_spec import has_login
from cellrun.core.errors import UserErrorException, shown
from cellrun.core.names import datastore_name as checked_name
from cellrun.core.unsupported import refused

if TYPE_CHECKING:
    from cellrun.core.data.stores.datastore import Datastore
    from cellrun.core.workspace import Workspace


_GEN2 = "Datastore.register_azure_data_lake_gen2"
_DATABASE = "is a database, and a datastore here has files"
_QUERY = "pandas.read_sql, and Dataset.Tabular.register_pandas_dataframe for what is to be kept"
_FOLDER = "mount it, and take Datastore.register_folder(ws, name, folder)"


class Registration:
    """The `register_…` verbs of Datastore. Names and signatures of Azure's are Azure ML's; others are cellrun's own.

    Each sees that the store answers and is there before anything is kept, unless `skip_validation`. Each raises
    UserErrorException for what can't be right, and DatastoreError for a name that is taken by another store (unless
    `overwrite`), a store that is away or isn't there, and credentials that it refuses.
    """

    @classmethod
    def register_folder(
        cls, workspace: Workspace, datastore_name: str, folder: str | os.PathLike[str], *, overwrite: bool = False
    ) -> Datastore:
        """Register a folder of this machine, which is there already."""
        path = Path(folder).expanduser().absolute()
        if not path.is_dir():
            raise UserErrorException(f"a datastore's folder is there already; {shown(str(folder))} is no folder")
        return _register(workspace, datastore_name, LOCAL, {"folder": str(path)}, overwrite=overwrite)

    @classmethod
    def register_azure_blob_container(  # noqa: PLR0913, PLR0917  # Azure ML's signature
        cls,
        workspace: Workspace,
        datastore_name: str,
        container_name: str,
        account_name: str,
        sas_token: str | None = None,
        account_key: str | None = None,
        protocol: str | None = None,
        endpoint: str | None = None,
        overwrite: bool = False,  # noqa: FBT001, FBT002  # as above
        create_if_not_exists: bool = False,  # noqa: FBT001, FBT002  # as above
        skip_validation: bool = False,  # noqa: FBT001, FBT002  # as above
        blob_cache_timeout: int | None = None,  # noqa: ARG003  # of Azure ML's mounts
        grant_workspace_access: bool = False,  # noqa: ARG003, FBT001, FBT002  # of Azure's service
        subscription_id: str | None = None,  # noqa: ARG003  # as above
        resource_group: str | None = None,  # noqa: ARG003  # as above
    ) -> Datastore:
        """Register a container of Azure Blob Storage; without a key or a token, a public one.

        `endpoint` is the domain (core.windows.net), or the URL of an emulator (http://127.0.0.1:10000).
        """
        return _register(
            workspace,
            datastore_name,
            store_kinds.AZURE_BLOB,
            _azure_settings(container_name, account_name, protocol, endpoint),
            {"sas_token": sas_token, "account_key": account_key},
            overwrite=overwrite,
            create_if_not_exists=create_if_not_exists,
            skip_validation=skip_validation,
        )

    @classmethod
    def register_azure_data_lake_gen2(  # noqa: PLR0913, PLR0917  # Azure ML's signature
        cls,
        workspace: Workspace,
        datastore_name: str,
        filesystem: str,
        account_name: str,
        tenant_id: str | None = None,
        client_id: str | None = None,
        client_secret: str | None = None,
        resource_url: str | None = None,  # noqa: ARG003  # the package knows it
        authority_url: str | None = None,  # noqa: ARG003  # as above
        protocol: str | None = None,
        endpoint: str | None = None,
        overwrite: bool = False,  # noqa: FBT001, FBT002  # as above
        subscription_id: str | None = None,  # noqa: ARG003  # of Azure's service
        resource_group: str | None = None,  # noqa: ARG003  # as above
        grant_workspace_access: bool = False,  # noqa: ARG003, FBT001, FBT002  # as above
    ) -> Datastore:
        """Register a file system of Azure Data Lake Storage Gen2, opened by a service principal."""
        return _register(
            workspace,
            datastore_name,
            store_kinds.AZURE_DATA_LAKE_2,
            _azure_settings(filesystem, account_name, protocol, endpoint),
            {"tenant_id": tenant_id, "client_id": client_id, "client_secret": client_secret},
            overwrite=overwrite,
        )

    @classmethod
    def register_azure_file_share(cls, workspace: Workspace, *_given: Any, **_named: Any) -> Datastore:
        """Refuse, and say what to do: nothing reads a file share over fsspec."""
        del workspace
        raise UserErrorException(
            "an Azure file share can't be a datastore here; mount it (it is an SMB share) and register its folder: "
            "Datastore.register_folder(ws, name, folder)"
        )

    register_azure_data_lake = staticmethod(
        refused("Datastore.register_azure_data_lake", "is Azure Data Lake Gen1, which Azure has retired", _GEN2)
    )
    register_azure_sql_database = staticmethod(refused("Datastore.register_azure_sql_database", _DATABASE, _QUERY))
    register_azure_postgre_sql = staticmethod(refused("Datastore.register_azure_postgre_sql", _DATABASE, _QUERY))
    register_azure_my_sql = staticmethod(refused("Datastore.register_azure_my_sql", _DATABASE, _QUERY))
    register_dbfs = staticmethod(refused("Datastore.register_dbfs", "is Databricks' own disk", _FOLDER))
    register_hdfs = staticmethod(refused("Datastore.register_hdfs", "is Hadoop's file system", _FOLDER))

    @classmethod
    def register_s3(  # noqa: PLR0913  # what a bucket needs
        cls,
        workspace: Workspace,
        datastore_name: str,
        bucket: str,
        *,
        access_key: str | None = None,
        secret_key: str | None = None,
        session_token: str | None = None,
        region: str | None = None,
        endpoint: str | None = None,
        anonymous: bool = False,
        overwrite: bool = False,
        skip_validation: bool = False,
    ) -> Datastore:
        """Register a bucket of Amazon S3, or of what speaks its language at `endpoint` (MinIO, R2, Ceph).

        Without keys those of this machine open it: AWS_ACCESS_KEY_ID, `~/.aws`, an instance's role.
        """
        if (access_key is None) != (secret_key is None):
            raise UserErrorException("access_key and secret_key go together; one of them is missing")
        return _register(
            workspace,
            datastore_name,
            store_kinds.S3,
            {"bucket": bucket, "region": region, "endpoint": endpoint, "anonymous": "yes" if anonymous else None},
            {"access_key": access_key, "secret_key": secret_key, "session_token": session_token},
            overwrite=overwrite,
            skip_validation=skip_validation,
        )

    @classmethod
    def register_gcs(  # noqa: PLR0913  # what a bucket needs
        cls,
        workspace: Workspace,
        datastore_name: str,
        bucket: str,
        *,
        token: str | None = None,
        project: str | None = None,
        endpoint: str | None = None,
        anonymous: bool = False,
        overwrite: bool = False,
        skip_validation: bool = False,
    ) -> Datastore:
        """Register a bucket of Google Cloud Storage. `token`: the JSON of a service account's key.

        Without it what `gcloud auth application-default login` has left opens it.
        """
        return _register(
            workspace,
            datastore_name,
            store_kinds.GCS,
            {"bucket": bucket, "project": project, "endpoint": endpoint, "anonymous": "yes" if anonymous else None},
            {"token": token},
            overwrite=overwrite,
            skip_validation=skip_validation,
        )

    @classmethod
    def register_huggingface(  # noqa: PLR0913  # what a repository needs
        cls,
        workspace: Workspace,
        datastore_name: str,
        repo: str,
        *,
        repo_type: str = "dataset",
        revision: str | None = None,
        token: str | None = None,
        endpoint: str | None = None,
        overwrite: bool = False,
        skip_validation: bool = False,
    ) -> Datastore:
        """Register a repository of Hugging Face: a dataset (`owner/name`), or by `repo_type` a "model" or "space".

        Without a token that of `hf auth login` opens it, if there is one.
        """
        if repo_type not in {"dataset", "model", "space"}:
            raise UserErrorException(f"repo_type is 'dataset', 'model' or 'space'; got {shown(repo_type)}")
        return _register(
            workspace,
            datastore_name,
            store_kinds.HUGGINGFACE,
            {"repo": repo, "repo_type": repo_type, "revision": revision, "endpoint": endpoint},
            {"token": token},
            overwrite=overwrite,
            skip_validation=skip_validation,
        )

    @classmethod
    def register_https(
        cls,
        workspace: Workspace,
        datastore_name: str,
        url: str,
        *,
        overwrite: bool = False,
        skip_validation: bool = False,
    ) -> Datastore:
        """Register what lies below a URL, to be read. It has a list of files where its server shows one as a page."""
        if not isinstance(url, str) or not url.lower().startswith(("https://", "http://")):
            raise UserErrorException(f"the URL of a datastore begins with https://; got {shown(url)}")
        return _register(
            workspace,
            datastore_name,
            store_kinds.HTTPS,
            {"url": url},
            overwrite=overwrite,
            skip_validation=skip_validation,
        )


def purpose(definition: DatastoreDefinition) -> str:
    """Return what credentials are given for: a store of this kind at this place, and no other."""
    return repr((definition.kind, sorted(definition.settings.items())))


def _azure_settings(
    container: str, account: str, protocol: str | None, endpoint: str | None
) -> Mapping[str, str | None]:
    return {
        "container_name": container,
        "account_name": account,
        "protocol": protocol or "https",
        "endpoint": endpoint or "core.windows.net",
    }


def _register(  # noqa: PLR0913  # all that the verbs above have in common
    workspace: Workspace,
    name: str,
    kind: str,
    settings: Mapping[str, str | None],
    credentials: Mapping[str, str | None] | None = None,
    *,
    overwrite: bool,
    create_if_not_exists: bool = False,
    skip_validation: bool = False,
) -> Datastore:
    from cellrun.core.data.stores.datastore import Datastore  # noqa: PLC0415  # it is a Registration

    definition = DatastoreDefinition(checked_name(name), kind, _texts(settings))
    secrets = _texts(credentials or {})
    known, vault = WorkspaceDatastores(workspace.layout), Keyvault(workspace)
    known.check_free(definition, overwrite=overwrite)
    way = store_kinds.kind_of(definition)
    held = [key for key, value in definition.settings.items() if way and (has_login(value) or keys_of(value))]
    if way and held:
        takes = f"; credentials are kept in the keyvault: {', '.join(way.credentials)}" if way.credentials else ""
        raise UserErrorException(
            f"the {held[0]} of datastore {name!r} has a password or a key in it, which would be kept in the "
            f"workspace{takes}"
        )
    if way and not skip_validation:
        place = StorePlace(name, way, definition.settings, secrets)
        place.reach()
        filesystem, root = place.connect(), way.root(definition.settings)
        with place.translate_errors():
            if create_if_not_exists and not filesystem.exists(root):
                filesystem.mkdir(root)
            filesystem.info(root)
    if way and (secrets or way.takes_own_login):
        vault.set_credentials(name, purpose(definition), secrets)
    else:
        vault.forget_credentials(name)
    known.add(definition, overwrite=overwrite)
    return Datastore(workspace, name)


def _texts(given: Mapping[str, str | None]) -> dict[str, str]:
    found = {key: value for key, value in given.items() if value is not None}
    for key, value in found.items():
        if not isinstance(value, str) or not value:
            raise UserErrorException(f"{key} is a text; got {'an empty one' if value == '' else type(value).__name__}")
    return found
