"""Datasets by name and version: registered once, found by any process, never half there."""

import json
import os
import threading

import pytest

from cellrun.core import Dataset, Workspace
from cellrun.core.data.datasets.registered_datasets import RegisteredDatasets
from cellrun.core.errors import DatasetError, InvalidNameError
from tests.core.data.data_folders import put_file


@pytest.fixture
def dogs(animals):
    return Dataset.File.from_files((animals, "animals/dog"))


@pytest.fixture
def cats(animals):
    return Dataset.File.from_files((animals, "animals/cat"))


def test_a_registered_dataset_is_found_by_name_version_and_id(ws, dogs):
    made = dogs.register(ws, "dog pictures", description="two dogs", tags={"kind": "jpg"})
    assert (made.name, made.version, made.description, made.tags) == ("dog pictures", 1, "two dogs", {"kind": "jpg"})
    assert len(made.id) == 36
    again = Workspace.from_config()
    for found in (
        Dataset.get_by_name(again, "dog pictures"),
        Dataset.get_by_name(again, "dog pictures", version=1),
        Dataset.get_by_name(again, "dog pictures", version="1"),
        Dataset.get_by_id(again, made.id),
        again.datasets["dog pictures"],
        Dataset.get_all(again)["dog pictures"],
    ):
        assert found == made
        assert found.to_path() == ["/1.jpg", "/2.jpg"]
    assert (dogs.name, dogs.version, dogs.description, dogs.tags) == (None, None, None, {})


def test_the_same_one_keeps_its_version_and_another_needs_a_new_one(ws, dogs, cats):
    first = dogs.register(ws, "pets")
    assert dogs.register(ws, "pets") == first
    assert dogs.register(ws, "pets", create_new_version=True) == first
    with pytest.raises(DatasetError, match=r"pets.*create_new_version=True"):
        cats.register(ws, "pets")
    second = cats.register(ws, "pets", create_new_version=True)
    assert (second.version, Dataset.get_by_name(ws, "pets").to_path()) == (2, ["/1.jpg"])
    assert Dataset.get_by_name(ws, "pets", 1).to_path() == ["/1.jpg", "/2.jpg"]
    assert second.id != first.id
    assert list(ws.datasets) == ["pets"]


def test_changed_files_are_told_once_and_make_a_new_version(ws, animals, dogs):
    first = dogs.register(ws, "dogs")
    put_file(animals, "animals/dog/3.jpg", "dog 3")
    found = Dataset.get_by_name(ws, "dogs")
    with pytest.warns(UserWarning, match=r"'dogs' \(version 1\).*2 files, 6 bytes then, 3 files, 11 bytes now"):
        assert len(found.to_path()) == 3
    assert len(found.to_path()) == 3
    assert dogs.register(ws, "dogs").id == first.id
    second = dogs.register(ws, "dogs", create_new_version=True)
    assert second.version == 2
    assert len(second.to_path()) == 3


def test_a_file_written_anew_in_the_same_size_is_a_change(ws, animals, dogs):
    found = dogs.register(ws, "dogs")
    os.utime(put_file(animals, "animals/dog/1.jpg", "D1"))
    with pytest.warns(UserWarning, match="have changed"):
        found.to_path()


def test_what_is_said_of_it_can_be_changed(ws, dogs):
    made = dogs.register(ws, "dogs", tags={"a": "1"})
    made.add_tags({"b": "2"}).update(description="good dogs").remove_tags(["a"])
    found = Dataset.get_by_name(ws, "dogs")
    assert (found.description, found.tags) == ("good dogs", {"b": "2"})
    assert dogs.register(ws, "dogs", description="better dogs").tags == {"b": "2"}
    assert found.description == "better dogs"
    with pytest.raises(DatasetError, match="isn't registered"):
        dogs.add_tags({"a": "1"})
    with pytest.raises(InvalidNameError):
        made.add_tags({"a": "x" * 6000})
    with pytest.raises(DatasetError, match="description"):
        dogs.register(ws, "others", description=3)
    assert list(ws.datasets) == ["dogs"]


def test_a_name_is_forgotten_with_all_its_versions_and_the_files_stay(ws, dogs, cats):
    made = dogs.register(ws, "pets")
    newer = cats.register(ws, "pets", create_new_version=True)
    newer.unregister_all_versions()
    assert newer.name is None
    assert ws.datasets == {}
    with pytest.raises(DatasetError, match="'pets'"):
        Dataset.get_by_name(ws, "pets")
    with pytest.raises(DatasetError, match=made.id):
        Dataset.get_by_id(ws, made.id)
    with pytest.raises(DatasetError, match="isn't registered any more"):
        made.add_tags({"a": "1"})
    assert made.to_path() == ["/1.jpg", "/2.jpg"]
    assert [*ws.layout.datasets.iterdir()] == []
    assert cats.register(ws, "pets").version == 1
    with pytest.raises(DatasetError, match="isn't registered"):
        dogs.unregister_all_versions()


