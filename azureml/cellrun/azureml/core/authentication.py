"""azureml.core.authentication: who one is in Azure, which nobody asks here.

Whatever is given is forgotten at once: no secret is kept, shown or sent.
"""

from __future__ import annotations

from typing import Any

from cellrun.azureml.exceptions import AuthenticationException
from cellrun.core.unsupported import warn_once

__all__ = [
    "AbstractAuthentication",
    "ArmTokenAuthentication",
    "Audience",
    "AuthenticationException",
    "AzureCliAuthentication",
    "AzureMLTokenAuthentication",
    "InteractiveLoginAuthentication",
    "MsiAuthentication",
    "ServicePrincipalAuthentication",
    "TokenAuthentication",
]

NOBODY = "not-asked-for"
"""What stands in an authorization header of a program that asks a service by itself."""


class Audience:
    """What a token would be for."""

    aml = "aml"
    arm = "arm"


class AbstractAuthentication:
    """Takes whatever proves in Azure who one is, and forgets it: a workspace here is a folder of one's own."""

    def __init__(self, *_given: Any, **_named: Any) -> None:
        warn_once("no authentication is needed: the workspace is on this machine; what is given as one isn't looked at")

    def get_authentication_header(self) -> dict[str, str]:
        """Return a header without a token."""
        return {"Authorization": f"Bearer {NOBODY}"}

    def get_token(self, *_scopes: str, **_named: Any) -> str:
        """Return a word in the place of a token."""
        return NOBODY

    def signed_session(self, session: Any = None) -> Any:
        """Return a session of requests; it isn't signed."""
        if session is None:
            import requests  # noqa: PLC0415  # hardly ever asked for

            session = requests.Session()
        return session


class InteractiveLoginAuthentication(AbstractAuthentication):
    """A login in a browser: none is opened."""

    def __init__(
        self,
        force: bool = False,  # noqa: FBT001, FBT002  # Azure's signature
        tenant_id: str | None = None,
        cloud: str | None = None,
    ) -> None:
        del force, tenant_id, cloud
        super().__init__()


class AzureCliAuthentication(AbstractAuthentication):
    """The login of Azure's command line."""

    def __init__(self, cloud: str | None = None) -> None:
        del cloud
        super().__init__()


class ServicePrincipalAuthentication(AbstractAuthentication):
    """A service's own identity and secret."""

    def __init__(
        self,
        tenant_id: str,
        service_principal_id: str,
        service_principal_password: str,
        cloud: str = "AzureCloud",
        _enable_caching: bool = True,  # noqa: FBT001, FBT002  # Azure's signature
    ) -> None:
        del tenant_id, service_principal_id, service_principal_password, cloud, _enable_caching
        super().__init__()


class MsiAuthentication(AbstractAuthentication):
    """A machine's identity in Azure."""


class TokenAuthentication(AbstractAuthentication):
    """A function that gives tokens: it is never called."""


class AzureMLTokenAuthentication(AbstractAuthentication):
    """The token of a job in Azure."""


class ArmTokenAuthentication(AbstractAuthentication):
    """A token that one has."""

    def update_arm_token(self, arm_access_token: str) -> None:
        """Forget another one."""
        del arm_access_token
