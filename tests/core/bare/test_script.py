"""A script in a Python that has nothing but itself does what it does in one that has all of cellrun's packages."""

import json
import sys
from pathlib import Path

import pytest

from cellrun.core import Experiment, ScriptRunConfig, Workspace
from cellrun.core.store.status import Status
from tests.interpreters import other_pythons

EVERYTHING = Path(__file__).with_name("everything.py")


@pytest.fixture
def told(tmp_path, monkeypatch):
    """`told(name, python)`: what the script prints in a workspace of its own, and its run."""

    def run(name, python):
        monkeypatch.setenv("CELLRUN_HOME", str(tmp_path / name / "home"))
        ws = Workspace.create("tests", tmp_path / name / "workspace")
        source = tmp_path / name / "source"
        source.mkdir()
        (source / "train.py").write_text(EVERYTHING.read_text())
        made = Experiment(ws, "digits").submit(ScriptRunConfig(source, "train.py", environment=str(python)))
        made.wait_for_completion(raise_on_error=False)
        text = made.layout.log.read_text()
        assert made.get_status() == Status.COMPLETED, text
        return json.loads(text.splitlines()[-1]), made

    return run


def test_a_script_there_does_all_that_it_does_here(told, bare):
    (here, run_here), (there, run_there) = told("here", sys.executable), told("there", bare)
    assert {name: (here[name], there[name]) for name in here if here[name] != there[name]} == {}
    metrics = [repr(run.get_metrics()).replace(run.id, "") for run in (run_here, run_there)]
    assert metrics[0] == metrics[1]
    assert run_here.get_file_names() == run_there.get_file_names()


def test_the_python_there_is_of_another_version(bare_python):
    if not other_pythons():
        pytest.skip("this machine has no other Python: python3.10 to python3.19")
    assert bare_python != sys.executable
