"""What a run makes is in its store and registered once it has completed, and nothing half of it is."""

import json
import os
import signal

import pytest

from cellrun.core import Dataset, Datastore, OutputFileDatasetConfig, UserErrorException
from cellrun.core.data.in_run.delivery import delivered
from cellrun.core.data.tables.data_type import DataType
from cellrun.core.errors import DatasetError, InvalidNameError
from cellrun.core.store.notes import added_notes
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.supervision.process_file import ProcessFile
from cellrun.core.targets.local import target

MAKES = """
import sys
from pathlib import Path
for number, folder in enumerate(sys.argv[1:]):
    (Path(folder) / "deep").mkdir(parents=True, exist_ok=True)
    (Path(folder) / "deep" / "model.pt").write_text(f"model {number}")
    (Path(folder) / "notes.txt").write_text("notes")
"""


@pytest.fixture
def store(runs, tmp_path):
    folder = tmp_path / "kept"
    folder.mkdir()
    return Datastore.register_folder(runs.workspace, "kept", folder)


def found(folder):
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_an_output_of_a_local_store_is_written_in_place(runs):
    layout = runs.script(MAKES, OutputFileDatasetConfig("model"))
    assert runs.end(layout).status is Status.COMPLETED
    folder = runs.workspace.layout.data / "dataset" / layout.run_id / "model"
    assert found(folder) == {"deep/model.pt": "model 0", "notes.txt": "notes"}
    assert not layout.finish_log.exists()  # nothing was left to do


def test_it_is_registered_once_the_run_has_completed_with_the_runs_id(runs):
    output = OutputFileDatasetConfig("model").register_on_complete("best", "what it is", {"kind": "model"})
    layout = runs.script(MAKES, output)
    assert runs.end(layout).status is Status.COMPLETED
    made = Dataset.get_by_name(runs.workspace, "best")
    assert (made.version, made.description, made.tags) == (1, "what it is", {"kind": "model"})
    assert made.to_path() == ["/deep/model.pt", "/notes.txt"]
    about = delivered(layout)["model"]
    assert about["dataset"] == {"name": "best", "version": 1, "id": made.id}
    again = runs.script(MAKES, output)
    assert runs.end(again).status is Status.COMPLETED
    assert Dataset.get_by_name(runs.workspace, "best").version == 2
    record = json.loads((runs.workspace.layout.datasets / "best" / "2.json").read_text())
    assert record["run"] == again.run_id


def test_a_run_that_fails_registers_nothing(runs):
    output = OutputFileDatasetConfig("model").register_on_complete("best")
    layout = runs.script(f"{MAKES}\nraise ValueError('no')", output)
    end = runs.end(layout)
    assert (end.status, end.reason) == (Status.FAILED, "exit code 1: ValueError: no")
    with pytest.raises(DatasetError):
        Dataset.get_by_name(runs.workspace, "best")


def test_an_upload_brings_the_files_that_are_wanted_at_the_end(runs, store):
    output = OutputFileDatasetConfig("model", (store, "models/{output-name}")).as_upload(source_globs=["*.pt"])
    layout = runs.script(MAKES, output)
    assert runs.end(layout).status is Status.COMPLETED
    assert found(store.local_root) == {"models/model/deep/model.pt": "model 0"}
    assert not list(layout.delivery.iterdir())  # it isn't there twice
    assert "1 file (7 bytes)" in layout.finish_log.read_text()


def test_links_are_followed_inside_the_folder_and_others_are_noted_and_stay(runs, store, tmp_path):
    (tmp_path / "elsewhere.txt").write_text("elsewhere")
    script = f"""{MAKES}
(Path(folder) / "latest").symlink_to("deep")
(Path(folder) / "other.txt").symlink_to({str(tmp_path / "elsewhere.txt")!r})
"""
    layout = runs.script(script, OutputFileDatasetConfig("model", (store, "m")).as_upload())
    assert runs.end(layout).status is Status.COMPLETED
    kept = {"m/deep/model.pt": "model 0", "m/latest/model.pt": "model 0", "m/notes.txt": "notes"}
    assert found(store.local_root) == kept
    [note] = added_notes(layout)
    assert note.startswith("output 'model': not brought to ")
    assert note.endswith(": other.txt (a link that leads out of it)")
    assert (layout.delivery / "model" / "other.txt").is_symlink()


