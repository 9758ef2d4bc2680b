"""What a cell gives back, packed at its end and read in a notebook."""

import inspect
import json
import linecache
import math
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cellrun.core.context.manifest import Context, Source
from cellrun.core.context.results import returned
from cellrun.core.context.results.packer import ResultPacker
from cellrun.core.context.results.returned import Returned
from cellrun.core.context.signature import sign
from cellrun.core.context.value_store import ValueStore
from cellrun.core.errors import CellrunError, ContextException, UntrustedError

POINT = "class Point:\n    def __init__(self, x): self.x = x\n    def double(self): return twice(self.x)\n"
TWICE = "def twice(x): return factor * x\nfactor = 2\n"


def module(source: str) -> types.ModuleType:
    """Return a `__main__` in which a source has run."""
    made = types.ModuleType("__main__")
    exec(compile(source, f"<cell {abs(hash(source))}>", "exec"), vars(made))
    return made


@pytest.fixture
def notebook(monkeypatch):
    """Let a source be what has run in the notebook that reads results; returns its names."""

    def be(source):
        main = module(source)
        monkeypatch.setitem(sys.modules, "__main__", main)
        return vars(main)

    be("")
    monkeypatch.setattr(returned, "_codes", {})
    return be


class Folder:
    """Packs the results of cells into a folder, and reads them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "results"
        self.values = folder / "values"

    def pack(self, returns: str, source: str, captured: str = "", **fields: Any) -> dict[str, str]:
        """Run a cell with what was captured, and pack; return why results aren't kept."""
        main = module(captured)
        before = dict(vars(main))
        exec(compile(source, f"<cell {abs(hash(source))}>", "exec"), vars(main))
        context = Context(python="3.11", title="Cell In[1]", returns=tuple(returns.split(",")), **fields)
        ResultPacker(context, vars(main), before).pack(ValueStore(self.values)).write(self.folder)
        sign(self.folder / "context.json")
        return self.read().problems

    def read(self) -> Returned:
        return Returned(self.folder, self.values)

    def forms(self) -> dict[str, str]:
        return {need.name: need.how for need in self.read().context.needs}

    def __call__(self, name: str, **options: bool) -> Any:
        return self.read().value(name, **options)


@pytest.fixture
def result(tmp_path, notebook):
    return Folder(tmp_path)


def test_plain_data_arrays_and_the_rest(result):
    result.pack(
        "a,b,c,d", "import numpy as np\na = {'x': [1.5, None]}\nb = np.arange(3)\nc = np.float64(2)\nd = {1, 2}"
    )
    assert result.forms() == {"a": "json", "b": "npy", "c": "scalar", "d": "pickle"}
    assert (result("a"), result("b").tolist(), result("c"), result("d")) == ({"x": [1.5, None]}, [0, 1, 2], 2.0, {1, 2})


def test_what_cannot_be_kept_is_said_and_the_others_are_kept(result):
    source = (
        "import threading\na = 1\nlock = threading.Lock()\nheld = {'x': [lock]}\n"
        "class Bad:\n    def __reduce__(self): raise KeyError('no')\nbad = Bad()"
    )
    problems = result.pack("a,lock,held,bad,nowhere", source)
    assert result("a") == 1
    assert problems.keys() == {"lock", "held", "bad", "nowhere"}
    assert problems["lock"].startswith("it is a lock (lock)")
    assert problems["held"].startswith("it is a dict and holds a lock")
    assert problems["bad"] == "it is a Bad that can't be pickled: KeyError: 'no'"
    assert problems["nowhere"] == "the cell has given it no value"


def test_a_value_over_the_limit_is_not_kept(result, monkeypatch):
    monkeypatch.setenv("CELLRUN_VALUE_BYTES", "1000")
    problems = result.pack("small,large", "small, large = b'x', b'x' * 2000")
    assert problems.keys() == {"large"}
    assert "the limit is 1,000 (CELLRUN_VALUE_BYTES)" in problems["large"]


def test_objects_and_memory_that_results_share_are_shared_again(result):
    source = "import numpy as np\nx = [1]\ny = {'x': x}\na = np.zeros(100_000)\nb = a[10:20]\nz = 5\nw = 5"
    result.pack("x,y,a,b,z,w", source)
    assert result.forms() == {"x": "pickle", "y": "pickle", "a": "pickle", "b": "pickle", "z": "json", "w": "json"}
    read = result.read()
    assert read.value("y")["x"] is read.value("x")
    read.value("b")[0] = 7
    assert read.value("a")[10] == 7


def test_each_look_gives_a_value_of_its_own(result):
    result.pack("a,b", "a, b = [1], {2}")
    result("a").append(2)
    result("b").add(3)
    assert (result("a"), result("b")) == ([1], {2})


