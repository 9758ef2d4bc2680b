"""Where a run was started: what its target calls it there, as the run folder keeps it.

Standard library only: the supervisor shares it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from cellrun.core.disk import control_file
from cellrun.core.disk.whole_files import replace_file
from cellrun.core.layout import RunLayout

_VERSION = 1


class RunTarget(NamedTuple):
    """The content of a run's target.json."""

    name: str
    kind: str
    shares_processes: bool
    """Whether the run's processes are this machine's, so that their death can be proven from here."""
    handle: Mapping[str, Any] = {}
    """What the target finds the run by; none of it is a secret. `host` and `folder` say where that is, to people."""

    @classmethod
    def read(cls, layout: RunLayout) -> RunTarget | None:
        """Return where a run was started; None if it wasn't yet, or the file is damaged."""
        with suppress(OSError, ValueError, KeyError, TypeError):
            data = control_file.read_object(layout.folder, layout.target)
            return cls(str(data["name"]), str(data["kind"]), bool(data["shares_processes"]), dict(data["handle"]))
        return None

    def write(self, layout: RunLayout) -> None:
        """Write it into the run's folder, in place of an earlier one."""
        replace_file(layout.target, json.dumps({"version": _VERSION, **self._asdict()}))


def place_text(layout: RunLayout, name: str) -> str:
    """Return where a run is, for people: the name of its target, and of its machine if that has another."""
    target = RunTarget.read(layout)
    host = str(target.handle.get("host") or "") if target else ""
    return name if host in {"", name} else f"{name} ({host})"


def is_elsewhere(layout: RunLayout) -> bool:
    """Whether a run's processes aren't this machine's: whoever is here can't prove that they died."""
    target = RunTarget.read(layout)
    return target is not None and not target.shares_processes