def test_a_store_that_is_only_read_is_refused_before_there_is_a_run(runs):
    Datastore.register_https(runs.workspace, "web", "https://127.0.0.1:1/x", skip_validation=True)
    with pytest.raises(UserErrorException, match=r"output 'model': the datastore 'web' is only read \(https://127"):
        runs.script(MAKES, OutputFileDatasetConfig("model", (Datastore(runs.workspace, "web"), "m")))


def test_a_file_in_the_place_of_the_folder_is_noted(runs, store):
    script = "import os; os.rmdir('made'); open('made', 'w').close()"
    layout = runs.script(script, data=[OutputFileDatasetConfig("model", (store, "m"), source="made").as_upload()])
    assert runs.end(layout).status is Status.COMPLETED
    assert [note.rpartition("/")[2] for note in added_notes(layout)] == ["made (no folder)"]


def test_a_folder_of_the_scripts_own_is_brought(runs, store):
    output = OutputFileDatasetConfig("model", (store, "m"), source="made").as_upload()
    layout = runs.script(MAKES.replace("sys.argv[1:]", "['made']"), data=[output])
    assert runs.end(layout).status is Status.COMPLETED
    assert found(store.local_root) == {"m/deep/model.pt": "model 0", "m/notes.txt": "notes"}
    assert (layout.work / "made" / "notes.txt").exists()


def test_what_is_there_already_isnt_written_over_unless_that_is_asked_for_and_the_run_says_so(runs, store):
    (store.local_root / "m").mkdir()
    (store.local_root / "m" / "notes.txt").write_text("mine")
    output = OutputFileDatasetConfig("model", (store, "m"))
    refused = runs.script(MAKES, output.as_upload().register_on_complete("best"))
    end = runs.end(refused)
    assert end.status is Status.FAILED
    assert end.reason.startswith("output 'model' can't be brought")
    assert str(store.local_root / "m" / "notes.txt") in end.reason
    assert "overwrite=True" in end.reason
    assert end.fields["exit_code"] == 0
    assert found(store.local_root) == {"m/notes.txt": "mine"}
    assert found(refused.delivery / "model")  # what it made isn't lost
    assert not Dataset.get_all(runs.workspace)
    assert runs.end(runs.script(MAKES, output.as_upload(overwrite=True))).status is Status.COMPLETED
    assert (store.local_root / "m" / "notes.txt").read_text() == "notes"


def test_a_run_is_finalizing_while_its_outputs_are_brought_and_can_be_canceled(runs, store, monkeypatch, until):
    made = target.local_spec
    waits = (("/bin/sh", "-c", "touch started; sleep 60"),)
    monkeypatch.setattr(target, "local_spec", lambda *args: made(*args)._replace(finishing=waits))
    layout = runs.script("print('ran')")
    until((layout.work / "started").exists, "the delivery")
    told = StatusFile(layout).read()
    assert told.status is Status.FINALIZING
    assert told.fields["ends"]["status"] == "Failed"  # if it is killed now nobody takes it for complete
    assert told.reason is None  # it isn't lost, and its history doesn't say so
    runs.target(layout).cancel(layout)
    end = runs.end(layout)
    assert (end.status, end.reason) == (
        Status.CANCELED,
        "canceled while its outputs were brought into their datastores",
    )


def test_a_run_that_ends_without_its_supervisor_has_not_brought_them_and_says_so(runs, store, until):
    """Both were gone before anybody looked, who would have had the job adopted."""
    script = "import os, time\nfrom cellrun.core import Run\nrun = Run.get_context()\nprint('up')\n"
    waits = "while not os.path.exists('go'):\n    time.sleep(0.02)\n"
    output = OutputFileDatasetConfig("model", (store, "m")).as_upload()
    layout = runs.printed(runs.running(runs.script(script + waits, output)), "up")
    supervisor, job = ProcessFile(layout).read()
    os.kill(supervisor.pid, signal.SIGKILL)
    until(lambda: not supervisor.is_alive(), "its death")
    (layout.work / "go").touch()
    until(lambda: not job.is_alive(), "the job's end")
    end = runs.end(layout)
    assert (end.status, end.reason) == (Status.FAILED, "lost before its outputs were in their datastores")


