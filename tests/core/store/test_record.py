from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cellrun.core.distributed.distribution import Distribution
from cellrun.core.errors import RunEnvironmentException, UserErrorException, WorkspaceElsewhereError
from cellrun.core.identity import run_variables
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.store.record import (
    RunRecord,
    RunTarget,
    is_elsewhere,
    is_sent,
    own_sent_run,
    place_text,
    refuse_elsewhere,
)


def test_a_record_comes_back_as_it_was(new_run: Callable[..., RunLayout]) -> None:
    layout = new_run(
        kind="cell",
        argv=["--lr", "0.1", 'a "quoted"\n\ud800'],
        parameters={"lr": "0.1"},
        cell={"source": "print()", "id": "abc", "execution_count": 7},
        tags={"a": None},
        display_name="🚀 ../x",
    )
    record = RunRecord.read(layout)
    assert record.argv == ["--lr", "0.1", 'a "quoted"\n\ud800']
    assert (record.display_name, record.tags, record.cell["execution_count"]) == ("🚀 ../x", {"a": None}, 7)
    assert RunRecord.from_json(json.loads(json.dumps(record.to_json()))) == record


def test_keys_of_a_newer_cellrun_are_kept(new_run: Callable[..., RunLayout]) -> None:
    layout = new_run()
    data = json.loads(layout.record.read_text()) | {"version": 9, "weather": ["sunny"]}
    record = RunRecord.from_json(data)
    assert (record.version, record.unknown) == (9, {"weather": ["sunny"]})
    assert record.to_json() == data


def test_a_record_is_written_once(new_run: Callable[..., RunLayout]) -> None:
    layout = new_run()
    with pytest.raises(FileExistsError):
        RunRecord.read(layout).write(layout)


@pytest.mark.parametrize("text", ["[]", "null", '"digits"', "{"])
def test_what_is_no_object_is_no_record(new_run: Callable[..., RunLayout], text: str) -> None:
    layout = new_run()
    layout.record.chmod(0o600)
    layout.record.write_text(text)
    with pytest.raises(ValueError, match=r".+"):
        RunRecord.read(layout)


HERE = RunTarget("local", "local", shares_processes=True)
THERE = RunTarget("cluster", "slurm", shares_processes=False, handle={"job": 17})


def test_it_is_read_back_whole(layout):
    THERE.write(layout)
    assert RunTarget.read(layout) == THERE
    assert json.loads(layout.target.read_text()) == {
        "version": 1,
        "name": "cluster",
        "kind": "slurm",
        "shares_processes": False,
        "handle": {"job": 17},
    }
    HERE.write(layout)
    assert RunTarget.read(layout) == HERE
    assert [path.name for path in layout.folder.iterdir() if "target" in path.name] == ["target.json"]


def test_keys_of_a_newer_version_are_passed_over(layout):
    layout.target.write_text(json.dumps({**THERE._asdict(), "version": 2, "region": "north"}))
    assert RunTarget.read(layout) == THERE


@pytest.mark.parametrize("text", [None, "", "{", "[]", "\xff", "{}", '{"name": "local", "kind": "local"}'])
def test_before_the_start_and_damaged_there_is_none(layout, text):
    if text is not None:
        layout.target.write_text(text)
    assert RunTarget.read(layout) is None
    assert not is_elsewhere(layout)


def test_only_what_shares_no_processes_is_elsewhere(layout):
    HERE.write(layout)
    assert not is_elsewhere(layout)
    THERE.write(layout)
    assert is_elsewhere(layout)


ASKS = {
    "run.child_run()": "children",
    "run.create_children(2)": "children",
    "run.submit_child(ScriptRunConfig('.', 'x.py'))": "children",
    "list(run.get_children())": "children",
    "run.parent": "its parent",
    "list(run.experiment.get_runs())": "other runs",
    "run.experiment.start_logging()": "other runs",
    "Experiment(Workspace.get('tests'), 'other').start_logging()": "other runs",
    "run.register_model('m', 'a.txt')": "models",
    "Model.register(ws, 'a.txt', 'm')": "models",
    "Model(ws, 'm')": "models",
    "Dataset.File.from_files(os.path.abspath('a.txt')).register(ws, 'd')": "datasets",
    "Dataset.get_by_name(ws, 'd')": "datasets",
    "ws.get_default_datastore()": "datastores",
    "Environment('e').register(ws)": "environments",
    "Environment.get(ws, 'e')": "environments",
    "ws.get_default_keyvault().get_secret('s')": "secrets",
}
PROGRAM = """
import json, os, sys
from azureml.core import Dataset, Environment, Experiment, Model, Run, ScriptRunConfig, Workspace
open("a.txt", "w").close()
run = Run.get_context()
ws = Workspace.from_config()
assert ws.get_details()["name"] == "tests"
run.log("x", 1)
told = {}
for ask in json.loads(sys.argv[1]):
    try:
        told[ask] = repr(eval(ask))
    except Exception as error:
        told[ask] = f"{type(error).__name__}: {error}"
print(json.dumps([told, run.get_metrics(), ws.layout.folder == run.layout.workspace.folder]))
"""


