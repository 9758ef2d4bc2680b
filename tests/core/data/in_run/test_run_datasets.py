"""A run's data by name: in its own code, seen from outside, and in its details."""

import copy
import json

import pytest

from cellrun.core import Dataset, Datastore, Experiment, OutputFileDatasetConfig, Run, UserErrorException
from cellrun.core.comparison.comparison import compare_layouts
from cellrun.core.data.datasets.file_dataset import FileDataset
from cellrun.core.data.in_run.input_files import note_at_start, noted
from cellrun.core.data.in_run.run_datasets import RunDatasets, data_rows, runs_of
from cellrun.core.store.record import RunRecord
from cellrun.core.store.status import Status

ASKS = """
import json
from cellrun.core import Run
run = Run.get_context()
whole = run.input_datasets["whole"]
print(json.dumps([run.input_datasets["train"], type(whole).__name__, whole.to_path(), whole.name, whole.version,
                  run.output_datasets["model"], sorted(run.input_datasets)]))
"""


@pytest.fixture
def dataset(runs):
    folder = runs.workspace.layout.data / "path"
    folder.mkdir(parents=True)
    (folder / "a.csv").write_text("one")
    return Dataset.File.from_files(path=(Datastore(runs.workspace), "path"))


USES = """
from cellrun.core import Dataset, Run
run = Run.get_context()
run.input_datasets["training_data"] = Dataset.get_by_name(run.experiment.workspace, "mydata")
print(run.input_datasets["training_data"].version, sorted(run.input_datasets))
"""


def run_of(runs, layout):
    return Experiment(runs.workspace, "tests").run(layout.run_id)


def test_a_dataset_that_its_code_names_is_an_input_of_the_run(runs, dataset):
    registered = dataset.register(runs.workspace, "mydata")
    layout = runs.script(USES)
    assert runs.end(layout).status is Status.COMPLETED
    assert layout.log.read_text() == "1 ['training_data']\n"
    run = run_of(runs, layout)
    [told] = run.get_details()["inputDatasets"]
    assert told["dataset"] == {"id": registered.id, "name": "mydata", "version": 1}
    assert told["consumptionDetails"]["inputName"] == "training_data"
    assert run.input_datasets["training_data"] == registered
    assert list(runs_of(runs.workspace.layout, "mydata:1")) == [layout.run_id]


@pytest.mark.parametrize("given", ["mydata", None])
def test_what_is_no_dataset_is_no_input(runs, given, unstarted):
    run = run_of(runs, runs.script("pass"))
    with pytest.raises(UserErrorException, match=r"input_datasets\['a'\] = .*: give a dataset"):
        run.input_datasets["a"] = given
    with pytest.raises(UserErrorException, match="OutputFileDatasetConfig"):
        run.output_datasets["a"] = given


def test_the_runs_own_code_and_others_find_its_data_by_name(runs, dataset, until, noting):
    registered = dataset.register(runs.workspace, "mydata")
    layout = runs.script(
        ASKS,
        dataset.as_named_input("train").as_mount(),
        registered.as_named_input("whole"),
        OutputFileDatasetConfig("model").register_on_complete("best"),
    )
    assert runs.end(layout).status is Status.COMPLETED
    folder = runs.workspace.layout.data / "dataset" / layout.run_id / "model"
    path = str(runs.workspace.layout.data / "path")
    assert json.loads(layout.log.read_text()) == [
        *(path, "FileDataset", ["/a.csv"], "mydata", 1, str(folder), ["train", "whole"]),
    ]
    run = run_of(runs, layout)
    assert run.input_datasets["train"] == path
    assert run.input_datasets["whole"] == registered
    assert isinstance(run.input_datasets["whole"], FileDataset)
    assert dict(run.output_datasets) == {"model": str(folder)}
    assert repr(run.input_datasets) == "{'train': 'workspaceblobstore/path', 'whole': 'mydata:1'}"
    with pytest.raises(KeyError, match="no 'test' among its inputs; it has 'train', 'whole'"):
        run.input_datasets["test"]
    until(lambda: noted(layout), "its files")
    _told_in_details(run.get_details(), folder, registered)
    again = run.get_details()["inputDatasets"][0]["dataset"].register(runs.workspace, "as the run had it")
    assert Dataset.get_by_name(runs.workspace, "as the run had it") == again


