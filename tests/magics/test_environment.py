"""Cells that are submitted to another environment: `%%submit --environment`."""

import json
import os
import sys

import pytest
from IPython.core.error import UsageError

from cellrun.core import Workspace
from cellrun.core.context.manifest import Context, python_version
from cellrun.core.errors import InvalidSubmissionError
from cellrun.core.store.lists.index import Index
from cellrun.core.submission.again import resubmit
from tests.interpreters import bare_environment, fake_interpreter, other_pythons
from tests.magics.notebook_shell import log, newest_run

pytestmark = pytest.mark.usefixtures("jobs_in_forks", "one_library")

POINT = """\
import math
from dataclasses import dataclass

@dataclass
class Point:
    x: float
    y: float = 0.0

    def norm(self):
        return math.hypot(self.x, self.y)

def scaled(point, factor=FACTOR):
    return Point(point.x * factor, point.y * factor)
"""


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """An environment of this Python without any package."""
    folder = tmp_path_factory.mktemp("environments") / "bare"
    bare_environment(folder)
    return folder


@pytest.fixture
def fake(tmp_path):
    """An interpreter that says it is another version; what it runs is this Python."""
    return fake_interpreter(tmp_path / "fake", (3, 99, 1))


@pytest.fixture(params=[0, 1, 2])
def other(request, tmp_path):
    """A bare environment of another Python of this machine, each in turn."""
    if request.param >= len(other_pythons()):
        pytest.skip("this machine has no such Python: python3.10 to python3.19 other than this one")
    python = other_pythons()[request.param]
    bare_environment(tmp_path / "other", python)
    return tmp_path / "other"


def refusal(notebook, body, line):
    with pytest.raises(InvalidSubmissionError) as caught:
        notebook.run(f"%%submit {line}\n{body}")
    return str(caught.value)


def runs_there():
    return Index(Workspace.from_config().layout).runs()


def test_a_cell_runs_with_the_packages_of_an_environment(notebook, bare):
    (site,) = bare.rglob("site-packages")
    (site / "only_there.py").write_text("name = 'there'\n")
    notebook.run("xs = [1, 2]\ndef f(x): return x * len(xs)\ng = lambda x: f(x)")
    body = "import sys, only_there\nrun.log('a', 1)\nprint(sys.prefix, only_there.name, g(3), run.get_metrics())"
    assert notebook.prints(body, f"--environment {bare}") == f"{bare} there 6 {{'a': 1}}\n"


def test_an_environment_may_be_relative_or_an_interpreter(notebook, bare):
    body = "import sys\nprint(sys.prefix)"
    assert notebook.prints(body, f"--environment {os.path.relpath(bare)}") == f"{bare}\n"
    assert notebook.prints(body, f"--environment {bare}/bin/python") == f"{bare}\n"


def test_the_notebook_s_own_environment_by_name_is_no_other(notebook):
    notebook.run("import numpy as np")
    assert notebook.prints("print(np.arange(2))", f"--environment {sys.prefix}") == "[0 1]\n"


def test_scripts_and_commands_take_it_too(notebook, bare):
    (notebook.folder / "train.py").write_text("import sys\nprint(sys.prefix)\n")
    notebook.run(f"%submit --environment {bare} --script train.py")
    newest_run().wait_for_completion()
    assert log(newest_run()) == f"{bare}\n"
    notebook.run(f"%submit --environment {bare} --command -- python train.py")
    newest_run().wait_for_completion()
    assert log(newest_run()) == f"{bare}\n"


@pytest.mark.parametrize(
    ("body", "facts"),
    [
        (
            "import no_such_thing",
            [
                *("module 'no_such_thing' isn't installed in {bare}", "can't import it either", "line 2"),
                "install the package that has it: {bare}/bin/python -m pip install PACKAGE",
            ],
        ),
        (
            "print(np.arange(3))",
            ["module 'numpy'", "{bare} (Python ", "line 2", "{bare}/bin/python -m pip install numpy"],
        ),
        ("print(values)", ["module 'numpy'", "line 2"]),
        ("from sklearn.svm import SVC", ["module 'sklearn'", "pip install scikit-learn"]),
        ("!ls", ["module 'IPython'", "magics and shell lines"]),
    ],
)
def test_what_the_environment_lacks_is_said_before_there_is_a_run(notebook, bare, body, facts):
    notebook.run("import numpy as np\nvalues = np.arange(2)")
    text = refusal(notebook, body, f"--environment {bare}")
    assert not [fact for fact in facts if fact.format(bare=bare) not in text], text
    assert not runs_there()


