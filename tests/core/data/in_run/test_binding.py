"""Where a run finds its data on this machine: in place, or by links; as arguments, variables and in commands."""

import json

import pytest

from cellrun.core import (
    DamagedRunError,
    DataReference,
    Dataset,
    DatasetConsumptionConfig,
    Datastore,
    InvalidSubmissionError,
    OutputFileDatasetConfig,
    ScriptRunConfig,
    UserErrorException,
)
from cellrun.core.data.in_run.binding import bind, input_value
from cellrun.core.run_data import DataPlaceholder, RunInput
from cellrun.core.runs.run_definition import run_definition
from cellrun.core.store.record import RunRecord
from cellrun.core.store.status import Status
from cellrun.core.submission.again import resubmit
from cellrun.core.supervision.launch_spec import LaunchSpec

SEEN = """
import json, os, sys
from pathlib import Path
def seen(path):
    path = Path(path)
    if path.is_file():
        return path.read_text()
    return {str(file.relative_to(path)): file.read_text() for file in path.rglob("*.csv")}
print(json.dumps({"argv": sys.argv[1:], "seen": [seen(one) for one in sys.argv[1:] if one.startswith("/")]}))
print(json.dumps({name: value for name, value in os.environ.items() if name.startswith("AZUREML_DATA")}))
"""
FILES = {"a.csv": "1", "deep/b.csv": "2", "deep/c.txt": "3"}


@pytest.fixture
def store(runs):
    store = Datastore(runs.workspace)
    for name, text in FILES.items():
        path = runs.workspace.layout.data / "path" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return store


def mounted(path, name="train"):
    return DatasetConsumptionConfig(name, Dataset.File.from_files(path=path)).as_mount()


def told(runs, layout):
    end = runs.end(layout)
    assert end.status is Status.COMPLETED, end.reason
    first, second = layout.log.read_text().splitlines()
    return json.loads(first), json.loads(second)


def test_a_folder_and_a_file_of_a_local_store_are_their_own_paths(runs, store):
    folder, file = mounted((store, "path")), mounted((store, "path/deep/b.csv"), "one")
    first, variables = told(runs, runs.script(SEEN, "--dataset", folder, file))
    root = runs.workspace.layout.data / "path"
    assert first["argv"] == ["--dataset", str(root), str(root / "deep/b.csv")]
    assert first["seen"] == [{"a.csv": "1", "deep/b.csv": "2"}, "2"]
    assert variables == {
        "AZUREML_DATAREFERENCE_train": str(root),
        "AZUREML_DATAREFERENCE_one": str(root / "deep/b.csv"),
        "AZUREML_DATASET_ENVIRONMENT_VARS": "train:mount,one:mount",
    }


def test_what_several_paths_name_is_a_folder_of_links_by_their_paths_in_the_dataset(runs, store):
    layout = runs.script(SEEN, mounted((store, "path/**/*.csv"), "some"), mounted([(store, "path/deep")] * 2, "two"))
    first, _ = told(runs, layout)
    assert first["argv"] == [str(layout.inputs / "some"), str(layout.inputs / "two")]
    assert first["seen"] == [{"a.csv": "1", "deep/b.csv": "2"}, {"b.csv": "2"}]
    assert (layout.inputs / "some" / "a.csv").is_symlink()


def test_a_command_has_a_path_in_place_of_a_dataset_whatever_is_in_its_name(runs, store):
    odd = runs.workspace.layout.data / "two words"
    odd.mkdir()
    (odd / "x.csv").write_text("odd")
    layout = runs.command(["cat", mounted((store, "two words/x.csv")), "&&", "echo", "$train"])
    assert runs.end(layout).status is Status.COMPLETED
    assert layout.log.read_text() == f"odd{odd / 'x.csv'}\n"


def test_a_data_reference_is_a_variable_that_is_filled_in_at_run_time(runs, store):
    reference = DataReference(store, path_on_datastore="path", data_reference_name="ref").as_mount()
    first, _ = told(runs, runs.script(SEEN, reference, f"{reference}/a.csv", "${AZUREML_DATAREFERENCE_ref}/deep"))
    root = str(runs.workspace.layout.data / "path")
    assert first["argv"] == [root, f"{root}/a.csv", f"{root}/deep"]
    layout = runs.command(f"cat {reference}/a.csv", data=[reference])
    runs.end(layout)
    assert layout.log.read_text() == "1"


