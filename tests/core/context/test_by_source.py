"""A context in another Python than its own: functions and classes are made from their source, values are loaded."""

import inspect
import pathlib
import pickle
import traceback

import pytest

from cellrun.core.context.manifest import Context, Definition, Group, Source, python_version
from cellrun.core.context.pickles.reducers import reducer
from cellrun.core.context.pickles.references import named
from cellrun.core.context.reader import load_context
from cellrun.core.context.value_store import ValueStore
from cellrun.core.errors import ContextException


class Named:
    """Pickles as what a notebook's pickle says instead of one of its functions or classes."""

    def __init__(self, name):
        self.name = name

    def __reduce__(self):
        return named, (self.name,)


class Made:
    """Pickles as a call of something."""

    def __init__(self, maker, *arguments):
        self.call = maker, arguments

    def __reduce__(self):
        return _call, self.call


def _call(maker, arguments):
    return maker(*arguments)


@pytest.fixture
def load(new_run):
    """Load definitions and values that another Python has captured; returns the namespace."""
    layout = new_run(kind="cell")
    store = ValueStore(layout.workspace.values)

    def write_and_load(definitions=None, values=None, code=(), sources=None, definitions_made=None, **fields):
        groups = [Group((name,), store.put(pickle.dumps([value]))) for name, value in (values or {}).items()]
        groups += [Group((name,), store.put(b"\x80\x05 of another Python"), has_code=True) for name in code]
        made = {name: Definition(f"<{name}>", 1, text) for name, text in (definitions or {}).items()}
        made.update(definitions_made or {})
        Context(
            **{
                "python": "2.7",
                "title": "Cell In[1]",
                "groups": tuple(groups),
                "definitions": made,
                "sources": sources or {},
                **fields,
            }
        ).write(layout.context)
        namespace = {"__name__": "__main__"}
        load_context(layout.context, store, namespace)
        return namespace

    return write_and_load


def test_a_function_is_made_from_its_source_and_not_from_its_pickle(load):
    here = load({"double": "def double(x): return x * FACTOR"}, {"FACTOR": 2}, code=["double"])
    assert here["double"](4) == 8
    assert here["double"].__globals__ is here


def test_values_of_the_notebook_s_classes_get_the_class_made_from_source(load):
    values = {"p": Made(Named("Point"), 3), "many": {"a": Made(Named("Point"), 4)}}
    here = load({"Point": "class Point:\n    def __init__(self, x): self.x = x"}, values, code=["Point"])
    assert type(here["p"]) is here["Point"] is type(here["many"]["a"])
    assert (here["p"].x, here["many"]["a"].x, here["Point"].__module__) == (3, 4, "__main__")


@pytest.mark.parametrize(
    ("definitions", "values", "name", "result"),
    [
        ({"Kid": "class Kid(Base): pass", "Base": "class Base:\n    def hi(self): return 1"}, {}, "Kid().hi()", 1),
        ({"f": "def f(x=N): return x"}, {"N": 5}, "f()", 5),
        ({"f": "@twice\ndef f(): return 2", "twice": "def twice(g): return lambda: K * g()"}, {"K": 2}, "f()", 4),
        ({"A": "class A:\n    sizes = [N for _ in range(2)]"}, {"N": 3}, "A.sizes", [3, 3]),
        ({"f": "f = lambda x: g(x)", "g": "def g(x): return x + 1"}, {}, "f(1)", 2),
        (
            {
                "f": "@register\ndef f(): return KNOWN",
                "register": "def register(g):\n    KNOWN.append(1)\n    return g",
            },
            {"KNOWN": [2]},
            "f()",
            [2],
        ),
        ({"A": "class A:\n    b = B()", "B": "class B:\n    def a(self): return A"}, {}, "A.b.a() is A", True),
        ({"g": "g = f", "f": "def f(): return 7"}, {}, "g()", 7),
    ],
)
def test_each_thing_is_made_when_something_needs_it(load, definitions, values, name, result):
    here = load(definitions, values)
    assert eval(name, here) == result


NOTE = {
    "first": "@note\ndef first(): return second()",
    "second": "@note\ndef second(): return 2",
    "note": "def note(g):\n    calls.append(g)\n    return g",
}


def test_what_decorators_do_to_values_once_more_is_undone(load):
    here = load(NOTE, {"calls": ["as it was"]})
    assert (here["first"](), here["calls"]) == (2, ["as it was"])


def test_a_register_of_functions_has_the_functions_that_are_made(load):
    here = load(NOTE, {"calls": [Named("first"), Named("second")]})
    assert here["calls"] == [here["first"], here["second"]]
    assert here["note"].__globals__["calls"] is here["calls"]


def test_values_that_definitions_keep_stay_the_same_objects(load):
    here = load({"f": "def f(x=known): return x", "A": "class A:\n    at = known['at']"}, {"known": {"at": [1]}})
    assert here["f"]() is here["known"]
    assert here["A"].at is here["known"]["at"]


def test_what_was_changed_after_the_definition_is_set_again(load):
    here = load({"Model": "class Model:\n    rate = 1"}, {"Model.rate": 5}, code=["Model"])
    assert (here["Model"].rate, "Model.rate" in here) == (5, False)


def test_lines_and_sources_are_those_of_the_cell(load):
    text = "x = 1\n\ndef fails():\n    return 1 / 0\n"
    made = {"fails": Definition("<cell-3>", 3, "def fails():\n    return 1 / 0")}
    here = load(sources={"<cell-3>": Source("Cell In[3]", text)}, definitions_made=made)
    assert inspect.getsource(here["fails"]) == "def fails():\n    return 1 / 0\n"
    with pytest.raises(ZeroDivisionError) as caught:
        here["fails"]()
    frame = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert (frame.filename, frame.lineno, frame.line) == ("<cell-3>", 4, "return 1 / 0")


def test_features_of_the_cell_hold(load):
    made = {"f": Definition("<f>", 1, "def f(x: nowhere): return x", ("annotations",))}
    assert load(definitions_made=made)["f"].__annotations__ == {"x": "nowhere"}


def test_code_without_a_source_is_named_with_the_versions_and_what_to_do(load):
    with pytest.raises(ContextException) as caught:
        load({"f": "def f(): pass"}, code=["f", "add"])
    for fact in ("add can't be loaded", f"Python {python_version()}", "Python 2.7", "no definition", "submit its cell"):
        assert fact in str(caught.value)


def test_a_definition_that_fails_is_named(load):
    with pytest.raises(ContextException, match=r"Broken can't be made from its source.*ZeroDivisionError"):
        load({"Broken": "class Broken:\n    x = 1 / 0"})


def test_a_definition_in_another_python_s_syntax_is_named_with_its_line(load):
    with pytest.raises(ContextException, match=r"f is no Python \d.*\(line 2: "):
        load({"f": "def f():\n    print 'old'"})


def test_a_context_for_another_python_is_loaded_by_its_own_too(load):
    here = load({"f": "def f(): return x"}, {"x": 4}, python=python_version())
    assert here["f"]() == 4


def test_paths_of_a_newer_python_are_known_to_an_older_one():
    newer = type("PosixPath", (pathlib.PosixPath,), {"__module__": "pathlib._local"})
    make, arguments = reducer(newer("a/b"))
    assert (make(*arguments), type(make(*arguments))) == (pathlib.Path("a/b"), pathlib.PosixPath)
