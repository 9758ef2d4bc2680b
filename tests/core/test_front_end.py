"""Who sees what is shown."""

import io
import sys
from types import SimpleNamespace

import pytest

from cellrun.core import front_end


@pytest.mark.parametrize(
    ("metadata", "told"),
    [({"cellId": "a"}, "a"), ({"colab": {"cell_id": "b"}}, "b"), ({"colab": {}}, None), ({}, None)],
)
def test_a_cell_is_known_where_its_front_end_tells_it(metadata, told, monkeypatch):
    shell = SimpleNamespace(parent_header={"metadata": metadata})
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    assert front_end.cell_id(front_end.request()) == told
    assert front_end.is_there() == (told is not None)


def test_outside_of_a_kernel_a_terminal_counts(monkeypatch):
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: None))
    printed = io.StringIO()
    monkeypatch.setattr(sys, "stdout", printed)
    assert not front_end.is_there()
    monkeypatch.setattr(printed, "isatty", lambda: True, raising=False)
    assert front_end.is_there()


@pytest.mark.parametrize("stdout", [None, SimpleNamespace(write=print), io.StringIO()], ids=["none", "odd", "closed"])
def test_whatever_took_the_place_of_the_standard_output(stdout, monkeypatch):
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: None))
    if isinstance(stdout, io.StringIO):
        stdout.close()
    monkeypatch.setattr(sys, "stdout", stdout)
    assert not front_end.is_there()
