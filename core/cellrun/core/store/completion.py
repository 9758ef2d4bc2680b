"""A job's exit code as its interpreter leaves it in the run folder, in case no supervisor can ask for it.

Standard library only: the supervisor shares it.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import NamedTuple

from cellrun.core.disk import control_file
from cellrun.core.disk.control_file import UNREADABLE
from cellrun.core.disk.whole_files import replace_file
from cellrun.core.identity import ProcessIdentity
from cellrun.core.layout import RunLayout

_MOST_CODE = 255
_SHAPE: control_file.Shape = {
    "process": control_file.is_process,
    "exit_code": lambda value: control_file.is_count(value) and value <= _MOST_CODE,
}


class Completion(NamedTuple):
    """The content of a run's completion.json: what the process says of itself that was the last to write it."""

    process: ProcessIdentity
    exit_code: int

    @classmethod
    def read(cls, layout: RunLayout) -> Completion | None:
        """Read it; None if there is none, or none that can be read."""
        with suppress(*UNREADABLE):
            data = control_file.read_object(layout.folder, layout.completion, _SHAPE)
            return cls(ProcessIdentity.from_json(data["process"]), data["exit_code"])
        return None

    def write(self, layout: RunLayout) -> None:
        """Write it in place of what another process has left there."""
        data = {"process": self.process.to_json(), "exit_code": self.exit_code}
        replace_file(layout.completion, json.dumps(data))