def test_a_class_of_the_notebook_is_the_notebooks(result, notebook):
    result.pack("p,kinds", "p = Point(3)\nkinds = [Point, int]", captured=POINT + TWICE)
    names = notebook(POINT + "def twice(x): return -x\n")
    assert type(result("p")) is names["Point"]
    assert result("kinds") == [names["Point"], int]
    assert result("p").double() == -3


def test_without_that_class_it_is_the_runs_with_all_that_its_methods_need(result):
    again = "    def again(self): return Point(self.x)\n"
    result.pack("p,q", "p, q = Point(3), Point(4)", captured=POINT + again + TWICE)
    p, q = result("p"), result("q")
    assert p.double() == 6
    assert type(p.again()) is type(p)
    assert type(p) is type(q)
    assert (type(p).__module__, type(p).__qualname__) == ("__main__", "Point")


def test_a_class_that_the_cell_derives_from_one_of_the_notebook(result, notebook):
    result.pack(
        "sub", "class Sub(Point):\n    def triple(self): return 3 * super().double()\nsub = Sub(2)", POINT + TWICE
    )
    names = notebook(POINT + TWICE)
    assert isinstance(result("sub"), names["Point"])
    assert result("sub").triple() == 12


def test_something_else_of_that_name_in_the_notebook_is_no_class_of_it(result, notebook):
    result.pack("p", "p = Point(3)", captured=POINT + TWICE)
    notebook("Point = 5\nfrom collections import OrderedDict as twice")
    assert result("p").double() == 6


def test_functions_see_the_runs_names(result, notebook):
    source = (
        "import math\nlimit = [1]\ndef f(x):\n    limit.append(x)\n    return math.sqrt(g(x)), limit\n"
        "def g(x): return x if x < 2 else g(x - 1) + 1"
    )
    result.pack("f,limit", source)
    notebook("limit = 'another'")
    f = result("f")
    assert f(9) == (3.0, [1, 9])
    assert result("limit") == [1, 9]  # it is the function's own


def test_a_closure_and_a_lambda(result):
    source = (
        "def make():\n    n = [0]\n    def count():\n        n[0] += 1\n        return n[0]\n"
        "    def reset(): n[0] = 0\n    return count, reset\n"
        "count, reset = make()\ntwice = lambda x: k * x\nk = 3"
    )
    result.pack("count,reset,twice", source)
    read = result.read()
    count, reset = read.value("count"), read.value("reset")
    assert (count(), count(), reset(), count()) == (1, 2, None, 1)
    assert read.value("twice")(2) == 6


def test_a_function_that_the_cell_defined_is_the_cells_a_captured_one_the_notebooks(result, notebook):
    result.pack(
        "new,old", "def new(): return 'run'", captured="def old(): return 'captured'\ndef new(): return 'captured'"
    )
    assert (result("new")(), result("old")()) == ("run", "captured")
    names = notebook("def old(): return 'notebook'\ndef new(): return 'notebook'")
    assert result("new")() == "run"
    assert result("old") is names["old"]


def test_a_class_in_a_class(result, notebook):
    source = "class Outer:\n    class Inner:\n        def up(self): return Outer\n    def f(x): return x\n"
    result.pack("x,g,kind", "x, g, kind = Outer.Inner(), Outer.f, Outer.Inner", source)
    assert type(result("x")).__qualname__ == "Outer.Inner"
    assert type(result("x")) is type(result("x")).up(None).Inner is result("kind")
    assert result("g")(3) == 3
    names = notebook(source)
    assert type(result("x")) is names["Outer"].Inner
    assert (result("g"), result("kind")) == (names["Outer"].f, names["Outer"].Inner)


def test_a_class_in_a_class_that_the_cell_defined_anew(result, notebook):
    source = "class Outer:\n    class Inner: pass\n"
    result.pack("kind", source + "kind = Outer.Inner", source)
    names = notebook(source)
    assert result("kind").__qualname__ == "Outer.Inner"
    assert result("kind") is not names["Outer"].Inner


def test_classes_that_know_each_other(result):
    result.pack("a", "class A: pass\nclass B: other = A\nA.other = B\na = A()")
    kind = type(result("a"))
    assert kind.other.other is kind


def test_what_a_function_reads_and_cannot_come_back_is_missing_when_it_is_called(result):
    problems = result.pack("f", "import threading\nlock = threading.Lock()\ndef f(x): return x if x else lock")
    assert problems == {}
    assert result("f")(1) == 1
    with pytest.raises(NameError, match="lock"):
        result("f")(0)


