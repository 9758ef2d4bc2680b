"""How datasets, outputs and data references say what a run is to have of them."""

from typing import NamedTuple

import pytest

from cellrun.core import DataReference, DatasetConsumptionConfig, Datastore, OutputFileDatasetConfig
from cellrun.core.data.datasets.consumption import default_name
from cellrun.core.errors import UserErrorException
from cellrun.core.run_data import DataPlaceholder, Registration, RunInput, RunOutput


class SomeDataset(NamedTuple):
    id: str = "0f9d-77aa-1"
    name: str | None = None
    version: int | None = None
    kind: str = "file"

    def to_json(self):
        return {"kind": self.kind, "paths": []}


def test_a_dataset_is_taken_in_by_its_name_and_as_what_the_script_wants():
    config = DatasetConsumptionConfig("train", SomeDataset("id", "mydata", 2))
    assert config.run_data() == RunInput("train", SomeDataset().to_json(), "id", "mydata", 2, "direct")
    assert config.as_mount() is config  # old programs don't take what it returns
    assert config.run_data().mode == "mount"
    assert config.as_download("data").run_data().path_on_compute == "data"
    assert config.argument() == DataPlaceholder("train")


def test_no_dataset_is_given_as_hdfs_and_no_table_as_a_folder():
    with pytest.raises(UserErrorException, match=r"'train'.*HDFS.*as_mount"):
        DatasetConsumptionConfig("train", SomeDataset()).as_hdfs()
    with pytest.raises(UserErrorException, match=r"'rows'.*input_datasets"):
        DatasetConsumptionConfig("rows", SomeDataset(kind="tabular")).as_mount()


@pytest.mark.parametrize(
    ("dataset", "name"),
    [
        (SomeDataset(name="my data-1"), "my_data_1"),
        (SomeDataset(), "input_0f9d77aa"),
        (SomeDataset(name="PATH"), "input_0f9d77aa"),
        (SomeDataset(name="2024"), "input_0f9d77aa"),
    ],
)
def test_a_dataset_without_a_name_in_the_run_has_its_own(dataset, name):
    assert default_name(dataset) == name


def test_an_output_is_kept_in_the_default_store_by_run_and_name():
    output = OutputFileDatasetConfig("model")
    assert output.run_data() == RunOutput("model", "", "dataset/{run-id}/{output-name}", "mount")
    assert OutputFileDatasetConfig().name.startswith("output_")


def test_an_output_has_another_place_is_brought_there_and_registered(ws):
    store = Datastore(ws)
    output = OutputFileDatasetConfig("model", destination=(store, "models/{run-id}"), source="best")
    kept = output.as_upload(overwrite=True, source_globs="*.pt").register_on_complete("best", tags={"a": "b"})
    assert kept.run_data() == RunOutput(
        *("model", store.name, "models/{run-id}", "upload", True, "best", ("*.pt",)),
        register=Registration("best", None, {"a": "b"}, {"kind": "file", "read": {}}),
    )
    assert output.run_data().register is None


@pytest.mark.parametrize("destination", ["path", ("store", "path"), 3, (1, 2, 3)])
def test_a_place_that_is_none_is_refused(destination):
    with pytest.raises(UserErrorException, match=r"destination=.*datastore"):
        OutputFileDatasetConfig("model", destination=destination)


def test_a_data_reference_is_a_variable_in_its_text(ws):
    reference = DataReference(Datastore(ws), path_on_datastore="a").path("b", "mine")
    assert str(reference) == f"{reference}" == "$AZUREML_DATAREFERENCE_mine"
    assert reference.run_data().dataset["paths"] == [{"datastore": "workspaceblobstore", "path": "a/b"}]
    assert reference.as_download("x").run_data().path_on_compute == "x"
    assert reference.as_upload("x").run_data() == RunOutput("mine", "workspaceblobstore", "a/b", "upload", source="x")
    assert reference.as_mount().run_data().mode == "mount"
    assert str(DataReference(Datastore(ws))) == "$AZUREML_DATAREFERENCE_workspaceblobstore"


def test_a_data_reference_in_another_mode_is_refused(ws):
    with pytest.raises(UserErrorException, match=r"mode='copy'"):
        DataReference(Datastore(ws), mode="copy")
