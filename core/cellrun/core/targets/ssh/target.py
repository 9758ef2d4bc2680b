"""The target `ssh`: runs on a machine of one's own, started by what stands there in a queue of this user's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from cellrun.core.run_request import RunRequest
from cellrun.core.targets.contract import Capability
from cellrun.core.targets.setting_form import SettingForm
from cellrun.core.targets.ssh.remote_compute import RemoteComputeNames
from cellrun.core.targets.ssh.remote_target import RemoteTarget
from cellrun.core.targets.ssh.settings import SETTINGS, checked


class SshTarget(RemoteComputeNames, RemoteTarget):
    """A machine that is reached by ssh: runs wait in this user's own queue there. Azure ML calls it RemoteCompute."""

    kind: ClassVar[str] = "ssh"
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {Capability.QUEUES, Capability.CANCELS, Capability.LIMITS_TIME, Capability.GPUS}
    )
    settings_known: ClassVar[Mapping[str, str]] = SETTINGS
    about: ClassVar[str] = "a machine of your own, by ssh"
    setting_forms: ClassVar[Mapping[str, SettingForm]] = {"host": SettingForm(is_needed=True)}

    @classmethod
    def checked_settings(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Return settings as they are kept. Raises UserErrorException with everything that is wrong in them."""
        return {**checked(super().checked_settings(settings))}

    def problems(self, request: RunRequest) -> list[str]:
        """Return why the machine could never start such a run: it is one."""
        several = request.distribution.node_problems(self.name) if request.distribution else []
        return [*several, *super().problems(request)]
