"""azureml.core.container_registry: where a container's image is; no container is started here."""

from __future__ import annotations

from types import SimpleNamespace


class ContainerRegistry(SimpleNamespace):
    """An address and who may read there: kept as it is set, and looked at by nobody."""

    def __init__(self) -> None:
        super().__init__(address=None, username=None, password=None, registry_identity=None)

    def __repr__(self) -> str:
        return f"ContainerRegistry(address={self.address!r})"  # without the password
