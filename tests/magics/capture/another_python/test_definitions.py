"""The statement that makes a function or class of a notebook again."""

import pytest

from cellrun.magics.capture.another_python.definitions import Undefined, find_definition
from cellrun.magics.capture.carrier import CapturedCell
from cellrun.magics.capture.carriers.code import CodeCarrier
from cellrun.magics.capture.carriers.values import ValueCarrier
from cellrun.magics.capture.notebook import Notebook
from cellrun.magics.capture.source.analysis import Analysis, Read


@pytest.fixture
def find(notebook):
    """Run cells, and return how the last one's names are defined."""

    def find(name, *cells):
        for cell in cells:
            notebook.run(cell)
        seen = Notebook.of_shell(notebook.shell)
        value = seen.namespace[name]
        cell = CapturedCell(Analysis(), seen)
        found = ValueCarrier(cell, CodeCarrier(cell)).find(Read(name, 1), value)
        return find_definition(name, value, found.functions, seen)

    return find


POINT = "from dataclasses import dataclass\n@dataclass\nclass Point:\n    x: int = 0\n    def norm(self): return self.x"
WRAPS = (
    "import functools\ndef twice(g):\n    @functools.wraps(g)\n    def both(*a): return [g(*a), g(*a)]\n    return both"
)


@pytest.mark.parametrize(
    ("name", "cells", "line", "text"),
    [
        ("f", ["def f(x):\n    return x"], 1, "def f(x):\n    return x"),
        ("f", ["x = 1\n\nasync def f():\n    return 1\ny = 2"], 3, "async def f():\n    return 1"),
        ("f", ["a = 1; f = lambda x: x; b = 2"], 1, "f = lambda x: x"),
        ("f", ["def f(): return 1  # one"], 1, "def f(): return 1"),
        ("f", ["def f():\n    'ä'; return 'ö'; x = 1"], 1, "def f():\n    'ä'; return 'ö'; x = 1"),
        ("f", ["def f(): return 1", "def f(): return 2"], 1, "def f(): return 2"),
        ("A", ["class A:\n    x = 1"], 1, "class A:\n    x = 1"),
        ("A", ["class A:\n    def f(self): pass\n\nclass B(A): pass"], 1, "class A:\n    def f(self): pass"),
        ("Point", [POINT], 2, POINT.partition("\n")[2]),
        ("f", [WRAPS, "@twice\ndef f(x): return x"], 1, "@twice\ndef f(x): return x"),
        ("fib", ["from functools import cache\n@cache\ndef fib(n): return n"], 2, "@cache\ndef fib(n): return n"),
        ("P", ["from collections import namedtuple\nP = namedtuple('P', 'x y')"], 2, "P = namedtuple('P', 'x y')"),
        ("C", ["import enum\nclass C(enum.Enum):\n    A = 1"], 2, "class C(enum.Enum):\n    A = 1"),
        (
            "P",
            ["import typing\nclass P(typing.NamedTuple):\n    x: int = 1"],
            2,
            "class P(typing.NamedTuple):\n    x: int = 1",
        ),
        ("g", ["def f(): pass\ng = f"], 1, "g = f"),
        ("f", ["N = 2\ndef f(x=N, *, y=[1]): pass"], 2, "def f(x=N, *, y=[1]): pass"),
        ("A", ["class A:\n    __x = 1\n    def __f(self): pass"], 1, None),
        ("A", ["class A:\n    def f(self): return 1\n    f = staticmethod(f)\n    g = f"], 1, None),
        (
            "B",
            ["class A:\n    def f(self): pass", "class B(A):\n    f = A.f\n    x = y = 1"],
            1,
            "class B(A):\n    f = A.f\n    x = y = 1",
        ),
        (
            "A",
            [WRAPS, "class A:\n    @twice\n    def f(self): return 1"],
            1,
            "class A:\n    @twice\n    def f(self): return 1",
        ),
        ("S", ["class S:\n    'About S.'\n    __slots__ = ('a',)\n    def f(self): pass"], 1, None),
    ],
)
def test_the_statement(find, name, cells, line, text):
    found = find(name, *cells)
    assert (found.definition.line, found.changed) == (line, {})
    assert found.definition.text == (text or cells[0])


