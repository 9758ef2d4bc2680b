"""What `cellrun.core` offers, and what it costs to ask for it."""

import inspect
import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import cellrun.core
from cellrun.core import errors

PUBLIC = [
    "ActivityFailedException",
    "AmlCompute",
    "CellrunError",
    "ComputeTarget",
    "ComputeTargetException",
    "CondaDependencies",
    "ContextException",
    "DamagedRunError",
    "DataReference",
    "DataType",
    "Dataset",
    "DatasetConsumptionConfig",
    "DatasetError",
    "Datastore",
    "DatastoreError",
    "Environment",
    "EventNotKeptError",
    "Experiment",
    "ExperimentExecutionException",
    "FileDataset",
    "InvalidMetricError",
    "InvalidNameError",
    "InvalidSubmissionError",
    "Keyvault",
    "KeyvaultError",
    "Model",
    "ModelNotFoundException",
    "ModelPathNotFoundException",
    "MpiConfiguration",
    "NotSupportedError",
    "OutputFileDatasetConfig",
    "PortalError",
    "PromoteHeadersBehavior",
    "PyTorchConfiguration",
    "ResultError",
    "Run",
    "RunClosedError",
    "RunConfiguration",
    "RunEnvironmentException",
    "RunNotFoundError",
    "ScriptRunConfig",
    "SnapshotException",
    "Status",
    "TabularDataset",
    "TensorflowConfiguration",
    "UntrustedError",
    "UserErrorException",
    "WebserviceException",
    "Workspace",
    "WorkspaceException",
    "compare",
]
HEAVY = {
    "requests",
    "cloudpickle",
    "fsspec",
    "numpy",
    "plotly",
    "sqlite3",
    "orjson",
    "packaging",
    "yaml",
    "pathspec",
    "IPython",
    "subprocess",
    "asyncio",
}
OF_READERS = {f"cellrun.core.{name}" for name in ("environment_spec", "runs.run_definition")}
"""What a job that logs doesn't need, and is slow to load."""


def test_the_public_names_are_these():
    assert cellrun.core.__all__ == PUBLIC == sorted(PUBLIC)
    assert set(PUBLIC) <= set(dir(cellrun.core))
    for name in PUBLIC:
        assert getattr(cellrun.core, name).__name__ == name


def test_the_version_is_that_of_the_distribution_and_of_its_front_end():
    package = Path(__file__).parents[2] / "labextension" / "package.json"
    assert cellrun.core.__version__ == json.loads(package.read_text())["version"] == version("cellrun")


def test_every_error_that_users_catch_is_public():
    ours = {name for name, value in inspect.getmembers(errors, inspect.isclass) if value.__module__ == errors.__name__}
    assert ours - {"NotOfferedError"} - set(PUBLIC) == {
        "AuthenticationError",
        "DatasetTimestampMissingError",
        "IndexTooNewError",
        "NoSuchNameError",
        "NoSuchTargetError",
        "OthersTargetError",
        "WorkspaceElsewhereError",
    }  # caught by the names of their base classes


def test_windows_is_refused_in_words():
    program = "import os; os.name = 'nt'\ntry:\n    import cellrun.core\nexcept ImportError as error:\n    print(error)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "cellrun needs Linux or macOS; on Windows, run Jupyter inside WSL\n"


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Job'"):
        cellrun.core.Job  # noqa: B018
    with pytest.raises(ImportError):
        exec("from cellrun.core import Job")


@pytest.mark.parametrize(
    "statement",
    ["import cellrun.core", "from cellrun.core import Run; Run.get_context()"],
)
def test_an_import_loads_nothing_heavy(statement):
    of_uuid = loaded_by("import uuid")  # in Python 3.10 it loads subprocess
    assert (loaded_by(statement) - of_uuid) & HEAVY == set()


def test_a_name_is_loaded_when_it_is_used():
    assert not {"cellrun.core.runs.run", "cellrun.core.workspace"} & loaded_by("import cellrun.core")
    assert "cellrun.core.experiment" not in loaded_by("from cellrun.core import Status")


def test_a_logging_job_loads_nothing_that_reads_or_submits(exp):
    run = exp.start_logging()
    loaded = loaded_by(
        "import os, sys; os.environ['CELLRUN_RUN_FOLDER'] = sys.argv[1]\n"
        "from cellrun.core import Run; Run.get_context().log('x', 1.0)",
        str(run.layout.folder),
    )
    assert loaded & (HEAVY | OF_READERS) == set()
    assert not [name for name in loaded if name.startswith(("cellrun.core.targets", "cellrun.core.submission"))]


def loaded_by(statement, *arguments):
    """Return the modules that a fresh process has loaded after a statement."""
    program = f"{statement}\nimport sys; print('modules', *sys.modules)"
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split()[1:])