def _told_in_details(details, folder, registered):
    first, second = details["inputDatasets"]
    assert first["consumptionDetails"] == {
        "type": "RunInput",
        "inputName": "train",
        "mechanism": "Mount",
        "pathOnCompute": None,
    }
    assert (first["words"], first["files"]["count"], first["files"]["size_bytes"]) == ("workspaceblobstore/path", 1, 3)
    assert second["dataset"] == {"id": registered.id, "name": "mydata", "version": 1}
    assert second["consumptionDetails"]["mechanism"] == "Direct"
    assert json.loads(json.dumps(second["dataset"])) == copy.deepcopy(second["dataset"]) == second["dataset"]
    assert (first["dataset"].to_path(), first["dataset"].name, second["dataset"].name) == (["/a.csv"], None, "mydata")
    with pytest.raises(AttributeError, match="nothing_like_it"):
        _ = first["dataset"].nothing_like_it
    [output] = details["outputDatasets"]
    assert output["outputDetails"]["outputName"] == "model"
    assert output["dataset"]["name"] == "best"
    assert output["dataset"].name == "best"
    assert output["location"] == str(folder)
    assert output["files"] == {"count": 0, "size_bytes": 0}


def test_what_a_list_shows_of_it_says_which_data(runs, dataset, unstarted):
    registered = dataset.register(runs.workspace, "mydata")
    layout = runs.script(
        "pass",
        "--data",
        registered.as_named_input("train").as_mount(),
        data=[Dataset.File.from_files(path=(Datastore(runs.workspace), "path/*")).as_named_input("more").as_mount()],
    )
    assert RunRecord.read(layout).parameters == {"data": "mydata:1", "more": "workspaceblobstore/path/*"}


def test_a_dataset_that_was_unregistered_since_is_still_what_it_was(runs, dataset, unstarted):
    registered = dataset.register(runs.workspace, "mydata")
    layout = runs.script("pass", registered.as_named_input("whole"))
    registered.unregister_all_versions()
    assert run_of(runs, layout).input_datasets["whole"].definition == dataset.definition


def test_where_data_is_isnt_known_before_a_run_is_started(runs, dataset, unstarted):
    layout = runs.script("pass", dataset.as_named_input("train").as_mount())
    layout.launch.unlink()
    with pytest.raises(UserErrorException, match="'train'"):
        RunDatasets(layout, RunRecord.read(layout), "inputs")["train"]


def test_a_run_that_is_none_has_no_data(here):
    run = Run.get_context()
    assert (dict(run.input_datasets), dict(run.output_datasets)) == ({}, {})


def test_the_runs_of_a_dataset_are_found_from_it(runs, dataset, unstarted):
    registered = dataset.register(runs.workspace, "mydata")
    other = Dataset.File.from_files(path=(Datastore(runs.workspace), "path/a.csv"))
    layouts = [
        runs.script("pass", data=[one.as_named_input("x").as_mount()]) for one in (registered, other, registered)
    ]
    runs.script("pass")
    first, second, third = (layout.run_id for layout in layouts)
    assert {run.id for run in registered.get_runs()} == {first, third}
    assert [run.id for run in other.get_runs()] == [second]
    for words in ("mydata", "mydata:1"):
        assert {run.id for run in runs.workspace.get_runs_of(words)} == {first, third}
    assert list(runs.workspace.get_runs_of("mydata:2")) == []
    with pytest.raises(UserErrorException, match="'mydata:3'"):
        list(runs.workspace.get_runs_of(3))


def test_two_runs_inputs_are_compared_by_what_was_in_them(runs, dataset, unstarted):
    layouts = []
    for text in ("one", "other"):
        (runs.workspace.layout.data / "path" / "a.csv").write_text(text)
        layouts.append(runs.script("pass", "--data", dataset.as_named_input("train").as_mount()))
        note_at_start(layouts[-1])
    [found] = [line for line in compare_layouts(layouts).facts if line.name == "data train"]
    assert found.differs
    assert all(value.startswith("workspaceblobstore/path (1 file, ") for value in found.values)
    [parameter] = compare_layouts(layouts).parameters
    assert (parameter.name, parameter.differs) == ("data", False)


def test_a_line_for_each_input_and_output_tells_how_much_it_is(runs, dataset):
    output = OutputFileDatasetConfig("model").register_on_complete("best")
    layout = runs.script("pass", dataset.as_named_input("train").as_mount(), output)
    runs.end(layout)
    note_at_start(layout)
    assert data_rows(layout, RunRecord.read(layout)) == [
        {
            "name": "train",
            "side": "input",
            "what": "workspaceblobstore/path",
            "registered": "",
            "mode": "mount",
            "files": 1,
            "bytes": 3,
        },
        {
            "name": "model",
            "side": "output",
            "what": f"workspaceblobstore/dataset/{layout.run_id}/model",
            "registered": "best:1",
            "mode": "mount",
            "files": 0,
            "bytes": 0,
        },
    ]
