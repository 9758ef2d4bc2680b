"""What a run asks of the machine: cores, GPUs, memory.

Standard library only: the supervisor shares it.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Resources(NamedTuple):
    """What one run holds while it runs. `memory_bytes` 0 means: not said, so it isn't counted."""

    cpus: int = 1
    gpus: int = 0
    memory_bytes: int = 0
    threads: int = 0
    """How many numeric libraries are told to use: the cores, where the user said how many; 0 leaves it to them."""

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Resources:
        """Read what `to_json` gave."""
        return cls(int(data["cpus"]), int(data["gpus"]), int(data["memory_bytes"]), int(data.get("threads", 0)))

    def to_json(self) -> dict[str, int]:
        """Return the resources as plain values."""
        return self._asdict()
