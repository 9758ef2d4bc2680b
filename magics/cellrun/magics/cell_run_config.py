"""The config of a submitted cell."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from IPython.core.interactiveshell import InteractiveShell

from cellrun.core.context.used_values import free_unused_values
from cellrun.core.context.value_store import ValueStore
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.submission.script_run_config import ScriptRunConfig
from cellrun.core.submission.submission import problems_of_names_and_target
from cellrun.magics.capture.another_python.destination import Destination
from cellrun.magics.capture.capture import Capture
from cellrun.magics.capture.card.card import Card
from cellrun.magics.capture.choices import Choices
from cellrun.magics.capture.found import Refusal
from cellrun.magics.capture.notebook import Notebook
from cellrun.magics.capture.search import Search
from cellrun.magics.capture.source.flow import analyse
from cellrun.magics.capture.source.returned import analyse_with_returned
from cellrun.magics.notebook_cell import NotebookCell


class CellToSubmit(NamedTuple):
    """A cell, its body below the magic, the name that its run has in it, its arguments, what is added and left out."""

    cell: NotebookCell
    body: str
    run_name: str
    arguments: list[str]
    choices: Choices = Choices()


class CellRunConfig(ScriptRunConfig):
    """A cell with what it needs from its notebook, captured as the shell's names are now.

    `values_folder` is where its values will be kept. Raises SyntaxError, with the lines of the notebook's cell, for a
    body that is no Python.
    """

    def __init__(self, shell: InteractiveShell, given: CellToSubmit, values_folder: Path, **options: Any) -> None:
        super().__init__(arguments=given.arguments, **options)
        self.cell = given.cell.record()
        self._title = given.cell.title
        self._source = given.cell.source
        self._values_folder = values_folder
        self._code = given.cell.code(given.body, shell)
        # The shell's own name for it: a syntax error then shows the cell and its line, not a file.
        filename = shell.compile.cache(self._code, given.cell.execution_count)
        analysis = analyse(self._code, filename, shell.transform_cell)
        if given.choices.returned:
            analysis = analyse_with_returned(self._code, given.choices.returned, shell.transform_cell)
        # An environment that is no such thing is a mistake in the options, which says so itself.
        is_usable = self.environment is not None and not self._environment_problems()
        there = Destination(self.interpreter if is_usable else None, self._code)
        search = Search(
            analysis,
            Notebook.of_shell(shell),
            given.run_name,
            given.arguments,
            given.choices,
            by_source=there.is_another_python,
            variables=self.environment_variables,
        )
        self._capture = Capture(search, there, given.choices.returned)
        self._refusals: list[Refusal] = []
        self._store: ValueStore | None = None

    def fill(self, layout: RunLayout) -> None:
        """Write the cell and its context into the run folder."""
        (layout.snapshot / "cell.py").write_text(self._code, encoding="utf-8")
        self._store = ValueStore(layout.workspace.values)
        self._capture.pack(layout, self._title, self._source, self._store)

    def abandon(self, workspace: WorkspaceLayout) -> None:
        """Free the values that were written for a run which never came to be."""
        if self._store is not None:
            free_unused_values(workspace, self._store.written)

    def problems(self) -> list[str]:
        """Return what is wrong in the options, and what of the cell's needs can't travel."""
        self._refusals = self._capture.refusals(self._values_folder)
        return [*super().problems(), *map(str, self._refusals)]

    def advice(self) -> str:
        """Return what else to do about the problems."""
        return "`%%submit --dry` shows all that the cell needs" if self._refusals else ""

    def mistakes(self) -> list[str]:
        """Return what was to be added or left out and means nothing here."""
        return self._capture.mistakes()

    def notes(self) -> list[str]:
        """Return what is worth saying about what travels."""
        return self._capture.notes()

    def card(self, workspace: WorkspaceLayout, experiment: str) -> Card:
        """Return what its run in an experiment of a workspace would take along; nothing is written."""
        problems = [*problems_of_names_and_target(experiment, self), *super().problems()]
        refusals = [Refusal("", problem) for problem in problems] + self._capture.refusals(self._values_folder)
        return Card(self._capture.account_against(workspace), refusals, self.notes())
