"""The faults of the fake target: a file says what goes wrong, and may change while runs go on.

Standard library only: the far side reads it too.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from cellrun.core.disk.whole_files import replace_file
from cellrun.core.errors import ComputeTargetException, did_you_mean, shown

FAULTS = "faults.json"
UNREACHABLE = "unreachable"
"""A file of this name in the far folder is as good as the fault of that name."""
_ENGINES = ("well", "dead", "forgot")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _is_share(value: Any) -> bool:
    return _is_number(value) and 0 <= value <= 1


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


_SHARE = (_is_share, "a share from 0 to 1")
_SHAPE: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "loss": _SHARE,
    "repetition": _SHARE,
    "reordering": _SHARE,
    "delay_s": (lambda value: _is_number(value) and 0 <= value <= 60, "seconds from 0 to 60"),
    "bytes_per_s": (lambda value: value is None or (_is_number(value) and value > 0), "a number above 0, or null"),
    "unreachable": (lambda value: isinstance(value, bool), "true or false"),
    "engine": (lambda value: value in _ENGINES, f"one of {', '.join(map(repr, _ENGINES))}"),
    "lost_answers": _SHARE,
    "clock_offset_s": (_is_number, "a number of seconds"),
    "preemptions": (_is_count, "a whole number from 0"),
    "seed": (lambda value: value is None or _is_count(value), "a whole number from 0, or null"),
}


class Faults(NamedTuple):  # each job loads it, and to load `dataclasses` costs 6 ms
    """What goes wrong. Without any fault all is well."""

    loss: float = 0.0
    """The share of what is sent that never arrives: of frames, lines of the engine's log, requests to our server."""
    repetition: float = 0.0
    """The share that arrives twice."""
    reordering: float = 0.0
    """The share that arrives after what was sent next."""
    delay_s: float = 0.0
    """How long each exchange with the far side takes longer."""
    bytes_per_s: float | None = None
    """How much the link carries; None for no limit."""
    unreachable: bool = False
    """Whether nothing gets through, to the engine and to the files."""
    engine: str = "well"
    """`dead`: it answers nothing, the files can be reached; `forgot`: it answers that it knows none of its jobs."""
    lost_answers: float = 0.0
    """The share of submissions that the engine accepts without us hearing of it."""
    clock_offset_s: float = 0.0
    """How far its clock is ahead of ours, for runs that are started from now on."""
    preemptions: int = 0
    """How many attempts of each run the engine takes the machine from; it starts the next attempt by itself."""
    seed: int | None = None
    """What the choices are drawn from; None for others each time."""

    @classmethod
    def read(cls, folder: Path) -> Faults:
        """Return what goes wrong with the far side in a folder.

        Raises ComputeTargetException if its `faults.json` can't be understood, with all that is wrong in it.
        """
        path = folder / FAULTS
        is_cut_off = (folder / UNREACHABLE).exists()
        try:
            given = json.loads(path.read_bytes())
        except FileNotFoundError:
            return cls(unreachable=is_cut_off)
        except (OSError, ValueError, RecursionError) as error:
            raise ComputeTargetException(f"{path} can't be read as JSON ({error}); correct it or remove it") from None
        if problems := _problems(given):
            raise ComputeTargetException(f"{path} can't be followed: {'; '.join(problems)}")
        return cls(**{**given, "unreachable": given.get("unreachable", False) or is_cut_off})

    def write(self, folder: Path) -> None:
        """Let this go wrong from now on. Raises ComputeTargetException for what can't be."""
        if problems := _problems(self._asdict()):
            raise ComputeTargetException("; ".join(problems))
        os.makedirs(folder, exist_ok=True)  # noqa: PTH103  # a text as good as a path
        replace_file(folder / FAULTS, json.dumps(self._asdict(), indent=1))


def _problems(given: Any) -> list[str]:
    if not isinstance(given, dict):
        return [f"it is an object of faults; got {shown(given)}"]
    known, problems = Faults._fields, []
    for name, value in given.items():
        if name not in _SHAPE:
            problems.append(f"no fault {name!r}; {did_you_mean(name, known) or 'known: ' + ', '.join(known)}")
        elif not _SHAPE[name][0](value):
            problems.append(f"{name} is {_SHAPE[name][1]}; got {shown(value)}")
    return problems
