"""Azure ML's RunConfiguration: what of it takes effect, and its file."""

import sys
from pathlib import Path

import pytest
import yaml

from cellrun.core import Environment, InvalidSubmissionError, ScriptRunConfig, UserErrorException, unsupported
from cellrun.core.data.stores.data_reference import DataReferenceConfiguration
from cellrun.core.distributed.distribution import Distribution
from cellrun.core.environments.conda_dependencies import CondaDependencies
from cellrun.core.run_data import RunInput
from cellrun.core.submission.configuration.parts import (
    DockerConfiguration,
    MpiConfiguration,
    PyTorchConfiguration,
    TensorflowConfiguration,
)
from cellrun.core.submission.configuration.run_configuration import RunConfiguration


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "train.py").write_text("")
    return tmp_path


def test_what_is_changed_in_a_configs_run_config_is_what_is_wanted(source: Path):
    config = ScriptRunConfig(source, "train.py", compute_target="cluster", environment="/elsewhere")
    assert config.run_config.target == "cluster"
    config.run_config.target = "local"
    config.run_config.environment = environment = Environment("mine")
    environment.python.user_managed_dependencies = True
    config.run_config.environment_variables["A"] = "1"
    config.run_config.max_run_duration_seconds = 60
    wanted = config.request()
    assert (wanted.target, wanted.environment.interpreter) == ("local", sys.executable)  # type: ignore[union-attr]
    assert (wanted.variables, wanted.max_run_duration_seconds) == ({"A": "1"}, 60)
    config.compute_target = config.environment = None
    assert (config.run_config.target, config.request().environment) == ("local", None)


def test_an_environment_that_was_only_looked_at_stands_for_the_running_python(source: Path):
    config = ScriptRunConfig(source, "train.py")
    assert config.run_config.environment.python.user_managed_dependencies is False
    assert config.request().environment is None
    config.run_config.environment.python.conda_dependencies = CondaDependencies.create(pip_packages=["six"])
    assert config.request().environment.packages == ("six",)  # type: ignore[union-attr]


def test_a_run_config_that_is_given_wins_over_what_stands_beside_it(source: Path):
    given = RunConfiguration(script="train.py", arguments=["--rate", 1], conda_dependencies=CondaDependencies())
    given.target = "cluster"
    with pytest.warns(UserWarning, match="compute_target, environment"):
        config = ScriptRunConfig(source, None, None, given, None, "other", "python")
    assert config.run_config is given
    assert (config.compute_target, config.script) == ("cluster", "train.py")
    assert config.request().arguments == ("--rate", "1")
    own = ScriptRunConfig(source, "train.py", ["--rate", 2], given)
    assert own.request().arguments == ("--rate", "2")


def test_what_is_no_run_config_is_refused(source: Path):
    with pytest.raises(UserErrorException, match="RunConfiguration"):
        ScriptRunConfig(source, "train.py", None, "local")  # type: ignore[arg-type]


def test_the_target_of_one_run_is_this_machine_and_containers_are_noticed_once(
    source: Path, monkeypatch: pytest.MonkeyPatch
):
    config = ScriptRunConfig(source, "train.py", docker_runtime_config=DockerConfiguration(use_docker=True))
    config.run_config.target = "amlcompute"
    config.run_config.amlcompute.vm_size = "STANDARD_D2_V2"
    monkeypatch.setattr(unsupported, "_said", set())
    with pytest.warns(UserWarning, match="no container"), pytest.warns(UserWarning, match="amlcompute"):
        assert config.request().target is None
    config.request()  # warnings are errors here


def test_data_references_go_into_the_run_and_stand_for_their_text(source: Path):
    config = ScriptRunConfig(source, "train.py", ["--data", "$AZUREML_DATAREFERENCE_images"])
    config.run_config.data_references = {"images": DataReferenceConfiguration("store", "download", "a/b")}
    (found,) = config.request().inputs
    assert found == RunInput(
        "images", {"kind": "file", "paths": [{"datastore": "store", "path": "a/b"}]}, mode="download"
    )
    config.run_config.data_references = {}
    with pytest.raises(InvalidSubmissionError, match="AZUREML_DATAREFERENCE_images"):
        config.request()


def test_resume_from_is_an_argument(source: Path):
    assert ScriptRunConfig(source, "train.py", ["a"], resume_from="/models").request().arguments == (
        *("a", "--resume-from", "/models"),
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (MpiConfiguration(2), Distribution("mpi", 2)),
        (MpiConfiguration(2, 2), Distribution("mpi", 4, 2)),
        (PyTorchConfiguration(process_count=3), Distribution("pytorch", 3)),
        (PyTorchConfiguration("Gloo", node_count=2), Distribution("pytorch", 2, 2)),
        (TensorflowConfiguration(2, 1), Distribution("tensorflow", 2, servers=1)),
    ],
)
def test_a_distributed_configuration_says_how_many_processes_there_are(source: Path, given, expected):  # type: ignore[no-untyped-def]
    assert ScriptRunConfig(source, "train.py", distributed_job_config=given).request().distribution == expected


def test_processes_are_also_wanted_by_the_older_names(source: Path):
    config = ScriptRunConfig(source, "train.py")
    config.run_config.communicator, config.run_config.mpi.process_count_per_node = "OpenMpi", 2
    assert config.request().distribution == Distribution("mpi", 2)


@pytest.mark.parametrize("count", [0, -1, "2", True, 1.5])
def test_a_number_of_processes_that_is_none_is_refused(source: Path, count: object):
    config = ScriptRunConfig(source, "train.py", distributed_job_config=PyTorchConfiguration(process_count=count))  # type: ignore[arg-type]
    with pytest.raises(InvalidSubmissionError, match="whole number"):
        config.request()


def test_it_is_read_again_as_it_was_saved(tmp_path: Path):
    made = RunConfiguration(
        "train.py", ["--rate", 0.1], "PyTorch", "Nccl", CondaDependencies.create(conda_packages=["numpy"])
    )
    made.target, made.node_count, made.docker.use_docker = "cluster", 2, True
    made.pytorch.process_count = 4
    made.environment_variables = {"A": "1"}
    made.data_references = {"images": DataReferenceConfiguration("store", "download", "a")}
    file = made.save(tmp_path, "mine", separate_environment_yaml=True)
    assert file == tmp_path / ".azureml" / "mine.runconfig"
    text = yaml.safe_load(file.read_text())
    assert text["pytorch"] == {"communicationBackend": "Nccl", "processCount": 4, "nodeCount": 1}
    assert text["environment"]["python"]["condaDependenciesFile"] == "environment.yml"
    again = RunConfiguration.load(tmp_path, "mine")
    assert (again.target, again.node_count, again.docker.use_docker) == ("cluster", 2, True)
    assert (again.arguments, again.environment_variables) == (["--rate", 0.1], {"A": "1"})
    assert again.data_references == made.data_references
    assert list(again.environment.python.conda_dependencies.conda_packages) == ["numpy"]
    assert again.distribution() == Distribution("pytorch", 4, 2)
    again.target = "local"
    assert again.save() == file
    assert RunConfiguration.load(file).target == "local"
    RunConfiguration.delete(tmp_path, "mine")
    with pytest.raises(UserErrorException, match=r"mine\.runconfig"):
        RunConfiguration.load(tmp_path, "mine")
