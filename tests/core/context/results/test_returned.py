"""Results that are read: classes are the same in all looks at a run, and a kernel keeps those of few runs."""

import gc
import weakref

import pytest

from cellrun.core.context.manifest import Context, python_version
from cellrun.core.context.results.packer import ResultPacker
from cellrun.core.context.results.returned import Returned
from cellrun.core.context.signature import sign
from cellrun.core.context.value_store import ValueStore


@pytest.fixture
def result(tmp_path):
    """Look at the value of one of some results, of a class of their own."""

    def look(number):
        folder = tmp_path / str(number)
        if not folder.exists():
            namespace = {"__name__": "__main__"}
            exec(f"class Point:\n    number = {number}\np = Point()", namespace)
            context = Context(python=python_version(), title="Cell In[1]", returns=("p",))
            ResultPacker(context, namespace, {}).pack(ValueStore(tmp_path / "values")).write(folder)
            sign(folder / "context.json")
        return Returned(folder, tmp_path / "values").value("p")

    return look


def test_a_class_is_the_same_in_each_look_at_a_run(result):
    assert type(result(1)) is type(result(1)) is not type(result(2))


def test_what_belongs_to_runs_looked_at_long_ago_is_let_go(result):
    kinds = [weakref.ref(type(result(number))) for number in range(3)]
    for number in range(3, 6):
        result(0)
        result(number)
    gc.collect()
    assert [kind() is not None for kind in kinds] == [True, False, False]
