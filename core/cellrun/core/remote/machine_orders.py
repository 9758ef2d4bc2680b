"""The orders that tell what the machine is and has, and what of it a run's owner should know."""

from __future__ import annotations

import os
import shutil
import sys
import time
from dataclasses import asdict
from typing import Any

from cellrun.core import resources
from cellrun.core.errors import CellrunError
from cellrun.core.identity import boot_id, host_name
from cellrun.core.places import home
from cellrun.core.remote.engines import Engines
from cellrun.core.remote.logout import logout_finding
from cellrun.core.remote.protocol import Message
from cellrun.core.remote.python_packages import PythonPackages
from cellrun.core.resources import size_text
from cellrun.core.targets.contract import Capability, Finding

_LITTLE_BYTES = 1 << 30
_UV = ("~/.local/bin/uv", "~/.cargo/bin/uv")


class MachineOrders:
    """What this machine tells of itself."""

    def __init__(self, engines: Engines) -> None:
        self._engines = engines

    def hello(self, order: Message) -> Message:
        """Maybe `engine` → what this machine is, and has.

        `host`, `boot`, `pid`, `now` (epoch s), `home` (CELLRUN_HOME), `disk_free_bytes`, `cpus`, `gpus`,
        `memory_bytes`, `uv` (its path, or None), `outlives_logout` (whether runs do), and of the Python that a run gets
        that asks for no other `executable`, `python` (its version) and `packages` (versions by name; None if unknown).
        `engine` is what its engine has to offer, as `ComputeTarget.learned` has it.
        """
        return Message(
            {
                "host": host_name(),
                "boot": boot_id(),
                "pid": os.getpid(),
                "now": time.time(),
                "home": str(home()),
                "disk_free_bytes": shutil.disk_usage(home()).free,
                "uv": _uv(),
                "outlives_logout": logout_finding().is_well,
                "executable": sys.executable,
                "python": ".".join(map(str, sys.version_info[:3])),
                "packages": _own_packages(),
                "engine": dict(self._engines.of(order.facts).learned()),
                **resources.capacity().to_json(),
            }
        )

    def python(self, order: Message) -> Message:
        """Of another Python of this machine, `executable` → `executable`, `python` (its version), `packages`."""
        return Message(_as_facts(PythonPackages.of(str(order.facts["executable"]))))

    def clock(self, _: Message) -> Message:
        """→ `now`: the clock here, epoch seconds."""
        return Message({"now": time.time()})

    def describe(self, order: Message) -> Message:
        """Maybe `engine` → `capacity`, `in_use` (each cpus, gpus, memory_bytes), `running`, `waiting`."""
        told = self._engines.of(order.facts).describe()
        facts: dict[str, Any] = {"running": told.running, "waiting": told.waiting}
        return Message({**facts, "capacity": told.capacity.to_json(), "in_use": told.in_use.to_json()})

    def doctor(self, order: Message) -> Message:
        """Maybe `engine` → `findings`: each `{subject, is_well, text}`."""
        target = self._engines.of(order.facts)
        runs_here = Capability.SHARES_PROCESSES in target.capabilities
        findings = [*target.doctor(), *([logout_finding()] if runs_here else []), _disk()]
        return Message({"findings": [asdict(each) for each in findings]})


def _disk() -> Finding:
    free = shutil.disk_usage(home()).free
    text = f"{size_text(free)} are free in {home()}"
    return Finding(
        "disk", is_well=free > _LITTLE_BYTES, text=text if free > _LITTLE_BYTES else f"only {text}; free some"
    )


def _own_packages() -> dict[str, str] | None:
    try:
        return dict(PythonPackages.of(sys.executable).packages)
    except CellrunError:  # a Python without parts of its own library
        return None


def _as_facts(found: PythonPackages) -> dict[str, Any]:
    return {"executable": found.executable, "python": found.version, "packages": dict(found.packages)}


def _uv() -> str | None:
    found = [shutil.which("uv"), *(os.path.expanduser(path) for path in _UV)]  # noqa: PTH111  # texts
    return next((path for path in found if path and os.access(path, os.X_OK)), None)
