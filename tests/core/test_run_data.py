"""The data of a run as it is wanted: names that can be variables, holes that a record keeps."""

import json

import pytest

from cellrun.core.errors import InvalidNameError, UserErrorException
from cellrun.core.run_data import (
    DataPlaceholder,
    GoesIntoRun,
    Registration,
    RunInput,
    RunOutput,
    data_name,
    with_holes,
)
from cellrun.core.store import record

DEFINITION = {"kind": "file", "paths": [{"datastore": "store", "path": "a/*.csv"}]}


class Given:
    def __init__(self, data):
        self._data = data

    def run_data(self):
        return self._data

    def argument(self):
        return DataPlaceholder(self._data.name)


@pytest.mark.parametrize("name", ["train", "_x", "Data_1", "PORT", "LANGUAGES", "LDA", "OMPHALOS"])
def test_a_name_can_be_a_variable_of_the_job(name):
    assert data_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        *("", "my data", "1st", "a-b", "x" * 65, None, 3, "é", "../x"),
        *("PATH", "HOME", "LD_PRELOAD", "PYTHONPATH", "CELLRUN_RUN_ID", "AZUREML_RUN_ID"),
    ],
)
def test_a_name_that_would_break_the_job_is_refused(name):
    with pytest.raises(InvalidNameError, match="name of an input or output"):
        data_name(name)


def test_what_a_run_wants_is_json_and_comes_back():
    wanted = RunInput("train", DEFINITION, "id", "mydata", 3, "mount", "data")
    kept = RunOutput("model", "store", "m/{run-id}", "upload", source_globs=("*.pt",), register=Registration("best"))
    assert RunInput.from_json(json.loads(json.dumps(wanted.to_json()))) == wanted
    assert RunOutput.from_json(json.loads(json.dumps(kept.to_json()))) == kept


def test_an_output_has_a_place_of_its_own_for_each_run_and_stays_in_its_store():
    assert RunOutput("model", "", "dataset/{run-id}/{output-name}").path_of("run_1") == "dataset/run_1/model"
    with pytest.raises(UserErrorException, match=r"'a/\.\./\.\./b'"):
        RunOutput("model", "", "a/../../b")


@pytest.mark.parametrize("made", [lambda: RunInput("x", {}, mode="hdfs"), lambda: RunOutput("x", "", "", mode="x")])
def test_another_mode_is_refused(made):
    with pytest.raises(UserErrorException, match="expected one of"):
        made()


def test_a_record_keeps_the_holes_of_the_names_that_it_knows():
    recorded = ["--data", str(DataPlaceholder("train")), str(DataPlaceholder("other"))]
    assert with_holes(recorded, ["train"]) == ("--data", DataPlaceholder("train"), "<data:other>")


def test_whatever_says_how_it_goes_into_a_run_is_known_by_that():
    assert isinstance(Given(None), GoesIntoRun)
    assert not isinstance("text", GoesIntoRun)


def test_a_record_knows_all_that_an_output_may_be_registered_as():
    """It spells the fields out: a job that reads its record doesn't load this module."""
    assert set(Registration.__dataclass_fields__) == record._OF_REGISTRATION
