"""Runs a program of the far side by a clock that is wrong.

Started as `python -I -S skewed_clock.py <seconds ahead> <program> <arguments>`. The system has one clock for all, so it
is the program's own that lies: what it writes down, and the times of files as it sees them. Standard library only.
"""

from __future__ import annotations

import os
import runpy
import sys
import time
from collections.abc import Callable
from typing import Any

_OF_THE_TUPLE = frozenset({"st_mode", "st_ino", "st_dev", "st_nlink", "st_uid", "st_gid", "st_size"})
"""What a stat_result has from its tuple: since Python 3.13 it takes nothing twice."""


def be_ahead(seconds: float) -> None:
    """Let this process's clock, and the times that files have for it, be ahead from now on."""
    true_time, true_time_ns, shift_ns = time.time, time.time_ns, int(seconds * 1e9)
    time.time = lambda: true_time() + seconds
    time.time_ns = lambda: true_time_ns() + shift_ns
    for name in ("stat", "lstat", "fstat"):
        setattr(os, name, _ahead(getattr(os, name), seconds, shift_ns))


def _ahead(stat: Callable[..., os.stat_result], seconds: float, shift_ns: int) -> Callable[..., os.stat_result]:
    def shifted(*arguments: Any, **options: Any) -> os.stat_result:
        found = stat(*arguments, **options)
        names = {name for name in dir(found) if name.startswith("st_")} - _OF_THE_TUPLE
        values = {name: getattr(found, name) for name in names}
        for what in ("mtime", "ctime"):
            values[f"st_{what}"] += seconds
            values[f"st_{what}_ns"] += shift_ns
        return os.stat_result(tuple(found), values)

    return shifted


if __name__ == "__main__":
    be_ahead(float(sys.argv[1]))
    del sys.argv[:2]
    runpy.run_path(sys.argv[0], run_name="__main__")
