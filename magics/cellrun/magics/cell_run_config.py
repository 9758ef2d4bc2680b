"""The config of a submitted cell."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from IPython.core.interactiveshell import InteractiveShell

from cellrun.core.store.layout import RunLayout
from cellrun.core.submission.script_run_config import ScriptRunConfig
from cellrun.magics.capture.capture import Capture
from cellrun.magics.capture.flow import analyse
from cellrun.magics.capture.notebook import Notebook
from cellrun.magics.notebook_cell import NotebookCell


class CellToSubmit(NamedTuple):
    """A cell, its body below the magic, the name that its run has in it, and its arguments."""

    cell: NotebookCell
    body: str
    run_name: str
    arguments: list[str]


class CellRunConfig(ScriptRunConfig):
    """A cell with what it needs from its notebook, captured as the shell's names are now.

    `values_folder` is where its values will be kept. Raises SyntaxError, with the lines of the notebook's cell, for a
    body that is no Python.
    """

    def __init__(self, shell: InteractiveShell, given: CellToSubmit, values_folder: Path, **options: Any) -> None:
        super().__init__(arguments=given.arguments, **options)
        self.cell = given.cell.record()
        self._title = given.cell.title
        self._values_folder = values_folder
        self._code = given.cell.code(given.body, shell)
        # The shell's own name for it: a syntax error then shows the cell and its line, not a file.
        filename = shell.compile.cache(self._code, given.cell.execution_count)
        analysis = analyse(self._code, filename, shell.transform_cell)
        self._capture = Capture(analysis, Notebook.of_shell(shell), given.run_name, given.arguments)

    def fill(self, layout: RunLayout) -> None:
        """Write the cell and its context into the run folder."""
        (layout.snapshot / "cell.py").write_text(self._code, encoding="utf-8")
        self._capture.pack(layout, self._title)

    def problems(self) -> list[str]:
        """Return what is wrong in the options, and what of the cell's needs can't travel."""
        return [*super().problems(), *map(str, self._capture.refusals(self._values_folder))]

    def notes(self) -> list[str]:
        """Return what is worth saying about what travels."""
        return self._capture.notes()
