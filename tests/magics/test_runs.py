"""`%runs`."""

import re

import pytest
from IPython.core.error import UsageError

from cellrun.core import Experiment, Workspace
from cellrun.core.errors import UserErrorException
from cellrun.core.store.lists.index import Index
from cellrun.magics.runs import RunTable
from tests.damage import KINDS, put

pytestmark = pytest.mark.usefixtures("without_recorder")


def make_runs(count, experiment="digits"):
    exp = Experiment(Workspace.from_config(), experiment)
    for number in range(count):
        run = exp.start_logging(display_name="<b>odd</b>" if number == 0 else None)
        run.log("acc", number / 3)
        run.complete()
    return run


def test_runs_are_listed_newest_first_with_their_status(notebook):
    make_runs(2)
    make_runs(1, "sine").experiment.start_logging().fail("broken")
    lines = notebook.run("%runs").splitlines()
    assert lines[0].split() == ["Run", "Status", "Submitted", "Time", "Metrics"]
    assert [line.split()[0] for line in lines[1:]] == ["sine-2", "sine-1", "digits-2", "digits-1"]
    assert "Failed" in lines[1]
    assert "Completed" in lines[3]
    assert "acc 0.3333" in lines[3]


def test_children_are_a_number_beside_their_parent_unless_a_status_is_asked_for(notebook):
    run = Experiment(Workspace.from_config(), "digits").start_logging()
    with run.child_run("fold"):
        pass
    assert notebook.run("%runs").splitlines()[1].split()[:4] == ["digits-1", "+", "1", "child"]
    run.child_run().complete()
    (line,) = notebook.run("%runs").splitlines()[1:]
    assert line.split()[:4] == ["digits-1", "+", "2", "children"]
    assert len(notebook.run("%runs status:completed").splitlines()) == 3
    run.complete()


def test_a_table_has_no_last_value(notebook):
    with Experiment(Workspace.from_config(), "digits").start_logging() as run:
        run.log_table("per_class", {"name": ["a", "b"], "recall": [0.9, 0.5]})
        run.log("acc", 0.25)
    assert notebook.run("%runs").splitlines()[1].split()[-2:] == ["acc", "0.25"]
    assert "per_class" not in notebook.run("%runs")


def test_a_value_is_rounded_as_the_front_end_does(notebook):
    with Experiment(Workspace.from_config(), "digits").start_logging() as run:
        run.log("acc", 0.98125)
    assert notebook.run("%runs").splitlines()[1].split()[-2:] == ["acc", "0.9813"]


def test_the_runs_of_one_experiment(notebook):
    make_runs(1, "sine")
    make_runs(1)
    lines = notebook.run("%runs sine").splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["sine-1"]


def test_the_runs_in_a_status_whatever_its_case(notebook):
    make_runs(1).experiment.start_logging().fail("broken")
    make_runs(1, "sine")
    listed = {
        line: notebook.run(line).splitlines()[1:] for line in ("%runs status:failed", "%runs status:Failed digits")
    }
    assert [[row.split()[0] for row in rows] for rows in listed.values()] == [["digits-2"], ["digits-2"]]
    assert len(notebook.run("%runs digits status:completed,FAILED").splitlines()) == 3
    assert notebook.run("%runs status:canceled").splitlines()[-1] == "No run is Canceled."
    with pytest.raises(UserErrorException, match="'bogus' is none of NotStarted"):
        notebook.run("%runs status:bogus")


def test_none_yet_says_how_to_begin(notebook):
    assert "%%submit" in notebook.run("%runs")
    assert "'nothing'" in notebook.run("%runs nothing")


def test_html_holds_the_same_and_escapes_names(notebook):
    make_runs(2)
    table = RunTable(Index(Workspace.from_config().layout).runs(), None)
    html = table._repr_html_()
    assert html.index("digits-2") < html.index("digits-1")
    assert "&lt;b&gt;odd&lt;/b&gt;" in html
    assert "<b>" not in html


def test_a_long_list_says_that_there_is_more(notebook):
    make_runs(51)
    lines = notebook.run("%runs").splitlines()
    assert len(lines) == 52
    assert "get_runs()" in lines[-1]


def test_bad_use_is_a_usage_error_with_a_sample(notebook):
    with pytest.raises(UsageError, match=r"(?s)unrecognized: b.*%runs digits"):
        notebook.run("%runs a b")


def test_names_act_on_no_terminal(notebook):
    hostile = "\x1b]52;c;ZXZpbA==\x07\x1b[2J\x9b1A\nFAKE row"
    run = Experiment(Workspace.from_config(), "digits").start_logging(display_name=hostile)
    run.log("m", hostile)
    run.complete()
    lines = notebook.run("%runs").splitlines()
    assert len(lines) == 2
    assert r"(\x1b]52;c;ZXZpbA==\x07\x1b[2J\x9b1A\nFAKE row)" in lines[1]
    assert not re.search(r"[\x00-\x1f\x7f-\x9f]", lines[1])


@pytest.mark.parametrize("name", ["run.json", "status", "summary", "events"])
def test_a_damaged_run_is_listed_as_such_and_hides_no_other(notebook, name):
    make_runs(1, "sine")
    for kind in KINDS:
        put(make_runs(1).layout, name, kind)
    lines = notebook.run("%runs").splitlines()[1:]
    assert len(lines) == len(KINDS) + 1
    assert "sine-1" in lines[-1]
    assert "Completed" in lines[-1]
    if name == "run.json":
        assert all("Damaged" in line for line in lines[:-1])
