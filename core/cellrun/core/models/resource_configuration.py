"""What a model would need where it is served."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cellrun.core.disk.control_file import is_number_or_none
from cellrun.core.errors import UserErrorException, shown


class ResourceConfiguration:
    """How much a served model would need (Azure ML's name): it is kept with the model; nothing is served here.

    cpu, gpu: how many, parts of one included; memory_in_gb: how much.
    """

    def __init__(self, cpu: float | None = None, memory_in_gb: float | None = None, gpu: float | None = None) -> None:
        for what, value in (("cpu", cpu), ("memory_in_gb", memory_in_gb), ("gpu", gpu)):
            if not is_number_or_none(value):
                raise UserErrorException(f"{what} of a resource configuration is a number; got {shown(value)}")
        self.cpu = cpu
        self.memory_in_gb = memory_in_gb
        self.gpu = gpu

    def serialize(self) -> dict[str, float | None]:
        """Return it as JSON has it, by Azure ML's keys."""
        return {"cpu": self.cpu, "memoryInGB": self.memory_in_gb, "gpu": self.gpu}

    @staticmethod
    def deserialize(payload_obj: Mapping[str, Any] | None) -> ResourceConfiguration | None:
        """Return what `serialize` has made JSON of; None for nothing."""
        if payload_obj is None:
            return None
        return ResourceConfiguration(payload_obj.get("cpu"), payload_obj.get("memoryInGB"), payload_obj.get("gpu"))

    def __repr__(self) -> str:
        return f"ResourceConfiguration(cpu={self.cpu}, memory_in_gb={self.memory_in_gb}, gpu={self.gpu})"