@pytest.fixture
def sent(ws, exp, tmp_path):
    """The layout of a child of a run as it is where it was sent to."""
    with exp.start_logging() as run, run.child_run() as child:
        there = WorkspaceLayout(tmp_path / "there")
        there.runs.mkdir(parents=True)
        record = json.loads(ws.layout.record.read_text())
        there.record.write_text(json.dumps({**record, "name": "tests"}))
        shutil.copytree(child.layout.folder, there.run(child.id).folder)
    return there.run(child.id)


@pytest.fixture
def code(sent, tmp_path):
    """`code()`: what a program that is part of it prints, in a folder with Azure's own config."""
    (tmp_path / "code").mkdir()
    config = {"subscription_id": "s", "resource_group": "g", "workspace_name": "tests"}
    (tmp_path / "code" / "config.json").write_text(json.dumps(config))

    def run():
        environ = {**os.environ, **run_variables(sent), "CELLRUN_HOME": str(tmp_path / "far_home")}
        command = [sys.executable, "-c", PROGRAM, json.dumps([*ASKS])]
        done = subprocess.run(command, cwd=tmp_path / "code", env=environ, capture_output=True, text=True, check=False)
        assert not done.returncode, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return run


def test_what_is_not_there_is_refused_and_the_run_itself_goes_on(code, sent):
    told, metrics, is_own = code()
    assert (metrics, is_own) == ({"x": 1}, True)
    for ask, what in ASKS.items():
        assert told[ask].startswith(f"WorkspaceElsewhereError: {what}"), (ask, told[ask])
        assert f"in run {sent.run_id}: it runs on another machine than its workspace is on" in told[ask]
    made = {path.name for path in sent.workspace.folder.iterdir()}
    assert made <= {"runs", "experiments", "workspace.json", "azure.json", "changes"}
    assert [path.name for path in sent.workspace.runs.iterdir()] == [sent.run_id]


def test_a_run_is_sent_where_its_number_was_not_taken(sent, ws, exp):
    with exp.start_logging() as run:
        assert not is_sent(run.layout)
    assert is_sent(sent)


def test_only_a_process_of_such_a_run_is_refused(sent, ws, monkeypatch):
    refuse_elsewhere(sent.workspace, "models")
    assert own_sent_run() is None
    for name, value in run_variables(sent).items():
        monkeypatch.setenv(name, value)
    assert own_sent_run().is_same(sent)
    refuse_elsewhere(ws.layout, "models")
    with pytest.raises(WorkspaceElsewhereError, match="register it in the notebook") as caught:
        refuse_elsewhere(sent.workspace, "models")
    assert isinstance(caught.value, UserErrorException)
    assert isinstance(caught.value, RunEnvironmentException)


@pytest.mark.parametrize(
    ("handle", "text"), [({"host": "gpu1.lab"}, "box (gpu1.lab)"), ({"host": "box"}, "box"), ({}, "box"), (None, "box")]
)
def test_a_place_has_the_name_of_its_machine_if_that_has_another(
    tmp_path: Path, handle: dict[str, str] | None, text: str
) -> None:
    layout = WorkspaceLayout(tmp_path).run("a_run")
    layout.folder.mkdir(parents=True)
    if handle is not None:
        RunTarget("box", "ssh", shares_processes=False, handle=handle).write(layout)
    assert place_text(layout, "box") == text


def test_a_run_is_on_one_machine_unless_it_is_distributed_over_several() -> None:
    two = Distribution("pytorch", 4, nodes=2).to_json()
    assert RunRecord(experiment="digits", kind="script").nodes == 1
    assert RunRecord(experiment="digits", kind="script", distribution=two).nodes == 2
