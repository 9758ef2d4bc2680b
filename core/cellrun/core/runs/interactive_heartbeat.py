"""The heartbeat of the interactive runs that this process has open: who can't see the process goes by it."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path

from cellrun.core.errors import CellrunError
from cellrun.core.identity import ProcessIdentity
from cellrun.core.layout import RunLayout
from cellrun.core.resources import limits
from cellrun.core.store.liveness import restore_status
from cellrun.core.supervision.process_file import ProcessFile, RunProcesses


class InteractiveHeartbeat:
    """Beats for the runs given to it, every `CELLRUN_HEARTBEAT_S` seconds, by a thread that ends with the last one.

    A forked child has no such thread, and owns no run.
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew, with no run: in a forked child."""
        self._lock = threading.Lock()
        self._runs: dict[Path, RunLayout] = {}
        self._changed = threading.Event()

    def begin(self, layout: RunLayout) -> None:
        """Say that this process stands by a run, and go on to."""
        ProcessFile(layout).write(RunProcesses(ProcessIdentity.current(), None))
        with self._lock:
            self._runs[layout.folder] = layout
            if len(self._runs) == 1:
                self._changed = threading.Event()
                threading.Thread(target=self._beat, args=(self._changed,), name="cellrun pulse", daemon=True).start()

    def end(self, layout: RunLayout) -> None:
        """Stop beating for a run; nothing happens if it isn't one of them."""
        with self._lock:
            self._runs.pop(layout.folder, None)
            if not self._runs:
                self._changed.set()

    def _beat(self, over: threading.Event) -> None:
        while not over.wait(limits().heartbeat_s):
            with self._lock:
                runs = list(self._runs.values())
            for layout in runs:
                ProcessFile(layout).beat()
                with suppress(OSError, CellrunError):  # deleted, damaged or on a full disk: the next beat tries again
                    restore_status(layout)


HEARTBEAT = InteractiveHeartbeat()
"""This process's own."""
os.register_at_fork(after_in_child=HEARTBEAT.forget)
