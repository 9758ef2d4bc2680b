"""Azure ML's names and verbs of a workspace that mean nothing here: kept, or refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from cellrun.core.disk import control_file
from cellrun.core.disk.whole_files import replace_file
from cellrun.core.errors import DamagedRunError, NotSupportedError
from cellrun.core.layout import WorkspaceLayout

if TYPE_CHECKING:
    from cellrun.core.targets.contract import ComputeTarget


NOWHERE = "local"
"""What stands for a subscription, a resource group and a region where none was named."""


@dataclass(frozen=True)
class AzureNames:
    """The content of an azure.json: whatever old code has said of its workspace."""

    subscription_id: str = NOWHERE
    resource_group: str = NOWHERE
    location: str = NOWHERE
    sku: str = "Basic"
    friendly_name: str = ""
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, layout: WorkspaceLayout) -> AzureNames:
        """Return what is kept of a workspace; one that can't be read says nothing."""
        with suppress(OSError, DamagedRunError):
            kept = control_file.read_object(layout.folder, layout.azure_names)
            return cls().updated({name: kept.get(name) for name in asdict(cls())})
        return cls()

    def updated(self, given: Mapping[str, Any]) -> AzureNames:
        """Return these with what is given in their place; None, and what isn't of the right type, says nothing."""
        known: dict[str, Any] = {name: value for name, value in given.items() if isinstance(value, str) and value}
        if isinstance(given.get("tags"), Mapping):
            known["tags"] = {str(name): str(value) for name, value in given["tags"].items()}
        return replace(self, **known)

    def keep(self, layout: WorkspaceLayout) -> None:
        """Write them, where they can be written and aren't there as they are."""
        if self != AzureNames.read(layout):
            with suppress(OSError):
                replace_file(layout.azure_names, json.dumps(asdict(self)))


_CLOUD = "is about the workspace's resources in Azure, and this one is a folder on this machine"
UNSUPPORTED = {
    **dict.fromkeys(
        (
            "add_private_endpoint",
            "delete_connection",
            "delete_private_endpoint_connection",
            "diagnose_workspace",
            "get_connection",
            "images",
            "linked_services",
            "list_connections",
            "list_keys",
            "private_endpoints",
            "service_context",
            "set_connection",
            "sync_keys",
            "update_dependencies",
            "webservices",
        ),
        (_CLOUD, ""),
    ),
    "delete": ("would remove all runs, data and models for good", "remove the folder that ws.folder names by hand"),
    "get_mlflow_tracking_uri": ("comes later", "run.log keeps metrics; mlflow can log to a folder of its own"),
}
"""Why, and what instead, by name. The first reason is the cloud's own: nothing on another machine could mean it."""


def is_clouds_own(name: str) -> bool:
    """Whether a name isn't supported because it is about Azure itself."""
    return UNSUPPORTED[name][0] == _CLOUD


class AzureWorkspace:
    """The part of a workspace that old code asks Azure for: names, and what the cloud alone has."""

    layout: WorkspaceLayout
    name: str
    id: str

    @property
    def _azure(self) -> AzureNames:
        return AzureNames.read(self.layout)

    @property
    def subscription_id(self) -> str:
        """The subscription that its config or constructor named; `local` if none did."""
        return self._azure.subscription_id

    @property
    def resource_group(self) -> str:
        """The resource group that its config or constructor named; `local` if none did."""
        return self._azure.resource_group

    @property
    def location(self) -> str:
        """The region that it was created in, by its word; `local` if there was none."""
        return self._azure.location

    @property
    def sku(self) -> str:
        """The edition that it was created as: it means nothing here."""
        return self._azure.sku

    @property
    def tags(self) -> dict[str, str]:
        """The tags that it was created with, or that `update` set."""
        return dict(self._azure.tags)

    @property
    def discovery_url(self) -> str:
        """Its folder, as a URL."""
        return self.layout.folder.absolute().as_uri()

    def get_details(self) -> dict[str, Any]:
        """Return what there is to say of it, by the names that Azure gives it; what only the cloud has is empty."""
        azure = self._azure
        return {
            "id": f"/subscriptions/{azure.subscription_id}/resourceGroups/{azure.resource_group}"
            f"/providers/Microsoft.MachineLearningServices/workspaces/{self.name}",
            "name": self.name,
            "location": azure.location,
            "type": "Microsoft.MachineLearningServices/workspaces",
            "tags": dict(azure.tags),
            "sku": azure.sku,
            "workspaceid": self.id,
            "description": azure.description,
            "friendlyName": azure.friendly_name or self.name,
            **dict.fromkeys(("keyVault", "applicationInsights", "storageAccount", "containerRegistry"), ""),
            "identity": {"type": "None"},
            "hbiWorkspace": False,
            "provisioningState": "Succeeded",
            "discoveryUrl": self.discovery_url,
        }

    def update(
        self,
        friendly_name: str | None = None,
        description: str | None = None,
        tags: Mapping[str, str] | None = None,
        **of_the_cloud: Any,
    ) -> dict[str, Any]:
        """Keep a friendly name, description or tags, and return its details; what else Azure takes means nothing."""
        del of_the_cloud
        given = {"friendly_name": friendly_name, "description": description, "tags": tags}
        self._azure.updated(given).keep(self.layout)
        return self.get_details()

    def get_default_compute_target(self, type: str) -> ComputeTarget:  # noqa: A002  # Azure's name
        """Return the target that runs start on where none is named, whatever the type: this machine."""
        del type
        targets: Mapping[str, ComputeTarget] = self.compute_targets
        return targets["local"]

    def __getattr__(self, name: str) -> Any:
        if name in UNSUPPORTED:
            raise NotSupportedError(f"Workspace.{name}", *UNSUPPORTED[name])
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)
