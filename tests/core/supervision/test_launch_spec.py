"""What a job finds in its environment."""

import json
import os
import sys
from pathlib import Path

import pytest

from cellrun.core.store.status import Status
from cellrun.core.submission.again import resubmit
from cellrun.core.submission.script_run_config import ScriptRunConfig
from cellrun.core.supervision.launch_spec import LaunchSpec, job_environment
from cellrun.core.targets.local.queue import LocalQueue
from tests.files_below import files_with

PRINT = "import json, os; print(json.dumps(dict(os.environ))); print('end')"


@pytest.fixture
def seen(runs):
    """Run a script and return the environment that it saw."""

    def see(**options):
        layout = runs.script(PRINT, **options)
        runs.end(layout)
        return layout, json.loads(layout.log.read_text().splitlines()[0])

    return see


@pytest.fixture
def prepared(runs, unstarted):
    """Submit a script and return the environment that it would see, as whoever starts it makes that."""

    def see(**options):
        layout = runs.script(PRINT, **options)
        return layout, would_see(layout)

    return see


def would_see(layout):
    [ticket] = (ticket for ticket in LocalQueue().waiting() if ticket.layout.is_same(layout))
    return job_environment(LaunchSpec.read(layout), layout, ticket.environment, os.environ)[0]


def test_what_every_job_gets(seen):
    layout, environment = seen()
    expected = {
        "PYTHONUNBUFFERED": "1",
        "MPLBACKEND": "Agg",
        "CELLRUN_RUN_FOLDER": str(layout.folder),
        "CELLRUN_RUN_ID": layout.run_id,
        "AZUREML_RUN_ID": layout.run_id,
        "AZUREML_ARM_WORKSPACE_NAME": "tests",
        "AZUREML_ARM_PROJECT_NAME": "tests",
    }
    assert {name: environment[name] for name in expected} == expected
    assert environment["PATH"].split(os.pathsep)[0] == str(Path(sys.executable).parent)


@pytest.mark.parametrize(
    ("theirs", "options", "expected"),
    [
        (None, {}, None),
        (None, {"cpus": 1}, "1"),
        (None, {"cpus": 2}, "2"),
        ("3", {}, "3"),
        ("3", {"cpus": 1}, "3"),
        ("3", {"cpus": 1, "environment_variables": {"OMP_NUM_THREADS": 5}}, "5"),
        (None, {"cpus": 1, "environment_variables": {"OMP_NUM_THREADS": 5}}, "5"),
    ],
)
def test_threads_are_limited_where_the_user_says_how_many_cores_never_over_their_own_number(
    prepared, monkeypatch, theirs, options, expected
):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if theirs:
        monkeypatch.setenv("OMP_NUM_THREADS", theirs)
    assert prepared(**options)[1].get("OMP_NUM_THREADS") == expected


