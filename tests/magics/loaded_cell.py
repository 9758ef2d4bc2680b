"""A cell that is captured as when it is submitted, and loaded and run as in its job, without a supervisor."""

from __future__ import annotations

import os
import sys

import pytest

from cellrun.core import Experiment, Run
from cellrun.core.disk.whole_files import copy_tree
from cellrun.core.identity import RUN_FOLDER, RUN_ID
from cellrun.core.layout import RunLayout
from cellrun.core.run_request import RunConfig
from cellrun.core.store.record import RunRecord
from cellrun.core.store.run_store import RunStore
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.supervision.launch_spec import recorded
from tests.forks import Forks
from tests.magics.notebook_shell import NotebookShell, log, newest_run

ENTRY = "cellrun.core.cell.main:main"
OF_A_CELL = (ENTRY.partition(":")[0],)


class LoadingNotebook(NotebookShell):
    """Submits cells to forks; whoever gives more than a cell, a target or an option, submits it for real."""

    def __init__(self, notebook: NotebookShell, forks: Forks) -> None:
        super().__init__(notebook.shell, notebook.folder)
        self._forks = forks

    def submit(self, body: str, line: str = "") -> Run:
        """Submit a cell to a fork, or as others do, and wait for its end."""
        return super().submit(body, line) if line else _ended(self, body, self._forks)


def loaded(notebook: NotebookShell, body: str, forks: Forks) -> Run:
    """Submit a cell to a fork, which must end well; return its run."""
    run = _ended(notebook, body, forks)
    assert run.get_status() == Status.COMPLETED, log(run)
    return run


def _ended(notebook: NotebookShell, body: str, forks: Forks) -> Run:
    """Submit a cell to a fork; return its run, whose status tells how the fork ended, and nothing else."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Experiment, "submit", _make)
        notebook.run(f"%%submit\n{body}")
    run = newest_run()
    kept, names = recorded(os.environ, sys.executable, threads=0)
    environment = {
        **{name: os.environ[name] for name in names},
        **kept,
        RUN_FOLDER: str(run.layout.folder),
        RUN_ID: run.id,
    }
    pid = forks.start(ENTRY, ["cell.py", []], run.layout.work, environment, run.layout.log, path=[])
    status = StatusFile(run.layout)
    status.change(Status.RUNNING)
    status.change(Status.FAILED if forks.wait(pid) else Status.COMPLETED)
    return run


def _make(experiment: Experiment, config: RunConfig) -> Run:
    """Make the run of a config, and start nothing."""
    code = config.request().code

    def fill(draft: RunLayout) -> None:
        draft.snapshot.mkdir(exist_ok=True)
        code.copy_to(draft)
        copy_tree(draft.snapshot, draft.work)

    record = RunRecord(experiment=experiment.name, kind="cell")
    return experiment.run(RunStore(experiment.workspace.layout).create(record, fill).run_id)
