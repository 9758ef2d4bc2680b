"""The orders that tell what the machine is and has, and what of it a run's owner should know."""

from __future__ import annotations

import os
import shutil
import sys
import time
from typing import Any

from cellrun.core.far.protocol import Message
from cellrun.core.identity import boot_id, host_name
from cellrun.core.places import home
from cellrun.core.targets.local import machine
from cellrun.core.targets.local.target import LocalTarget

_UV = ("~/.local/bin/uv", "~/.cargo/bin/uv")


class MachineFacts:
    """What this machine tells of itself."""

    def __init__(self, target: LocalTarget) -> None:
        self._target = target

    def hello(self, _: Message) -> Message:
        """→ `python`, `executable`, `host`, `boot`, `now` (epoch s), `home`, `disk_free_bytes`, cpus, gpus,
        `memory_bytes`, `uv` (its path or None), `pid`.
        """  # noqa: D205  # a list of names
        capacity = machine.capacity()
        return Message(
            {
                "python": ".".join(map(str, sys.version_info[:3])),
                "executable": sys.executable,
                "host": host_name(),
                "boot": boot_id(),
                "now": time.time(),
                "home": str(home()),
                "disk_free_bytes": shutil.disk_usage(home()).free,
                "uv": _uv(),
                "pid": os.getpid(),
                **capacity.to_json(),
            }
        )

    def clock(self, _: Message) -> Message:
        """→ `now`: the clock here, epoch seconds."""
        return Message({"now": time.time()})

    def describe(self, _: Message) -> Message:
        """→ `capacity`, `in_use` (each cpus, gpus, memory_bytes), `running`, `waiting`: how full the queue is."""
        told = self._target.describe()
        facts: dict[str, Any] = {"running": told.running, "waiting": told.waiting}
        return Message({**facts, "capacity": told.capacity.to_json(), "in_use": told.in_use.to_json()})


def _uv() -> str | None:
    found = [shutil.which("uv"), *(os.path.expanduser(path) for path in _UV)]  # noqa: PTH111  # texts
    return next((path for path in found if path and os.access(path, os.X_OK)), None)
