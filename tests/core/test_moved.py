"""Runs and tickets that cellrun 0.1 wrote start, are adopted and run again: a recorded workspace and its queue."""

import base64
import json
import os
import pickle
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from cellrun.core import Workspace
from cellrun.core.context.manifest import Group
from cellrun.core.context.reader import group_values
from cellrun.core.context.value_store import ValueStore
from cellrun.core.errors import UntrustedError
from cellrun.core.identity import ProcessIdentity, boot_id, host_name
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.moved import moved_command, moved_name
from cellrun.core.places import runtime_folder
from cellrun.core.supervision.process_file import ProcessFile, RunProcesses

RECORDED = Path(__file__).parents[1] / "data" / "workspace_0_1.json"


@pytest.fixture
def old(tmp_path, home, monkeypatch):
    """The workspace of 0.1: two runs completed, one running (in the record), a cell and a script waiting behind it."""
    monkeypatch.setenv("CELLRUN_LOCAL_CPUS", "1")
    monkeypatch.setenv("CELLRUN_GRACE_S", "0.5")
    words = {
        "@WORKSPACE@": str(tmp_path / "old"),
        "@RUNTIME@": str(runtime_folder()),
        "@HOME@": str(home),
        "@NOTEBOOKS@": str(tmp_path),
        "@PYTHON@": sys.executable,
        "@BIN@": str(Path(sys.executable).parent),
        "@BOOT@": boot_id(),
        "@HOST@": host_name(),
    }
    home.mkdir(mode=0o700)  # 0.1 kept its registry there
    text = RECORDED.read_text()
    for word, here in words.items():
        text = text.replace(word, here)
    recorded = json.loads(text)
    queue = runtime_folder() / "queue" / host_name()
    for folder, files in ((tmp_path / "old", recorded["workspace"]), (queue, recorded["queue"])):
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else base64.b64decode(content["base64"]))
    for layout in (WorkspaceLayout(tmp_path / "old").run(path.name) for path in (tmp_path / "old" / "runs").iterdir()):
        for folder in (layout.outputs, layout.logs, layout.log.parent, layout.events, layout.summaries):
            folder.mkdir(parents=True, exist_ok=True)
    return Workspace.opened(WorkspaceLayout(tmp_path / "old"))


def log(run):
    return run.layout.log.read_text()


def test_a_running_run_is_adopted_and_those_that_wait_start(old):
    running, cell, script = (old.get_run(f"digits-{number}") for number in (3, 4, 5))
    job = _job_of(running.layout)
    assert (running.get_status(), cell.get_status(), script.get_status()) == ("Running", "Queued", "Queued")
    running.cancel()
    assert running.wait_for_completion(raise_on_error=False)["status"] == "Canceled"
    assert job.wait(5) < 0
    cell.wait_for_completion()
    assert log(cell) == "42\n"
    script.wait_for_completion()
    assert log(script) == "['--sleep', '0.2']\ndone\n"


def test_a_completed_run_is_run_again(old):
    for waiting in ("digits-4", "digits-5", "digits-3"):  # room for those that are to come
        old.get_run(waiting).cancel()
    with pytest.raises(UntrustedError, match="it isn't signed"):
        old.get_run("digits-1").submit_again()
    cell = old.get_run("digits-1").submit_again(trust=True)
    cell.wait_for_completion()
    assert (log(cell), cell.get_metrics()) == ("42\n", {"answer": 42})
    script = old.get_run("digits-2").submit_again(trust=True)
    script.wait_for_completion()
    assert log(script) == "['--sleep', '0.1']\ndone\n"


def test_a_pickle_that_names_a_module_of_0_1_is_loaded(tmp_path):
    """Protocol 0 is text: what it names can be replaced in it."""
    old = pickle.dumps([RunLayout("/a/runs/digits_1_0")], protocol=0).replace(b"core.layout", b"core.store.layout")
    assert b"cellrun.core.store.layout" in old
    store = ValueStore(tmp_path)
    (value,) = group_values(Group(("layout",), store.put(memoryview(old))), store)
    assert type(value) is RunLayout
    assert value.run_id == "digits_1_0"


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("context.pickles.code_objects", "code_in_file"),
        ("context.pickles.exceptions", "made_exception"),
        ("context.pickles.exceptions", "set_exception_state"),
        ("context.pickles.mapped_files", "mapped"),
        ("context.pickles.torch_values", "on_device"),
        ("context.pickles.torch_values", "generator"),
        ("context.pickles.weak_references", "_weakly"),
        ("context.pickles.weak_references", "_weak_set_of"),
        ("context.pickles.weak_references", "_proxy"),
        ("context.pickles.weak_references", "_weak_mapping_of"),
        ("status", "Status"),
        ("data.datasets.first_verbs", "HistogramCompareMethod"),
        ("far.link", "OrderError"),
        ("far.opening", "LinkError"),
        ("pipelines.told_status", "_Completed"),
    ],
)
def test_what_earlier_pickles_name_is_found(module, name):
    there, name = moved_name(f"cellrun.core.{module}", name)
    assert callable(getattr(import_module(there), name))


def test_the_names_of_others_stay():
    assert moved_name("numpy.job.cell", "x") == ("numpy.job.cell", "x")
    assert moved_name("cellrun.core.names", "slug") == ("cellrun.core.names", "slug")
    assert moved_command(["/py", "-m", "train", "cellrun.core.job.cell"]) == (
        *("/py", "-m", "train", "cellrun.core.job.cell"),
    )


def test_a_copy_of_the_earlier_cellrun_has_its_modules_where_they_were(tmp_path):
    command = ("/py", "-m", "cellrun.core.job.cell", "cell.py")
    assert moved_command(command, str(tmp_path))[2] == "cellrun.core.cell.main"
    copy = tmp_path / "cellrun" / "core" / "job" / "cell.py"
    copy.parent.mkdir(parents=True)
    copy.touch()
    assert moved_command(command, str(tmp_path)) == command


def _job_of(layout):
    """Start a process in the place of the recorded run's job; its supervisor is gone."""
    job = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(60)"],
        env={**os.environ, "CELLRUN_RUN_ID": layout.run_id, "CELLRUN_RUN_FOLDER": str(layout.folder)},
        start_new_session=True,
    )
    ProcessFile(layout).write(RunProcesses(ProcessFile(layout).read().supervisor, ProcessIdentity.of(job.pid)))
    return job