@pytest.mark.parametrize(
    ("name", "cells", "changed"),
    [
        ("M", ["class M:\n    rate = 1", "M.rate = 5"], {"M.rate": 5}),
        ("M", ["class M:\n    known = {}", "M.known['a'] = 1"], {"M.known": {"a": 1}}),
        ("M", ["class M: pass", "M.more = 1"], {"M.more": 1}),
        ("f", ["def f(): pass", "f.calls = 3"], {"f.calls": 3}),
        ("f", ["N = 1\ndef f(x, n=N): pass", "N = 2"], {"f.__defaults__": (1,)}),
        ("f", ["def f(x=[]): x.append(1)", "f()"], {"f.__defaults__": ([1],)}),
        ("f", ["def f(*, x=[]): x.append(1)", "f()"], {"f.__kwdefaults__": {"x": [1]}}),
    ],
)
def test_what_was_changed_afterwards_is_told(find, name, cells, changed):
    assert find(name, *cells).changed == changed


def test_a_method_that_was_assigned_afterwards_is_told(find, notebook):
    found = find("A", "class A:\n    def f(self): return 1", "def f(self): return 2\nA.f = f")
    assert found.changed == {"A.f": notebook.names["f"]}


@pytest.mark.parametrize(
    ("name", "cells", "why"),
    [
        ("add", ["def make(n):\n    def inner(x): return x + n\n    return inner\nadd = make(3)"], "no def or class"),
        ("A", ["if 1:\n    class A:\n        x = 1\nelse:\n    class A:\n        x = 2"], "no def or class"),
        ("f", [WRAPS, "def f(x): return x", "f = twice(f)"], "another value"),
        ("f", [WRAPS, "@twice\ndef f(x): return x", "f = twice(f)"], "another value"),
        ("A", ["class Base: pass", "class A(Base): pass", "class Base: pass"], "its base Base was defined again"),
        (
            "f",
            [
                "from functools import singledispatch\n@singledispatch\ndef f(x): pass",
                "@f.register\ndef _(x: int): pass",
            ],
            "functions were registered",
        ),
        ("T", ["T = type('T', (), {'f': lambda self: 1})"], "no def or class"),
    ],
)
def test_what_cannot_be_made_again_is_told_with_the_reason(find, name, cells, why):
    found = find(name, *cells)
    assert isinstance(found, Undefined)
    assert why in found.why


FALLBACK = """\
x = 1
try:
    import no_such_thing
except ImportError:
    @staticmethod
    def f():
        '''a
b'''
"""


@pytest.mark.parametrize(
    ("cell", "line", "text"),
    [
        ("if True:\n    def f(): return 1\nelse:\n    def f(): return 2", 1, "if True:\n    def f(): return 1"),
        (FALLBACK, 4, "if True:\n" + "\n".join(FALLBACK.splitlines()[4:])),
        (
            "for i in range(2):\n    with open('/dev/null'):\n        f = lambda: 1",
            2,
            "if True:\n        f = lambda: 1",
        ),
    ],
)
def test_a_definition_in_a_block_keeps_its_lines(find, cell, line, text):
    definition = find("f", cell).definition
    assert (definition.line, definition.text) == (line, text)


def test_features_of_the_cell_are_told(find):
    found = find("f", "from __future__ import annotations\ndef f(x: nowhere): pass")
    assert found.definition.future == ("annotations",)


def test_a_cell_that_failed_is_passed_over(find, notebook):
    notebook.shell.run_cell("class A:\n    x = 2\n1 / 0", store_history=True, silent=True)
    assert find("A").definition.text == "class A:\n    x = 2"
