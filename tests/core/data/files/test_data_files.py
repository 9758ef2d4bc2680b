"""Which files a dataset's paths name, and what is said where they name none."""

import os
from contextlib import nullcontext

import pytest

from cellrun.core import Dataset, Datastore, Workspace
from cellrun.core.data.files.data_files import FilesSeen, found_files
from cellrun.core.errors import DatasetError, DatastoreError
from tests.core.data.data_folders import put, put_file


def paths(path, **options):
    return Dataset.File.from_files(path, **options).to_path()


def test_a_folder_is_all_that_is_below_it(animals):
    expected = ["/cat/1.jpg", "/dog/1.jpg", "/dog/2.jpg", "/notes.txt"]
    assert paths((animals, "animals")) == paths((animals, "animals/")) == paths((animals, "/animals/**")) == expected
    assert paths(animals) == paths((animals, "/")) == [f"/animals{path}" for path in expected]


def test_a_file_is_itself(animals):
    assert paths((animals, "animals/dog/1.jpg")) == paths((animals, "animals/dog/1.jpg"), is_file=True) == ["/1.jpg"]
    with pytest.raises(DatasetError, match="is a folder"):
        paths((animals, "animals"), is_file=True)


def test_a_pipe_or_a_device_is_no_file_of_a_dataset(store, tmp_path):
    put(store, a__x_txt="x")
    folder = store.local_root / "a"
    os.mkfifo(folder / "pipe")
    (folder / "to pipe").symlink_to("pipe")
    (folder / "to device").symlink_to("/dev/zero")
    (folder / "to file").symlink_to("x.txt")
    assert paths((store, "a")) == paths((store, "a/*")) == ["/to file", "/x.txt"]
    for path in ("pipe", "to pipe", "to device"):
        with pytest.raises(DatasetError, match="is a pipe or a device"):
            paths((store, f"a/{path}"))
    with pytest.raises(DatasetError, match="/dev/zero is a pipe or a device"):
        paths("/dev/zero")


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("animals/*/1.jpg", ["/cat/1.jpg", "/dog/1.jpg"]),
        ("animals/**/*.jpg", ["/cat/1.jpg", "/dog/1.jpg", "/dog/2.jpg"]),
        ("animals/**/notes.txt", ["/notes.txt"]),
        ("animals/*.txt", ["/notes.txt"]),
        ("animals/d*", []),  # files alone: a folder is named by its name, or by d*/**
        ("animals/d*/**", ["/dog/1.jpg", "/dog/2.jpg"]),
        ("**/2.jpg", ["/animals/dog/2.jpg"]),
        ("*/*/2*", ["/animals/dog/2.jpg"]),
        ("animals/dog/?.jpg", []),
    ],
)
def test_stars_stand_for_names_and_folders(animals, pattern, found):
    dataset = Dataset.File.from_files((animals, pattern), validate=False)
    if found:
        assert dataset.to_path() == found
    else:
        with pytest.raises(DatasetError):
            dataset.to_path()


def test_several_paths_keep_what_tells_them_apart_and_name_no_file_twice(animals, tmp_path):
    given = [(animals, "animals/dog/*.jpg"), (animals, "animals/cat/1.jpg"), (animals, "animals/dog/1.jpg")]
    assert paths(given) == ["/dog/1.jpg", "/dog/2.jpg", "/cat/1.jpg"]
    (tmp_path / "more").mkdir()
    more = Datastore.register_folder(animals.workspace, "more", tmp_path / "more")
    put(more, dog__1_jpg="other")
    assert paths([*given, (more, "dog")]) == [
        "/workspaceblobstore/dog/1.jpg",
        "/workspaceblobstore/dog/2.jpg",
        "/workspaceblobstore/cat/1.jpg",
        "/more/1.jpg",
    ]


def test_a_path_of_this_machine_is_taken_as_it_is(animals, here):
    put_file(animals, "animals/dog/3.jpg", "d3")
    folder = str(animals.local_root / "animals")
    assert paths(folder) == paths(f"{folder}/**") == paths(f"file://{folder}") == paths((animals, "animals"))
    (here / "x.csv").write_text("a\n1\n")
    assert Dataset.File.from_files("x.csv").definition.paths == ({"local": str(here / "x.csv")},)
    assert Dataset.File.from_files("x.csv").files()[0].local_path == here / "x.csv"


def test_odd_names_survive(store):
    odd = ["a b.csv", "ä%20ö#1?.csv", "[1].csv", "x;y&z=.csv", "deep/日本語/…\u200b.csv"]
    for name in odd:
        put_file(store, f"odd/{name}", name)
    files = Dataset.File.from_files((store, "odd")).files()
    assert sorted(file.path for file in files) == sorted(odd)
    for file in files:
        with file.open() as opened:
            assert opened.read().decode() == file.path
        assert paths((store, f"odd/{file.path}")) == [f"/{file.path.rpartition('/')[2]}"]


