"""`--input` and `--output`, in a real shell and a real kernel, with real runs."""

import pytest
from IPython.core.error import UsageError

from cellrun.core import Dataset, UserErrorException, Workspace
from cellrun.core.store.record import RunRecord
from tests.magics.notebook_shell import log, newest_run


@pytest.fixture
def dataset(notebook):
    workspace = Workspace.from_config()
    folder = workspace.layout.data / "path"
    folder.mkdir(parents=True)
    (folder / "a.csv").write_text("one")
    made = Dataset.File.from_files(path=(workspace.get_default_datastore(), "path"))
    return made.register(workspace, "mydata")


def test_an_input_is_a_path_in_a_name_of_the_cell_and_an_output_a_folder(notebook, dataset):
    body = (
        "import os\nprint(type(train).__name__, open(train + '/a.csv').read())\n"
        "def save():\n    open(os.path.join(model, 'm.pt'), 'w').close()\nsave()"
    )
    run = notebook.submit(body, "digits --input train=mydata --output model=best")
    assert log(run) == "str one\n"
    assert run.get_status() == "Completed"
    workspace = Workspace.from_config()
    assert Dataset.get_by_name(workspace, "best").to_path() == ["/m.pt"]
    assert RunRecord.read(run.layout).parameters == {"train": "mydata:1"}
    assert run.input_datasets["train"] == str(workspace.layout.data / "path")


def test_what_the_notebook_has_under_that_name_doesnt_travel(notebook, dataset):
    notebook.run("train = open('held', 'w')")  # it couldn't
    assert notebook.prints("print(train[-4:])", "--input train=mydata") == "path\n"
    notebook.run("train.close()")


def test_a_version_a_variable_a_path_and_a_stores_path_are_inputs(notebook, dataset):
    (notebook.folder / "local.csv").write_text("here")
    notebook.names["variable"] = dataset
    body = "print(first[-4:], second[-4:], open(third).read(), open(fourth).read())"
    line = (
        "--input first=mydata:1 --input second=variable --input third=local.csv "
        "--input fourth=workspaceblobstore/path/a.csv"
    )
    assert notebook.prints(body, line) == "path path here one\n"
    recorded = RunRecord.read(newest_run().layout).parameters
    assert recorded == {
        "first": "mydata:1",
        "second": "mydata:1",
        "third": str(notebook.folder / "local.csv"),
        "fourth": "workspaceblobstore/path/a.csv",
    }


def test_a_command_and_a_script_have_it_as_a_variable(notebook, dataset):
    notebook.run("%submit --command --input train=mydata --wait -- cat $train/a.csv")
    assert log(newest_run()) == "one"
    (notebook.folder / "read.py").write_text("import os; print(open(os.environ['train'] + '/a.csv').read())")
    notebook.run("%submit --script read.py --input train=mydata --wait")
    assert log(newest_run()) == "one\n"


def test_processes_that_the_cell_starts_have_it_too(notebook, dataset):
    notebook.run("def read(_):\n    return open(train + '/a.csv').read()")
    body = (
        "import multiprocessing\nif __name__ == '__main__':\n"
        "    with multiprocessing.get_context('spawn').Pool(1) as pool:\n        print(pool.map(read, [1]))"
    )
    assert notebook.prints(body, "--input train=mydata") == "['one']\n"


def test_the_card_lists_inputs_and_outputs_with_their_sizes(notebook, dataset):
    printed = notebook.run("%%submit --dry --input train=mydata --output model=best\nprint(train, model)")
    lines = {line.split()[0]: line for line in printed.splitlines() if line}
    assert "mydata:1, 1 file" in lines["train"]
    assert "3 B" in lines["train"]
    assert "in place" in lines["train"]
    assert "registered as best" in lines["model"]


def test_a_run_with_data_is_submitted_again(notebook, dataset):
    first = notebook.submit("open(model + '/x', 'x').close()\nprint(train[-4:])", "--input train=mydata --output model")
    again = first.submit_again()
    again.wait_for_completion()
    assert log(again) == "path\n"
    assert again.output_datasets["model"] != first.output_datasets["model"]


def test_a_run_with_data_isnt_exported_and_says_why(notebook, dataset):
    run = notebook.submit("print(train)", "--input train=mydata")
    with pytest.raises(UserErrorException, match=r"has data.*: train; submit"):
        run.export(notebook.folder / "exported")
    assert not (notebook.folder / "exported").exists()


@pytest.mark.parametrize(
    ("error", "line", "facts"),
    [
        (UsageError, "--input train", ["'train'", "NAME=DATA"]),
        (UsageError, "--input train=", ["NAME=DATA"]),
        (UsageError, "--input a-b=mydata", ["'a-b'", "variable"]),
        (UsageError, "--input PATH=mydata", ["'PATH'"]),
        (UsageError, "--input class=mydata", ["'class'"]),
        (UsageError, "--output model=", ["NAME=DATASET"]),
        (UsageError, "--input a=mydata --output a", ["'a'", "two things"]),
        (UsageError, "--input run=mydata", ["'run'"]),
        (UserErrorException, "--input train=mydat", ["'mydat'", "known: mydata"]),
        (UserErrorException, "--input train=mydata:7", ["version", "7"]),
        (UserErrorException, "--output model=nowhere/path", ["'nowhere'", "workspaceblobstore"]),
        (UserErrorException, "--output model=../../up", ["'..'", "workspaceblobstore"]),
        (UserErrorException, "--output model=workspaceblobstore/../up", [".."]),
    ],
)
def test_an_option_that_cant_be_is_a_usage_error_and_what_nobody_knows_is_said(notebook, dataset, error, line, facts):
    with pytest.raises(error) as refused:
        notebook.run(f"%%submit {line}\nprint(1)")
    assert not [fact for fact in facts if fact not in str(refused.value)], refused.value


def test_a_tabular_dataset_is_itself(notebook, dataset):
    pytest.importorskip("cellrun.core.data.datasets.tabular_dataset")
    pytest.importorskip("pyarrow")
    if not hasattr(Dataset.Tabular, "from_delimited_files"):
        pytest.skip("no tables yet")
    workspace = Workspace.from_config()
    (workspace.layout.data / "rows.csv").write_text("a,b\n1,x\n2,y\n")
    Dataset.Tabular.from_delimited_files((workspace.get_default_datastore(), "rows.csv")).register(workspace, "rows")
    assert notebook.prints("print(list(rows.to_pandas_dataframe()['a']))", "--input rows=rows") == "[1, 2]\n"


def test_in_a_real_kernel(notebook_in_kernel):
    notebook = notebook_in_kernel
    notebook.run("open('a.csv', 'w').write('from a file')")
    executed = notebook.run("%%submit --input train=a.csv --wait\nprint(open(train).read())")
    assert not getattr(executed, "error", None)
    assert "from a file" in log(newest_run())
