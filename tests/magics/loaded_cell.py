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
from cellrun.core.supervision.launch_spec import recorded
from tests.forks import Forks
from tests.magics.notebook_shell import NotebookShell, log, newest_run

ENTRY = "cellrun.core.cell.main:main"
OF_A_CELL = (ENTRY.partition(":")[0],)


def loaded(notebook: NotebookShell, body: str, forks: Forks) -> Run:
    """Submit a cell to a fork, which must end well; return its run, which has no status of its own."""
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
    work = run.layout.work
    pid = forks.start(ENTRY, ["cell.py", []], work, environment, run.layout.log, path=[])
    assert forks.wait(pid) == 0, log(run)
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
