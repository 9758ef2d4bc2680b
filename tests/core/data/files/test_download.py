"""A dataset's files in a folder: downloaded, mounted, uploaded."""

import errno
import http.server
import os
import threading
from pathlib import Path

import pytest
from fsspec.implementations.dirfs import DirFileSystem
from fsspec.implementations.local import LocalFileSystem

from cellrun.core import Dataset, Datastore, DatastoreError
from cellrun.core.data.files import fuse_view
from cellrun.core.data.files.download import bring_files
from cellrun.core.errors import DatasetError, UserErrorException


@pytest.fixture
def pets(animals):
    return Dataset.File.from_files((animals, "animals"))


def below(folder):
    return {str(path.relative_to(folder)): path.read_text() for path in Path(folder).rglob("*") if path.is_file()}


PETS = {"cat/1.jpg": "c1", "dog/1.jpg": "d1", "dog/2.jpg": "dog2", "notes.txt": "-"}


def test_files_are_downloaded_as_they_are_laid_out(pets, here):
    paths = pets.download(here / "pets")
    assert paths == [str(here / "pets" / name) for name in PETS]
    assert below(here / "pets") == PETS
    assert pets.download("pets") == paths  # what is there isn't brought again
    temporary = pets.take(1).download()
    assert Path(temporary[0]).read_text() == "c1"
    assert Path(temporary[0]).parts[-2:] == ("cat", "1.jpg")


def test_other_files_in_their_place_are_refused_or_replaced(pets, here):
    (here / "cat").mkdir()
    (here / "cat" / "1.jpg").write_text("mine, and longer")
    with pytest.raises(DatasetError, match=r"cat/1\.jpg.*overwrite=True"):
        pets.download(here)
    assert below(here) == {"cat/1.jpg": "mine, and longer"}
    pets.download(here, overwrite=True)
    assert below(here) == PETS
    with pytest.raises(DatasetError, match="is a file"):
        pets.download(here / "notes.txt")


def test_a_path_that_names_none_can_be_passed_over(animals, here):
    some = Dataset.File.from_files([(animals, "animals/dog"), (animals, "animals/bird")], validate=False)
    with pytest.raises(DatasetError, match="bird"):
        some.download(here)
    assert len(some.download(here, ignore_not_found=True)) == 2


def test_a_folder_of_this_machine_is_mounted_in_place(pets, animals, here):
    context = pets.mount()
    with context as mounted:
        assert mounted is context
        assert mounted.mount_point == str(animals.local_root / "animals")
        assert sorted(os.listdir(mounted.mount_point)) == ["cat", "dog", "notes.txt"]
    assert below(animals.local_root / "animals") == PETS
    starred = Dataset.File.from_files((animals, "animals/**")).mount()
    assert starred.start().mount_point == mounted.mount_point
    starred.stop()
    assert below(animals.local_root / "animals") == PETS


@pytest.mark.parametrize("is_given", [False, True])
def test_single_files_are_mounted_as_links(animals, here, is_given):
    dogs = Dataset.File.from_files((animals, "animals/*/1.jpg"))
    with dogs.mount(here / "mounted" if is_given else None) as mounted:
        assert below(mounted.mount_point) == {"cat/1.jpg": "c1", "dog/1.jpg": "d1"}
        assert Path(mounted.mount_point, "cat", "1.jpg").is_symlink()
        assert not is_given or mounted.mount_point == str(here / "mounted")
    assert not Path(mounted.mount_point).exists()
    assert below(animals.local_root / "animals") == PETS


def test_a_mount_point_is_empty(pets, here):
    (here / "x").write_text("")
    for wrong in (here, here / "x"):
        with pytest.raises(DatasetError, match="empty folder"):
            pets.mount(wrong)
    (here / "x").unlink()
    with pets.take(1).mount(here):
        assert below(here) == {"cat/1.jpg": "c1"}


class FarFiles(DirFileSystem):
    """A store's files as another machine's: each that is brought is noted, and one doesn't come."""

    cachable = False
    asked = ()
    failing = ""

    def get_file(self, path, *given, **named):
        if path == self.failing:
            raise OSError(errno.EIO, "the line broke")
        self.asked.append(path)
        return super().get_file(path, *given, **named)


@pytest.fixture
def far(animals, monkeypatch):
    """Let the workspace's store be elsewhere, where FUSE can't be used."""
    monkeypatch.setattr(fuse_view, "is_usable", lambda: False)
    root = animals.local_root
    monkeypatch.setattr(Datastore, "local_root", property(lambda _: None))
    monkeypatch.setattr(Datastore, "filesystem", lambda _: FarFiles(str(root), LocalFileSystem()))
    monkeypatch.setattr(FarFiles, "asked", [])
    return FarFiles


