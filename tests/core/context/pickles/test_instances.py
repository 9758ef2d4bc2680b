"""Instances whose class has a `__new__` of its own are made again without calling it."""

import collections.abc
import numbers

import pytest

from tests.core.context.pickles.test_class_making import Notebook

NEW = "class N:\n    def __new__(cls, a):\n        new = super().__new__(cls)\n        new.a = a\n        return new\n"


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        (f"{NEW}n = N(3)", "n.a"),
        (f"{NEW.replace('class N:', 'class N:' + chr(10) + '    __slots__ = (chr(97),)')}n = N(3)", "n.a"),
        (
            (
                "class N(int):\n    def __new__(cls, a, unit):\n        new = super().__new__(cls, a)\n"
                "        new.unit = unit\n        return new\nn = N(3, 'm')"
            ),
            "n, n.unit",
        ),
        (
            (
                "from collections import namedtuple\nclass N(namedtuple('P', 'a b')):\n"
                "    def __new__(cls, a): return super().__new__(cls, a, 2 * a)\nn = N(3)"
            ),
            "n.a, n.b, type(n).__name__",
        ),
        (
            (
                "class N(dict):\n    def __new__(cls, a): return super().__new__(cls)\n"
                "    def __init__(self, a): self[a] = 1\nn = N(3)"
            ),
            "dict(n)",
        ),
        (
            (
                "class N:\n    one = None\n    def __new__(cls):\n"
                "        if cls.one is None: cls.one = super().__new__(cls)\n        return cls.one\nn = N()\nn.x = 5"
            ),
            "n.x, N() is n, n.x",
        ),
        (
            (f"{NEW}    def __getnewargs__(self): return (self.a + 1,)\nn = N(3)"),
            "n.a",
        ),
        (
            (
                "import numpy as np\nclass N(np.ndarray):\n    def __new__(cls, values, unit):\n"
                "        new = np.asarray(values).view(cls)\n        new.unit = unit\n        return new\n"
                "    def __array_finalize__(self, other): self.unit = getattr(other, 'unit', None)\nn = N([1, 2], 'm')"
            ),
            "n.unit, n.sum().item()",
        ),
    ],
)
def test_it_is_as_it_was(source, shown):
    notebook = Notebook(source)
    kind, value = notebook.load("N", "n")
    assert eval(shown, {"N": kind, "n": value}) == eval(shown, notebook.names)


def test_what_gives_its_arguments_itself_is_made_by_them():
    notebook = Notebook(f"calls = []\n{NEW}    def __getnewargs__(self): return (calls.append(self.a) or 4,)\nn = N(3)")
    assert notebook.pickled("n")
    assert notebook.names["calls"] == [3]


def test_a_class_is_registered_where_it_was():
    source = (
        "import collections.abc, numbers\n@numbers.Number.register\n@collections.abc.Sequence.register\nclass S: pass"
    )
    (kind,) = Notebook(source).load("S")
    assert isinstance(kind(), collections.abc.Sequence)
    assert isinstance(kind(), numbers.Number)
    assert not isinstance(kind(), collections.abc.Mapping)
