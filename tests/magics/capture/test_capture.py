"""What travels with a cell, and what of it is written."""

import shutil

import pytest

from cellrun.core.context.manifest import Context
from cellrun.core.errors import InvalidSubmissionError
from cellrun.core.resources import size_text
from tests.magics.notebook_shell import newest_run


def context(run):
    return Context.read(run.layout.context)


def stored(run):
    """The files of the workspace's values, samples aside, with their sizes."""
    files = [path for path in run.layout.workspace.values.rglob("*") if path.is_file()]
    return {path.name: path.stat().st_size for path in files if path.parent.name != "samples"}


def group_of(run, name):
    return next(group for group in context(run).groups if name in group.names)


def test_a_second_submission_writes_only_what_changed(notebook):
    notebook.run("import numpy as np\nbig = np.zeros(3_000_000)\nwords = ['a'] * 30_000\nk = 1\ndef f(): return k")
    cell = "print(big.sum(), len(words), f())"
    first = notebook.submit(cell)
    before = stored(first)
    assert sum(before.values()) > 24_000_000
    second = notebook.submit(cell)
    assert stored(second) == before
    notebook.run("k = 2")
    third = notebook.submit(cell)
    new = stored(third).keys() - before.keys()
    assert sum(stored(third)[name] for name in new) < 100
    notebook.run("def f(): return k + 1")
    notebook.submit(cell)
    assert sum(stored(third).values()) - sum(before.values()) < 64_000
    assert group_of(third, "big") == group_of(first, "big")


def test_names_that_share_objects_are_one_group_and_others_are_not(notebook):
    notebook.run("a = [1]\nb = {'a': a}\nc = [1]\nd = (c, a)")
    run = notebook.submit("b['a'].append(2)\nprint(a, d[1] is a, d[0] is c)\nother = [9]\nprint(other)")
    assert {group.names for group in context(run).groups} == {("a", "b", "c", "d")}
    notebook.run("e = [5]\nf = [6]")
    run = notebook.submit("print(e, f)")
    assert {group.names for group in context(run).groups} == {("e",), ("f",)}


def test_code_is_one_group_and_comes_first(notebook):
    notebook.run("class P: pass\np = P()\ndef f(): return p\ndef g(): return f()")
    groups = [group.names for group in context(notebook.submit("print(g())")).groups]
    assert groups == [("P", "f", "g"), ("p",)]


def test_nothing_else_travels(notebook):
    notebook.run(
        "import threading\nlock = threading.Lock()\nbig = bytearray(10_000_000)\nx = 1\ndef f(big): return big"
    )
    run = notebook.submit("print(f(x))")
    assert {name for group in context(run).groups for name in group.names} == {"f", "x"}
    assert sum(stored(run).values()) < 10_000


def test_the_account_says_what_why_and_how_much(notebook):
    (notebook.folder / "own.py").write_text("K = 1\n")
    (notebook.folder / "in.csv").write_text("1,2\n")
    notebook.run("import numpy as np, own\nX = np.zeros((100, 64))\ndef train(m): return m.sum() + own.K")
    run = notebook.submit("print(train(X))\nopen('in.csv').close()\nnp.ones(1)")
    needs = {need.name: need for need in context(run).needs}
    assert (needs["X"].kind, needs["X"].what, needs["X"].place) == ("value", "ndarray 100 \u00d7 64 float64", "line 2")
    assert needs["X"].bytes > 100 * 64 * 8
    assert (needs["train"].kind, needs["np"].kind) == ("function", "import")
    assert needs["np"].what.startswith("numpy ")
    assert (needs["own"].kind, needs["own"].place, needs["own"].bytes) == ("module", "train, line 3", 6)
    assert (needs["in.csv"].kind, needs["in.csv"].place) == ("file", "line 3")


def test_values_over_the_limit_are_refused_with_the_largest(notebook, monkeypatch):
    monkeypatch.setenv("CELLRUN_VALUE_BYTES", "1000")
    notebook.run("big = 'x' * 5000\nsmall = 1")
    with pytest.raises(InvalidSubmissionError) as caught:
        notebook.submit("print(small)\nprint(len(big))")
    for fact in (size_text(1000), "CELLRUN_VALUE_BYTES", "big", "line 3"):
        assert fact in str(caught.value)


