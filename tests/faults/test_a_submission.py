"""Rows of A that no other test does: what may go wrong while runs are submitted."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from cellrun.core.context.signature import SignedFiles
from cellrun.core.store.record import RunRecord
from cellrun.core.store.run_store import RunStore
from cellrun.core.store.status import Status
from cellrun.core.submission.script_run_config import ScriptRunConfig
from tests.core.submitted_runs import Runs
from tests.faults.invariants import assert_invariants

SUBMIT = """
import os, sys, time
from cellrun.core import ScriptRunConfig
from cellrun.core.submission.submission import submit
from cellrun.core.workspace import open_workspace
folder, count, gate = sys.argv[1:]
workspace = open_workspace(folder)
print("ready", flush=True)
while not os.path.exists(gate):
    time.sleep(0.001)
for _ in range(int(count)):
    print(submit(workspace, "tests", ScriptRunConfig(command="true")).run_id, flush=True)
"""
PROCESSES = 8


@pytest.mark.parametrize("each", [2, pytest.param(13, marks=[pytest.mark.long, pytest.mark.timeout(600)])])
def test_a2_eight_processes_submit_at_once(each: int, runs: Runs, home: Path, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    patient = ("-W", "ignore:waiting:RuntimeWarning")  # on a busy machine it is said who is before them
    command = [sys.executable, *patient, "-c", SUBMIT, str(runs.workspace.folder), str(each), str(gate)]
    submitters = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(PROCESSES)
    ]
    for one in submitters:
        assert one.stdout
        assert one.stdout.readline() == "ready\n"
    gate.touch()
    printed = [one.communicate(timeout=300) for one in submitters]
    assert [err for _, err in printed] == [""] * PROCESSES
    ids = [run_id for out, _ in printed for run_id in out.split()]
    runs.submitted += [runs.workspace.layout.run(run_id) for run_id in ids]
    assert len(set(ids)) == PROCESSES * each
    assert sorted(RunStore(runs.workspace.layout).ids()) == sorted(ids)
    assert {runs.end(layout).status for layout in runs.submitted} == {Status.COMPLETED}
    numbers = sorted(RunRecord.read(layout).number for layout in runs.submitted)
    assert numbers == list(range(1, PROCESSES * each + 1))
    assert_invariants(home)


def test_a5_the_script_is_edited_all_the_time(runs: Runs, home: Path, tmp_path: Path) -> None:
    script, draft, stop = runs.source / "train.py", tmp_path / "draft", threading.Event()
    script.write_text("print('version 0')")

    def edit() -> None:
        version = 0
        while not stop.wait(0.0005):
            version += 1
            draft.write_text(f"print('version {version}')")
            draft.replace(script)

    editor = threading.Thread(target=edit)
    editor.start()
    try:
        submitted = [runs.config(ScriptRunConfig(runs.source, "train.py")) for _ in range(5)]
        ends = [runs.end(layout) for layout in submitted]
    finally:
        stop.set()
        editor.join()
    assert [end.status for end in ends] == [Status.COMPLETED] * 5
    for layout in submitted:
        taken = (layout.snapshot / "train.py").read_text()
        assert taken == f"print('{layout.log.read_text().strip()}')"
        assert SignedFiles.of_bytes(layout.signed.read_bytes(), layout.signed).changed_in(layout.snapshot) == ""
    assert_invariants(home)
