"""`%%submit --return`: values of a submitted cell come back, in a real shell from real runs."""

import sys

import pytest
from IPython.core.error import UsageError

from cellrun.core import Run, Workspace
from cellrun.core.context.manifest import Context
from cellrun.core.errors import ActivityFailedException, InvalidSubmissionError, ResultError, UntrustedError
from cellrun.core.places import private_folder
from tests.interpreters import other_pythons
from tests.magics.notebook_shell import log, newest_run

pytestmark = pytest.mark.usefixtures("jobs_in_forks")

POINT = "class Point:\n    def __init__(self, x): self.x = x\n    def double(self): return 2 * self.x\n"


def test_values_come_back_into_the_notebook(notebook):
    notebook.run("import numpy as np\nbase = np.arange(3.0)")
    notebook.run(
        "%%submit digits --return total,scaled text --wait\n"
        "total = {'sum': base.sum(), 'nan': float('nan')}\nscaled = base * 2\ntext = 'ok'"
    )
    names = notebook.names
    assert (names["total"]["sum"], names["text"]) == (3.0, "ok")
    assert names["scaled"].tolist() == [0, 2, 4]
    assert names["base"].tolist() == [0, 1, 2]


def test_values_of_a_cell_that_ran_elsewhere_come_back_without_trust(notebook, tmp_path):
    """Signed over there by nobody's key that is known here, they came by frames that the run's key vouches for."""
    far = tmp_path / "far side"
    Workspace.from_config().attach("elsewhere", "fake", folder=far)
    notebook.run("import numpy as np\nbase = np.arange(3.0)")
    notebook.run(
        "%%submit digits --target elsewhere --return scaled,make --wait\nscaled = base * 2\ndef make(): return scaled"
    )
    assert notebook.names["scaled"].tolist() == [0, 2, 4]
    assert notebook.run("print(make())") == "[0. 2. 4.]\n"
    assert newest_run().result("scaled").tolist() == [0, 2, 4]
    assert (private_folder() / "signing.key").read_bytes() not in {key.read_bytes() for key in far.rglob("*.key")}


def test_without_wait_it_is_said_how_to_get_them(notebook):
    printed = notebook.run("%%submit --return a,b\na, b = 1, (2, 3)")
    assert (
        "cellrun: run.result('a') gives its value back once the run has completed; run.results() gives all\n" in printed
    )
    run = notebook.names["run"]
    run.wait_for_completion()
    assert run.result("a") == 1
    assert run.results() == {"a": 1, "b": (2, 3)}
    assert "a" not in notebook.names


def test_a_class_of_the_notebook_comes_back_as_the_notebooks(notebook):
    notebook.run(POINT)
    notebook.run("%%submit --return p --wait\np = [Point(3)]")
    assert notebook.run("print(isinstance(p[0], Point), p[0].double())") == "True 6\n"


def test_a_class_of_the_cell_comes_back_as_the_cells_until_the_notebook_has_one(notebook):
    notebook.run(f"%%submit --return p,q --wait\n{POINT}p, q = Point(3), Point(4)")
    assert notebook.run("print(p.double(), type(p) is type(q), type(p).__name__)") == "6 True Point\n"
    assert "Point" not in notebook.names
    notebook.run(POINT)
    assert notebook.run("print(isinstance(run.result('p'), Point))") == "True\n"


def test_what_came_back_can_be_submitted_again(notebook):
    notebook.run(f"%%submit --return p,f --wait\nimport math\n{POINT}p = Point(9)\ndef f(x): return math.sqrt(x.x)")
    assert notebook.prints("print(f(p), p.double())") == "3.0 18\n"


def test_a_name_that_the_cell_may_leave_as_it_was_travels(notebook):
    notebook.run("best = 'before'\nstate = ['before']")
    notebook.run("%%submit --return best,state --wait\nif False:\n    best = 'after'")
    assert (notebook.names["best"], notebook.names["state"]) == ("before", ["before"])


def test_a_name_that_the_cell_surely_sets_does_not_travel(notebook):
    notebook.run("best = 'before'")
    notebook.run("%%submit --return best --wait\nbest = 'after'")
    assert notebook.names["best"] == "after"
    assert Context.read(newest_run().layout.context).groups == ()


def test_what_cannot_come_back_is_said_and_the_rest_does(notebook):
    notebook.run("y = 'as it was'")
    printed = notebook.run("%%submit --return x,y --wait\nx = 1\ny = (i for i in 'ab')")
    run = newest_run()
    assert run.get_status() == "Completed"
    assert (notebook.names["x"], notebook.names["y"]) == (1, "as it was")
    assert "cellrun: result 'y' of run" in printed
    assert "a running generator" in log(run)
    assert any("result 'y' isn't kept" in each["message"] for each in run.get_details()["warnings"])
    with pytest.raises(ResultError, match="a running generator"):
        run.result("y")


