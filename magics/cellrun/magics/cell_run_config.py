"""The config of a submitted cell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, NamedTuple

from IPython.core.interactiveshell import InteractiveShell

from cellrun.core.context.account import counts_of
from cellrun.core.context.manifest import Need
from cellrun.core.context.used_values import free_unused_values
from cellrun.core.context.value_store import ValueStore
from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.environments.building.expected_packages import ExpectedPackages
from cellrun.core.environments.building.plan import plan_of
from cellrun.core.errors import CellrunError
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.likely_secrets import likely_key
from cellrun.core.run_request import CELL, RunCode, RunRequest
from cellrun.core.submission.run_options import RunOptions
from cellrun.core.submission.submission import problems_of_place
from cellrun.core.targets.workspace_targets import WorkspaceTargets
from cellrun.magics.capture.another_python.remote_python import RemotePython
from cellrun.magics.capture.capture import Capture
from cellrun.magics.capture.card.card import Card
from cellrun.magics.capture.carrier import CapturedCell
from cellrun.magics.capture.destination import Destination, Place
from cellrun.magics.capture.notebook import Choices, Notebook
from cellrun.magics.capture.refusals import Refusal
from cellrun.magics.capture.source.analysis import Analysis
from cellrun.magics.capture.source.flow import analyse
from cellrun.magics.shell import NotebookCell


class CellToSubmit(NamedTuple):
    """A cell, its body below the magic, the name that its run has in it, its arguments, what is added and left out."""

    cell: NotebookCell
    body: str
    run_name: str
    arguments: list[str]
    choices: Choices = Choices()


class CellRunConfig(RunOptions):
    """A cell with what it needs from its notebook, captured as the shell's names are now.

    It is submitted to a workspace, in which its values will be kept. Raises SyntaxError, with the lines of the
    notebook's cell, for a body that is no Python.
    """

    def __init__(
        self, shell: InteractiveShell, given: CellToSubmit, workspace: WorkspaceLayout, **options: Any
    ) -> None:
        super().__init__(given.arguments, **options)
        self.cell = given.cell.record()
        self._title = given.cell.title
        self._source = given.cell.source
        self._workspace = workspace
        self._code = given.cell.code(given.body, shell)
        # The shell's own name for it: a syntax error then shows the cell and its line, not a file.
        filename = shell.compile.cache(self._code, given.cell.execution_count)
        analysis = analyse(self._code, filename, shell.transform_cell)
        if given.choices.returned:
            analysis = _analyse_with_returned(self._code, given.choices.returned, shell.transform_cell)
        python, self._place = self._there()
        there = Destination(python, self._code)
        captured = CapturedCell(
            analysis,
            Notebook.of_shell(shell),
            given.run_name,
            given.arguments,
            given.choices,
            variables=self.environment_variables,
            place=self._place,
            destination=there,
        )
        self._python_there = there.version_text
        self._capture = Capture(captured)
        self._refusals: list[Refusal] = []

    def problems(self) -> list[str]:
        """Return what is wrong in the options, and what of the cell's needs can't be captured."""
        self._refusals = self._capture.refusals(self._workspace.values)
        return [*super().problems(), *map(str, self._refusals)]

    def unchecked_request(self) -> RunRequest:
        """Return the run as it is wanted."""
        code = _CellCode(self._capture, self._code, self._title)
        return RunRequest("cell", CELL, code=code, cell=self.cell, **self.common_request())

    def advice(self) -> str:
        """Return what else to do about the problems."""
        return "`%%submit --dry` shows all that the cell needs" if self._refusals else ""

    def mistakes(self) -> list[str]:
        """Return what was to be added or left out and means nothing here."""
        return self._capture.mistakes()

    def notes(self) -> list[str]:
        """Return what is worth saying about what is captured."""
        notes = [*self.environment_notes(), *self._capture.notes()]
        if kind := likely_key(self._source.encode()):
            notes.append(
                f"the cell itself holds what looks like {kind}, and is kept with the run: better set an environment "
                "variable, and read it by os.environ"
            )
        return notes

    def card(self, workspace: WorkspaceLayout, experiment: str) -> Card:
        """Return what its run in an experiment of a workspace would take along; nothing is written."""
        problems = super().problems()
        request = None if problems else self.unchecked_request()
        problems = [*problems_of_place(workspace, experiment, self.compute_target, request), *problems]
        refusals = [Refusal("", problem) for problem in problems] + self._capture.refusals(self._workspace.values)
        needs = [*self._data_needs(workspace), *self._capture.account_against(workspace)]
        machine = self._place.machine
        there = ", ".join(filter(None, [machine, self._python_there])) if machine else ""
        return Card(needs, refusals, self.notes(), there, self._place.is_here)

    def _data_needs(self, workspace: WorkspaceLayout) -> list[Need]:
        """Return the lines of the card for its data."""
        if not self.data:
            return []
        from cellrun.magics.data_options import needs_of  # noqa: PLC0415  # few runs have data

        return list(needs_of(list(self.data), workspace))

    def source_text(self) -> str:
        """Return the cell."""
        return self._code

    def _there(self) -> tuple[str | ExpectedPackages | RemotePython | None, Place]:
        """Return the Python that the run will get, and where; None for this one.

        That too where a mistake says what is wrong itself.
        """
        is_here = self.environment is None and self.compute_target is None and not self.has_header
        if is_here or super().problems():
            return None, Place()
        request = RunRequest("cell", CELL, **self.common_request())
        place = Place()
        with suppress(CellrunError):
            target = WorkspaceTargets(self._workspace).get(request.target)
            place = Place(target)
            if target.problems(request):
                return None, place
            if not place.is_here:
                return RemotePython(target.name, target.python(request.environment), request.environment), place
            if not isinstance(request.environment, EnvironmentSpec):
                return target.python(request.environment).executable, place
            plan = plan_of(request.environment)
            return plan.interpreter if plan.is_there else ExpectedPackages(plan), place
        return None, place


class _CellCode(RunCode):
    """A cell and its context, as what a run's folder is filled with."""

    def __init__(self, capture: Capture, code: str, title: str) -> None:
        self._capture = capture
        self._code = code
        self._title = title
        self._store: ValueStore | None = None

    @property
    def size_bytes(self) -> int:
        """How many bytes what the cell needs has."""
        return counts_of(self._capture.account()).bytes

    @property
    def values_bytes(self) -> int:
        """How many of these are values."""
        return counts_of(need for need in self._capture.account() if need.how == "value").bytes

    def copy_to(self, draft: RunLayout) -> None:
        """Write the cell and its context."""
        (draft.snapshot / CELL).write_text(self._code, encoding="utf-8")
        self._store = ValueStore(draft.workspace.values, pickles_like=self._capture.pickles_like)
        self._capture.pack(draft, self._title, self._store)

    def abandon(self, workspace: WorkspaceLayout) -> None:
        """Free the values that were written for a run which never came to be."""
        if self._store is not None:
            free_unused_values(workspace, self._store.written)


def _analyse_with_returned(source: str, returned: Sequence[str], transform: Callable[[str], str]) -> Analysis:
    """Analyse the source of a cell, already in plain Python, that gives names back.

    A name that it doesn't surely give a value itself has to be captured: its value may come back as it was.
    """
    analysis = analyse(f"{source}\n({', '.join(returned)},)\n", transform=transform)
    last = source.count("\n") + 1
    reads = (replace(each, line=1, where="--return") if each.line > last else each for each in analysis.reads)
    return replace(analysis, reads=tuple(reads))
