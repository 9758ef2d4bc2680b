"""Loading the magics: what it leaves as it was."""

import gc
from unittest.mock import Mock

import pytest

from cellrun.magics import load_ipython_extension


@pytest.fixture(params=[True, False])
def is_collecting(request):
    """Look for garbage or not, as somebody's kernel may."""
    if not request.param:
        gc.disable()
    yield request.param
    gc.enable()


def test_garbage_is_looked_for_afterwards_if_it_was_before(notebook, is_collecting):
    notebook.run("%reload_ext cellrun.magics")
    assert gc.isenabled() == is_collecting


def test_also_if_they_cannot_be_loaded(is_collecting, monkeypatch):
    monkeypatch.setattr("cellrun.magics._register", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        load_ipython_extension(Mock())
    assert gc.isenabled() == is_collecting