def test_the_threads_of_a_run_are_not_those_of_runs_that_it_submits(runs, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setenv("CELLRUN_LOCAL_CPUS", "4")  # room for both
    (runs.source / "inner.py").write_text("import os; print('threads', os.environ.get('OMP_NUM_THREADS'))")
    script = """
import os
from cellrun.core import Experiment, ScriptRunConfig, Workspace
for cpus in (None, 1):
    config = ScriptRunConfig('.', 'inner.py', cpus=cpus)
    run = Experiment(Workspace.from_config(), 'inner').submit(config)
    run.wait_for_completion(show_output=True)
"""
    layout = runs.script(script, cpus=2)
    runs.end(layout)
    told = [line for line in layout.log.read_text().splitlines() if line.startswith("threads")]
    assert told == ["threads None", "threads 1"]


def test_a_run_again_has_the_threads_of_the_first(runs, prepared, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    for options, expected in (({}, None), ({"cpus": 1}, "1")):
        layout, environment = prepared(**options)
        again = resubmit(layout)
        runs.submitted.append(again)
        assert [each.get("OMP_NUM_THREADS") for each in (environment, would_see(again))] == [expected] * 2


def test_a_kernels_environment_is_inherited_without_what_jupyter_put_there(prepared, monkeypatch):
    jupyter = ["JPY_PARENT_PID", "JPY_SESSION_NAME", "JPY_API_TOKEN", "FORCE_COLOR", "CLICOLOR", "PAGER", "GIT_PAGER"]
    for name in (*jupyter, "MPLBACKEND"):
        monkeypatch.setenv(name, "jupyter's")
    monkeypatch.setenv("MY_SETTING", "ä b")
    _, environment = prepared()
    assert environment["MY_SETTING"] == "ä b"
    assert not set(jupyter) & set(environment)
    assert environment["MPLBACKEND"] == "Agg"


def test_outside_a_kernel_colours_are_the_users(prepared, monkeypatch):
    monkeypatch.delenv("JPY_PARENT_PID", raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert prepared()[1]["FORCE_COLOR"] == "1"


def test_a_script_in_a_subfolder_and_its_processes_import_from_the_snapshots_root(runs):
    (runs.source / "steps").mkdir()
    (runs.source / "helper.py").write_text("x = 3")
    (runs.source / "steps" / "beside.py").write_text("y = 4")
    (runs.source / "steps" / "train.py").write_text(
        "import os, subprocess, sys\nimport beside, helper, given\nprint(beside.y, helper.x, given.z, flush=True)\n"
        "subprocess.run([sys.executable, '-c', 'import os; os.chdir(\"/\"); import helper; print(helper.__file__)'])"
    )
    (runs.source.parent / "elsewhere").mkdir()
    (runs.source.parent / "elsewhere" / "given.py").write_text("z = 5")
    given = {"PYTHONPATH": str(runs.source.parent / "elsewhere")}
    layout = runs.config(ScriptRunConfig(runs.source, "steps/train.py", environment_variables=given))
    assert runs.end(layout).status is Status.COMPLETED
    assert layout.log.read_text() == f"4 3 5\n{layout.work / 'helper.py'}\n"


def test_variables_of_the_config_win_and_are_written_nowhere_and_nor_are_secrets_of_the_kernel(seen, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush-hush")
    given = {"TOKEN": "hush-hush", "OMP_NUM_THREADS": 7, "MPLBACKEND": "pdf"}
    layout, environment = seen(environment_variables=given)
    assert (environment["TOKEN"], environment["OMP_NUM_THREADS"], environment["MPLBACKEND"]) == (
        "hush-hush",
        "7",
        "pdf",
    )
    assert environment["AWS_SECRET_ACCESS_KEY"] == "hush-hush"
    assert not {*files_with(layout.folder, "hush-hush")} - {layout.log}
    record = json.loads(layout.record.read_text())
    assert record["environment_variables"] == ["MPLBACKEND", "OMP_NUM_THREADS", "TOKEN"]


def test_another_interpreter_comes_with_its_own_environment(runs, tmp_path, monkeypatch):
    monkeypatch.setenv("VIRTUAL_ENV", "/the/kernels")
    monkeypatch.setenv("CONDA_PREFIX", "/the/kernels")
    other = tmp_path / "venv" / "bin" / "python"
    other.parent.mkdir(parents=True)
    other.symlink_to(sys.executable)
    (tmp_path / "venv" / "pyvenv.cfg").write_text(f"home = {Path(sys.executable).resolve().parent}\n")
    layout = runs.script(f"import sys; print(sys.prefix)\n{PRINT}", environment=other)
    runs.end(layout)
    prefix, environment, _ = layout.log.read_text().splitlines()
    assert prefix == str(tmp_path / "venv")
    assert json.loads(environment)["VIRTUAL_ENV"] == str(tmp_path / "venv")
    assert "CONDA_PREFIX" not in json.loads(environment)
    assert json.loads(environment)["PATH"].startswith(f"{other.parent}{os.pathsep}")


def test_a_conda_prefix_is_told_to_its_programs(prepared, tmp_path, monkeypatch):
    monkeypatch.setenv("VIRTUAL_ENV", "/the/kernels")
    monkeypatch.setenv("CONDA_PREFIX", "/the/kernels")
    other = tmp_path / "envs" / "old" / "bin" / "python"
    other.parent.mkdir(parents=True)
    other.symlink_to(sys.executable)
    (tmp_path / "envs" / "old" / "conda-meta").mkdir()
    _, environment = prepared(environment=tmp_path / "envs" / "old")
    expected = {"CONDA_PREFIX": str(tmp_path / "envs" / "old"), "CONDA_DEFAULT_ENV": "old"}
    assert {name: environment[name] for name in expected} == expected
    assert "VIRTUAL_ENV" not in environment