def test_where_an_output_is_kept_that_depends_on_its_run_isnt_known_before(runs, store):
    fixed = OutputFileDatasetConfig("model", (store, "m/{output-name}")).as_input("given")
    assert fixed.run_data().dataset["paths"] == [{"datastore": "kept", "path": "m/model"}]
    assert (fixed.name, fixed.mode) == ("given", "mount")
    with pytest.raises(UserErrorException, match=r"'model'.*depends on its run"):
        OutputFileDatasetConfig("model").as_input().run_data()


WRITES_TABLES = """
import sys
from pathlib import Path
for shop, rows in {"north": "7,x\\n8,y", "south": "9,z"}.items():
    (Path(sys.argv[1]) / shop).mkdir()
    (Path(sys.argv[1]) / shop / "rows.csv").write_text(f"count;kind\\n{rows.replace(',', ';')}\\n")
(Path(sys.argv[1]) / "notes.txt").write_text("no table")
"""


def test_an_output_may_be_a_table_and_is_registered_as_one(runs):
    def as_table(output):
        return output.read_delimited_files(
            separator=";", partition_format="{shop}/rows.csv", path_glob="*/rows.csv",
            set_column_types={"count": DataType.to_float()},
        )  # fmt: skip

    output = as_table(OutputFileDatasetConfig("rows").register_on_complete("counts"))
    other = as_table(OutputFileDatasetConfig("rows")).register_on_complete("counts")
    assert output.run_data() == other.run_data()
    layout = runs.script(WRITES_TABLES, output)
    assert runs.end(layout).status is Status.COMPLETED, runs.status(layout).reason
    made = Dataset.get_by_name(runs.workspace, "counts")
    assert made.to_pandas_dataframe().to_dict("list") == {
        "shop": ["north", "north", "south"],
        "count": [7.0, 8.0, 9.0],
        "kind": ["x", "y", "z"],
    }
    assert str(made.to_pandas_dataframe()["count"].dtype) == "float64"


def test_so_may_one_of_parquet_files_and_its_input_is_the_table(runs, store):
    output = OutputFileDatasetConfig("rows", (store, "t")).read_parquet_files(include_path=True, path_glob="*.parquet")
    layout = runs.script(
        "import sys, pyarrow, pyarrow.parquet\n"
        "pyarrow.parquet.write_table(pyarrow.table({'a': [1]}), sys.argv[1] + '/x.parquet')",
        output.register_on_complete("rows"),
    )
    assert runs.end(layout).status is Status.COMPLETED, runs.status(layout).reason
    assert list(Dataset.get_by_name(runs.workspace, "rows").to_pandas_dataframe()) == ["Path", "a"]
    wanted = output.as_input("given").run_data()
    assert (wanted.mode, wanted.dataset["kind"]) == ("direct", "tabular")
    assert wanted.dataset["paths"] == [{"datastore": "kept", "path": "t/*.parquet"}]


def test_the_paths_of_files_that_are_registered_tell_columns(runs, store):
    output = OutputFileDatasetConfig("rows", (store, "t"), partition_format="{shop}/rows.csv").as_upload(
        source_globs="*/rows.csv"
    )
    layout = runs.script(WRITES_TABLES, output.register_on_complete("files"))
    assert runs.end(layout).status is Status.COMPLETED, runs.status(layout).reason
    made = Dataset.get_by_name(runs.workspace, "files")
    assert made.get_partition_key_values() == [{"shop": "north"}, {"shop": "south"}]


@pytest.mark.parametrize(
    "given",
    [{"path_glob": "../*.csv"}, {"path_glob": "/x"}, {"separator": ""}, {"header": 9}, {"partition_format": "x"}],
)
def test_a_table_that_cant_be_is_refused_at_once(given):
    with pytest.raises(UserErrorException):
        OutputFileDatasetConfig("rows").read_delimited_files(**given)
    with pytest.raises(UserErrorException):
        OutputFileDatasetConfig("rows", partition_format="x")


def test_a_name_that_no_dataset_can_have_is_refused_at_once():
    with pytest.raises(InvalidNameError):
        OutputFileDatasetConfig("model").register_on_complete("../best")
