"""A captured cell in a process of its own."""

import json
import subprocess
import sys

import pytest

from cellrun.core.context.manifest import Import, Source


@pytest.fixture
def new_run_folder(workspace_layout):
    """Return the folder of the one run that there is."""
    return lambda: workspace_layout.run(next(workspace_layout.runs.iterdir()).name)


@pytest.fixture
def cell(finished):
    """Run the source of a cell; returns the finished process."""
    return lambda *arguments, **options: finished(*arguments, **options)[0]


def prints(cell, source, *arguments, **fields):
    done = cell(source, *arguments, **fields)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize(
    ("source", "output"),
    [
        ("1 + 1", "2\n"),
        ("1 + 1;", ""),
        ("1 + 1;  # quiet", ""),
        ("x = 3", ""),
        ("None", ""),
        ("'text'", "'text'\n"),
        ("print('a')\n'b'", "a\n'b'\n"),
        ("", ""),
        ("# only a comment", ""),
        ("';'", "';'\n"),
        ("from __future__ import annotations\ndef f(x: nowhere): return x\nf(4)", "4\n"),
        ("import os\nfrom __future__ import annotations\ndef f(x: nowhere): return x\nf(4)", "4\n"),
    ],
)
def test_the_last_expression_is_echoed_as_in_a_notebook(cell, source, output):
    assert prints(cell, source) == output


@pytest.mark.parametrize(
    ("source", "output"),
    [
        ("import asyncio\nawait asyncio.sleep(0)\nprint('slept')", "slept\n"),
        ("import asyncio\nawait asyncio.sleep(0, 5)", "5\n"),
        ("import asyncio\nx = await asyncio.gather(asyncio.sleep(0, 1))\nx", "[1]\n"),
        ("async def g():\n    yield 1\nasync for i in g():\n    print(i)", "1\n"),
        ("import asyncio\nasync def f(): return 2\nprint(asyncio.run(f()))", "2\n"),
    ],
)
def test_await_at_the_top(cell, source, output):
    assert prints(cell, source) == output


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("1 + 1", 0),
        ("import sys\nsys.exit(3)", 3),
        ("raise SystemExit(4)", 4),
        ("1 / 0", 1),
        ("import os\nos._exit(0)", None),
    ],
)
def test_it_leaves_the_exit_code_that_it_has(cell, new_run_folder, source, code):
    done = cell(source, forks=None)
    left = new_run_folder().completion
    assert (json.loads(left.read_text())["exit_code"] if left.exists() else None) == code
    assert done.returncode == (code or 0)


def test_it_is_the_main_module(cell):
    source = "import __main__, sys\nx = 1\nprint(__name__, __main__.x, '__file__' in globals(), sys.argv[1:])"
    assert prints(cell, source, "--a", "b c", forks=None) == "__main__ 1 False ['--a', 'b c']\n"


def test_it_runs_where_its_files_are(cell):
    assert prints(cell, "import os\nprint('cell.py' in os.listdir())") == "True\n"


def test_a_traceback_begins_at_the_cell(cell):
    done = cell("# %%submit\ndef f():\n    raise KeyError('lost')\nf()", forks=None)
    assert done.returncode == 1
    marks = set(" ~^")  # Python 3.13 marks the call too
    assert [line for line in done.stderr.splitlines() if set(line) - marks] == [
        "Traceback (most recent call last):",
        "  Cell In[7], line 4",
        "    f()",
        "  Cell In[7], line 3, in f",
        "    raise KeyError('lost')",
        "KeyError: 'lost'",
    ]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="code knows its qualified name since Python 3.11")
@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("class Model:\n    def fit(self):\n        1 / 0\nModel().fit()", "Model.fit"),
        ("def outer():\n    def inner():\n        1 / 0\n    inner()\nouter()", "outer.<locals>.inner"),
        ("f = lambda: 1 / 0\nf()", "<lambda>"),
    ],
)
def test_a_function_has_its_qualified_name(cell, source, name):
    frames = [line for line in cell(source).stderr.splitlines() if line.startswith("  Cell In[7], line ")]
    assert frames[-1].endswith(f", in {name}")


def test_a_chain_of_errors_is_told_whole(cell):
    done = cell("try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    raise ValueError('second') from error")
    assert "ZeroDivisionError: division by zero" in done.stderr
    assert "The above exception was the direct cause" in done.stderr
    assert "  Cell In[7], line 2" in done.stderr.splitlines()
    assert done.stderr.splitlines()[-1] == "ValueError: second"


@pytest.mark.skipif(sys.version_info < (3, 11), reason="groups of exceptions came with Python 3.11")
def test_a_group_of_errors_names_the_cell_at_each(cell):
    done = cell("try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    raise ExceptionGroup('two', [error])")
    frames = [line.strip(" |") for line in done.stderr.splitlines() if "line" in line]
    assert frames == ["Cell In[7], line 2", "Cell In[7], line 4", "Cell In[7], line 2"]


