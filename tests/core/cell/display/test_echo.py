"""What a cell's last expression prints: the same as in a notebook."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from cellrun.core.cell.display.echo import _plain_text

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.complex_numbers() | st.text(max_size=90) | st.binary()
)
VALUES = st.recursive(
    SCALARS, lambda each: st.lists(each) | st.tuples(each, each) | st.dictionaries(SCALARS, each), max_leaves=20
)


@pytest.fixture(scope="module")
def formatted():
    """What IPython prints for a value."""
    before = sys.modules["__main__"], sys.displayhook, sys.excepthook
    InteractiveShell.clear_instance()
    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell.instance(config=config)
    yield lambda value: shell.display_formatter.format(value)[0]
    InteractiveShell.clear_instance()
    sys.modules["__main__"], sys.displayhook, sys.excepthook = before


@given(value=VALUES)
def test_text_without_ipython_is_what_ipython_prints(formatted, value):
    text = _plain_text(value)
    assert text is None or text == formatted(value)["text/plain"]


@pytest.mark.parametrize("value", [1, "x" * 500, [1, [2.5, ("a",)]], {"a": {"b": None}}, list(range(22))])
def test_ordinary_values_need_no_ipython(value):
    assert _plain_text(value) == repr(value)


@pytest.mark.parametrize("value", [list(range(40)), {1, 2}, int, len, object(), ValueError("x"), range, [[]] * 200])
def test_others_do(value):
    assert _plain_text(value) is None


def test_arrays_need_none_and_frames_do(formatted):
    numpy, pandas = pytest.importorskip("numpy"), pytest.importorskip("pandas")
    for value in (numpy.arange(3), numpy.eye(9), numpy.float64(0.5)):
        assert formatted(value) == {"text/plain": _plain_text(value)}
    assert _plain_text(pandas.DataFrame({"a": [1]})) is None


@pytest.mark.parametrize(
    ("source", "output"),
    [
        ("{3, 1, 2}", "{1, 2, 3}\n"),
        ("int", "int\n"),
        ("class Point: pass\nPoint", "__main__.Point\n"),
        ("def f(x, y=1): pass\nf", "<function __main__.f(x, y=1)>\n"),
        ("{'numbers': list(range(3)), 'text': 'x' * 70}", "{'numbers': [0, 1, 2],\n 'text': '" + "x" * 70 + "'}\n"),
        ("from types import SimpleNamespace\nSimpleNamespace(a=1)", "namespace(a=1)\n"),
    ],
)
def test_values_are_printed_as_in_a_notebook(show, source, output):
    shown = show(source)
    assert (shown.out, shown.err) == (output, "")


def test_a_repr_that_raises_is_said_and_the_cell_has_completed(show):
    shown = show("class Bad:\n    def __repr__(self): raise ValueError('no text')\nBad()")
    assert (shown.code, shown.out) == (0, "")
    assert "ValueError: no text" in shown.err


def test_without_ipython_it_is_the_repr(show):
    shown = show("import sys\nsys.modules['IPython'] = None\n{3, 1, 2}")
    assert (shown.out, shown.err) == ("{1, 2, 3}\n", "")


def test_a_cell_that_needs_ipython_says_so_where_there_is_none(show, tmp_path):
    (tmp_path / "IPython.py").write_text("raise ImportError('not here')")
    shown = show("1", environment={"PYTHONPATH": str(tmp_path)}, forks=None, needs_ipython=True)
    assert shown.code == 1
    assert "the cell uses IPython" in shown.err
    assert "Traceback" not in shown.err


def test_plain_values_load_neither_ipython_nor_what_writes_to_a_run(show):
    source = """import sys
[m for m in ('IPython', 'asyncio', 'cellrun.core.runs.run', 'cellrun.core.cell.display.kept') if m in sys.modules]"""
    assert show(source, forks=None).out == "[]\n"
