"""The base of all targets of kind slurm: their settings, and which of them a run may override."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from cellrun.core.targets.contract import ComputeTarget
from cellrun.core.targets.setting_form import SettingForm, SettingShape
from cellrun.core.targets.slurm.settings import OPTIONS, SETTINGS, checked


class SlurmTarget(ComputeTarget):
    """A cluster's own queue: from here (`SlurmCluster`), or through its login node (`LoginNode`)."""

    kind: ClassVar[str] = "slurm"
    settings_known: ClassVar[Mapping[str, str]] = SETTINGS
    options_known: ClassVar[Mapping[str, str]] = OPTIONS
    about: ClassVar[str] = "a cluster's own queue, by Slurm"
    setting_forms: ClassVar[Mapping[str, SettingForm]] = {"sbatch": SettingForm(shape=SettingShape.LIST)}

    @classmethod
    def checked_settings(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Return settings as they are kept. Raises UserErrorException with everything that is wrong in them."""
        return checked(super().checked_settings(settings))
