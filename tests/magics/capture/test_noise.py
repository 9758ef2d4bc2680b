"""Notes are about what can go wrong in the run and not in the notebook: all else is noise."""

import pytest

from tests.magics.notebook_shell import log

ONE_PYTHON = """
import sys
def text(x):
    if sys.version_info < (3,):
        return unicode(x)
    return str(x)
"""
EITHER_PYTHON = """
def text(x):
    try:
        return unicode(x)
    except NameError:
        return str(x)
"""
RARELY = """
def text(x, debug=False):
    if debug:
        pprint(x)
    return str(x)
"""
STARTS = """
def start():
    global count
    count = 0
def step(): return count + 1
"""
SHOUT = """from IPython.core.magic import register_line_magic
@register_line_magic
def shout(line): return line.upper()
"""
HELD = """class Held:
    def __init__(self):
        self.it = give()
        self.all = list(self.it)
"""
GIVES = "def give():\n    yield 1\n"


@pytest.mark.parametrize(
    ("setup", "cell"),
    [
        (ONE_PYTHON, "print(text(1))"),
        (EITHER_PYTHON, "print(text(1))"),
        (RARELY, "print(text(1))"),
        ("", "def ask(): return later + 1\nprint(1)"),
        ("", "class Asked:\n    def ask(self): return later + 1\nprint(1)"),
        ("def ask(): return later + 1", "def perhaps(do):\n    if do: ask()\nperhaps(False)\nprint(1)"),
        ("import sys", "if sys.version_info < (3,):\n    text = unicode\nelse:\n    text = str\nprint(text(1))"),
        ("", "print(__builtin__.__name__)"),
        (RARELY.replace("str(x)", "len(text.__name__)"), "def ask(): return text(2)\nprint(ask())"),
        (STARTS, "start()\nprint(count)"),
        (STARTS, "start()\nprint(step())"),
        (STARTS, "def ask():\n    start()\n    return count\nprint(ask())"),
        (f"{GIVES}it = give()\nlist(it)", "print(list(it), type(it).__name__)"),
        (f"{GIVES}it = give()\nlist(it)", "def ask(): return it\nprint(1)"),
        (f"{GIVES}{HELD}held = Held()", "print(held.all)"),
    ],
)
def test_nothing_is_said_of_what_is_as_in_the_notebook(notebook, setup, cell):
    notebook.run(setup)
    assert "\n! " not in notebook.run(f"%%submit --dry\n{cell}")
    assert notebook.prints(cell) == notebook.run(cell)


def test_a_generator_that_still_runs_is_refused(notebook):
    notebook.run(f"{GIVES}it = give()\nnext(it)")
    said = notebook.refusal("print(list(it))")
    assert "it is a running generator" in said
    assert "turn it into a list, or make it inside the cell" in said


def test_a_name_that_a_function_surely_comes_to_is_said(notebook):
    notebook.run("def f(values):\n    for each in values:\n        nowhere(each)")
    assert "! name 'nowhere' (f, line 3) is not defined" in notebook.run("%%submit --dry\nf([])")


def test_a_message_says_nothing_twice(notebook):
    source = f"{SHOUT}\nimport os\nif 'CELLRUN_RUN_ID' in os.environ: 1 / 0\n"
    (notebook.folder / "shouting.py").write_text(source)
    notebook.run("import shouting")
    assert log(notebook.submit("x = %shout hey")).count("IPython's magics") == 1
