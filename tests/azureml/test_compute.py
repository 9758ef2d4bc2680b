"""Compute and run configuration by their old names, as programs write them."""

import os
import sys
from pathlib import Path

import pytest

from cellrun.core import ComputeTargetException, NotSupportedError, UserErrorException, Workspace, unsupported
from tests.core.targets.ssh.shim import SshShim


@pytest.fixture(autouse=True)
def nothing_was_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unsupported, "_said", set())


@pytest.fixture
def ws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.chdir(tmp_path)
    return Workspace.create("tests", tmp_path / "workspace")


def test_a_cluster_is_taken_or_made_and_a_script_run_on_it(ws: Workspace, capsys: pytest.CaptureFixture[str]):
    from azureml.core import Environment, Experiment, ScriptRunConfig
    from azureml.core.compute import AmlCompute, ComputeTarget
    from azureml.core.compute_target import ComputeTargetException as TheirName
    from azureml.core.runconfig import DEFAULT_CPU_IMAGE

    name = "cpu-cluster"
    try:
        target = ComputeTarget(workspace=ws, name=name)
    except TheirName:
        config = AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", min_nodes=0, max_nodes=4)
        with pytest.warns(UserWarning, match="name for this machine"):
            target = ComputeTarget.create(ws, name, config)
    target.wait_for_completion(show_output=True, min_node_count=None, timeout_in_minutes=20)
    assert "Succeeded" in capsys.readouterr().out
    assert target.get_status().serialize()["provisioningState"] == "Succeeded"
    found = ws.compute_targets[name]
    assert type(found) is AmlCompute
    assert found.provisioning_state == "Succeeded"

    Path("src").mkdir()
    Path("src/train.py").write_text("import sys\nprint('trained with', sys.argv[1:])")
    src = ScriptRunConfig(source_directory="src", script="train.py", arguments=["--rate", 0.1])
    src.run_config.target = target.name
    environment = Environment("mine")
    environment.docker.enabled = True
    environment.docker.base_image = DEFAULT_CPU_IMAGE
    environment.python.user_managed_dependencies = True
    src.run_config.environment = environment
    with pytest.warns(UserWarning, match="containers"):
        run = Experiment(ws, "digits").submit(config=src)
    assert run.wait_for_completion()["status"] == "Completed"
    assert run.layout.log.read_text() == "trained with ['--rate', '0.1']\n"
    assert run.get_details()["target"] == name


def test_a_run_configuration_is_made_first_and_given_to_the_script(ws: Workspace):
    from azureml.core import Experiment, RunConfiguration, ScriptRunConfig
    from azureml.core.runconfig import MpiConfiguration
    from azureml.core.runconfig import RunConfiguration as Again

    assert RunConfiguration is Again
    configuration = RunConfiguration()
    configuration.target = "local"
    configuration.environment.python.user_managed_dependencies = True
    configuration.environment.python.interpreter_path = sys.executable
    configuration.environment_variables["GREETING"] = "hello"
    configuration.framework, configuration.communicator = "Python", "OpenMpi"
    configuration.mpi = MpiConfiguration(2)
    Path("train.py").write_text("import os\nprint(os.environ['GREETING'], os.environ['OMPI_COMM_WORLD_RANK'])")
    src = ScriptRunConfig(source_directory="./", script="train.py", run_config=configuration)
    run = Experiment(ws, "digits").submit(src)
    assert run.wait_for_completion()["status"] == "Completed"
    assert [run.layout.log.read_text(), run.layout.rank_log(1).read_text()] == ["hello 0\n", "hello 1\n"]


def test_what_is_only_said_of_containers_and_variables_needs_no_environment(ws: Workspace):
    from azureml.core import Experiment, RunConfiguration, ScriptRunConfig
    from azureml.core.runconfig import DEFAULT_GPU_IMAGE

    configuration = RunConfiguration(framework="python")
    configuration.environment.docker.enabled = True
    configuration.environment.docker.base_image = DEFAULT_GPU_IMAGE
    configuration.environment.spark.precache_packages = False
    configuration.environment.environment_variables = {"GREETING": "hello"}
    Path("src").mkdir()
    Path("src/train.py").write_text("import os, sys\nprint(os.environ['GREETING'], sys.executable)")
    with pytest.warns(UserWarning, match="containers"), pytest.warns(UserWarning, match="spark"):
        run = Experiment(ws, "digits").submit(ScriptRunConfig("src", "train.py", run_config=configuration))
    assert run.wait_for_completion()["status"] == "Completed"
    assert run.layout.log.read_text() == f"hello {sys.executable}\n"