def test_what_isnt_whole_yet_is_no_file_of_it(animals):
    put_file(animals, "animals/.cellrun-1234/0", "half")
    put_file(animals, "animals/.hidden", "")
    assert "/.hidden" in paths((animals, "animals"))
    assert not [path for path in paths((animals, "animals")) if "cellrun" in path]


def test_what_is_seen_of_a_file(animals):
    file = Dataset.File.from_files((animals, "animals/dog/2.jpg")).files()[0]
    assert (file.path, file.size_bytes, file.modified) == ("2.jpg", 4, 1_700_000_000)
    assert file.local_path == animals.local_root / "animals/dog/2.jpg"
    assert file.location == str(file.local_path)


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("animals/bird", ["animals/bird", "workspaceblobstore", "cat, dog, notes.txt"]),
        ("animals/*.csv", ["animals/*.csv", "cat, dog, notes.txt"]),
        ("plants/trees/*.csv", ["plants/trees/*.csv", "has: animals"]),
    ],
)
def test_a_path_that_names_none_says_what_there_is(animals, path, told):
    with pytest.raises(DatasetError) as error:
        Dataset.File.from_files((animals, path))
    assert [text for text in told if text not in str(error.value)] == []
    assert Dataset.File.from_files((animals, path), validate=False).definition.paths[0]["path"] == path


def test_an_empty_store_says_so(store):
    with pytest.raises(DatasetError, match="is empty"):
        Dataset.File.from_files((store, "*.csv"))


@pytest.mark.parametrize("path", ["..", "a/../../b", "../x/*.csv", "/../x"])
def test_paths_that_climb_out_are_refused(store, path):
    with pytest.raises(DatasetError, match="lead out"):
        Dataset.File.from_files((store, path), validate=False)


@pytest.mark.parametrize(
    ("path", "told"),
    [
        (3, "3"),
        (None, "None"),
        ("", "''"),
        ([], "[]"),
        ((1, "x"), "1"),
        ("s3://bucket/x", "register a datastore"),
        ("https://me:secret@example.org/x.csv", "no password"),
        ("https://example.org/*.csv", "list of addresses"),
    ],
)
def test_what_is_no_path_is_refused(path, told):
    with pytest.raises(DatasetError) as error:
        Dataset.File.from_files(path, validate=False)
    assert told in str(error.value)
    assert "secret" not in str(error.value)


def test_stores_of_two_workspaces_are_no_dataset(store, tmp_path):
    other = Workspace.create("other", tmp_path / "other").get_default_datastore()
    with pytest.raises(DatasetError, match="other"):
        Dataset.File.from_files([(store, "a"), (other, "b")], validate=False)


def test_a_store_that_is_gone_is_named(store, tmp_path):
    (tmp_path / "more").mkdir()
    more = Datastore.register_folder(store.workspace, "more", tmp_path / "more")
    dataset = Dataset.File.from_files((more, "x"), validate=False)
    more.unregister()
    with pytest.raises(DatastoreError, match="more"):
        dataset.to_path()


def test_a_listing_that_climbs_out_is_refused(store, monkeypatch):
    class Climbing:
        name, local_root = "climbing", None

        def filesystem(self):
            return self

        def location(self, path=""):
            return f"climbing:{path}"

        def translate_errors(self, path="", *passes):
            return nullcontext()

        def invalidate_cache(self):
            pass

        def info(self, path):
            return {"type": "directory"}

        def find(self, path, maxdepth=None, detail=True):
            return {"a/../../x": {"size": 1, "type": "file"}}

    monkeypatch.setattr("cellrun.core.data.files.data_files.place_of", lambda path, workspace: (Climbing(), "a"))
    with pytest.raises(DatasetError, match="lead out of its folder"):
        found_files([{"datastore": "climbing", "path": "a"}], store.workspace)


def seen(dataset):
    return FilesSeen.of(Dataset.File.from_files(dataset).files()).digest


def test_a_file_of_hugging_face_is_known_by_its_content(hub, ws):
    hub.files = {"train.csv": b"one"}
    store = Datastore.register_huggingface(ws, "hf", "org/data", endpoint=hub.url)
    [file] = Dataset.File.from_files((store, "train.csv")).files()
    before, folder = seen((store, "train.csv")), seen(store)
    assert file.tag
    assert before == seen((store, "train.csv"))
    hub.files = {"train.csv": b"two"}
    assert seen((store, "train.csv")) != before
    assert seen(store) != folder


def test_a_file_of_the_web_is_known_by_when_its_server_says_that_it_changed(web, ws):
    (web.folder / "train.csv").write_text("one")
    os.utime(web.folder / "train.csv", (1_000, 1_000))
    url = f"{web.url}/train.csv"
    before = seen(url)
    assert seen(url) == before
    assert Dataset.File.from_files(url).files()[0].tag
    (web.folder / "train.csv").write_text("two")
    os.utime(web.folder / "train.csv", (2_000, 2_000))
    assert seen(url) != before
