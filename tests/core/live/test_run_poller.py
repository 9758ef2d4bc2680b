"""A look at a run's folder."""

import os
import signal
import time

from cellrun.core import Experiment, ScriptRunConfig, Workspace
from cellrun.core.context.manifest import Context, Need
from cellrun.core.live.run_poller import RunPoller
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.supervision.process_file import ProcessFile


def test_notes_of_the_supervisor_are_shown(layout):
    StatusFile(layout).change(Status.RUNNING, notes=["2 processes left running, stopped"])
    assert RunPoller(layout).poll().header["notes"] == ["2 processes left running, stopped"]


def test_a_look_adopts_a_run_whose_supervisor_died(tmp_path):
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "wait.py").write_text("import time; time.sleep(60)")
    run = Experiment(Workspace.from_config(), "e").submit(ScriptRunConfig(tmp_path / "src", "wait.py"))
    deadline = time.monotonic() + 20
    while StatusFile(run.layout).read().status is not Status.RUNNING:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    supervisor = ProcessFile(run.layout).read().supervisor
    os.kill(supervisor.pid, signal.SIGKILL)
    while supervisor.is_alive():
        time.sleep(0.02)
    RunPoller(run.layout).poll()
    new = ProcessFile(run.layout).read().supervisor
    assert new != supervisor
    assert new.is_alive()
    run.cancel()
    assert run.wait_for_completion()["status"] == "Canceled"


def test_the_header_tells_what_was_captured_with_a_cell(layout):
    assert RunPoller(layout).poll().header["captured"] is None
    needs = (Need("x", "value", "int", "line 1", 20, "value"), Need("in.csv", "file", "file", "line 2", 500, "copy"))
    Context(python="3.11", title="Cell In[1]", needs=needs).write(layout.context)
    assert RunPoller(layout).poll().header["captured"] == {"names": 1, "bytes": 520}
