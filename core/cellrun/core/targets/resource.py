"""A compute target as the resource that Azure ML makes of it: its names for what is there, made and taken away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple, Protocol

from cellrun.core.errors import ComputeTargetException, UserErrorException, shown
from cellrun.core.layout import WorkspaceLayout

SUCCEEDED = "Succeeded"
MADE_AT = "created_on"
TAGS, DESCRIPTION, LOCATION = "tags", "description", "location"


class OwningWorkspace(Protocol):
    """What a target needs of its workspace."""

    layout: WorkspaceLayout

    @property
    def name(self) -> str:
        """Its name."""

    def get_run(self, run_id: str) -> Any:
        """Return a run."""


class Provisioning(NamedTuple):
    """What a target is to be made with: what `provisioning_configuration` and `attach_configuration` return."""

    kind: str
    settings: Mapping[str, Any]


def target_named(workspace: Any, name: object) -> Any:
    """Return the target of a workspace by its name. Raises ComputeTargetException if there is none."""
    from cellrun.core.targets.workspace_targets import WorkspaceTargets  # noqa: PLC0415  # it imports this one

    targets = WorkspaceTargets(workspace.layout)
    if name not in targets.names():
        try:
            targets.get(name)
        except ComputeTargetException as error:
            words = f"ComputeTargetNotFound: Compute Target with name {name} not found in provided workspace"
            raise ComputeTargetException(f"{words}: {error}") from None
    found = targets.get(name)
    found.workspace = workspace
    return found


class ComputeResource:
    """What Azure ML's names tell of any compute target and do with it. A target here is there at once."""

    name: str
    kind: ClassVar[str]
    settings: dict[str, Any]
    workspace: OwningWorkspace | None = None
    """The workspace that it is one of, if it was asked for by its name."""
    layout: WorkspaceLayout | None = None
    """Where that workspace is; None for one that nobody has attached."""
    provisioning_state = SUCCEEDED
    provisioning_errors: Any = None
    cluster_resource_id: str | None = None
    cluster_location: str | None = None
    is_attached = True

    @property
    def id(self) -> str:
        """What tells it from others."""
        return f"{getattr(self.workspace, 'name', '')}/{self.name}".lstrip("/")

    @property
    def type(self) -> str:
        """What Azure ML calls its kind."""
        return str(self.kind)

    @property
    def location(self) -> str:
        """Where it is: this machine, whatever was asked for."""
        return str(self.settings.get(LOCATION) or "local")

    @property
    def tags(self) -> dict[str, str]:
        """The tags that it was made with."""
        return dict(self.settings.get(TAGS) or {})

    @property
    def description(self) -> str | None:
        """What it was said to be for."""
        return self.settings.get(DESCRIPTION)

    @property
    def created_on(self) -> str | None:
        """When it was made, UTC."""
        return self.settings.get(MADE_AT)

    @property
    def modified_on(self) -> str | None:
        """When it was made: nothing else is noted."""
        return self.created_on

    def get_status(self) -> Any:
        """Return how it is."""
        return self.provisioning_state

    def refresh_state(self) -> None:
        """Do nothing: what is asked is looked at."""

    def wait_for_completion(self, show_output: bool = False, is_delete_operation: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002  # Azure ML's signature
        """Return at once: it is there. With `show_output` say so."""
        if show_output:
            print(f'{SUCCEEDED}\nProvisioning operation finished, operation "{SUCCEEDED}"')  # noqa: T201  # asked for

    def delete(self) -> None:
        """Take it away from its workspace. Raises ComputeTargetException while one of its runs hasn't ended."""
        self.detach()

    def detach(self) -> None:
        """Take it away from its workspace. Raises ComputeTargetException while one of its runs hasn't ended."""
        from cellrun.core.targets.workspace_targets import WorkspaceTargets  # noqa: PLC0415  # it imports this one

        WorkspaceTargets(self._of().layout).detach(self.name)

    def serialize(self) -> dict[str, Any]:
        """Return what there is to be known of it, under Azure ML's keys."""
        return {
            "id": self.id,
            "name": self.name,
            "location": self.location,
            "tags": self.tags,
            "properties": {
                "computeType": self.type,
                "computeLocation": self.location,
                "description": self.description,
                "provisioningState": self.provisioning_state,
                "provisioningErrors": self.provisioning_errors,
                "createdOn": self.created_on,
                "modifiedOn": self.modified_on,
                "resourceId": self.cluster_resource_id,
                "isAttachedCompute": self.is_attached,
                "properties": dict(self.settings),
            },
        }

    @staticmethod
    def deserialize(workspace: OwningWorkspace, object_dict: Mapping[str, Any]) -> Any:
        """Return the target that `serialize` told of. Raises ComputeTargetException if it is gone."""
        return target_named(workspace, object_dict.get("name"))

    @staticmethod
    def create(workspace: OwningWorkspace, name: str, provisioning_configuration: Provisioning) -> Any:
        """Make a target of a configuration, and return it; one of that name and kind gets these settings.

        Raises ComputeTargetException for a name that is taken by another kind.
        """
        from cellrun.core.targets.workspace_targets import WorkspaceTargets  # noqa: PLC0415  # it imports this one

        wanted = provisioning_configuration
        if not isinstance(wanted, Provisioning):
            raise UserErrorException(
                f"a compute target is made of what provisioning_configuration() returns; got {shown(wanted)}"
            )
        targets = WorkspaceTargets(workspace.layout)
        there = targets.get(name) if name in targets.names() else None
        if there is not None and there.kind == wanted.kind:
            made = targets.change(there, wanted.settings)
        else:
            made = targets.attach(name, wanted.kind, wanted.settings)
        made.workspace = workspace
        made.was_made()
        return made

    @staticmethod
    def attach(workspace: OwningWorkspace, name: str, attach_configuration: Provisioning) -> Any:
        """Make a target of a configuration for what is there already, and return it."""
        return ComputeResource.create(workspace, name, attach_configuration)

    def was_made(self) -> None:
        """Say what it is here. Called once it was made."""

    def _of(self) -> OwningWorkspace:
        if self.workspace is None:
            raise UserErrorException(f"{self!r} was made alone; ws.compute_targets[{self.name!r}] knows its workspace")
        return self.workspace

    @staticmethod
    def list(workspace: OwningWorkspace) -> list[Any]:
        """Return all targets of a workspace."""
        from cellrun.core.targets.workspace_targets import WorkspaceTargets  # noqa: PLC0415  # it imports this one

        return [target_named(workspace, name) for name in WorkspaceTargets(workspace.layout).all()]