def test_an_unknown_name_or_version_says_what_there_is(ws, dogs):
    with pytest.raises(DatasetError, match="none yet"):
        Dataset.get_by_name(ws, "digs")
    dogs.register(ws, "dogs")
    with pytest.raises(DatasetError, match="did you mean 'dogs'"):
        Dataset.get_by_name(ws, "digs")
    with pytest.raises(DatasetError, match="it has 1, and 'latest'"):
        Dataset.get_by_name(ws, "dogs", version=2)
    for version in ("new", 0, -1, True, 1.0):
        with pytest.raises(DatasetError):
            Dataset.get_by_name(ws, "dogs", version=version)
    for name in (None, 3, "..", "../dogs", "", ".dogs"):
        with pytest.raises(DatasetError):
            Dataset.get_by_name(ws, name)
    with pytest.raises(DatasetError, match="id"):
        Dataset.get_by_id(ws, "x")


@pytest.mark.parametrize("name", ["a/b", "..", ".x", "x:1", "a\n", " a", "a.", "", "x" * 101, "日" * 90, None, "a\\b"])
def test_names_that_climb_out_or_are_none_are_refused(ws, dogs, name):
    with pytest.raises(InvalidNameError):
        dogs.register(ws, name)
    assert ws.datasets == {}
    assert not ws.layout.datasets.exists()


@pytest.mark.parametrize("name", ["x", "diabetes dataset", "日本語のデータ", "a.b-c_(1)", "x" * 100])
def test_names_may_have_spaces_and_any_script(ws, dogs, name):
    dogs.register(ws, name)
    assert list(ws.datasets) == [name]


def test_of_many_that_register_at_once_each_has_a_version_of_its_own(ws, animals):
    made, failed = [], []

    def register(n):
        try:
            one = Dataset.File.from_files((animals, f"animals/{n}"), validate=False)
            made.append(one.register(ws, "pets", create_new_version=True).version)
        except Exception as error:  # noqa: BLE001  # whatever it is, it is told below
            failed.append(error)

    threads = [threading.Thread(target=register, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (failed, sorted(made)) == ([], list(range(1, 13)))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"id": "x", "created": 1, "files": null, "run": null, "definition": {"kind": "file", "paths": []}}',
        """{"id": "x", "created": 1, "files": null, "run": null, "definition":
        {"kind": "file", "paths": [{"datastore": "workspaceblobstore", "path": "../../x"}]}}""",
        '{"id": "x", "created": 1, "files": {}, "run": null, "definition": {"kind": "file", "paths": [{"url": "x"}]}}',
    ],
)
def test_a_damaged_one_is_named_and_hides_no_other(ws, dogs, text):
    dogs.register(ws, "dogs")
    (ws.layout.datasets / "damaged").mkdir()
    (ws.layout.datasets / "damaged" / "1.json").write_text(text)
    with pytest.raises(DatasetError, match="version 1 of the dataset 'damaged'"):
        Dataset.get_by_name(ws, "damaged")
    with pytest.warns(UserWarning, match="damaged"):
        assert list(ws.datasets) == ["dogs"]
    assert Dataset.get_by_id(ws, Dataset.get_by_name(ws, "dogs").id).name == "dogs"


def test_what_is_kept_of_a_version(ws, dogs):
    made = dogs.register(ws, "dogs", description="two dogs", tags={"kind": "jpg"})
    data = json.loads((ws.layout.datasets / "dogs" / "1.json").read_text())
    assert data["definition"] == made.to_json() == dogs.to_json()
    assert data["files"]["files"] == 2
    assert (data["version"], data["id"], data["run"]) == (1, made.id, None)
    assert (data["description"], data["tags"]) == ("two dogs", {"kind": "jpg"})  # in one file: all of it or nothing
    assert sorted(path.name for path in (ws.layout.datasets / "dogs").iterdir()) == ["1.json"]
    assert RegisteredDatasets(ws.layout).versions("dogs") == [1]


def test_a_dataset_of_another_workspaces_store_is_refused(ws, dogs, tmp_path):
    other = Workspace.create("other", tmp_path / "other")
    with pytest.raises(DatasetError, match="other"):
        dogs.register(other, "dogs")
    assert other.datasets == {}


def test_it_prints_as_it_is_made(ws, dogs):
    text = repr(dogs.skip(1).register(ws, "dogs"))
    assert text.startswith("FileDataset\n{")
    told = json.loads(text.partition("\n")[2])
    assert told["source"] == ["('workspaceblobstore', 'animals/dog')"]
    assert told["definition"] == ["GetDatastoreFiles", "Skip"]
    assert (told["registration"]["name"], told["registration"]["version"]) == ("dogs", 1)


def test_nothing_is_removed_where_a_link_in_the_place_of_all_datasets_leads(ws, dogs, tmp_path):
    made = dogs.register(ws, "dogs")
    ws.layout.datasets.rename(tmp_path / "anothers")
    ws.layout.datasets.symlink_to(tmp_path / "anothers")
    with pytest.raises(DatasetError, match="is a link"):
        made.unregister_all_versions()
    assert (tmp_path / "anothers" / "dogs" / "1.json").exists()
