"""Every limit and its default in one table; the environment variable CELLRUN_<NAME> changes one."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

from cellrun.core.errors import UserErrorException


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