def test_what_the_run_may_come_to_need_is_noted(notebook, bare):
    notebook.run("def far():\n    import numpy\ndef near(): return 1")
    body = "try:\n    import cupy\nexcept ImportError:\n    print('no cupy')\nprint(near())\nif not near():\n    far()"
    printed = notebook.run(f"%%submit --environment {bare}\n{body}")
    assert f"not installed in {bare} (Python " in printed
    assert "numpy (line " in printed
    assert "cupy" not in printed
    newest_run().wait_for_completion()
    assert log(newest_run()) == "no cupy\n1\n"


def test_local_modules_are_no_matter_of_the_environment(notebook, bare):
    (notebook.folder / "helper.py").write_text("def hi(): return 'hi'\n")
    notebook.run("import helper")
    assert notebook.prints("print(helper.hi())", f"--environment {bare}") == "hi\n"


def test_a_missing_module_of_this_environment_is_said_too(notebook):
    text = refusal(notebook, "\nimport no_such_thing", "")
    for fact in ("module 'no_such_thing' isn't installed in", "line 3", "the notebook can't import it either"):
        assert fact in text
    assert "install the package that has it: %pip install PACKAGE\n" in text  # whose package has the module's name?


@pytest.mark.parametrize(
    ("enter", "body"),
    [
        ("", "import os\nos.chdir('sub')\nimport strangers\nprint(strangers.V)"),
        ("", "%cd -q sub\nfrom strangers import V\nprint(V)"),
        ("", "import os\nos.chdir('sub/package/..')\nimport package.strangers as s\nprint(s.V)"),
        ("import os\nos.chdir('sub')", "os.chdir('../sub')\nimport strangers\nprint(strangers.V)"),
    ],
)
def test_modules_of_a_folder_that_the_cell_enters(notebook, enter, body):
    for file, source in (
        ("friends", "K = 4"),
        ("strangers", "import friends\nV = friends.K"),
        ("package/strangers", "V = 4"),
    ):
        path = notebook.folder / "sub" / f"{file}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{source}\n")
    notebook.run(enter)
    assert "strangers (line" not in notebook.run(f"%%submit --dry\n{body}")
    assert notebook.prints(body) == "4\n"


PATH = """\
import os, sys
os.mkdir('more')
open('more/made.' + 'py', 'w').write('')
sys.path.append('more')
import made
print('ok')
"""


@pytest.mark.parametrize(
    "body",
    [
        "import os\nos.system('echo pip install; touch made_then.' + 'py')\nimport made_then\nprint('ok')",
        "try:\n    import no_such_thing\nexcept ImportError:\n    print('ok')",
        "open('made.py', 'w').write('')\nimport made\nprint('ok')",
        PATH,
        "import sys, types\nsys.modules['made'] = types.ModuleType('made')\nimport made\nprint('ok')",
        "if 0:\n    import no_such_thing\nprint('ok')",
        "def f():\n    import no_such_thing\nprint('ok')",
    ],
)
def test_a_module_that_the_cell_may_do_without_or_make_is_not_refused(notebook, body):
    assert notebook.prints(body).splitlines()[-1] == "ok"


@pytest.mark.parametrize(
    ("environment", "facts"),
    [
        ("/not/there", ["/not/there can't run a cell", "no such file", "virtual environment"]),
        ("{folder}", ["'{folder}' is a folder without bin/python"]),
        ("sh", ["'sh' isn't there: did you mean /"]),
        ("{folder}/data.csv", ["data.csv can't run a cell: permission denied"]),
    ],
)
def test_what_is_no_environment_is_named(notebook, environment, facts):
    (notebook.folder / "data.csv").touch()
    text = refusal(notebook, "1", f"--environment {environment.format(folder=notebook.folder)}")
    assert not [fact for fact in facts if fact.format(folder=notebook.folder) not in text], text


def test_the_option_needs_a_path(notebook):
    with pytest.raises(UsageError, match="--environment"):
        notebook.run("%%submit --environment\n1")


