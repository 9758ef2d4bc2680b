"""Instances whose class has a `__new__` of its own are made again without calling it."""

import collections.abc
import copyreg
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


@pytest.mark.parametrize(
    ("base", "arguments"),
    [
        ("collections.Counter", "'aab'"),
        ("collections.defaultdict", "list, {1: [2]}"),
        ("collections.OrderedDict", "{1: 2}"),
        ("collections.deque", "[1, 2], 5"),
        ("datetime.datetime", "2026, 11, 28"),
        ("datetime.timedelta", "days=2"),
        ("decimal.Decimal", "'1.10'"),
        ("fractions.Fraction", "'1/3'"),
        ("pathlib.PurePosixPath", "'a', 'b'"),
        ("random.Random", "5"),
        ("argparse.Namespace", "a=1"),
    ],
)
def test_what_was_added_to_a_standard_class_is_kept_and_nothing_is_called(base, arguments):
    """What these give to pickle makes them anew, and lacks attributes: the notebook's `__init__` had its effects."""
    source = (
        f"import argparse, collections, datetime, decimal, fractions, pathlib, random\nmade = []\n"
        f"class Labelled:\n    def labelled(self, label):\n        self.label = label\n        return self\n"
        f"class N(Labelled, {base}):\n    def __init__(self, *args, **named):\n        made.append(1)\n"
        f"        if {base}.__init__ is not object.__init__: super().__init__(*args, **named)\n"
        f"n = N({arguments}).labelled('mine')"
    )
    notebook = Notebook(source)
    kind, value, made = notebook.load("N", "n", "made")
    was = notebook.names["n"]
    assert (type(value), value.label, made) == (kind, "mine", [1])
    if base == "random.Random":
        assert value.random() == was.random()
    else:
        assert repr(value) == repr(was)
    if base == "collections.defaultdict":
        assert value[7] == []


@pytest.mark.parametrize(
    ("base", "made", "method", "fill", "first"),
    [
        ("OrderedDict", "()", "__setitem__(self, *item)", "n['me'] = n", "n['me']"),
        ("defaultdict", "(int)", "__setitem__(self, *item)", "n['me'] = n", "n['me']"),
        ("deque", "(maxlen=3)", "append(self, *item)", "n.append(n)", "n[0]"),
        ("dict", "()", "__setitem__(self, *item)", "n['me'] = n", "n['me']"),
        ("list", "()", "append(self, *item)", "n.append(n)", "n[0]"),
    ],
)
def test_items_are_not_taken_by_methods_of_its_own_which_need_attributes(base, made, method, fill, first):
    """As of a cache that drops its oldest item, an `OrderedDict` with a `maxsize`; and it may hold itself."""
    notebook = Notebook(
        f"from collections import *\n"
        f"class N({base}):\n    def __init__(self, most):\n        super().__init__{made}\n        self.most = most\n"
        f"    def {method}:\n        self.most -= 1\n        super().{method.partition('(')[0]}(*item)\n"
        f"n = N(9)\n{fill}"
    )
    kind, value = notebook.load("N", "n")
    assert (type(value), value.most, len(value)) == (kind, 8, 1)
    assert eval(first, {"n": value}) is value
    assert getattr(value, "maxlen", None) == getattr(notebook.names["n"], "maxlen", None)
    assert getattr(value, "default_factory", None) == getattr(notebook.names["n"], "default_factory", None)


@pytest.mark.parametrize("base", ["dict", "collections.OrderedDict"])
def test_a_reducer_that_was_registered_for_a_class_is_asked(base):
    notebook = Notebook(
        f"import collections, copyreg\n"
        f"class N({base}):\n    def __setitem__(self, *item): super().__setitem__(*item)\n"
        "copyreg.pickle(N, lambda n: (N, ({'told': 'so'},)))\nn = N(a=1)"
    )
    try:
        kind, value = notebook.load("N", "n")
    finally:
        del copyreg.dispatch_table[notebook.names["N"]]
    assert (type(value), dict(value)) == (kind, {"told": "so"})


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


WRAPPER = "def __init__(self, of): object.__setattr__(self, 'of', of)\n    def __getattr__(self, name): return "


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        (f"class N:\n    {WRAPPER}getattr(self.of, name)\nn = N([1, 1])", "n.count(1)"),
        (f"class N:\n    __slots__ = ('of',)\n    {WRAPPER}getattr(self.of, name)\nn = N([1, 1])", "n.count(1)"),
        (f"class N:\n    {WRAPPER}self.of[name]\n    __setattr__ = None\nn = N({{'a': 3}})", "n.a"),
        (
            (
                f"class N:\n    {WRAPPER}getattr(self.of, name)\n    def __new__(cls, of, more=()):\n"
                "        return super().__new__(cls)\nn = N([1, 1])"
            ),
            "n.count(1)",
        ),
    ],
    ids=["attributes", "slots", "items", "new"],
)
def test_what_hands_on_what_it_is_asked_for_is_asked_for_nothing_before_it_is_whole(source, shown):
    """Pickle would ask it for `__setstate__`, which its `__getattr__` looks for in an attribute that comes later."""
    notebook = Notebook(source)
    (value,) = notebook.load("n")
    assert eval(shown, {"n": value}) == eval(shown, notebook.names)


def test_no_class_is_asked_for_what_it_would_make():
    """Each look at a method of a MagicMock's class makes another mock, which would have to be pickled as well."""
    notebook = Notebook("from unittest.mock import MagicMock\nn = MagicMock()\nn.a.b.return_value = 3")
    (value,) = notebook.load("n")
    assert value.a.b() == 3