def test_values_over_half_of_the_free_disk_are_refused(notebook, monkeypatch):
    usage = shutil.disk_usage(notebook.folder)._replace(free=3_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    notebook.run("big = list(range(10_000))")
    with pytest.raises(
        InvalidSubmissionError, match=r"half of the free disk below .* is 1\.5 KB; largest: big.*CELLRUN_HOME"
    ):
        notebook.submit("print(len(big))")


def test_files_over_the_limit_are_refused_with_the_largest(notebook, monkeypatch):
    (notebook.folder / "wide.py").write_text("K = 1\n" + "#" * 5000)
    monkeypatch.setenv("CELLRUN_SNAPSHOT_BYTES", "1000")
    with pytest.raises(InvalidSubmissionError) as caught:
        notebook.submit("import wide")
    for fact in ("wide.py", size_text(1000), "CELLRUN_SNAPSHOT_BYTES", "line 2"):
        assert fact in str(caught.value)


def test_a_module_with_the_name_of_the_submitted_cell_is_refused(notebook):
    (notebook.folder / "cell.py").write_text("K = 1\n")
    with pytest.raises(InvalidSubmissionError, match=r"cell\.py can't go along.*line 2; rename it"):
        notebook.submit("import cell")


def test_a_name_that_the_cell_may_set_itself_can_stay_behind(notebook):
    notebook.run("import threading\nf = threading.Lock()")
    printed = notebook.run("%%submit\nfor f in [1]:\n    pass\nprint(f)")
    assert (
        "'f' (line 4) stays behind, as the cell may give it a value itself: f is a lock (lock) and can't be captured"
        in printed
    )
    assert "--without" not in printed  # it is left out already
    newest_run().wait_for_completion()


class TestFiles:
    @pytest.mark.parametrize(
        "cell",
        [
            "print(open('data/in.txt').read())",
            "print(open(path).read())",
            "print(open(config['paths'][0]).read())",
            "print(read())",
            "import glob\nprint(open(glob.glob('data/*.txt')[0]).read())",
            "import os\nprint(open(os.path.join('data', 'in.txt')).read())",
            "name = 'in'\nprint(open(f'data/{name}.txt').read())",
            "import sys\nprint(open(sys.argv[1]).read())",
            "!cat data/in.txt",
        ],
    )
    def test_a_relative_path_is_found(self, notebook, cell):
        (notebook.folder / "data").mkdir()
        (notebook.folder / "data" / "in.txt").write_text("here I am")
        notebook.run("from pathlib import Path\npath = Path('data') / 'in.txt'\nconfig = {'paths': ['data/in.txt']}")
        notebook.run("def read():\n    with open('data/in.txt') as file:\n        return file.read()")
        assert notebook.prints(cell, "-- data/in.txt").strip() == "here I am"

    def test_a_large_file_is_linked_and_said(self, notebook):
        with (notebook.folder / "large.bin").open("wb") as file:
            file.truncate(17 << 20)
        printed = notebook.run("%%submit\nimport os\nprint(os.path.getsize('large.bin'))")
        assert f"large.bin ({size_text(17 << 20)}) isn't copied" in printed
        run = newest_run()
        run.wait_for_completion()
        assert run.layout.log.read_text() == f"{17 << 20}\n"
        assert not (run.layout.snapshot / "large.bin").exists()

    def test_the_cell_does_not_change_the_notebooks_files(self, notebook):
        (notebook.folder / "out.txt").write_text("mine")
        assert notebook.prints("open('out.txt', 'w').write('the run\\'s')") == "9\n"
        assert (notebook.folder / "out.txt").read_text() == "mine"


DATA = "(resources.files(package) / 'data.txt')"
MODULES = {
    "helper.py": "V = 3\n",
    "chain_a.py": "import chain_b\nX = chain_b.Y\n",
    "chain_b.py": "Y = 1\ndef go():\n    import chain_c\n    return chain_c.Z\n",
    "chain_c.py": "Z = 9\n",
    "package/__init__.py": "",
    "package/sub.py": "W = 5\n",
    "package/data.txt": "package data",
    "spread/mod.py": "U = 8\n",
    "lib/elsewhere.py": "T = 7\n",
    "shapes.py": "class Square:\n    def __init__(self, a): self.a = a\n",
    "script.py": "import helper\nprint('script', helper.V)\n",
}


@pytest.mark.parametrize(
    ("setup", "cell", "output"),
    [
        ("", "import helper\nprint(helper.V)", "3"),
        ("def f():\n    import helper\n    return helper.V", "print(f())", "3"),
        ("import chain_a, chain_b", "print(chain_a.X, chain_b.go())", "1 9"),
        ("from package import sub", "print(sub.W, sub.__name__)", "5 package.sub"),
        ("import package", f"from importlib import resources\nprint({DATA}.read_text())", "package data"),
        ("import spread.mod", "print(spread.mod.U)", "8"),
        ("import sys\nsys.path.append('lib')\nimport elsewhere", "print(elsewhere.T)", "7"),
        ("from shapes import Square\nxs = [{'q': Square(2)}]", "print(xs[0]['q'].a)", "2"),
        ("from shapes import Square\nclass N(Square): pass", "print(N(4).a, N.__mro__[1].__module__)", "4 shapes"),
        ("", "%run script.py", "script 3"),
    ],
)
def test_local_modules_travel(notebook, setup, cell, output):
    for path, text in MODULES.items():
        file = notebook.folder / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    notebook.run(setup)
    assert notebook.prints(cell).strip() == output
