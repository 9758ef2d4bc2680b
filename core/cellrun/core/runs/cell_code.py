"""The text of the cells that a notebook runs while an interactive run is open: the code of that run."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from cellrun.core import front_end
from cellrun.core.disk.control_file import open_to_append
from cellrun.core.errors import DamagedRunError
from cellrun.core.layout import RunLayout
from cellrun.core.likely_secrets import MASK, masked
from cellrun.core.store.status import StatusFile

if TYPE_CHECKING:
    from IPython.core.interactiveshell import ExecutionInfo, InteractiveShell

CELLS_FILE = "notebook_cells.py"
"""What they are called in the run's snapshot."""
MOST_BYTES = 1_000_000
"""Of one run; what a notebook holds beyond that is data."""
_ENOUGH = f"\n# %% the cells after this one aren't kept: {MOST_BYTES // 1_000_000} MB of text is\n"


class CellCode:
    """Keeps each cell of this process's IPython as it is executed, from `start` to `stop` or the run's end.

    Texts that look like a key, and values given by `--env`, are masked. Outside of IPython nothing is kept; nor is what
    a front end executes for itself. A disk that takes no more costs the text, never the cell.
    """

    def __init__(self, layout: RunLayout) -> None:
        self._layout = layout
        self._shell: InteractiveShell | None = None
        self._size_bytes = 0

    def start(self) -> None:
        """Keep the cell that is being executed, and those to come."""
        ipython = sys.modules.get("IPython")  # nobody who has none waits for its import
        self._shell = ipython.get_ipython() if ipython else None
        if self._shell is None:
            return
        self._keep(_current(self._shell), self._shell.displayhook.prompt_count)
        self._shell.events.register("pre_run_cell", self._before_cell)

    def stop(self) -> None:
        """Keep no more. Calling it again does nothing."""
        shell, self._shell = self._shell, None
        if shell is not None:
            with suppress(ValueError):  # somebody has removed all
                shell.events.unregister("pre_run_cell", self._before_cell)

    def _before_cell(self, info: ExecutionInfo) -> None:
        shell = self._shell
        if shell is None:
            return
        if self._has_ended():
            self.stop()
        elif info.store_history and info.raw_cell:
            self._keep(str(info.raw_cell), shell.displayhook.prompt_count)

    def _has_ended(self) -> bool:
        try:
            return StatusFile(self._layout).read().status.is_terminal
        except Exception:  # noqa: BLE001  # deleted or damaged: a cell of the user's runs all the same
            return True

    def _keep(self, source: str, number: int) -> None:
        if self._size_bytes >= MOST_BYTES or not source.strip():
            return
        from cellrun.core.likely_secrets import without_keys  # noqa: PLC0415  # a job has no cells

        text = f"# %% In[{number}]\n{without_keys(masked(source), MASK).rstrip()}\n\n"
        data = text.encode("utf-8", "backslashreplace")
        if self._size_bytes + len(data) > MOST_BYTES:
            self._size_bytes, data = MOST_BYTES, _ENOUGH.encode()
        folder = self._layout.snapshot
        with suppress(OSError, DamagedRunError):
            if not self._layout.record.exists():  # deleted: nothing of it comes back
                return
            folder.mkdir(exist_ok=True)
            fd = open_to_append(self._layout.folder, folder / CELLS_FILE)
            try:
                os.write(fd, data)
            finally:
                os.close(fd)
        self._size_bytes += len(data)


def _current(shell: Any) -> str:
    """Return the text of the cell that is being executed; empty if none is."""
    code = front_end.request(shell).get("content", {}).get("code")
    if isinstance(code, str) and code:
        return code
    history = getattr(shell.history_manager, "input_hist_raw", None)
    return str(history[-1]) if history else ""
