"""Resources: what a run asks for and the machine has; limits; sizes and durations as people read them.

Standard library only: the supervisor shares it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from cellrun.core.errors import UserErrorException


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


class Limits(NamedTuple):
    """What is refused, cut or waited for. Sizes in bytes, times in seconds.

    A field is changed by the variable of its name in capitals after `CELLRUN_`: CELLRUN_SNAPSHOT_BYTES=5_000_000_000.
    """

    snapshot_bytes: int = 1_000_000_000
    """A source folder's size after the ignore rules."""
    snapshot_files: int = 20_000
    """A source folder's files after the ignore rules."""
    value_bytes: int = 4_000_000_000
    """Captured values of a cell, together."""
    grace_s: float = 10.0
    """From one step of stopping a run to the next: from SIGINT to SIGTERM, from SIGTERM to SIGKILL."""
    heartbeat_s: float = 15.0
    """How often a supervisor shows that it lives."""
    silence_s: float = 120.0
    """A run whose supervisor, or whose job, has shown no life for so long is NotResponding (Azure ML's time)."""
    local_cpus: int = 0
    """Cores that the runs of this machine's queue share; 0 stands for those that the machine gives."""
    metric_name_chars: int = 255
    """A metric's, a column's or a tag's name."""
    display_name_chars: int = 256
    """A run's display name."""
    call_values: int = 1_000_000
    """Values in one log_list, rows in one log_table."""
    event_bytes: int = 64_000_000
    """One record of the event log."""
    column_cache_bytes: int = 1_000_000_000
    """Columns of long metrics that a workspace keeps for the next reader."""
    image_bytes: int = 50_000_000
    """One logged image, or one picture or page that a cell displays."""
    displayed_files: int = 1_000
    """Pictures and pages that one process of a cell displays and its run keeps."""
    displayed_bytes: int = 500_000_000
    """These together."""
    listed_input_files: int = 10_000
    """Files of one input of a run that are noted with it, each with its size, time and hash."""
    mounted_bytes: int = 256_000_000
    """Of a store elsewhere, what a run mounts is read by FUSE where it is from so many bytes on, else brought first."""
    hashed_input_bytes: int = 50_000_000_000
    """Files of one input that are hashed beside the run; of larger ones sizes and times are noted alone."""


_VARIABLES = {f"CELLRUN_{name.upper()}": (name, type(default)) for name, default in Limits._field_defaults.items()}


def limits() -> Limits:
    """Return the limits that hold now.

    Raises UserErrorException for a variable that is no positive number.
    """
    given: dict[str, Any] = {
        name: _number(variable, os.environ[variable], kind)
        for variable, (name, kind) in _VARIABLES.items()
        if os.environ.get(variable)
    }
    return Limits(**given)


def _number(variable: str, text: str, kind: type) -> float:
    try:
        number = kind(text)
    except ValueError:
        number = -1
    if not 0 < number < float("inf"):
        expected = "a positive whole number" if kind is int else "a positive number"
        raise UserErrorException(f"the environment variable {variable} is {expected}; got {text!r}")
    return number  # type: ignore[no-any-return]  # int or float, by the field's default


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


_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}
_SIZE = r"(?i)\s*(\d+(?:\.\d+)?)\s*([KMGT]?)(I?)B?\s*"


def size_bytes(size: str | int) -> int:
    """Read a size: bytes, or a number with K, M, G or T, as in "4G"; Ki, Mi, Gi and Ti are powers of 1024.

    Raises ValueError that says what was expected.
    """
    found = re.fullmatch(_SIZE, size) if isinstance(size, str) else None
    if found:
        number, unit, binary = found.groups()
        return int(float(number) * (1024 if binary else 1000) ** _POWERS[unit.upper()])
    if isinstance(size, int) and not isinstance(size, bool) and size >= 0:
        return size
    raise ValueError(f"{size!r} isn't a size; give bytes, or a number with K, M, G or T, as in '4G'")


def size_text(count: int) -> str:
    """Return a number of bytes for people: "4.9 GB", "128 KB", "17 bytes"."""
    if count < 1000:
        return f"{count} bytes"
    size = float(count)
    for unit in ("KB", "MB", "GB", "TB"):
        size /= 1000
        if size < 999.95 or unit == "TB":
            break
    return f"{size:.1f} {unit}"


def duration_text(seconds: float) -> str:
    """Return a time for people: "40 s", "2 min"."""
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def elapsed_text(seconds: float | None) -> str:
    """Return how long a run has been running: `00:42`, `1:02:03`; empty for None."""
    if seconds is None:
        return ""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"


def resources_text(resources: Mapping[str, Any], nodes: int = 1) -> str:
    """Return what a run asked for: `2 cpus · 1 gpu · 4G memory`; of several nodes, each: `2 nodes · 2 cpus`."""
    cpus, gpus = int(resources.get("cpus") or 0), int(resources.get("gpus") or 0)
    parts = [f"{nodes} nodes"] if nodes > 1 else []
    if cpus:
        parts.append(f"{cpus} cpus" if cpus > 1 else "1 cpu")
    if gpus:
        parts.append(f"{gpus} gpus" if gpus > 1 else "1 gpu")
    if resources.get("memory_bytes"):
        parts.append(f"{int(resources['memory_bytes']) / 2**30:.3g}G memory")  # as it is asked for: `--memory 4G`
    return " · ".join(parts)
