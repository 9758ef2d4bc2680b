"""What a workspace is called in Azure: kept for code that asks for it; nothing here is looked up anywhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from cellrun.core.disk import control_file
from cellrun.core.disk.whole_files import replace_file
from cellrun.core.errors import DamagedRunError
from cellrun.core.layout import WorkspaceLayout

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
