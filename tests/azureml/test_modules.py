"""The old SDK's modules: what each has is there, and is what core has."""

import importlib
import pkgutil

import pytest

import cellrun.azureml
from cellrun import core
from cellrun.core import errors

MODULES = [
    each.name.removeprefix("cellrun.")
    for each in pkgutil.walk_packages(cellrun.azureml.__path__, "cellrun.azureml.")
    if each.name.rpartition(".")[2] not in {"bootstrap", "in_job"}  # which do something when they are loaded
]


@pytest.mark.parametrize("name", MODULES)
def test_every_name_that_a_module_tells_is_there(name):
    module = importlib.import_module(name)
    for each in getattr(module, "__all__", ()):
        getattr(module, each)
    assert set(getattr(module, "__all__", ())) <= set(dir(module))


def test_its_nouns_are_cores():
    from azureml.core import Dataset, Datastore, Environment, Experiment, Keyvault, Run, ScriptRunConfig, Workspace
    from azureml.core.compute_target import ComputeTargetException
    from azureml.data import FileDataset, OutputFileDatasetConfig, TabularDataset
    from azureml.data.azure_storage_datastore import AzureBlobDatastore
    from azureml.data.dataset_factory import FileDatasetFactory

    nouns = (Dataset, Datastore, Environment, Experiment, Keyvault, Run, ScriptRunConfig, Workspace)
    for noun in (*nouns, ComputeTargetException, FileDataset, OutputFileDatasetConfig, TabularDataset):
        assert noun is getattr(core, noun.__name__)
    assert AzureBlobDatastore is Datastore
    assert FileDatasetFactory is type(Dataset.File) or FileDatasetFactory is Dataset.File


def test_what_the_first_datasets_are_read_with_is_taken(tmp_path):
    from azureml.data.dataset_type_definitions import FileEncoding, HistogramCompareMethod, SkipLinesBehavior

    (tmp_path / "a.csv").write_bytes("x\né\n".encode("latin1"))
    asked = {"encoding": FileEncoding.LATIN1, "skip_mode": SkipLinesBehavior.NO_ROWS}
    made = core.Dataset.from_delimited_files(str(tmp_path / "a.csv"), **asked)
    assert made.head()["x"].tolist() == ["é"]
    assert HistogramCompareMethod.WASSERSTEIN == 0


def test_its_errors_are_caught_as_azure_ml_says():
    from azureml._common.exceptions import AzureMLException as Same
    from azureml.core.exceptions import UserErrorException
    from azureml.exceptions import (
        AzureMLException,
        DatasetTimestampMissingError,
        RunConfigurationException,
        WorkspaceException,
    )

    assert Same is AzureMLException is errors.CellrunError
    assert UserErrorException is core.UserErrorException
    assert DatasetTimestampMissingError is errors.DatasetTimestampMissingError
    inner = ValueError("x")
    error = RunConfigurationException("no script", inner_exception=inner, target="t")
    assert (error.message, error.inner_exception, str(error)) == ("no script", inner, "no script")
    with pytest.raises(AzureMLException):
        raise WorkspaceException(exception_message="gone", found_multiple=True)


def test_an_error_without_an_inner_one_shows_what_it_came_of():
    def number():
        try:
            int("x")
        except ValueError:
            raise errors.CellrunError("no number")  # noqa: B904  # as most code raises

    with pytest.raises(errors.CellrunError) as caught:
        number()
    assert isinstance(caught.value.__context__, ValueError)
    assert caught.value.__suppress_context__ is False
    assert caught.value.inner_exception is None


def test_telemetry_and_the_diagnostic_log_do_no_harm(tmp_path):
    import logging

    from azureml.core import VERSION, diagnostic_log
    from azureml.telemetry import set_diagnostics_collection

    set_diagnostics_collection(send_diagnostics=True)
    with diagnostic_log(str(tmp_path / "log")):
        logging.getLogger("x").warning("seen")
    logging.getLogger("x").warning("not seen")
    assert (tmp_path / "log").read_text() == "seen\n"
    assert VERSION.split(".")[0] == "1"


def test_a_run_is_found_by_its_experiment(tmp_path, monkeypatch):
    from azureml.core import Experiment, Run, ScriptRun, Workspace, get_run, is_compute_target_prepared

    monkeypatch.chdir(tmp_path)
    run = Experiment(Workspace.from_config(), "e").start_logging()
    assert get_run(run.experiment, run.id).id == run.id
    assert ScriptRun is Run
    assert is_compute_target_prepared(run.experiment, ".", None)
