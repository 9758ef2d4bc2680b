"""The verbs of Azure ML's first datasets: the datasets of today, or refused by name."""

import pytest

from cellrun.core import Dataset, FileDataset, NotSupportedError, TabularDataset
from cellrun.core.data.tables.encodings import FileEncoding
from tests.core.data.data_folders import put


@pytest.fixture
def table(store):
    put(store, a__csv="x;y\n1;é\n2;b\n", b__json='{"x": 1}\n')
    store.filesystem().pipe_file("table/a.csv", "x;y\n1;é\n2;b\n".encode("latin1"))
    store.filesystem().pipe_file("table/b.json", b'{"x": 1}\n{"x": 2}\n')
    return store


def test_delimited_and_json_files_are_the_tables_of_today(table):
    made = Dataset.from_delimited_files((table, "table/a.csv"), separator=";", encoding=FileEncoding.LATIN1)
    assert isinstance(made, TabularDataset)
    assert made.head(1).to_dict("list") == {"x": [1], "y": ["é"]}
    assert Dataset.from_json_files((table, "table/b.json")).head()["x"].tolist() == [1, 2]
    assert Dataset.auto_read_files((table, "table/b.json")).head()["x"].tolist() == [1, 2]
    made.to_parquet_files().download("parquet")
    assert Dataset.from_parquet_files("parquet/*.parquet").head()["y"].tolist() == ["é", "b"]
    assert Dataset.auto_read_files("parquet/*.parquet").head()["x"].tolist() == [1, 2]
    assert isinstance(Dataset.from_binary_files((table, "table")), FileDataset)


def test_a_name_is_given_again_as_the_first_datasets_did(ws, table):
    first = Dataset.from_json_files((table, "table/b.json")).register(ws, "name")
    second = Dataset.from_delimited_files((table, "table/a.csv"), ";", encoding="latin1")
    assert second.register(workspace=ws, name="name", exist_ok=True, update_if_exist=True).version == 2
    assert Dataset.get(ws, "name").version == FileDataset.get_by_name(ws, "name").version == 2
    assert Dataset.get(ws, id=first.id).version == TabularDataset.get_by_id(ws, first.id).version == 1
    assert [each.name for each in Dataset.list(ws)] == list(FileDataset.get_all(ws)) == ["name"]
    assert FileDataset.File is Dataset.File
    assert second.Tabular is Dataset.Tabular


@pytest.mark.parametrize("given", [{"skip_rows": 2}, {"comment": "#"}, {"archive_options": object()}])
def test_what_is_read_otherwise_is_refused(given):
    with pytest.raises(NotSupportedError, match=f"{next(iter(given))}= of Dataset.from_delimited_files"):
        Dataset.from_delimited_files("a.csv", **given)


@pytest.mark.parametrize(
    "verb", ["from_sql_query", "from_excel_files", "from_pandas_dataframe", "get_definition", "diff"]
)
def test_what_means_nothing_here_is_refused_by_its_name(verb):
    with pytest.raises(NotSupportedError, match=rf"Dataset\.{verb} isn't supported: it .*; instead, "):
        getattr(Dataset, verb)("anything", at="all")


def test_a_dataset_is_made_by_its_factories_alone():
    with pytest.raises(NotSupportedError, match=r"instead, Dataset\.File\.from_files"):
        Dataset("definition")
    assert Dataset.Scenario.TRAINING == "training"