def test_another_python_gets_functions_and_classes_by_source(notebook, other):
    notebook.run("FACTOR = 2\n\ndef fails(x):\n    return x / 0")
    notebook.run(POINT)
    notebook.run("p = Point(3.0, 4.0)\nmany = {'p': p}")
    body = (
        "import inspect, multiprocessing, sys\n"
        "print(scaled(p), p.norm(), type(many['p']) is Point, many['p'] is p)\n"
        "print(inspect.getsource(scaled).splitlines()[0])\n"
        "print(sys.prefix)\n"
        "with multiprocessing.get_context('spawn').Pool(1) as pool:\n"
        "    print(pool.map(scaled, [p]))\n"
        "fails(1)"
    )
    out = notebook.run(f"%%submit --environment {other}\n{body}")
    run = newest_run()
    run.wait_for_completion(raise_on_error=False)
    assert "Point, fails, scaled are made from source there" in out
    lines = log(run).splitlines()
    assert lines[:4] == [
        "Point(x=6.0, y=8.0) 5.0 True True",
        "def scaled(point, factor=FACTOR):",
        str(other),
        "[Point(x=6.0, y=8.0)]",  # processes that it spawns have them too
    ]
    assert any(line.startswith("  Cell In[") and line.endswith(", line 8") for line in lines)  # those of the notebook
    assert any(line.startswith("  Cell In[") and line.endswith(", line 4, in fails") for line in lines)
    assert lines[-1].startswith("ZeroDivisionError")


def test_processes_that_a_cell_spawns_log_by_the_cells_name_for_its_run(notebook):
    notebook.run("def note(x):\n    run.log('x', x)\n    return x")
    body = "import multiprocessing as mp\nwith mp.get_context('spawn').Pool(1) as p:\n    print(p.map(note, [1, 2]))"
    run = notebook.submit(body)
    assert (log(run), run.get_metrics()) == ("[1, 2]\n", {"x": [1, 2]})


REGISTER = """\
known = []
def register(g):
    known.append(g)
    return g
@register
def f(): return 1
@register
def g(): return 2
"""

FAKED = [
    ("N = 2\ndef f(x=N): return x", "print(f())", "2\n"),
    ("def f(x, seen=[]):\n    seen.append(x)\n    return seen\nf(1)", "print(f(2))", "[1, 2]\n"),
    ("class M:\n    rate = 0.1\nM.rate = 0.5\nm = M()", "print(m.rate, isinstance(m, M))", "0.5 True\n"),
    ("def count():\n    count.calls += 1\n    return count.calls\ncount.calls = 4", "print(count())", "5\n"),
    ("def f(): return g()\ndef g(): return 'g'\nh = f", "print(h(), h is f)", "g True\n"),
    (
        REGISTER,
        "print([each() for each in known], known[0] is f)",
        "[1, 2] True\n",
    ),
    (
        "class A:\n    kids = []\n    def __init_subclass__(cls): A.kids.append(cls.__name__)\nclass B(A): pass",
        "print(A.kids, B)",
        "['B'] <class '__main__.B'>\n",
    ),
    (
        "from collections import namedtuple\nP = namedtuple('P', 'x y')\np = P(1, 2)",
        "print(p, type(p) is P)",
        "P(x=1, y=2) True\n",
    ),
    ("import enum\nclass C(enum.Enum):\n    RED = 1\nc = C.RED", "print(c is C.RED)", "True\n"),
    (
        "import functools\n@functools.lru_cache(8)\ndef fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)",
        "print(fib(30), fib.cache_parameters()['maxsize'])",
        "832040 8\n",
    ),
    ("from __future__ import annotations\nclass A:\n    def f(self, x: nowhere): return x", "print(A().f(1))", "1\n"),
    ("total = 0\ndef add(x):\n    global total\n    total += x", "add(2)\nprint(total)", "2\n"),
]


@pytest.mark.parametrize(("cell", "body", "printed"), FAKED)
def test_what_is_made_from_source_is_what_the_notebook_has(notebook, fake, cell, body, printed):
    notebook.run(cell)
    assert notebook.prints(body, f"--environment {fake}") == printed
    context = Context.read(newest_run().layout.context)
    assert context.definitions
    assert not [group.names for group in context.groups if group.has_code]
    assert notebook.prints(body) == printed  # by pickles, as this Python does


