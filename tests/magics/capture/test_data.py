"""Datasets and datastores that a cell names travel by reference: no data goes along."""

import pytest

from cellrun.core import Run, Workspace
from tests.magics.notebook_shell import log

SETUP = """
from cellrun.core import Dataset, Datastore, Workspace
ws = Workspace.from_config()
store = Datastore(ws)
folder = store.local_root / "numbers"
folder.mkdir(parents=True)
for n in range(3):
    _ = (folder / f"{n}.csv").write_text(f"a,b\\n{n},{n * n}\\n" + f"{n},0\\n" * 5000)
files = Dataset.File.from_files((store, "numbers"))
table = Dataset.Tabular.from_delimited_files((store, "numbers/*.csv"))
named = table.filter(table["a"] > 0).register(ws, "positive numbers")
def total(): return int(named.to_pandas_dataframe()["b"].sum())
"""
CELL = """
print(type(files).__name__, files.to_path(), files.take(1).to_path())
print(table.take(2).to_pandas_dataframe()["b"].tolist())
print(named.name, named.version, total(), named.filter(named["b"] > 1).to_pandas_dataframe()["b"].tolist())
print(store.name, sorted(path.name for path in (store.local_root / "numbers").iterdir()), store == Datastore(ws))
"""
PRINTED = """\
FileDataset ['/0.csv', '/1.csv', '/2.csv'] ['/0.csv']
[0, 0]
positive numbers 1 5 [4]
workspaceblobstore ['0.csv', '1.csv', '2.csv'] True
"""


def check(run: Run) -> None:
    assert run.get_status() == "Completed", log(run)
    assert log(run) == PRINTED
    kept = [path for path in Workspace.from_config().layout.values.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in kept) < 20_000  # no data: where it is


@pytest.mark.parametrize("fixture", ["notebook", "notebook_in_kernel"])
def test_what_a_cell_names_of_data_is_there_in_its_run(request, fixture):
    notebook = request.getfixturevalue(fixture)
    notebook.run(SETUP)
    check(notebook.submit(CELL))
    notebook.run(CELL)
    assert list(Workspace.from_config().datasets) == ["positive numbers"]
