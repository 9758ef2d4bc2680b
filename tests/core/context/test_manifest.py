"""The format of a captured context."""

import json

import pytest

from cellrun.core.context.manifest import Blob, Context, Group, Import, Need, Source
from cellrun.core.errors import ContextException

CONTEXT = Context(
    python="3.11",
    title="Cell In[7]",
    needs_ipython=True,
    run_name="run",
    imports=(Import("numpy", "", "np"), Import("math", "sqrt", "root"), Import("xml.etree")),
    groups=(Group(("f", "g"), Blob("ab", 3)), Group(("x",), Blob("cd", 4), (Blob("ef", 5),))),
    sources={"<ipython-input-3>": Source("Cell In[3]", "def f(): pass\n")},
    links={"data": "/big/data"},
    needs=(Need("x", "value", "ndarray", "line 2", 9),),
)


def test_it_is_read_as_it_was_written(tmp_path):
    CONTEXT.write(tmp_path / "context")
    assert Context.read(tmp_path / "context") == CONTEXT


def test_none_and_a_newer_one_are_refused(tmp_path):
    with pytest.raises(ContextException, match="no captured context"):
        Context.read(tmp_path)
    CONTEXT.write(tmp_path)
    data = json.loads((tmp_path / "context.json").read_text())
    (tmp_path / "context.json").write_text(json.dumps({**data, "version": 99}))
    with pytest.raises(ContextException, match=r"version 99.*update cellrun"):
        Context.read(tmp_path)
