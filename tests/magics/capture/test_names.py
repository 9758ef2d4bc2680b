"""Names that a cell reaches without naming them: what travels then, and what is said."""

import threading
from pathlib import Path

import pytest

from cellrun.magics.capture.capture import Capture
from cellrun.magics.capture.carrier import CapturedCell
from cellrun.magics.capture.carriers.names import estimated_bytes
from cellrun.magics.capture.notebook import Notebook
from cellrun.magics.capture.source.flow import analyse

SETUP = """\
x, y, n, text, query = 4, 5, 'x', 'x + 1', 'a > @y'
def f(): return x
def uses_eval(t): return eval(t)
def uses_shell(a):
    get_ipython().system('echo {a} {y}')
class Base: pass
class Derived(Base): pass
class Annotated:
    part: 'Base'
    parts: list['Derived']
def annotated(a: 'Base'): pass
_1 = 'a last result'
big = bytearray(2_000_000)
"""


@pytest.fixture
def capture(tmp_path):
    namespace = {"__name__": "__main__", "lock": threading.Lock()}
    exec(compile(SETUP, "<cell>", "exec"), namespace)
    (tmp_path / "script.py").write_text("def inner(): return y\nprint(x + inner())\n")

    def make(source):
        return Capture(CapturedCell(analyse(source), Notebook(namespace, folder=tmp_path)))

    return make


def names(capture: Capture) -> set[str]:
    return {need.name for need in capture.account() if need.kind in {"value", "function", "class"}}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("eval('x + y')", "x y"),
        ("uses_eval('x + y')", "uses_eval x y"),
        ("code = 'x + 1'\nuses_eval(code)", "uses_eval x"),
        ("uses_eval(text)", "uses_eval text x"),
        ("df.query('a > @y')", "y"),
        ("q = 'a > @y'\ndf.query(q)", "y"),
        ("df.query(f'{column} > @y')", "y"),
        ("df.query(query)", "query y"),
        ("pd.eval('df.a + y')", "y"),
        ("smf.ols('a ~ f(b) + y', df)", "f x y"),
        ("formula = 'a ~ f(b)'\npatsy.dmatrices(formula, df)", "f x"),
        ("import cProfile\ncProfile.run('f()')", "f x"),
        ("run('f()')", ""),
        ("timeit.timeit('f()', 'from __main__ import f')", "f x"),
        ("uses_shell(1)", "uses_shell y"),
        ("import __main__\n__main__.big", "big"),
        ("print(Annotated)", "Annotated Base Derived"),
        ("annotated(1)", "annotated Base"),
        ("import json\njson.loads('1')", ""),
        ("print('x', 'y')", ""),
    ],
)
def test_names_that_texts_and_annotations_give_away(capture, source, expected):
    assert names(capture(source)) >= set(expected.split())
    if "__main__" not in source:
        assert names(capture(source)) == set(expected.split())


@pytest.mark.parametrize(
    "source",
    [
        "globals()[n]",
        "[globals()[each] for each in 'xy']",
        "eval(n + '()')",
        "'{x}'.format(**globals())",
        "'{x}'.format_map(vars())",
        "getattr(sys.modules[__name__], n)",
        "import sys\nsys._getframe().f_globals[n]",
        "import doctest\ndoctest.testmod()",
        "timeit.timeit(n, globals=globals())",
        "def g(name): return globals()[name]\ng(n)",
    ],
)
def test_where_any_name_can_be_reached_all_small_values_travel(capture, source):
    found = capture(source)
    assert names(found) >= {"x", "y", "n", "text", "f", "Base", "Derived"}
    assert not names(found) & {"big", "lock", "_1"}
    assert found.refusals(Path.cwd()) == []
    (note,) = [note for note in found.notes() if "may reach any name" in note]
    for fact in ("big (2", "lock", "--with"):
        assert fact in note


@pytest.mark.parametrize(
    "source",
    [
        "pickle.load(open('p'))",
        "from joblib import load\nload('p')",
        "Base.__subclasses__()",
        "unittest.main(argv=[''], exit=False)",
        "def g(path): return pickle.load(path)\ng('p')",
    ],
)
def test_where_code_can_be_reached_functions_and_classes_travel(capture, source):
    found = names(capture(source))
    assert found >= {"f", "x", "Base", "Derived"}  # x, because f reads it
    assert not found & {"n", "text", "big", "lock"}


def test_a_name_that_is_needed_for_sure_travels_whatever_its_size(capture):
    assert "big" in names(capture("globals()[n]\nprint(len(big))"))


def test_the_line_that_reaches_is_said(capture):
    assert any("(line 2)" in note for note in capture("1\nglobals()[n]").notes())


@pytest.mark.parametrize(
    "run", ["get_ipython().run_line_magic('run', '-i script.py')", "exec(open('script.py').read())"]
)
def test_what_a_script_reads_that_runs_in_the_cells_namespace(capture, run):
    assert names(capture(run)) >= {"x", "y"}


def test_estimated_bytes():
    assert estimated_bytes(bytearray(5000)) > 5000
    assert estimated_bytes({"a": [bytearray(5000)]}) > 5000
    assert estimated_bytes(memoryview(bytes(5000))) == 5000
    assert estimated_bytes([[0] * 10_000_000], 1000) > 1000
    endless: list = []
    endless.append(endless)
    assert estimated_bytes(endless) > 0


class Faulty:
    def __getattr__(self, name):
        raise KeyError(name)


def test_a_class_whose_attributes_raise_is_no_obstacle(tmp_path):
    assert estimated_bytes(Faulty()) > 0
