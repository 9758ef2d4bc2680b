"""What this machine has for runs: cores, GPUs, memory.

Standard library only: an ending supervisor shares it.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

from cellrun.core.resources import Resources, limits

_CGROUP = Path("/sys/fs/cgroup")


def capacity() -> Resources:
    """Return the most that runs may hold together."""
    return Resources(cores(), len(gpu_devices()), memory_bytes())


def cores() -> int:
    """Return how many cores runs share: CELLRUN_LOCAL_CPUS, else what this process may use."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with suppress(OSError, ValueError):  # a container's quota; "max" where there is none
        quota, period = (_CGROUP / "cpu.max").read_text().split()
        allowed = min(allowed, max(1, int(quota) // int(period)))
    return limits().local_cpus or allowed


def memory_bytes() -> int:
    """Return the machine's memory, or the container's."""
    size = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    with suppress(OSError, ValueError):
        size = min(size, int((_CGROUP / "memory.max").read_text()))
    return size


def gpu_devices() -> list[str]:
    """Return the GPUs that this process may use, as CUDA_VISIBLE_DEVICES names them."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [name.strip() for name in visible.split(",") if name.strip() and name.strip() != "-1"]
    found = (re.fullmatch(r"nvidia(\d+)", path.name) for path in Path("/dev").glob("nvidia*"))
    return sorted((match[1] for match in found if match), key=int)
