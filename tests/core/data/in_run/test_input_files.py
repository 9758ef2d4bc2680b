"""What a run notes of its inputs: their files at its start, the hashes beside it, a change while it ran."""

import pytest
from blake3 import blake3

from cellrun.core import Dataset, Datastore
from cellrun.core.data.in_run.input_files import note_at_end, note_at_start, noted
from cellrun.core.store.notes import added_notes
from cellrun.core.store.status import Status


@pytest.fixture
def data(runs):
    folder = runs.workspace.layout.data / "path"
    folder.mkdir(parents=True)
    (folder / "a.csv").write_text("one")
    (folder / "b.csv").write_text("two")
    return folder


def train(runs):
    return Dataset.File.from_files(path=(Datastore(runs.workspace), "path")).as_named_input("train").as_mount()


def test_files_sizes_times_and_hashes_are_noted_beside_the_run(runs, data, until, noting):
    layout = runs.script("pass", train(runs))
    assert runs.end(layout).status is Status.COMPLETED
    until(lambda: "blake3" in str(noted(layout)), "the hashes")
    about = noted(layout)["train"]
    assert (about["count"], about["size_bytes"]) == (2, 6)
    assert about["files"] == [
        {
            "path": name,
            "size_bytes": 3,
            "modified": (data / name).stat().st_mtime,
            "blake3": blake3((data / name).read_bytes()).hexdigest(),
        }
        for name in ("a.csv", "b.csv")
    ]


def test_a_change_while_it_runs_is_noted_with_the_files(runs, data, until, noting):
    layout = runs.script("import os, time\nwhile not os.path.exists('go'): time.sleep(0.02)", train(runs), data=[])
    until(lambda: noted(layout), "what it began with")
    (data / "a.csv").write_text("other")
    (data / "b.csv").unlink()
    (data / "c.csv").write_text("new")
    (layout.work / "go").touch()
    runs.end(layout)
    until(lambda: added_notes(layout), "the note")
    assert added_notes(layout) == [
        "the input 'train' changed while the run went on: a.csv was changed, b.csv was removed, c.csv was added"
    ]


def test_a_registered_dataset_that_has_changed_since_is_noted(runs, data, unstarted):
    dataset = Dataset.File.from_files(path=(Datastore(runs.workspace), "path")).register(runs.workspace, "mine")
    (data / "b.csv").unlink()
    layout = runs.script("pass", dataset.as_named_input("train").as_mount())
    note_at_start(layout)
    (note,) = added_notes(layout)
    assert note.startswith("the files of the dataset 'mine' (version 1) have changed since it was registered on ")
    assert "2 files, 6 bytes then, 1 file, 3 bytes now" in note


def test_a_registered_dataset_that_is_as_it_was_is_not(runs, data, unstarted):
    folder = Dataset.File.from_files(path=(Datastore(runs.workspace), "path")).register(runs.workspace, "mine")
    (runs.workspace.layout.data / "rows.csv").write_text("n\n1\n2\n")
    table = Dataset.Tabular.from_delimited_files((Datastore(runs.workspace), "rows.csv")).take(1)
    table = table.register(runs.workspace, "table")
    layout = runs.script("pass", folder.as_mount(), table.as_named_input("rows"))
    note_at_start(layout)
    assert added_notes(layout) == []


def test_nothing_is_noted_of_what_stays_as_it_is(runs, data, unstarted):
    layout = runs.script("pass", train(runs))
    note_at_start(layout)
    note_at_end(layout)
    assert added_notes(layout) == []


def test_large_inputs_arent_hashed_and_long_lists_are_cut(runs, data, monkeypatch, unstarted):
    layout = runs.script("pass", train(runs))
    monkeypatch.setenv("CELLRUN_HASHED_INPUT_BYTES", "5")
    monkeypatch.setenv("CELLRUN_LISTED_INPUT_FILES", "1")
    note_at_start(layout)
    about = noted(layout)["train"]
    assert about["count"] == 2
    assert [file["path"] for file in about["files"]] == ["a.csv"]
    assert "CELLRUN_HASHED_INPUT_BYTES=5" in about["hashes"]
    (data / "b.csv").write_text("other")
    note_at_end(layout)
    assert added_notes(layout) == ["the input 'train' changed while the run went on"]


def test_an_input_that_cant_be_listed_says_why(runs, data, unstarted):
    layout = runs.script("pass", train(runs))
    for file in data.iterdir():
        file.unlink()
    note_at_start(layout)
    assert str(data) in noted(layout)["train"]["problem"]