@pytest.mark.parametrize(
    ("cell", "body", "facts"),
    [
        (
            "def make(n):\n    def inner(x): return x + n\n    return inner\nadd = make(3)",
            "add(1)",
            ["function 'add' cannot be sent to Python 3.99", "no def or class statement of a cell", "line 2"],
        ),
        ("cfg = {'f': lambda: 1}", "cfg['f']()", ["variable 'cfg' (dict)", "<lambda>, Cell In[", ", line 1"]),
        (
            "from functools import singledispatch\n@singledispatch\ndef f(x): pass\n@f.register\ndef _(x: int): pass",
            "f(1)",
            ["'f'", "cannot be sent"],
        ),
    ],
)
def test_byte_code_that_cannot_be_made_again_is_refused_by_name(notebook, fake, cell, body, facts):
    notebook.run(cell)
    text = refusal(notebook, body, f"--environment {fake}")
    facts = [*facts, f"belongs to Python {python_version()}", f"environment with Python {python_version()}"]
    assert not [fact for fact in facts if fact not in text], text
    assert not runs_there()


def test_what_the_cell_gives_a_value_itself_may_be_bound_to_this_python(notebook, fake):
    notebook.run("cfg = {'f': lambda: 1}\nflag = 1")
    body = "if flag:\n    cfg = 2\nprint(cfg)"
    assert notebook.prints(body, f"--environment {fake}") == "2\n"


def test_a_cell_that_the_other_python_does_not_understand_is_refused(notebook, tmp_path):
    python = fake_interpreter(tmp_path / "fake", (3, 99, 1), errors={"": "line 2: invalid syntax"})
    text = refusal(notebook, "print(1)", f"--environment {python}")
    for fact in ("the cell is no Python to", "Python 3.99.1", "line 2: invalid syntax"):
        assert fact in text


def test_a_definition_that_the_other_python_does_not_understand_is_refused(notebook, tmp_path):
    python = fake_interpreter(tmp_path / "fake", (3, 99, 1), errors={"f": "line 1: invalid syntax"})
    notebook.run("def f(): return 1")
    text = refusal(notebook, "f()", f"--environment {python}")
    for fact in ("'f' is no Python to", "Python 3.99.1", "line 1: invalid syntax"):
        assert fact in text


def test_a_module_that_the_other_python_no_longer_has_is_refused(notebook, tmp_path):
    python = fake_interpreter(tmp_path / "fake", (3, 99, 1), missing=["wave"])
    text = refusal(notebook, "import wave", f"--environment {python}")
    for fact in (
        "module 'wave' isn't in",
        "Python 3.99.1",
        f"the notebook's Python {python_version()} has it",
        "line 2",
    ):
        assert fact in text


def test_definitions_travel_for_whoever_loads_the_run_with_another_python(notebook):
    notebook.run("def f(): return 1\ndef make():\n    def inner(): return 2\n    return inner\nadd = make()")
    run = notebook.submit("print(f(), add())")
    context = Context.read(run.layout.context)
    assert set(context.definitions) == {"f"}
    assert context.definitions["f"].text == "def f(): return 1"
    assert {name for group in context.groups if group.has_code for name in group.names} == {"f", "add"}


def test_a_python_without_our_packages_knows_what_was_submitted_too(notebook, bare, tmp_path):
    notebook.run("class Model: pass\nmodel, rows = Model(), list(range(1000))")
    first = notebook.submit("print(len(rows), type(model))", f"--environment {bare}")
    assert log(first) == "1000 <class '__main__.Model'>\n"
    group = next(group for group in Context.read(first.layout.context).groups if "rows" in group.names)
    assert group.payload.hash.startswith("sha256-")
    value = first.layout.workspace.values / group.payload.hash[:2] / group.payload.hash
    hostile = f"cos\nmkdir\n(S'{tmp_path / 'marker'}'\ntR.".encode()
    value.write_bytes(hostile.ljust(group.payload.bytes, b"."))
    again = Workspace.from_config().get_run(resubmit(first.layout).run_id)
    again.wait_for_completion(raise_on_error=False)
    assert (
        f"{value} was changed since it was written: it can't be used"
        in again.get_details()["error"]["error"]["message"]
    )
    assert not (tmp_path / "marker").exists()


def test_a_run_in_an_environment_runs_again(notebook, bare):
    notebook.run("def f(): return 1")
    run = notebook.submit("import sys\nprint(sys.prefix, f())", f"--environment {bare}")
    again = resubmit(run.layout)
    workspace = Workspace.from_config()
    repeated = workspace.get_run(again.run_id)
    repeated.wait_for_completion()
    assert log(repeated) == log(run) == f"{bare} 1\n"
    assert json.loads(again.record.read_text())["python"].endswith(f"{bare}/bin/python")