def test_an_error_in_a_thread_names_the_cell_too(cell):
    source = "import threading\nt = threading.Thread(target=lambda: 1 / 0, name='worker')\nt.start()\nt.join()"
    done = cell(source)
    assert done.returncode == 0
    assert "Exception in thread worker:" in done.stderr
    assert "  Cell In[7], line 2, in <lambda>" in done.stderr.splitlines()


def test_a_function_of_another_cell_is_called_by_its_cells_name(cell):
    sources = {"<other>": Source("Cell In[3]", "def f():\n    return 1 / 0\n")}
    done = cell("exec(compile('def f():\\n    return 1 / 0\\n', '<other>', 'exec'))\nf()", sources=sources)
    assert "  Cell In[3], line 2, in f" in done.stderr.splitlines()
    assert "    return 1 / 0" in done.stderr.splitlines()


@pytest.mark.parametrize(("source", "code"), [("import sys\nsys.exit(3)", 3), ("exit()", 0), ("raise SystemExit", 0)])
def test_exit_codes(cell, source, code):
    assert cell(source).returncode == code


def test_nobody_answers_input(cell):
    done = cell("input('name? ')")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("EOFError: input('name? ') in a run: nobody can answer")


def test_magics_run_in_a_shell_without_a_history(cell, tmp_path):
    source = "x = get_ipython().getoutput('echo hi')\nprint(x[0])\nget_ipython().system('echo there')\nget_ipython()"
    lines = prints(cell, source, needs_ipython=True).splitlines()
    assert lines[:2] == ["hi", "there"]
    assert not list(tmp_path.rglob("history.sqlite*"))


def test_a_magic_for_windows_changes_nothing(cell):
    source = "get_ipython().run_line_magic('matplotlib', 'inline')\nget_ipython().enable_gui('tk')\nprint('goes on')"
    assert prints(cell, source, needs_ipython=True).endswith("goes on\n")


def test_an_error_in_a_magic_fails_the_cell(cell):
    done = cell("get_ipython().run_line_magic('no_such_magic', '')", needs_ipython=True)
    assert done.returncode == 1
    assert "no_such_magic" in done.stderr.splitlines()[-1]
    assert "  Cell In[7], line 1" in done.stderr.splitlines()


def test_large_files_are_read_where_they_are(cell, tmp_path):
    (tmp_path / "big").mkdir()
    (tmp_path / "big" / "part.txt").write_text("far away")
    links = {"data/big": str(tmp_path / "big"), "cell.py": "/nowhere"}  # what is there already stays
    assert prints(cell, "print(open('data/big/part.txt').read())", links=links) == "far away\n"


def test_a_context_that_cannot_be_loaded_is_said_without_a_traceback(cell):
    done = cell("1", imports=(Import("no_such_module", "", "nope"),))
    assert done.returncode == 1
    assert done.stderr.startswith("ContextException: 'nope', which the cell needs, comes from 'no_such_module'")
    assert "Traceback" not in done.stderr


def test_outside_of_a_run_it_says_so(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "cellrun.core.cell.main", "cell.py"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "this process belongs to none" in done.stderr


def test_processes_that_it_spawns_have_the_context_and_not_the_cell(cell):
    source = (
        "import multiprocessing as mp\nprint('once')\n"
        "with mp.get_context('spawn').Pool(1) as pool:\n    print(pool.map(root, [4, 9]))"
    )
    assert prints(cell, source, forks=None, imports=(Import("math", "sqrt", "root"),)) == "once\n[2.0, 3.0]\n"


class TestBuiltinsOfANotebook:
    KERNEL, TERMINAL = "ipykernel.zmqshell:ZMQInteractiveShell", "IPython.core.interactiveshell:InteractiveShell"
    ASK = """import builtins, sys
ip = builtins.get_ipython()
print(f"{type(ip).__module__}:{type(ip).__name__}", hasattr(ip, "kernel"), __IPYTHON__, "IPython" in sys.modules)"""

    @pytest.mark.parametrize(("shell", "has_kernel"), [(KERNEL, True), (TERMINAL, False)])
    def test_the_shell_looks_as_the_notebooks_and_is_not_loaded_for_it(self, cell, shell, has_kernel):
        assert prints(cell, self.ASK, shell=shell) == f"{shell} {has_kernel} True False\n"
        assert prints(cell, f"import IPython\n{self.ASK}", shell=shell) == f"{shell} {has_kernel} True True\n"

    def test_what_is_used_of_it_is_the_runs_own_shell(self, cell):
        use = (
            "import builtins\nip = builtins.get_ipython()\nx = 3\nprint(ip.user_ns['x'], builtins.get_ipython() is ip)"
        )
        assert prints(cell, f"{use}\nbuiltins.display(x)", shell=self.KERNEL) == "3 False\n3\n"

    def test_a_context_of_an_earlier_version_tells_of_none(self, cell):
        assert prints(cell, "import builtins\nprint(hasattr(builtins, 'get_ipython'))") == "False\n"
