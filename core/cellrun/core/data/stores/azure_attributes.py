"""The attributes of a datastore that are about Azure: accounts, keys, credentials."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NoReturn

from cellrun.core.errors import NotSupportedError

WHERE_IN_AZURE = frozenset({"container_name", "account_name", "protocol", "endpoint"})
"""Settings that each store of Azure ML has; "" where a store is elsewhere."""


class AzureAttributes:
    """The part of `Datastore` that is about Azure: of a store elsewhere nothing, in the same types."""

    if TYPE_CHECKING:

        def _credentials(self) -> Mapping[str, str]: ...

    workspace_msi_has_access = False
    service_data_access_auth_identity = "None"
    subscription_id: str | None = None
    resource_group: str | None = None

    @property
    def account_key(self) -> str | None:
        """The key that opens it, from the keyvault; None without one."""
        return self._credentials().get("account_key")

    @property
    def sas_token(self) -> str | None:
        """The token that opens it, from the keyvault; None without one."""
        return self._credentials().get("sas_token")

    @property
    def credential_type(self) -> str:
        """What opens it: "AccountKey", "Sas", "ServicePrincipal" or "None"."""
        known = self._credentials()
        kinds = {"account_key": "AccountKey", "sas_token": "Sas", "client_secret": "ServicePrincipal"}
        return next((kind for name, kind in kinds.items() if known.get(name)), "None")

    @property
    def is_sas(self) -> bool:
        """Whether a token opens it."""
        return self.credential_type == "Sas"

    @property
    def blob_service(self) -> NoReturn:
        """None: it is a client of another package. Raises NotSupportedError."""
        raise NotSupportedError(
            "datastore.blob_service", "is a client of Azure's package", "datastore.filesystem() has its files"
        )
