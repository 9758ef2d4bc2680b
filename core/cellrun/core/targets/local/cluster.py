"""Azure ML's clusters and compute instances, made here: names for this machine, a cluster with a number of places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any, ClassVar, NoReturn

from cellrun.core import resources
from cellrun.core.errors import NotSupportedError, UserErrorException, shown
from cellrun.core.run_request import RunRequest
from cellrun.core.store.status import TERMINAL, Status, StatusFile
from cellrun.core.targets.contract import TargetDescription
from cellrun.core.targets.local.cluster_status import (
    AmlComputeStatus,
    ComputeInstanceStatus,
    NodeStateCounts,
    ScaleSettings,
)
from cellrun.core.targets.local.queue import LocalQueue, Share, Ticket
from cellrun.core.targets.local.target import LocalTarget
from cellrun.core.targets.resource import DESCRIPTION, LOCATION, MADE_AT, TAGS, Provisioning
from cellrun.core.targets.setting_form import SettingForm, SettingShape
from cellrun.core.unsupported import warn_once

_MIN, _MAX, _IDLE, _SIZE, _PRIORITY = (
    "min_nodes",
    "max_nodes",
    "idle_seconds_before_scaledown",
    "vm_size",
    "vm_priority",
)
_ALIKE = {
    _SIZE: "kept, and shown",
    TAGS: "kept, and shown",
    DESCRIPTION: "kept, and shown",
    LOCATION: "kept, and shown",
    MADE_AT: "when it was made",
}
_NOT_ASKED = dict.fromkeys((TAGS, MADE_AT), SettingForm(is_asked=False))


class AmlCompute(LocalTarget):
    """A cluster of Azure ML's, here a name for this machine: of its runs as many run at once as it has nodes.

    `AmlCompute(workspace, name)` is the one of that name; `ComputeTarget.create` makes one.
    """

    kind: ClassVar[str] = "amlcompute"
    settings_known: ClassVar[Mapping[str, str]] = {
        _MAX: "so many of its runs at once",
        _MIN: "kept, and shown",
        _IDLE: "kept, and shown",
        _PRIORITY: "kept, and shown",
        **_ALIKE,
    }
    about: ClassVar[str] = "a name for this machine, as a cluster of Azure ML's"
    setting_forms: ClassVar[Mapping[str, SettingForm]] = {
        **dict.fromkeys((_MAX, _MIN, _IDLE), SettingForm(shape=SettingShape.NUMBER)),
        **_NOT_ASKED,
    }
    admin_username: str | None = None
    admin_user_password: str | None = None
    admin_user_ssh_key: str | None = None
    vnet_resourcegroup_name: str | None = None
    vnet_name: str | None = None
    subnet_name: str | None = None
    remote_login_port_public_access = "NotSpecified"
    identity_type: str | None = None
    identity_id: Any = None
    is_attached = False
    _is_new = False

    @staticmethod
    def provisioning_configuration(  # noqa: PLR0913, PLR0917  # Azure ML's signature
        vm_size: str = "",
        vm_priority: str = "dedicated",
        min_nodes: int = 0,
        max_nodes: int | None = None,
        idle_seconds_before_scaledown: int = 1800,
        admin_username: str | None = None,  # noqa: ARG004  # whoever may log in is the system's matter; so with the net
        admin_user_password: str | None = None,  # noqa: ARG004
        admin_user_ssh_key: str | None = None,  # noqa: ARG004
        vnet_resourcegroup_name: str | None = None,  # noqa: ARG004
        vnet_name: str | None = None,  # noqa: ARG004
        subnet_name: str | None = None,  # noqa: ARG004
        tags: Mapping[str, str] | None = None,
        description: str | None = None,
        remote_login_port_public_access: str = "NotSpecified",  # noqa: ARG004
        identity_type: str | None = None,  # noqa: ARG004
        identity_id: Any = None,  # noqa: ARG004
        location: str | None = None,
        enable_node_public_ip: bool = True,  # noqa: ARG004, FBT001, FBT002
    ) -> Provisioning:
        """Return what a cluster is to be made with. Raises UserErrorException for numbers of nodes that can't be."""
        settings = {
            _SIZE: vm_size or "local",
            _PRIORITY: vm_priority,
            _MIN: min_nodes,
            _MAX: max(1, min_nodes) if max_nodes is None else max_nodes,
            _IDLE: idle_seconds_before_scaledown,
            TAGS: dict(tags or {}),
            DESCRIPTION: description,
            LOCATION: location,
        }
        return Provisioning(AmlCompute.kind, AmlCompute.checked_settings(settings))

    @classmethod
    def checked_settings(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Return settings as they are kept. Raises UserErrorException for those that can't be."""
        checked = {**_DEFAULTS, **super().checked_settings(settings)}
        least, most = checked[_MIN], checked[_MAX]
        for name, value, smallest in ((_MIN, least, 0), (_MAX, most, 1)):
            if not isinstance(value, int) or isinstance(value, bool) or value < smallest:
                raise UserErrorException(f"{name}={shown(value)}: give a whole number from {smallest} on")
        if least > most:
            raise UserErrorException(f"min_nodes={least} is more than max_nodes={most}")
        return {**checked, MADE_AT: checked.get(MADE_AT) or _now()}

    @property
    def type(self) -> str:
        """What Azure ML calls its kind."""
        return "AmlCompute"

    @property
    def nodes(self) -> int:
        """How many nodes it has."""
        return int(self.settings[_MAX])

    @property
    def vm_size(self) -> str:
        """What its machines were to be."""
        return str(self.settings[_SIZE])

    @property
    def vm_priority(self) -> str:
        """Whether Azure might have taken its machines away."""
        return str(self.settings[_PRIORITY])

    @property
    def scale_settings(self) -> ScaleSettings:
        """How many nodes it has at least and at most."""
        return ScaleSettings(self.settings[_MIN], self.settings[_MAX], self.settings[_IDLE])

    @property
    def status(self) -> AmlComputeStatus:
        """How it is now."""
        return self.get_status()

    def describe(self) -> TargetDescription:
        """Return what this machine has and what its runs hold; running and waiting are this cluster's own."""
        tickets = self._tickets()
        running, waiting = (len(found) for found in tickets)
        return replace(super().describe(), running=running, waiting=waiting)

    def get(self) -> dict[str, Any]:
        """Return what there is to be known of it."""
        return self.serialize()

    def get_status(self) -> AmlComputeStatus:
        """Return how many of its nodes are at work."""
        running = len(self._running())
        there = max(running, self.settings[_MIN])
        counts = NodeStateCounts(running_node_count=running, idle_node_count=there - running)
        return AmlComputeStatus(
            there, there, counts, self.scale_settings, self.vm_size, self.vm_priority, self.created_on, self.modified_on
        )

    def wait_for_completion(  # type: ignore[override]  # Azure ML's differ, too
        self,
        show_output: bool = False,  # noqa: FBT001, FBT002  # Azure ML's signature
        min_node_count: int | None = None,  # noqa: ARG002
        timeout_in_minutes: float = 25,  # noqa: ARG002
        is_delete_operation: bool = False,  # noqa: ARG002, FBT001, FBT002
    ) -> None:
        """Return at once: it is there. With `show_output` say so in Azure ML's words."""
        if show_output:
            first = "Creating\n" if self._is_new else ""
            print(  # noqa: T201  # asked for
                f"{first}{self.provisioning_state}\n{self.type} wait for completion finished\n\n"
                "Minimum number of nodes requested have been provisioned"
            )

    def update(
        self,
        min_nodes: int | None = None,
        max_nodes: int | None = None,
        idle_seconds_before_scaledown: int | None = None,
    ) -> None:
        """Change how many nodes it has. Runs that wait already keep the number that they were submitted with."""
        from cellrun.core.targets.workspace_targets import WorkspaceTargets  # noqa: PLC0415  # above

        given = {_MIN: min_nodes, _MAX: max_nodes, _IDLE: idle_seconds_before_scaledown}
        changed = {**self.settings, **{name: value for name, value in given.items() if value is not None}}
        self.settings = WorkspaceTargets(self._of().layout).change(self, changed).settings

    def list_nodes(self) -> list[dict[str, Any]]:
        """Return its nodes that are at work, each with the run that it has."""
        return [
            {
                "nodeId": f"{self.name}_{number}",
                "port": None,
                "publicIpAddress": None,
                "privateIpAddress": "127.0.0.1",
                "nodeState": "running",
                "runId": run_id,
            }
            for number, run_id in enumerate(self._running())
        ]

    def get_active_runs(
        self,
        type: str | None = None,  # noqa: A002  # Azure ML's name
        tags: str | Mapping[str, str] | None = None,
        properties: str | Mapping[str, str] | None = None,
        status: str | None = None,
    ) -> Iterator[Any]:
        """Iterate over its runs that haven't ended, newest first; the filters are those of `Experiment.get_runs`."""
        from cellrun.core.store.lists.index import Index  # noqa: PLC0415  # it loads sqlite3

        workspace = self._of()
        living = [one.value for one in Status if one not in {*TERMINAL, Status.DAMAGED}]
        for row in Index(workspace.layout).runs(status=living):
            if row.target != self.name or type not in {None, row.type}:
                continue
            run = workspace.get_run(row.id)
            if status in {None, run.status} and _has(run.tags, tags) and _has(run.properties, properties):
                yield run

    def add_identity(self, identity_type: str, identity_id: Any = None) -> None:  # noqa: ARG002  # Azure ML's signature
        """Do nothing, which is said: a run here acts as its user."""
        warn_once("identities of a cluster aren't used: a run here acts as you")

    def remove_identity(self, identity_id: Any = None) -> None:
        """Do nothing: there are none."""

    @staticmethod
    def supported_vmsizes(workspace: Any, location: str | None = None) -> list[dict[str, Any]]:  # noqa: ARG004  # Azure ML's signature
        """Return what there is: this machine."""
        return [
            {
                "name": "local",
                "vCPUs": resources.cores(),
                "gpus": len(resources.gpu_devices()),
                "memoryGB": round(resources.memory_bytes() / 2**30, 1),
                "maxResourceVolumeMB": 0,
            }
        ]

    @staticmethod
    def list_usages(workspace: Any, show_all: bool = False, location: str | None = None) -> NoReturn:  # noqa: ARG004, FBT001, FBT002  # Azure ML's
        """Refuse: there are no quotas of Azure's here."""
        raise _no_quotas("list_usages")

    @staticmethod
    def list_quotas(workspace: Any, location: str | None = None) -> NoReturn:  # noqa: ARG004  # Azure ML's
        """Refuse: there are no quotas of Azure's here."""
        raise _no_quotas("list_quotas")

    @staticmethod
    def update_quotas(  # Azure ML's signature
        workspace: Any,  # noqa: ARG004
        vm_family: Any,  # noqa: ARG004
        limit: int | None = None,  # noqa: ARG004
        location: str | None = None,  # noqa: ARG004
    ) -> NoReturn:
        """Refuse: there are no quotas of Azure's here."""
        raise _no_quotas("update_quotas")

    def was_made(self) -> None:
        """Say what it is here."""
        self._is_new = True
        warn_once(
            f"the cluster {self.name!r} is a name for this machine: {self.nodes} of its runs at once at most, as far "
            f"as there is room; {self.vm_size} isn't made"
        )

    def warnings(self, request: RunRequest) -> tuple[str, ...]:
        """Return what of a run is otherwise here."""
        of_nodes: tuple[str, ...] = ()
        if request.distribution and request.distribution.nodes > 1:
            of_nodes = (f"node_count={request.distribution.nodes}: all of its processes run on this machine",)
        return (*super().warnings(request), *of_nodes)

    def share(self, request: RunRequest, workspace: str) -> Share:
        """Return the places that a run takes of it."""
        taken = request.distribution.nodes if request.distribution else 1
        return Share(f"{self.name} in {workspace}", self.nodes, taken)

    def _running(self) -> list[str]:
        """Return the ids of its runs that run."""
        running, _ = self._tickets()
        return [one.layout.run_id for one in running if not StatusFile(one.layout).read().status.is_terminal]

    def _tickets(self) -> tuple[list[Ticket], list[Ticket]]:
        """Return its runs that hold a place, and those that wait for one."""
        queue = LocalQueue.existing()
        if queue is None or self.workspace is None:
            return [], []
        mark = self.share(RunRequest("script", ""), str(self.workspace.layout.folder))
        with queue.locked():
            both = queue.running(), queue.waiting()
        running, waiting = ([one for one in found if one.share and one.share.of == mark.of] for found in both)
        return running, waiting


class ComputeInstance(LocalTarget):
    """A compute instance of Azure ML's, here a name for this machine."""

    kind: ClassVar[str] = "computeinstance"
    settings_known: ClassVar[Mapping[str, str]] = _ALIKE
    about: ClassVar[str] = "a name for this machine, as a compute instance of Azure ML's"
    setting_forms: ClassVar[Mapping[str, SettingForm]] = _NOT_ASKED
    is_attached = False

    @staticmethod
    def provisioning_configuration(  # noqa: PLR0913, PLR0917  # Azure ML's signature
        vm_size: str = "",
        ssh_public_access: bool = False,  # noqa: ARG004, FBT001, FBT002  # whoever may log in is the system's matter
        admin_user_ssh_public_key: str | None = None,  # noqa: ARG004
        vnet_resourcegroup_name: str | None = None,  # noqa: ARG004
        vnet_name: str | None = None,  # noqa: ARG004
        subnet_name: str | None = None,  # noqa: ARG004
        tags: Mapping[str, str] | None = None,
        description: str | None = None,
        **_: Any,
    ) -> Provisioning:
        """Return what a compute instance is to be made with."""
        settings = {_SIZE: vm_size or "local", TAGS: dict(tags or {}), DESCRIPTION: description, MADE_AT: _now()}
        return Provisioning(ComputeInstance.kind, settings)

    @property
    def type(self) -> str:
        """What Azure ML calls its kind."""
        return "ComputeInstance"

    @property
    def vm_size(self) -> str:
        """What machine it was to be."""
        return str(self.settings.get(_SIZE) or "local")

    def get_status(self) -> ComputeInstanceStatus:
        """Return how it is: this machine runs."""
        return ComputeInstanceStatus(self.vm_size, creation_time=self.created_on)

    @property
    def status(self) -> ComputeInstanceStatus:
        """How it is now."""
        return self.get_status()

    def start(self, wait_for_completion: bool = False, show_output: bool = False) -> None:  # noqa: FBT001, FBT002  # Azure ML's signature
        """Do nothing: this machine runs."""

    restart = start

    def stop(self, wait_for_completion: bool = False, show_output: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002  # Azure ML's signature
        """Do nothing, which is said."""
        warn_once(f"the compute instance {self.name!r} is this machine, which isn't stopped")

    def was_made(self) -> None:
        """Say what it is here."""
        warn_once(f"the compute instance {self.name!r} is a name for this machine; {self.vm_size} isn't made")


_DEFAULTS: Mapping[str, Any] = {
    _SIZE: "local",
    _PRIORITY: "dedicated",
    _MIN: 0,
    _MAX: 1,
    _IDLE: 1800,
}


def _now() -> str:
    return datetime.now(timezone.utc).isoformat()


def _has(found: Mapping[str, Any], wanted: str | Mapping[str, str] | None) -> bool:
    if not wanted:
        return True
    return wanted in found if isinstance(wanted, str) else all(found.get(key) == value for key, value in wanted.items())


def _no_quotas(name: str) -> NotSupportedError:
    return NotSupportedError(f"AmlCompute.{name}", "is about Azure's quotas", "this machine's cores are the limit")