def test_a_run_is_resumed_from_another_ones_outputs(ws: Workspace):
    from azureml.core import Experiment, ScriptRunConfig

    Path("src").mkdir()
    Path("src/train.py").write_text(
        "import pathlib, sys\n"
        "print(pathlib.Path(sys.argv[-1], 'model').read_text() if '--resume-from' in sys.argv else 'new')\n"
        "pathlib.Path('outputs/model').write_text('trained')\n"
    )
    exp = Experiment(ws, "digits")
    first = exp.submit(ScriptRunConfig("src", "train.py", ["--epochs", 1]))
    first.wait_for_completion()
    again = exp.submit(ScriptRunConfig("src", "train.py", ["--epochs", 1], resume_from=first))
    assert again.wait_for_completion()["status"] == "Completed"
    assert [run.layout.log.read_text() for run in (first, again)] == ["new\n", "trained\n"]


def test_data_references_are_found_by_the_script(ws: Workspace):
    from azureml.core import Experiment, ScriptRunConfig

    Path("data").mkdir()
    Path("data/rows.csv").write_text("1,2")
    store = ws.get_default_datastore()
    store.upload("data", target_path="rows", overwrite=True, show_progress=False)
    reference = store.path("rows").as_download()
    Path("src").mkdir()
    Path("src/train.py").write_text("import pathlib, sys\nprint(pathlib.Path(sys.argv[1], 'rows.csv').read_text())")
    src = ScriptRunConfig("src", "train.py", arguments=[str(reference)])
    src.run_config.data_references = {reference.data_reference_name: reference.to_config()}
    run = Experiment(ws, "digits").submit(src)
    assert run.wait_for_completion()["status"] == "Completed"
    assert run.layout.log.read_text() == "1,2\n"


def test_a_machine_of_ones_own_is_attached_and_runs_what_is_submitted(ws: Workspace, tmp_path, monkeypatch):
    from azureml.core import ComputeTarget, Experiment, ScriptRunConfig
    from azureml.core.compute import RemoteCompute
    from azureml.core.compute.remote import RemoteCompute as Same

    assert RemoteCompute is Same
    monkeypatch.setenv("PATH", f"{SshShim(tmp_path).bin}{os.pathsep}{os.environ['PATH']}")
    config = RemoteCompute.attach_configuration(address="10.0.0.9", username="ann", ssh_port=2222)
    target = ComputeTarget.attach(ws, "gpu-box", config)
    target.wait_for_completion(show_output=True)
    assert (target.address, target.ssh_port, target.username) == ("10.0.0.9", 2222, "ann")
    assert isinstance(ComputeTarget(ws, "gpu-box"), RemoteCompute)
    Path("src").mkdir()
    Path("src/train.py").write_text("print('there')")
    run = Experiment(ws, "digits").submit(ScriptRunConfig("src", "train.py", compute_target="gpu-box"))
    assert run.wait_for_completion()["status"] == "Completed"
    assert run.layout.log.read_text() == "there\n"
    target.detach()


def test_a_password_is_refused_in_words():
    from azureml.core.compute import RemoteCompute

    with pytest.raises(UserErrorException, match="ssh-copy-id ann@box"):
        RemoteCompute.attach_configuration(address="box", username="ann", password="hunter2")


def test_what_is_the_clouds_own_is_refused_when_it_is_used(ws: Workspace):
    from azureml.core import ComputeTarget
    from azureml.core.compute import AksCompute, DatabricksCompute
    from azureml.core.compute.databricks import DatabricksCompute as Again

    for kind in (AksCompute, DatabricksCompute, Again):
        with pytest.raises(NotSupportedError, match="AmlCompute"):
            kind.provisioning_configuration()
    with pytest.raises(ComputeTargetException, match="ComputeTargetNotFound"):
        ComputeTarget(ws, "aks")
