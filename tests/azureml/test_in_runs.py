"""Old names in submitted runs: there by themselves, whichever Python runs them."""

import textwrap
from pathlib import Path

import pytest

from cellrun.core import Environment, Experiment, Run, ScriptRunConfig, Workspace
from tests.interpreters import bare_environment

SCRIPT = """
import multiprocessing, subprocess, sys
from azureml.core import Run
from azureml.core.run import Run as Again, _OfflineRun

def work(number):
    from azureml.core import Run
    Run.get_context().log("worker", number)

if __name__ == "__main__":
    run = Run.get_context()
    run.log("lr", float(sys.argv[1]))
    assert type(run) != _OfflineRun and Again is Run and run.experiment.workspace.name == "default"
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        pool.map(work, [3])
    child = "from azureml.core import Run; Run.get_context().log('child', 7)"
    subprocess.run([sys.executable, "-c", child], check=True)
"""


@pytest.fixture
def exp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Experiment:
    (tmp_path / "code").mkdir()
    monkeypatch.chdir(tmp_path / "code")
    Path("train.py").write_text(textwrap.dedent(SCRIPT))
    return Experiment(Workspace.from_config(), "old")


def ended(run: Run) -> Run:
    run.wait_for_completion()
    return run


def test_a_script_and_the_processes_that_it_starts_have_them(exp):
    run = ended(exp.submit(ScriptRunConfig(".", "train.py", ["0.1"])))
    assert run.get_metrics() == {"lr": 0.1, "worker": 3, "child": 7}


def test_a_command_with_a_python_path_of_its_own_has_them(exp):
    command = ["export", "PYTHONPATH=$PWD", "&&", "python", "train.py", "0.2"]
    assert ended(exp.submit(ScriptRunConfig(".", command=command))).get_metrics()["lr"] == 0.2


def test_a_python_without_cellrun_has_them(exp, tmp_path):
    environment = Environment("bare")
    environment.python.user_managed_dependencies = True
    environment.python.interpreter_path = str(bare_environment(tmp_path / "bare"))
    names = "    from azureml.core import Dataset, Datastore, Experiment, Model, Workspace  # needed or not\n"
    show = names + "    from azureml.widgets import RunDetails\n    RunDetails(run).show()\n"
    show += "    from cellrun.core.targets.kinds import kind_named\n    kind_named('local')\n"  # as cancel() does
    Path("train.py").write_text(Path("train.py").read_text() + show)  # notebooks that were saved as scripts do so
    run = ended(exp.submit(ScriptRunConfig(".", "train.py", ["0.3"], environment=environment)))
    assert run.get_metrics() == {"lr": 0.3, "worker": 3, "child": 7}
    assert f"Id: {run.id}" in run.layout.log.read_text()
