"""Code keeps its file and its lines, whatever the version of cloudpickle does with them."""

import inspect
import linecache
import pickle
import traceback

import cloudpickle
import pytest

from cellrun.core.context.pickles.pickling import ClassIds, pickle_together
from cellrun.core.context.pickles.references import loading_into, reduced_code

FILENAME = "<of a notebook>"
SOURCE = """
import functools

def plain():
    1 / 0

alone = lambda: 1 / 0

def outer(n):
    def inner():
        return n / 0
    return inner
inner = outer(1)

class Model:
    def method(self):
        1 / 0
    class Part:
        @staticmethod
        def static():
            1 / 0

def generator():
    yield 1 / 0

async def coroutine():
    1 / 0

def decorator(f):
    @functools.wraps(f)
    def wrapper():
        return f()
    return wrapper

@decorator
def decorated():
    1 / 0

cached = functools.lru_cache(plain)
partial = functools.partial(plain)

def hidden():
    return [(lambda: 1 / 0)() for _ in (1,)]
"""
CALLS = {
    "plain": "plain()",
    "alone": "alone()",
    "inner": "inner()",
    "Model": "Model().method()",
    "Model.Part": "Model.Part.static()",
    "generator": "list(generator())",
    "coroutine": "coroutine().send(None)",
    "decorated": "decorated()",
    "cached": "cached()",
    "partial": "partial()",
    "hidden": "hidden()",
}
NAMES = sorted({path.partition(".")[0] for path in CALLS} | {"decorator"})
CODE = compile(SOURCE, FILENAME, "exec")


@pytest.fixture(params=["", "<dynamic-code>"], ids=["as installed", "another name for all code"])
def there(request, monkeypatch):
    """The notebook's namespace and that of the run; some versions of cloudpickle change the file's name."""
    table = cloudpickle.Pickler.dispatch_table
    as_installed = table[type(CODE)]
    if request.param:
        monkeypatch.setitem(table, type(CODE), lambda code: as_installed(code.replace(co_filename=request.param)))
    lines = SOURCE.splitlines(keepends=True)
    monkeypatch.setitem(linecache.cache, FILENAME, (len(SOURCE), None, lines, FILENAME))
    notebook, run = {"__name__": "__main__"}, {"__name__": "__main__"}
    exec(CODE, notebook)
    pickled = pickle_together([notebook[name] for name in NAMES], notebook, lambda _: None, ClassIds())
    with loading_into(run):
        run.update(zip(NAMES, pickle.loads(pickled.payload, buffers=pickled.buffers), strict=True))
    return notebook, run


def frames(call, namespace):
    with pytest.raises(ZeroDivisionError) as raised:
        eval(call, namespace)
    found = traceback.extract_tb(raised.tb)
    return [(each.filename, each.lineno, each.name, each.line) for each in found if each.filename == FILENAME]


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_traceback_has_the_lines_of_the_notebook(there, call):
    notebook, run = there
    assert frames(call, run) == frames(call, notebook) != []


def test_functions_have_their_source(there):
    notebook, run = there
    paths = ("plain", "alone", "inner", "Model.method", "Model.Part.static", "generator", "coroutine", "decorated")
    for path in paths:
        source = inspect.getsource(eval(path, run))
        assert source == inspect.getsource(eval(path, notebook))
        assert source in SOURCE


def test_all_else_of_the_code_is_as_cloudpickle_makes_it():
    reduced = cloudpickle.Pickler.dispatch_table[type(CODE)](CODE)
    make, arguments = reduced_code(CODE, reduced)
    assert make(*arguments) == reduced[0](*reduced[1]).replace(co_filename=FILENAME) == CODE