def test_a_cell_that_fails_gives_nothing_back(notebook):
    with pytest.raises(ActivityFailedException):
        notebook.run("%%submit --return x --wait\nx = 1\n1 / 0")
    assert "x" not in notebook.names
    with pytest.raises(ResultError, match="the run is Failed"):
        newest_run().result("x")


def test_the_same_again_gives_values_back_again(notebook):
    notebook.run("%%submit --return x --wait\nimport os\nx = (os.environ['CELLRUN_RUN_ID'],)")
    again = newest_run().submit_again()
    again.wait_for_completion()
    assert again.result("x") == (again.id,)


@pytest.mark.parametrize("names", ["a b", "a, b", "a,b", "'a b'", "a --return b"])
def test_names_are_listed_as_one_likes(notebook, names):
    notebook.run(f"%%submit digits --return {names} --wait\na, b = 1, 2")
    assert (notebook.names["a"], notebook.names["b"]) == (1, 2)
    assert newest_run().experiment.name == "digits"


def test_a_name_that_nobody_gives_a_value_is_refused(notebook):
    with pytest.raises(InvalidSubmissionError, match=r"name 'scroe' is not defined \(--return, line 1\)"):
        notebook.run("%%submit --return scroe\nscore = 1")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--return 1a", "--return 1a: '1a' is no name of a variable"),
        ("--return a.b", "--return a.b: 'a.b' is no name of a variable"),
        ("--return class", "'class' is no name of a variable"),
        ("--return", "expected at least one argument"),
        ("--return a --command", "--return gives back variables of a cell"),
    ],
)
def test_bad_use(notebook, line, words):
    with pytest.raises(UsageError, match=words):
        notebook.run(f"%%submit {line}\na = 1")


def test_a_syntax_error_keeps_its_line(notebook):
    with pytest.raises(SyntaxError) as caught:
        notebook.run("%%submit --return a\na = 1\nfor:")
    assert caught.value.lineno == 3


def test_a_cell_with_magics_and_await(notebook):
    notebook.run(
        "%%submit --return a,files --wait\nimport asyncio\nfiles = !echo hello\na = await asyncio.sleep(0, 5)\na"
    )
    assert notebook.names["a"] == 5
    assert list(notebook.names["files"]) == ["hello"]


def test_the_run_can_come_back(notebook):
    notebook.run("%%submit --return run --as trial\nrun = trial")
    trial = notebook.names["trial"]
    trial.wait_for_completion()
    assert isinstance(trial.result("run"), Run)
    assert trial.result("run").id == trial.id


def test_somebody_elses_result_asks_for_trust(notebook):
    notebook.run("%%submit --return a,b --wait\na, b = [1], {2}")
    (private_folder() / "signing.key").unlink()  # the next one is another user's
    assert newest_run().result("a") == [1]
    with pytest.raises(UntrustedError, match="pass trust=True"):
        newest_run().result("b")


def test_values_come_back_from_another_python(notebook):
    if not other_pythons():
        pytest.skip("there is one Python only")
    notebook.run(POINT)
    printed = notebook.run(
        f"%%submit --environment {other_pythons()[0]} --return a,p,f --wait\n"
        "import sys\na = list(sys.version_info[:2])\np = (Point(3),)\ndef f(): pass"
    )
    assert notebook.names["a"] != list(sys.version_info[:2])
    assert notebook.run("print(isinstance(p[0], Point), p[0].double())") == "True 6\n"
    assert "cellrun: f came back from Python" in printed
    assert "f" not in notebook.names


def test_values_of_pandas_and_of_a_local_module_come_back(notebook):
    (notebook.folder / "shapes.py").write_text("class Square:\n    side = 2\n")
    notebook.run("import pandas as pd\nimport shapes")
    notebook.run(
        "%%submit --return frame,squares --wait\nframe = pd.DataFrame({'x': [1, 2]})\nsquares = {shapes.Square(): 1}"
    )
    assert notebook.run("print(frame.x.sum(), [type(each) is shapes.Square for each in squares])") == "3 [True]\n"


def test_values_that_share_an_object_do_so_here_too(notebook):
    notebook.run("%%submit --return a,b --wait\na = {1}\nb = [a]")
    assert notebook.names["b"][0] is notebook.names["a"]


def test_one_value_that_is_not_kept_leaves_the_others(notebook):
    printed = notebook.run("%%submit --return a,b,c --wait\na, b, c = 1, open('b.txt', 'w'), 3")
    assert (notebook.names["a"], notebook.names["c"]) == (1, 3)
    assert "b" not in notebook.names
    assert "result 'b' of run" in printed
