"""Tables that are written to a datastore."""

import subprocess
import sys

import pandas as pd
import pyarrow.parquet as pq
import pytest

from cellrun.core import Dataset, InvalidNameError
from cellrun.core.errors import DatasetError
from tests.core.data.data_folders import put_file


@pytest.fixture
def frame():
    return pd.DataFrame(
        {"shop": ["north", "south", "north"], "year": [2020, 2020, 2021], "sold": [1.5, None, 3.0]}, index=[7, 8, 9]
    )


def files(store):
    return sorted(str(path.relative_to(store.local_root)) for path in store.local_root.rglob("*") if path.is_file())


def test_a_frame_becomes_a_registered_dataset(ws, store, frame):
    made = Dataset.Tabular.register_pandas_dataframe(
        frame, (store, "frames"), "sales", description="of a day", tags={"from": "pandas"}, show_progress=False
    )
    assert (made.name, made.version, made.description, made.tags) == ("sales", 1, "of a day", {"from": "pandas"})
    pd.testing.assert_frame_equal(made.to_pandas_dataframe(), frame.reset_index(drop=True), check_dtype=False)
    more = Dataset.Tabular.register_pandas_dataframe(frame[:1], store, "sales", show_progress=False)
    assert (more.version, len(more.to_pandas_dataframe())) == (2, 1)
    assert len(Dataset.get_by_name(ws, "sales", 1).to_pandas_dataframe()) == 3
    assert len(files(store)) == 2


def test_a_frame_may_replace_the_one_before(store, frame):
    for rows in (3, 1):
        made = Dataset.Tabular.register_pandas_dataframe(
            frame[:rows], (store, "f"), "sales", make_target_path_unique=False, row_group_size=2, show_progress=False
        )
        assert len(made.to_pandas_dataframe()) == rows
    assert files(store) == ["f/part-00000.parquet"]
    assert made.version == 2
    with pytest.warns(UserWarning, match="have changed"):
        assert len(Dataset.get_by_name(made.workspace, "sales", 1).to_pandas_dataframe()) == 1


def test_what_cant_be_kept_leaves_nothing(ws, store, frame):
    with pytest.raises(DatasetError, match="mixed"):
        Dataset.Tabular.register_pandas_dataframe(frame.assign(mixed=[1, "x", None]), (store, "f"), "sales")
    with pytest.raises(InvalidNameError):
        Dataset.Tabular.register_pandas_dataframe(frame, (store, "f"), "../sales")
    with pytest.raises(DatasetError, match="frame"):
        Dataset.Tabular.register_pandas_dataframe([1, 2], (store, "f"), "sales")
    with pytest.raises(DatasetError, match="target"):
        Dataset.Tabular.register_pandas_dataframe(frame, "f", "sales")
    assert ws.datasets == {}
    assert not store.local_root.exists() or files(store) == []


def test_a_table_is_written_as_files(store, frame):
    put_file(store, "t.csv", frame.to_csv(index=False))
    table = Dataset.Tabular.from_delimited_files((store, "t.csv")).filter(
        Dataset.Tabular.from_delimited_files((store, "t.csv"))["year"] < 2021
    )
    written = table.to_csv_files(separator=";")
    with written.files()[0].open() as file:
        assert file.read().decode() == '"shop";"year";"sold"\n"north";2020;1.5\n"south";2020;\n'
    parquet = table.to_parquet_files().files()[0]
    assert pq.read_table(parquet.local_path).to_pydict()["shop"] == ["north", "south"]


def test_a_table_is_parted_by_columns(ws, store, frame):
    put_file(store, "t.csv", frame.to_csv(index=False))
    table = Dataset.Tabular.from_delimited_files((store, "t.csv"))
    made = table.partition_by(["shop", "year"], (store, "parts"), name="parted", show_progress=False)
    assert [path.rpartition("/")[0] for path in files(store)[:3]] == [
        "parts/north/2020",
        "parts/north/2021",
        "parts/south/2020",
    ]
    assert made.to_pandas_dataframe().fillna(0).to_dict("list") == {
        "shop": ["north", "north", "south"],
        "year": ["2020", "2021", "2020"],
        "sold": [1.5, 3.0, 0.0],
    }
    assert made.partition_keys == ["shop", "year"]
    assert made.get_partition_key_values(["shop"]) == [{"shop": "north"}, {"shop": "south"}]
    assert Dataset.get_by_name(ws, "parted") == made
    as_files = table.partition_by("shop", (store, "more"), show_progress=False, partition_as_file_dataset=True)
    assert len(as_files.filter(as_files["shop"] == "south").to_path()) == 1
    with pytest.raises(DatasetError, match="no column 'shops'"):
        table.partition_by("shops", (store, "parts"))
    with pytest.raises(DatasetError, match=r"'sold' can't name folders: it has the value None"):
        table.partition_by("sold", (store, "parts"))


WITHOUT = """
import sys
class Without:
    def find_spec(self, name, path=None, target=None):
        if name == sys.argv[1]:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Without())
from cellrun.core import Dataset, UserErrorException, Workspace
store = Workspace.from_config().get_default_datastore()
path = (store, "t.csv")
table = Dataset.Tabular.from_delimited_files(path, validate=False)
for verb in (
    lambda: Dataset.Tabular.from_delimited_files(path),
    table.to_pandas_dataframe,
    table.to_arrow_table,
    lambda: table.columns,
    table.to_csv_files,
    table.to_parquet_files,
    lambda: table.partition_by("year", (store, "parts")),
):
    try:
        verb()
    except UserErrorException as error:
        print(error)
print(Dataset.File.from_files(path).to_path())
"""


@pytest.mark.parametrize(("package", "refused"), [("pyarrow", 7), ("pandas", 1)])
def test_without_pyarrow_or_pandas_it_says_what_to_install(store, package, refused):
    put_file(store, "t.csv", "year,sold\n2020,1\n")
    done = subprocess.run([sys.executable, "-c", WITHOUT, package], capture_output=True, text=True, check=True)
    *told, last = done.stdout.splitlines()
    assert last == "['/t.csv']"
    assert len(told) == refused, done.stdout
    assert [line for line in told if f"{package}, which isn't" not in line or "'cellrun[tables]'" not in line] == []
