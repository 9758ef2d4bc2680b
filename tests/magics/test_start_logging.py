"""`%start_logging` in a shell; what only a kernel does is in test_kernel.py."""

import shutil

import numpy as np
import pytest
from IPython.core.error import UsageError

from cellrun.core import Run, Workspace
from cellrun.core.errors import RunNotFoundError
from cellrun.core.runs import open_runs
from cellrun.core.runs.control import RunControl
from cellrun.core.store.record import RunRecord
from cellrun.core.store.status import Status, StatusFile
from tests.magics.notebook_shell import log


def test_a_run_is_open_until_complete(notebook):
    printed = notebook.run("%start_logging example")
    run = notebook.names["run"]
    assert isinstance(run, Run)
    assert run.experiment.name == "example"
    assert run.get_status() == "Running"
    assert "example-1" in printed  # the view, as text
    notebook.run("import numpy as np\nfor x in np.linspace(0, 10):\n    run.log_row('sine', x=x, y=np.sin(x))")
    notebook.run("run.complete()")
    assert run.get_status() == "Completed"
    sine = run.get_metrics()["sine"]
    assert sine["x"] == list(np.linspace(0, 10))
    assert sine["y"] == list(np.sin(np.linspace(0, 10)))


def test_what_cells_print_while_it_is_open_is_its_log(notebook):
    notebook.run("print('before')")
    notebook.run("%start_logging e --no-view\nprint('first')\nimport sys\nprint('to stderr', file=sys.stderr)")
    notebook.run("print('second')\nrun.complete()")
    notebook.run("print('after')")
    assert log(notebook.names["run"]) == "first\nto stderr\nsecond\n"


def test_a_traceback_is_in_the_log_once(notebook):
    notebook.run("%start_logging e --no-view")
    with pytest.raises(ZeroDivisionError):
        notebook.run("1 / 0")
    notebook.run("run.complete()")
    assert log(notebook.names["run"]).count("ZeroDivisionError: division by zero") == 1


def test_name_cell_and_experiment_are_recorded(notebook):
    notebook.run("# a comment\n%start_logging --name 'first look' --no-view\n1")
    record = RunRecord.read(notebook.names["run"].layout)
    assert record.experiment == notebook.folder.name
    assert record.display_name == "first look"
    assert record.cell["source"] == "# a comment\n%start_logging --name 'first look' --no-view\n1"
    assert record.cell["execution_count"] == 2


def test_running_it_again_replaces_the_run(notebook):
    notebook.run("%start_logging e --no-view\nprint('one')")
    first = notebook.names["run"]
    printed = notebook.run("%start_logging e --no-view\nprint('two')")
    second = notebook.names["run"]
    assert "replaced by e-2" in printed
    assert (first.get_status(), second.get_status()) == ("Canceled", "Running")
    assert StatusFile(first.layout).read().reason == "replaced by e-2"
    notebook.run("run.complete()")
    assert (log(first), log(second)) == ("one\n", "two\n")


def test_a_run_that_ended_is_not_replaced(notebook):
    notebook.run("%start_logging e --no-view\nrun.complete()")
    first = notebook.names["run"]
    assert "replaced" not in notebook.run("%start_logging e --no-view")
    assert first.get_status() == "Completed"


def test_the_log_ends_with_the_run_within_a_cell_too(notebook):
    notebook.run("%start_logging e --no-view")
    with pytest.raises(ZeroDivisionError):
        notebook.run("print('seen')\nrun.complete()\nprint('after')\n1 / 0")
    assert log(notebook.names["run"]) == "seen\n"


def test_a_run_canceled_from_outside_stops_logging(notebook):
    notebook.run("%start_logging e --no-view\nprint('seen')")
    run = notebook.names["run"]
    StatusFile(run.layout).change(Status.CANCELED, reason="from outside")
    notebook.run("print('first cell after')")
    notebook.run("print('not seen')")
    assert "not seen" not in log(run)


def test_cells_after_a_run_was_deleted_show_nothing_of_it(notebook):
    notebook.run("%start_logging e --no-view")
    notebook.run("run.complete()\nrun.delete()")
    assert notebook.run("print('next')") == "next\n"
    notebook.run("%start_logging e --no-view")
    shutil.rmtree(notebook.names["run"].layout.folder)  # while it is open
    assert notebook.run("print('next')") == "next\n"
    with pytest.raises(RunNotFoundError, match="is deleted"):
        notebook.names["run"].complete()


def test_a_run_that_was_canceled_elsewhere_gives_its_name_up(notebook):
    notebook.run("%start_logging e --no-view")
    RunControl(notebook.names["run"].layout).cancel()  # as from the side bar
    assert notebook.run("%start_logging e --no-view\nrun.log('loss', 1)") == ""
    assert notebook.names["run"].name == "e-2"
    assert notebook.names["run"].get_status() == "Running"
    notebook.run("run.complete()")
    assert open_runs.newest() is None


def test_a_submitted_run_takes_the_name_of_one_that_was_canceled_elsewhere(notebook):
    notebook.run("%start_logging e --no-view")
    RunControl(notebook.names["run"].layout).cancel()
    assert "run_" not in notebook.run("%%submit other\npass")
    assert notebook.names["run"].wait_for_completion()["status"] == "Completed"


@pytest.mark.usefixtures("jobs_in_forks")  # nobody writes into its folder any more
def test_a_deleted_run_gives_its_name_up(notebook):
    ended = notebook.names["run"] = Run.get(Workspace.from_config(), notebook.submit("pass").id)
    shutil.rmtree(ended.layout.folder)  # before anything was asked of that object
    assert "'run' is still one that is deleted" in notebook.run("%start_logging e --as trial --no-view")
    notebook.run("%start_logging e --no-view")
    assert notebook.names["run"].get_status() == "Running"


def test_a_name_of_the_notebook_is_never_overwritten(notebook):
    notebook.run("run = 'mine'")
    printed = notebook.run("%start_logging e --no-view")
    assert notebook.names["run"] == "mine"
    assert "'run_1'" in printed
    assert notebook.names["run_1"].get_status() == "Running"


def test_as_names_the_run(notebook):
    printed = notebook.run("%start_logging e --as trial --no-view")
    assert printed == "cellrun: this run is 'trial'; there is no 'run'\n"
    assert notebook.names["trial"].get_status() == "Running"
    assert "run" not in notebook.names
    notebook.run("x = 1")
    with pytest.raises(UsageError, match="--as x"):
        notebook.run("%start_logging e --as x")
    assert notebook.names["trial"].get_status() == "Running"
    first = notebook.names["trial"]
    notebook.run("%start_logging e --as trial --no-view")  # the run that it ends may lose its name
    assert (first.get_status(), notebook.names["trial"].get_status()) == ("Canceled", "Running")


def test_as_says_what_run_is(notebook):
    notebook.run("%start_logging first --no-view")
    printed = notebook.run("%start_logging e --as trial --no-view")
    assert printed.endswith("cellrun: this run is 'trial'; 'run' is still first-1\n")
    notebook.run("run = 5")
    printed = notebook.run("%start_logging e --as trial --no-view")
    assert printed.endswith("cellrun: this run is 'trial'; 'run' is still the notebook's own (int)\n")


def test_bad_use_is_a_usage_error_with_a_sample(notebook):
    with pytest.raises(UsageError, match=r"(?s)unrecognized: --cpus 2.*%start_logging example"):
        notebook.run("%start_logging e --cpus 2")
