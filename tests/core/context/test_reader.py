"""Loading a context: what is amiss is named."""

import linecache
import pickle

import pytest

from cellrun.core.context.manifest import Context, Group, Import, Source, python_version
from cellrun.core.context.reader import load_context
from cellrun.core.context.value_store import ValueStore
from cellrun.core.errors import ContextException


@pytest.fixture
def load(new_run):
    """Write a context into a run and load it; returns the namespace."""
    layout = new_run(kind="cell")
    store = ValueStore(layout.workspace.values)

    def write_and_load(values=None, **fields):
        groups = tuple(Group((name,), store.put(pickle.dumps([value]))) for name, value in (values or {}).items())
        Context(**{"python": python_version(), "title": "Cell In[1]", "groups": groups, **fields}).write(layout.context)
        namespace = {}
        load_context(layout.context, store, namespace)
        return namespace

    write_and_load.store = store
    return write_and_load


def test_imports_and_values(load):
    imports = (Import("os.path", "", "p"), Import("math", "sqrt", "root"), Import("string", "Formatter.parse", "parse"))
    here = load({"x": [1, 2]}, imports=imports)
    assert (here["p"].join("a", "b"), here["root"](9), here["x"]) == ("a/b", 3, [1, 2])
    assert here["parse"].__qualname__ == "Formatter.parse"


def test_sources_can_be_inspected(load):
    load(sources={"<nowhere-1>": Source("Cell In[1]", "a = 1\nb = 2\n")})
    linecache.checkcache()
    assert linecache.getline("<nowhere-1>", 2) == "b = 2\n"


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (Import("no_such_module", "", "nope"), "'nope', which the cell needs, comes from 'no_such_module'"),
        (Import("math", "no_such_thing", "nope"), "'nope', which the cell needs, comes from 'math'"),
        (Import("xml.no_such_module"), "the cell needs it: it comes from 'xml.no_such_module'"),
    ],
)
def test_a_missing_module_is_named_with_the_name_that_needs_it(load, wanted, words):
    with pytest.raises(ContextException, match=words):
        load(imports=(wanted,))


class Unloadable:
    def __reduce__(self):
        return int, ("no number",)


def test_a_value_that_cannot_be_loaded_is_named(load):
    with pytest.raises(ContextException, match="broken can't be loaded here: ValueError: invalid literal"):
        load({"broken": Unloadable()})


def test_a_value_that_is_gone_is_named(load, workspace_layout):
    blob = load.store.put(pickle.dumps([1]))
    (workspace_layout.values / blob.hash[:2] / blob.hash).unlink()
    with pytest.raises(ContextException, match="a captured value is gone"):
        load(groups=(Group(("x",), blob),))
