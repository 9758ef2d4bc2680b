"""Captured state is set in time, and only where the library is there."""

import importlib
import json
import sys

import pytest

from cellrun.core.cell.notebook_state import restore_state
from cellrun.core.context.manifest import Context, State, python_version
from cellrun.core.context.state import table
from cellrun.core.context.state.kind import StateKind
from cellrun.core.context.value_store import ValueStore
from cellrun.core.errors import ContextException


@pytest.fixture
def library(tmp_path, monkeypatch):
    """An installed library that isn't loaded, with an option."""
    (tmp_path / "optional_library.py").write_text("OPTION = 'as in a fresh interpreter'\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    importlib.invalidate_caches()
    yield "optional_library"
    sys.modules.pop("optional_library", None)


@pytest.fixture
def restore(library, monkeypatch, workspace_layout):
    """Restore a value of the library's state."""
    store = ValueStore(workspace_layout.values)

    def write(module, value):
        if value == "unknown":
            raise ValueError("no such option")
        module.OPTION = value

    kind = StateKind(library, "option", lambda module, _: module.OPTION, write, frozenset({library}))
    monkeypatch.setattr(table, "TABLE", (*table.TABLE, kind))

    def restored(value):
        state = State(library, "option", store.put(json.dumps(value).encode()))
        restore_state(Context(python_version(), "Cell In[1]", state=(state,)), store, {})
        return state, store

    return restored


def test_it_waits_for_the_library(restore, library):
    restore("set")
    assert library not in sys.modules
    assert importlib.import_module(library).OPTION == "set"


def test_a_loaded_library_is_set_at_once(restore, library):
    module = importlib.import_module(library)
    restore("set")
    assert module.OPTION == "set"


def test_what_cannot_be_set_is_said_and_the_run_goes_on(restore, library, capsys):
    restore("unknown")
    assert importlib.import_module(library).OPTION == "as in a fresh interpreter"
    assert capsys.readouterr().err == "optional_library's option can't be as in the notebook: no such option\n"


def test_a_state_that_is_gone_is_an_error_at_the_start(restore, library):
    state, store = restore("set")
    store.path(state.payload).unlink()
    with pytest.raises(ContextException, match="a captured value is gone"):
        restore_state(Context(python_version(), "Cell In[1]", state=(state,)), store, {})


def test_what_a_newer_cellrun_knows_is_passed_over(restore, workspace_layout):
    store = ValueStore(workspace_layout.values)
    state = State("random", "of the future", store.put(b"{}"))
    restore_state(Context(python_version(), "Cell In[1]", state=(state,)), store, {})
