"""Azure ML's estimators."""

from pathlib import Path
from typing import Any

import pytest

from cellrun.core import Dataset, InvalidSubmissionError, UserErrorException, Workspace, unsupported
from cellrun.core.distributed.distribution import Distribution


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(unsupported, "_said", set())
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "train.py").write_text("import sys\nprint(sys.argv[1:])")
    return tmp_path / "src"


def test_parameters_become_arguments_and_the_running_python_runs_it(source: Path):
    from azureml.core import Experiment
    from azureml.train.estimator import Estimator

    ws = Workspace.create("tests", source.parent / "workspace")
    estimator = Estimator(
        source_directory=str(source),
        compute_target="local",
        entry_script="train.py",
        script_params={"--rate": 0.1, "--flag": "", "--none": None, "--zero": 0},
        use_gpu=False,
        use_docker=True,
        environment_variables={"A": "1"},
    )
    assert estimator.request().environment is None
    run = Experiment(ws, "digits").submit(estimator)
    assert run.wait_for_completion()["status"] == "Completed"
    assert run.layout.log.read_text() == "['--rate', '0.1', '--flag', '--none', '--zero', '0']\n"


def test_packages_make_an_environment_with_what_its_framework_has(source: Path):
    from azureml.train.dnn import PyTorch
    from azureml.train.sklearn import SKLearn

    (source / "requirements.txt").write_text("six==1.16\n# a comment\n")
    plain = SKLearn(source, entry_script="train.py", pip_packages=["joblib==1.2", "azureml-dataprep"])
    packages: Any = plain.request().environment
    assert packages.packages[:2] == ("joblib==1.2", "azureml-dataprep")
    assert "scikit-learn" in packages.packages
    assert not any(line == "joblib" for line in packages.packages)
    torch = PyTorch(source, entry_script="train.py", pip_requirements_file="requirements.txt", framework_version="1.4")
    found: Any = torch.request().environment
    assert {"six==1.16", "torch==1.4"} <= set(found.packages)
    assert SKLearn(source, entry_script="train.py").request().environment is None


def test_data_is_given_by_parameters_and_inputs(source: Path):
    from azureml.train.estimator import Estimator

    ws = Workspace.create("tests", source.parent / "workspace")
    (source.parent / "rows.csv").write_text("1")
    data = Dataset.File.from_files(str(source.parent / "rows.csv"))
    store = ws.get_default_datastore()
    wanted = Estimator(
        source,
        entry_script="train.py",
        script_params={"--data": store.path("rows").as_mount()},
        inputs=[data.as_named_input("rows").as_mount()],
    ).request()
    assert {one.name for one in wanted.inputs} == {"rows", store.name}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, None),
        ({"process_count_per_node": 2, "distributed_backend": "mpi"}, Distribution("mpi", 2)),
        ({"node_count": 2, "distributed_backend": "mpi"}, Distribution("mpi", 2, 2)),
        ({"node_count": 2, "distributed_training": "Nccl"}, Distribution("pytorch", 2, 2)),
        ({"distributed_backend": "ps", "worker_count": 2, "node_count": 2}, Distribution("tensorflow", 2, servers=1)),
        ({"distributed_training": "ParameterServer"}, Distribution("tensorflow", 1, servers=1)),
    ],
)
def test_processes_are_said_in_many_ways(source: Path, options: dict[str, Any], expected: Distribution | None):
    from azureml.train import dnn

    if "distributed_training" in options:
        options["distributed_training"] = getattr(dnn, options["distributed_training"])()
    assert dnn.PyTorch(source, entry_script="train.py", **options).request().distribution == expected


def test_mistakes_are_named(source: Path):
    from azureml.train.estimator import Estimator

    with pytest.raises(UserErrorException, match="distributed_backend"):
        Estimator(source, entry_script="train.py", distributed_backend="smoke")
    with pytest.raises(UserErrorException, match="script_params"):
        Estimator(source, entry_script="train.py", script_params=["--rate"])  # type: ignore[arg-type]
    with pytest.raises(InvalidSubmissionError, match="entry_point"):
        Estimator(source, entry_script="train.py", entry_point="x").request()


def test_containers_are_noticed_once(source: Path):
    from azureml.train.estimator import Estimator

    with pytest.warns(UserWarning, match="custom_docker_image"):
        Estimator(source, entry_script="train.py", custom_docker_image="ubuntu", _disable_validation=True)
