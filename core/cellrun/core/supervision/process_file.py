"""The file of a run folder that says which processes supervise and run it.

Standard library only: the supervisor shares it.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import NamedTuple

from cellrun.core.disk import control_file
from cellrun.core.disk.whole_files import replace_file
from cellrun.core.identity import ProcessIdentity
from cellrun.core.layout import RunLayout

_SHAPE: control_file.Shape = {"supervisor": control_file.is_process, "job": control_file.is_process_or_none}


class RunProcesses(NamedTuple):
    """The two processes of a submitted run."""

    supervisor: ProcessIdentity
    job: ProcessIdentity | None
    """None before it was started."""


class ProcessFile:
    """The process.json of one run, written whole each time; its age is the supervisor's heartbeat."""

    def __init__(self, layout: RunLayout) -> None:
        self._layout = layout

    def read(self) -> RunProcesses | None:
        """Return the run's processes; None if they haven't been written."""
        try:
            data = control_file.read_object(self._layout.folder, self._layout.processes, _SHAPE)
        except FileNotFoundError:
            return None
        job = data["job"]
        return RunProcesses(ProcessIdentity.from_json(data["supervisor"]), job and ProcessIdentity.from_json(job))

    def write(self, processes: RunProcesses) -> None:
        """Say who it is from now on."""
        told = {name: who and who.to_json() for name, who in processes._asdict().items()}
        replace_file(self._layout.processes, json.dumps(told))

    def beat(self) -> None:
        """Show that the supervisor lives."""
        with suppress(OSError):  # the folder is gone, or the disk: neither ends a job
            os.utime(self._layout.processes)
