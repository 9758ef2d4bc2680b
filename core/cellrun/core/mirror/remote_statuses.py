"""The statuses that a run has where it runs, read from its folder there."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple

from cellrun.core.disk import control_file
from cellrun.core.disk.control_file import UNREADABLE
from cellrun.core.layout import RunLayout
from cellrun.core.mirror.sync_modes import MOST_STATUS_BYTES, SyncMode, mode_of, status_number
from cellrun.core.store.status import TERMINAL

RECORD_S = 5.0
"""So long after a run's end its `environment.json` is waited for: a short run ends before all of that is known."""

_WRITING_S = 2.0  # as who writes one has it
_TERMINAL = frozenset(status.value for status in TERMINAL)


class RemoteStatus(NamedTuple):
    """One of them."""

    path: str
    data: bytes
    """Its file's content; empty if it can't be read."""

    @property
    def n(self) -> int:
        """Its number."""
        return status_number(self.path)

    @property
    def is_terminal(self) -> bool:
        """Whether it is the run's last."""
        return self._told().get("status") in _TERMINAL

    @property
    def has_run(self) -> bool:
        """Whether the run's job had begun by then."""
        return self._told().get("started_at") is not None

    def _told(self) -> dict[str, Any]:
        with suppress(ValueError, RecursionError):
            told = json.loads(self.data)
            return told if isinstance(told, dict) else {}
        return {}


class RemoteStatuses:
    """Reads them; one that is still being written isn't there yet, nor those behind it."""

    def __init__(self, layout: RunLayout) -> None:
        self._layout = layout

    def since(self, n: int) -> Iterator[RemoteStatus]:
        """Iterate over those from a number on, in order."""
        for path in self._paths():
            if status_number(path) >= n:
                data = self._content(path)
                if data is None:
                    return
                yield RemoteStatus(path, data)

    def last(self) -> RemoteStatus | None:
        """Return the newest one; None if there is none."""
        paths = self._paths()
        return RemoteStatus(paths[-1], self._content(paths[-1]) or b"") if paths else None

    @property
    def is_over(self) -> bool:
        """Whether the run has ended."""
        last = self.last()
        return last is not None and last.is_terminal

    @property
    def awaits_record(self) -> bool:
        """Whether the run has just ended, and what it was run by is still being looked at."""
        last = self.last()
        if last is None or not (last.is_terminal and last.has_run) or self._layout.environment.exists():
            return False
        return self._age_s(last.path) < RECORD_S

    def _paths(self) -> list[str]:
        with suppress(*UNREADABLE):
            names = control_file.names_in(self._layout.folder, self._layout.statuses)
            paths = [path for name in names if mode_of(path := f"status/{name}") is SyncMode.STATUS]
            return sorted(paths, key=status_number)
        return []

    def _content(self, path: str) -> bytes | None:
        """Return a status as it is; empty if it can't be read, None if it is being written."""
        root = self._layout.folder
        try:
            data = control_file.read_control_file(root, root / path, MOST_STATUS_BYTES)
        except UNREADABLE:
            return b""
        return data if data.rstrip().endswith(b"}") or self._age_s(path) > _WRITING_S else None

    def _age_s(self, path: str) -> float:
        with suppress(OSError):
            return abs(time.time() - (self._layout.folder / path).lstat().st_mtime)  # the clock may be put back
        return 0.0
