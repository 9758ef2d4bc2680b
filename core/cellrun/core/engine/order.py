"""The order of an engine's job: a file that says which run it starts, and with what.

Standard library only: it is read on the machine where the run does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from cellrun.core.disk.whole_files import make_private_folder, replace_file


class JobOrder(NamedTuple):
    """The order of one run's job. Its file is for this user alone, and in no run's folder: secrets are in it.

    It stays until the run has ended, as an engine may start its job again.
    """

    folder: str
    """The run's folder, there."""
    supervisor: tuple[str, ...]
    """What starts a supervisor there (`supervision.start.supervisor_command`)."""
    variables: Mapping[str, str]
    """The job's environment, whole (`supervision.launch_spec`)."""
    carrier: Mapping[str, Any] = {}
    """What `mirror/upload_script.py` is told; empty: whoever looks at it shares the folder, nothing is sent."""
    launch: str = ""
    """The hash of the run's launch.json, where that lies open while the engine lets the run wait."""

    def __repr__(self) -> str:
        """Return what may be shown of it."""
        return f"JobOrder({self.folder!r})"

    def write(self, path: Path) -> None:
        """Write it to a file that only this user can read, in a folder of that kind. Raises OSError."""
        make_private_folder(path.parent)
        replace_file(path, json.dumps(self._asdict()), mode=0o600)

    @classmethod
    def read(cls, path: Path) -> JobOrder:
        """Read it. Raises OSError, ValueError for a file that holds none."""
        told = json.loads(path.read_bytes())
        try:
            order = cls(**told)
        except TypeError as error:
            raise ValueError(f"{path} is no order of a job: {error}") from None
        return order._replace(supervisor=tuple(order.supervisor))
