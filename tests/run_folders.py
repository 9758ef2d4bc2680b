"""Runs as folders, written by the store itself: what a view reads."""

import json
import subprocess

import pytest

from cellrun.core.identity import ProcessIdentity
from cellrun.core.layout import WorkspaceLayout
from cellrun.core.store.record import RunRecord
from cellrun.core.store.run_store import RunStore


@pytest.fixture
def make_run(tmp_path):
    """Return a function that makes a run folder of an interactive run of this process, or as given."""
    workspace = WorkspaceLayout(tmp_path / "workspace")
    workspace.folder.mkdir()
    workspace.record.write_text(json.dumps({"id": "w1", "name": "mine", "version": 1}))

    def make(**fields):
        record = RunRecord(**{"experiment": "example", "kind": "interactive", "workspace_id": "w1", **fields})
        return RunStore(workspace).create(record, fill=lambda layout: None)

    return make


@pytest.fixture
def layout(make_run):
    """Return the layout of a fresh interactive run."""
    return make_run()


@pytest.fixture
def dead_process():
    """Return the identity of a process that has just ended."""
    with subprocess.Popen(["sleep", "60"]) as process:
        identity = ProcessIdentity.of(process.pid)
        process.kill()
    return identity
