"""An IPython shell for a cell that has magics or shell lines: plain, without history, terminal or kernel."""

from __future__ import annotations

import types

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from cellrun.core.store.layout import RunLayout


class _CellShell(InteractiveShell):
    """What the cell's `get_ipython()` returns."""

    system = InteractiveShell.system_raw  # straight into the run's log: no pipe, no terminal in between

    def enable_gui(self, gui: str | None = None) -> None:
        """Take `%matplotlib inline` and the like without doing anything: there is no window here, nor will be."""


def start_shell(module: types.ModuleType, layout: RunLayout) -> None:
    """Start a shell on a module, whose names become the shell's; its files stay in the run's folder."""
    names = dict(vars(module))
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    _CellShell.instance(
        config=config, user_module=module, user_ns=vars(module), ipython_dir=str(layout.folder / "ipython")
    )
    vars(module).update(names)  # the cell's own `_` and `Out`, not the empty ones of a new shell