@pytest.mark.parametrize("text", ["$AZUREML_DATAREFERENCE_other", "$AZUREML_DATAREFERENCE_other/a.csv"])
def test_a_reference_as_a_text_of_data_that_the_run_isnt_given_is_refused(runs, store, text):
    with pytest.raises(InvalidSubmissionError, match=r"argument 1 is the text .*; give the reference itself"):
        runs.script(SEEN, text, data=[mounted((store, "path"))])


def test_a_dataset_as_it_is_gives_its_id(runs, store):
    dataset = Dataset.File.from_files(path=(store, "path"))
    first, _ = told(runs, runs.script(SEEN, DatasetConsumptionConfig("rows", dataset)))
    assert first["argv"] == [dataset.id]


def test_a_path_of_its_own_begins_in_the_jobs_folder(runs, store):
    dataset = DatasetConsumptionConfig("train", Dataset.File.from_files(path=(store, "path"))).as_mount("in/data")
    layout = runs.script("import sys; print(open('in/data/a.csv').read(), sys.argv[1])", dataset)
    assert runs.end(layout).status is Status.COMPLETED
    assert layout.log.read_text() == f"1 {layout.work / 'in/data'}\n"


def test_the_record_keeps_holes_and_which_dataset_it_was(runs, store, unstarted):
    dataset = Dataset.File.from_files(path=(store, "path")).register(runs.workspace, "mydata")
    layout = runs.script(SEEN, "--data", DatasetConsumptionConfig("train", dataset).as_mount())
    record = RunRecord.read(layout)
    assert record.argv == ["train.py", "--data", "<data:train>"]
    assert record.parameters == {"data": "mydata:1"}
    wanted = RunInput.from_json(record.inputs["train"])
    assert (wanted.dataset_name, wanted.dataset_version, wanted.mode) == ("mydata", 1, "mount")


def test_the_definition_has_azure_mls_names_where_data_stands(runs, store, unstarted):
    reference = store.path("path").as_mount()
    layout = runs.script(
        SEEN, "--data", mounted((store, "path")), OutputFileDatasetConfig("model"), reference, "<data:else>"
    )
    assert run_definition(RunRecord.read(layout))["arguments"] == [
        "--data",
        "DatasetConsumptionConfig:train",
        "DatasetOutputConfig:model",
        f"$AZUREML_DATAREFERENCE_{reference.data_reference_name}",
        "<data:else>",
    ]


def test_a_run_again_has_the_same_data_and_an_output_of_its_own(runs, store):
    text = "import sys, os; print(sys.argv[1:]); open(sys.argv[2] + '/f', 'x').close()"
    first = runs.script(text, mounted((store, "path")), OutputFileDatasetConfig("model"))
    assert runs.end(first).status is Status.COMPLETED
    again = resubmit(first)
    runs.submitted.append(again)
    assert runs.end(again).status is Status.COMPLETED
    data = runs.workspace.layout.data
    for layout in (first, again):
        assert layout.log.read_text() == f"{[str(data / 'path'), str(data / 'dataset' / layout.run_id / 'model')]}\n"


def test_a_dataset_itself_is_refused_and_named(runs, store):
    dataset = Dataset.File.from_files(path=(store, "path"))
    registered = dataset.register(runs.workspace, "mydata")
    with pytest.raises(UserErrorException, match=r"argument 2 is the dataset 'mydata' itself.*as_mount") as caught:
        runs.script(SEEN, "--data", registered, data=[dataset])
    assert isinstance(caught.value, InvalidSubmissionError)
    assert "data 1: a dataset itself" in str(caught.value)


@pytest.mark.parametrize(
    ("given", "facts"),
    [
        ({"data": "train"}, ["data='train'", "give a list"]),
        ({"data": [3]}, ["data 1", "3", "no input or output"]),
    ],
)
def test_data_that_is_none_is_refused(runs, given, facts):
    [problem] = ScriptRunConfig(runs.source, command="ls", **given).problems()
    assert not [fact for fact in facts if fact not in problem], problem


