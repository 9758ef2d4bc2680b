"""Where a run will be, as far as files and variables of this machine are concerned."""

from __future__ import annotations

from contextlib import suppress
from functools import cached_property
from pathlib import Path

from cellrun.core.errors import ComputeTargetException
from cellrun.core.targets.contract import Capability, ComputeTarget


class Place:
    """The machine that a run will be on: ours, or that of a target."""

    def __init__(self, target: ComputeTarget | None = None) -> None:
        self._target = target
        self.is_here = target is None or Capability.SHARES_FILES in target.capabilities
        """Whether the run finds all files of this machine, or those of its shared folders, by their paths."""
        self.inherits = target is None or Capability.SHARES_PROCESSES in target.capabilities
        """Whether it inherits the notebook's environment variables."""

    def __str__(self) -> str:
        return f"target {self._target.name!r}" if self._target else "this machine"

    @property
    def machine(self) -> str:
        """The target's name if its runs aren't on this machine, else empty."""
        return self._target.name if self._target and not self.inherits else ""

    @property
    def name(self) -> str:
        """The target's name; empty for this machine, and where its files are found anyway."""
        return self._target.name if self._target and not self.is_here else ""

    def finds(self, path: Path) -> bool:
        """Whether the run finds the same file or folder by the same path."""
        return self.is_here or any(path.is_relative_to(folder) for folder in self._shared_folders)

    @cached_property
    def _shared_folders(self) -> tuple[str, ...]:
        with suppress(ComputeTargetException):  # it doesn't answer: nothing is known to be shared
            return tuple(self._target.shared_folders()) if self._target else ()
        return ()
