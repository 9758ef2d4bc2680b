"""The process that draws stills, as those see it who need some."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from cellrun.core.layout import RunLayout


def drawn(layouts: Sequence[RunLayout], within_s: float) -> dict[str, Mapping[str, Any]]:
    """Have stills drawn by a process of its own; return their data by run folder, as far as they were drawn in time.

    Where no process is to be had, none were: the outputs stay as they are.
    """
    folders = sorted({str(layout.folder) for layout in layouts})
    if not folders:
        return {}
    command = [sys.executable, "-m", "cellrun.widgets.still", *folders]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}  # NumPy's threads start busy, and have nothing to do
    printed = b""
    with (
        suppress(OSError),
        subprocess.Popen(
            # `-m` looks for modules in the current folder first, where a notebook may have a random.py
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            cwd="/",
        ) as process,
    ):
        try:
            printed = process.communicate(timeout=within_s)[0]
        except subprocess.TimeoutExpired:
            process.kill()
            printed = process.communicate()[0]
    stills = {}
    for line in printed.splitlines():
        with suppress(ValueError):  # the last one may be cut
            answer = json.loads(line)
            stills[answer["folder"]] = answer["data"]
    return stills
