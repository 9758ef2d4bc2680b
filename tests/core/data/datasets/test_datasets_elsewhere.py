"""Datasets of stores that are elsewhere, on their real ends: Azurite, moto's S3, an emulator of Google's."""

from pathlib import Path

import pandas as pd
import pytest

from cellrun.core import Dataset, DatastoreError
from cellrun.core.errors import DatasetError
from tests.core.data.stores.test_stores import ENDS

pytestmark = [
    pytest.mark.filterwarnings("ignore:there is no system keyring here"),
    pytest.mark.filterwarnings("ignore:Sending a large body directly:ResourceWarning"),  # azure-core's
]
ROWS = 2_000


@pytest.fixture(params=ENDS)
def store(request, ws):
    """A store elsewhere with tables, pictures and a name that is hard to spell."""
    store = ENDS[request.param](request.getfixturevalue(request.param)).register(ws)
    filesystem = store.filesystem()
    for n in range(2):
        rows = "".join(f"{n * ROWS + row},{row / 7},name {row}\n" for row in range(ROWS))
        filesystem.pipe_file(f"tables/{n}.csv", f"id,x,name\n{rows}".encode())
    for name in ("pictures/dog/1.jpg", "pictures/cat/1.jpg", "pictures/cat/ü b#1%.jpg"):
        filesystem.pipe_file(name, name.encode())
    return store


def below(folder):
    return {path.relative_to(folder).as_posix() for path in Path(folder).rglob("*") if path.is_file()}


def test_files_are_found_brought_and_mounted(ws, store, here):
    pictures = Dataset.File.from_files((store, "pictures"))
    names = ["/cat/1.jpg", "/cat/ü b#1%.jpg", "/dog/1.jpg"]
    assert pictures.to_path() == names
    assert Dataset.File.from_files((store, "pictures/**/*.jpg")).to_path() == names
    assert Dataset.File.from_files((store, "pictures/*/1.jpg")).to_path() == ["/cat/1.jpg", "/dog/1.jpg"]
    assert Dataset.File.from_files((store, "pictures/dog/1.jpg")).to_path() == ["/1.jpg"]
    pictures.download(here / "back")
    assert below(here / "back") == {name[1:] for name in names}
    with pictures.mount() as mounted:
        assert below(mounted.mount_point) == {name[1:] for name in names}
        assert Path(mounted.mount_point, "cat", "ü b#1%.jpg").read_bytes() == "pictures/cat/ü b#1%.jpg".encode()
    assert pictures.filter(pictures.file_metadata("Size") > 18).to_path() == ["/cat/ü b#1%.jpg"]
    with pytest.raises(DatasetError, match=r"bird.*has: cat, dog"):
        Dataset.File.from_files((store, "pictures/bird/*.jpg"))


def test_a_change_is_seen(ws, store):
    pictures = Dataset.File.from_files((store, "pictures")).register(ws, "pictures")
    assert len(pictures.to_path()) == 3
    assert pictures.data_changed_time is not None
    store.filesystem().pipe_file("pictures/dog/1.jpg", b"PICTURES/dog/1.jpg")  # of the same size
    with pytest.warns(UserWarning, match="have changed"):
        Dataset.get_by_name(ws, "pictures").to_path()


def test_tables_are_read_where_they_are(ws, store):
    table = Dataset.Tabular.from_delimited_files((store, "tables/*.csv"), include_path=True)
    frame = table.to_pandas_dataframe()
    assert frame["id"].tolist() == list(range(2 * ROWS))
    assert table.take(3).keep_columns("id").to_pandas_dataframe()["id"].tolist() == [0, 1, 2]
    assert table.filter(table["id"] >= 2 * ROWS - 1).to_pandas_dataframe()["Path"].tolist() == ["/1.csv"]
    made = Dataset.Tabular.register_pandas_dataframe(frame[["id", "x"]], (store, "frames"), "ids", show_progress=False)
    pd.testing.assert_frame_equal(made.to_pandas_dataframe(), frame[["id", "x"]])
    assert made.keep_columns("x").filter(made["x"] < 1).columns == ["x"]


def test_a_folder_is_uploaded(store, here):
    (here / "up").mkdir()
    (here / "up" / "a.txt").write_text("a")
    assert Dataset.File.upload_directory(here / "up", (store, "new"), show_progress=False).to_path() == ["/a.txt"]


def test_a_store_that_refuses_is_named(ws, azurite):
    end = ENDS["azurite"](azurite)
    store = end.register(ws)
    store.filesystem().pipe_file("a.csv", b"a\n1\n")
    table = Dataset.Tabular.from_delimited_files((store, "a.csv"))
    end.register(ws, account_key="aHVudGVyMg==", overwrite=True, skip_validation=True)
    for use in (table.to_pandas_dataframe, Dataset.File.from_files((store, "a.csv"), validate=False).download):
        with pytest.raises(DatastoreError, match=r"'blobs'.*refuses its credentials") as error:
            use()
        assert "aHVudGVyMg" not in str(error.value)
