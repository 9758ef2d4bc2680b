"""Rows of B that no other test does: what may happen to processes."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cellrun.core import Experiment, Run, ScriptRunConfig, Workspace
from cellrun.core.store.status import Status
from tests.core.submitted_runs import Runs
from tests.faults.injection import LOGGING_JOB, Told, memory_limit, needs_root
from tests.faults.invariants import assert_invariants
from tests.server.jupyter_process import Client, jupyter_process

SUBMIT = """
import sys
from cellrun.core.submission.script_run_config import ScriptRunConfig
from cellrun.core.submission.submission import submit
from cellrun.core.workspace import open_workspace
print(submit(open_workspace(sys.argv[1]), "tests", ScriptRunConfig(sys.argv[2], "train.py")).run_id, flush=True)
"""
GREEDY = """
import os, time
while not os.path.exists("go"):
    time.sleep(0.02)
kept = []
while True:
    kept.append(bytearray(b"x") * 1_000_000)
"""
LIMIT_BYTES = 60_000_000


@pytest.mark.timeout(300)
def test_b2_the_server_is_killed_while_a_run_goes_on(
    tmp_path: Path, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "train.py").write_text(LOGGING_JOB)
    with jupyter_process(tmp_path) as first:
        for name, value in first.environment.items():
            monkeypatch.setenv(name, value)
        workspace = Workspace.create("tests", tmp_path / "workspace")
        experiment = Experiment(workspace, "tests")
        run = experiment.submit(ScriptRunConfig(tmp_path / "source", "train.py", [str(told.folder)]))
        at = f"workspaces/{workspace.id}/runs"
        told.more()
        assert [row["id"] for row in Client(first).get(at)["runs"]] == [run.id]
        first.process.send_signal(signal.SIGKILL)
        first.process.wait()
        told.more()
    shutil.rmtree(tmp_path / "notebooks")
    with jupyter_process(tmp_path) as second:
        (row,) = Client(second).get(at)["runs"]
        assert (row["id"], row["status"]) == (run.id, "Running")
        told.more()
        told.enough()
        run.wait_for_completion()
        assert Client(second).get(f"{at}/{run.id}")["row"]["status"] == "Completed"
    assert told.refused == []
    assert_invariants(tmp_path / "home", {run.layout: told.acknowledged})


@needs_root
def test_b4_the_job_is_killed_by_the_memory_limit_of_its_cgroup(runs: Runs, home: Path) -> None:
    (runs.source / "train.py").write_text(GREEDY)
    with memory_limit(LIMIT_BYTES) as members:
        enter_and_submit = 'echo $$ > "$1"; shift; exec "$@"'
        program = [sys.executable, "-c", SUBMIT, runs.workspace.folder, runs.source]
        command = ["sh", "-c", enter_and_submit, "sh", members, *program]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=60, check=True)
        layout = runs.workspace.layout.run(done.stdout.strip())
        runs.submitted.append(runs.running(layout))
        (layout.work / "go").touch()
        end = runs.end(layout)
    assert end.status is Status.FAILED
    assert end.fields["signal"] == "SIGKILL"
    assert "killed by the out-of-memory killer (limit 60" in (end.reason or "")
    assert Run.get(runs.workspace, layout.run_id).get_status() == "Failed"
    assert_invariants(home)