def test_a_module_that_functions_need_and_is_not_here_is_warned_of(result, tmp_path, monkeypatch):
    (tmp_path / "only_there.py").write_text("x = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    result.pack("f", "import only_there\ndef f(x): return x or only_there.x")
    (tmp_path / "only_there.py").unlink()
    sys.modules.pop("only_there")
    with pytest.warns(UserWarning, match="fails if it comes to 'only_there': .*No module named 'only_there'"):
        f = result("f")
    assert f(1) == 1
    with pytest.raises(NameError, match="only_there"):
        f(0)


def test_a_result_whose_class_cannot_be_kept_is_lost_alone(result):
    source = (
        "import threading\nclass A:\n    lock = threading.Lock()\n"
        "class B(A): pass\nclass C: pass\na, b, c = A(), B(), C()"
    )
    problems = result.pack("a,b,c", source)
    assert problems.keys() == {"a", "b"}
    assert type(result("c")).__name__ == "C"


def test_sources_come_along(result):
    source = "def f():\n    return 'here'\n"
    filename = f"<cell {abs(hash(source))}>"
    result.pack("f", source, sources={filename: Source("Cell In[3]", source)})
    linecache.cache.pop(filename, None)
    assert inspect.getsource(result("f")) == source


def test_byte_code_of_another_python_is_said_data_comes_back(result, notebook):
    result.pack("p,f,d", "p = Point(1)\ndef f(): pass\nd = (1, 2)", captured=POINT + TWICE)
    path = result.folder / "context.json"
    path.write_text(
        path.read_text().replace(f'"python": "{sys.version_info[0]}.{sys.version_info[1]}"', '"python": "2.7"')
    )
    sign(result.folder / "context.json")
    assert result("d") == (1, 2)
    with pytest.raises(ContextException, match=r"f came back from Python 2\.7"):
        result("f")
    with pytest.raises(ContextException, match=r"came back from Python 2\.7"):
        result("p")
    names = notebook(POINT + TWICE)
    assert type(result("p")) is names["Point"]


def test_plain_forms_need_no_trust_and_pickles_do(result, monkeypatch, tmp_path):
    result.pack(
        "a,b,c,d", "import numpy as np\na = math = [float('nan')]\nb = np.arange(3)\nc = np.float32(1)\nd = {1}"
    )
    monkeypatch.setenv("CELLRUN_HOME", str(tmp_path / "of somebody else"))
    assert math.isnan(result("a")[0])
    assert (result("b").tolist(), result("c")) == ([0, 1, 2], np.float32(1))
    with pytest.raises(
        UntrustedError, match=r"result 'd' is a pickle; loading it runs code.*isn't yours.*pass trust=True"
    ):
        result("d")
    assert result("d", trust=True) == {1}


def test_a_hostile_result_leaves_nothing(result, tmp_path):
    marker = tmp_path / "marker"
    result.pack("x", f"import os\nclass X:\n    def __reduce__(self): return os.mkdir, ({str(marker)!r},)\nx = X()")
    (result.folder / "context.sig").unlink()
    with pytest.raises(UntrustedError, match="it isn't signed"):
        result("x")
    assert not marker.exists()
    result("x", trust=True)
    assert marker.exists()


def test_a_pickle_that_says_it_is_plain_is_not_loaded(result, tmp_path):
    marker = tmp_path / "marker"
    result.pack("x", f"import os\nclass X:\n    def __reduce__(self): return os.mkdir, ({str(marker)!r},)\nx = X()")
    path = result.folder / "context.json"
    for form in ("json", "npy", "scalar", "nonsense"):
        path.write_text(path.read_text().replace('"format": "pickle"', f'"format": "{form}"'))
        with pytest.raises((ContextException, UntrustedError)):
            result("x")
        path.write_text(path.read_text().replace(f'"format": "{form}"', '"format": "pickle"'))
    assert not marker.exists()


def test_no_more_code_is_kept_than_so(result, monkeypatch):
    monkeypatch.setattr(returned, "_MOST_KEPT", 2)
    for number in range(4):
        result.pack("p", f"p = Point({number})", captured=POINT + TWICE)
        assert result("p").x == number
    assert len(returned._codes) == 2


def every_change(data, odd):
    """Iterate over copies of plain data in which one place, each in turn, is something odd."""
    yield odd
    keys = list(data) if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ()
    for key in keys:
        for changed in every_change(data[key], odd):
            copy = dict(data) if isinstance(data, dict) else list(data)
            copy[key] = changed
            yield copy


@pytest.mark.parametrize("odd", [None, -1, "x", "../..", [], [[]], {"a": 1}], ids=repr)
def test_whatever_somebody_else_wrote_there_is_an_error_of_ours_or_a_value(result, odd):
    result.pack("a,b,c,lost", "import numpy as np\na, b, c = {'x': 1}, np.arange(3), (1, 2)")
    (result.folder / "context.sig").unlink()
    path = result.folder / "context.json"
    values, errors = set(), 0
    for changed in every_change(json.loads(path.read_text()), odd):
        path.write_text(json.dumps(changed))
        for name in "abc":
            try:
                read = result.read()
                assert all(isinstance(each, str) for each in (*read.problems, *read.context.returns))
                assert read.value(name) is not None
                values.add(name)
            except CellrunError:
                errors += 1
    assert values == {"a", "b"}  # the tuple is in a pickle, and nobody signed it
    assert errors