def test_missing_paths_empty_globs_and_unknown_stores_are_all_named_before_there_is_a_run(runs, store):
    missing = Dataset.File.from_files(path=(store, "gone"), validate=False)
    empty = Dataset.File.from_files(path=(store, "path/*.parquet"), validate=False)
    given = [
        DatasetConsumptionConfig("a", missing).as_mount(),
        DatasetConsumptionConfig("b", empty).as_mount(),
        OutputFileDatasetConfig("c", destination=(Datastore.register_folder(runs.workspace, "gone", runs.source), "x")),
    ]
    Datastore(runs.workspace, "gone").unregister()
    with pytest.raises(InvalidSubmissionError) as caught:
        runs.script("", data=given)
    assert [problem.partition(":")[0] for problem in caught.value.problems] == ["output 'c'", "input 'a'", "input 'b'"]
    assert not runs.workspace.layout.runs.exists()


def test_a_run_without_data_is_started_as_before(runs, unstarted):
    layout = runs.script("print(1)")
    spec = LaunchSpec.read(layout)
    assert (spec.before, spec.beside, spec.finishing) == ((), (), ())
    assert bind((), (), layout).values == {}


def test_arguments_are_copied_when_the_config_is_made(runs, store):
    given = ["--x", [1]]
    config = ScriptRunConfig(runs.source, "train.py", given)
    given[1].append(2)
    given.append("more")
    assert config.arguments == ["--x", [1]]
    data = mounted((store, "path"))
    held = ScriptRunConfig(runs.source, "train.py", [data])
    data.as_download()
    assert held.arguments_and_data()[1].inputs["train"].mode == "mount"
    assert held.arguments_and_data()[0] == [DataPlaceholder("train")]


def test_an_input_elsewhere_is_a_path_in_the_run_by_the_files_own_name(runs):
    wanted = RunInput("x", {"kind": "file", "paths": [{"url": "https://example.org/a%20b.csv?k=v"}]}, mode="mount")
    layout = runs.workspace.layout.run("r")
    assert input_value(wanted, layout) == str(layout.inputs / "x" / "a b.csv")


def test_a_reference_to_what_isnt_there_yet_is_a_folder_to_write_to(runs, store):
    reference = store.path("made/here").as_mount()
    layout = runs.script("import sys; open(sys.argv[1] + '/x', 'w').close()", reference)
    assert runs.end(layout).status is Status.COMPLETED
    assert (runs.workspace.layout.data / "made" / "here" / "x").exists()


def test_a_run_that_a_run_submits_hears_nothing_of_the_first_ones_data(runs, store, monkeypatch):
    monkeypatch.setenv("AZUREML_DATAREFERENCE_outer", "/outer")
    monkeypatch.setenv("AZUREML_DATASET_ENVIRONMENT_VARS", "outer:mount")
    layout = runs.script("import os; print([name for name in os.environ if name.startswith('AZUREML_DATA')])")
    runs.end(layout)
    assert layout.log.read_text() == "[]\n"


def test_a_target_that_isnt_on_this_machine_takes_no_data_and_says_so(runs, store, tmp_path):
    runs.workspace.attach("far", "fake", folder=tmp_path / "far")
    with pytest.raises(InvalidSubmissionError, match=r"'far' can't bring data to its runs \(train\)"):
        runs.script(SEEN, mounted((store, "path")), compute_target="far")


@pytest.mark.parametrize(
    "given",
    [
        lambda store: mounted((store, "path")).as_mount("../../up"),
        lambda store: OutputFileDatasetConfig("m", (store, "../up")),
        lambda _: OutputFileDatasetConfig("m", source="a/../../up"),
    ],
)
def test_what_would_lead_out_of_its_folder_is_refused(runs, store, given):
    with pytest.raises(UserErrorException, match=r"lead out of its folder"):
        runs.script(SEEN, data=[given(store)])


@pytest.mark.parametrize("damage", [{"x": {}}, {"x": {"name": "x", "mode": "mount", "dataset": {"paths": [3]}}}, 3])
def test_a_record_whose_data_cant_be_is_a_damaged_run(runs, store, damage, unstarted):
    layout = runs.script(SEEN, mounted((store, "path")))
    whole = layout.record.read_text()
    layout.record.write_text(json.dumps({**json.loads(whole), "inputs": damage}))
    with pytest.raises(DamagedRunError, match="inputs that can't be"):
        RunRecord.read(layout)
    layout.record.write_text(whole)