def test_what_is_elsewhere_is_brought_for_a_mount_and_gone_afterwards(pets, far):
    with pets.mount() as mounted:
        assert below(mounted.mount_point) == PETS
        assert not Path(mounted.mount_point, "notes.txt").is_symlink()
    assert sorted(far.asked) == sorted(f"animals/{name}" for name in PETS)
    assert not Path(mounted.mount_point).exists()


def test_a_download_that_was_stopped_goes_on(pets, far, here, monkeypatch):
    monkeypatch.setattr(far, "failing", "animals/dog/2.jpg")
    with pytest.raises(DatastoreError, match="the line broke"):
        pets.download(here)
    came = below(here)
    assert came.items() < PETS.items()
    with pytest.raises(DatastoreError, match="the line broke"), pets.mount(here / "mounted"):
        pass
    assert not (here / "mounted").exists()
    monkeypatch.setattr(far, "failing", "")
    far.asked.clear()
    pets.download(here)
    assert below(here) == PETS
    assert len(far.asked) == len(PETS) - len(came)


def test_a_folder_is_uploaded_and_is_a_dataset(ws, store, here):
    for name, text in PETS.items():
        (here / name).parent.mkdir(exist_ok=True)
        (here / name).write_text(text)
    made = Dataset.File.upload_directory(here, (store, "up/all"))
    assert made.to_path() == [f"/{name}" for name in PETS]
    assert below(store.local_root / "up" / "all") == PETS
    jpgs = Dataset.File.upload_directory(str(here), store.path("up/jpgs"), pattern="**/*.jpg", show_progress=False)
    assert jpgs.to_path() == ["/cat/1.jpg", "/dog/1.jpg", "/dog/2.jpg"]
    with pytest.raises(DatasetError, match=r"\*\.png"):
        Dataset.File.upload_directory(here, (store, "up"), pattern="*.png")
    with pytest.raises(UserErrorException, match="folder"):
        Dataset.File.upload_directory(here / "none", (store, "up"))
    for wrong in ("up", None, (store,), ("store", "up")):
        with pytest.raises(DatasetError, match="target"):
            Dataset.File.upload_directory(here, wrong)
    with pytest.raises(DatasetError, match="lead out"):
        Dataset.File.upload_directory(here, (store, "../up"))


@pytest.fixture
def server(tmp_path):
    """Serve a folder of this machine over HTTP."""
    folder = tmp_path / "served"
    folder.mkdir()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *given):
            super().__init__(*given, directory=str(folder))

        def log_message(self, *given):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as served:
        thread = threading.Thread(target=served.serve_forever)
        thread.start()
        yield folder, f"http://127.0.0.1:{served.server_port}"
        served.shutdown()
        thread.join()


def test_files_of_the_web(server, here):
    folder, url = server
    (folder / "a b.csv").write_text("x\n1\n")
    (folder / "more.csv").write_text("x\n2\n")
    one = Dataset.File.from_files(f"{url}/a%20b.csv?key=secret")
    assert one.to_path() == ["/a b.csv"]
    assert "secret" not in repr(one)
    assert Path(one.download(here)[0]).read_text() == "x\n1\n"
    table = Dataset.Tabular.from_delimited_files([f"{url}/a%20b.csv", f"{url}/more.csv"])
    assert table.to_pandas_dataframe()["x"].tolist() == [1, 2]
    with one.mount() as mounted:
        assert below(mounted.mount_point) == {"a b.csv": "x\n1\n"}
    with pytest.raises(DatasetError, match=r"none\.csv can't be had: .*404"):
        Dataset.File.from_files(f"{url}/none.csv?key=secret")


def test_of_several_files_of_the_web_the_one_is_named_that_is_gone(server, here):
    folder, url = server
    for name in ("a.csv", "b.csv"):
        (folder / name).write_text("x")
    files = Dataset.File.from_files([f"{url}/a.csv", f"{url}/b.csv"]).files()
    (folder / "b.csv").unlink()
    with pytest.raises(DatasetError, match=r"b\.csv can't be had: .*404"):
        bring_files(files, here)
    assert below(here) == {"a.csv": "x"}


def test_a_server_that_is_away_is_named(here):
    with pytest.raises(DatasetError, match=r"127\.0\.0\.1:1/x\.csv can't be had"):
        Dataset.File.from_files("http://127.0.0.1:1/x.csv")
