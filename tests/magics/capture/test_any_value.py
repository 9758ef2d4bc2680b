"""No value of a notebook breaks a capture off: one that can't be looked at is captured as its pickle, or is refused."""

import importlib
import inspect
import re

import numpy as np
import pandas as pd
import pytest

from cellrun.magics.capture.capture import Capture
from cellrun.magics.capture.carrier import CapturedCell
from cellrun.magics.capture.notebook import Notebook
from cellrun.magics.capture.source.flow import analyse

FRAME = pd.DataFrame({"a": [1, 1, 2], "b": ["x", "y", "y"], "c": [3.0, 4.0, 5.0]})
SUMS = FRAME.groupby(["a", "b"]).c.sum()
ARGUMENTS = ((), (FRAME,), (FRAME.c,), (np.eye(3),), ([1.0, 2.0, 3.0],), ("a",), (3,), ((0, 0), 1, 1))
LIBRARIES = (
    *("numpy", "numpy.ma", "numpy.polynomial", "numpy.random"),
    *("pandas", "pandas.api.typing", "pandas.arrays", "pandas.tseries.offsets"),
    *("scipy.interpolate", "scipy.optimize", "scipy.signal", "scipy.sparse", "scipy.spatial", "scipy.stats"),
    *(
        "sklearn.cluster",
        "sklearn.ensemble",
        "sklearn.linear_model",
        "sklearn.model_selection",
        "sklearn.preprocessing",
    ),
    *("matplotlib.axis", "matplotlib.collections", "matplotlib.figure", "matplotlib.patches", "matplotlib.ticker"),
    *("PIL.Image", "PIL.ImageFilter", "PIL.ImageFont", "plotly.graph_objs.layout"),
)


def captured(value, folder):
    """Capture a cell that needs a value; return the refusals and the notes."""
    capture = Capture(CapturedCell(analyse("x"), Notebook({"__name__": "__main__", "x": value})))
    refusals = capture.refusals(folder)
    capture.account()
    return [str(each) for each in refusals], capture.notes()


def instances(module):
    """Make one of each class of a module, if some arguments are enough."""
    for name in dir(module):
        kind = getattr(module, name)
        if isinstance(kind, type) and not name.startswith("_") and not inspect.isabstract(kind):
            for arguments in ARGUMENTS:
                try:
                    value = kind(*arguments)
                except Exception:  # noqa: BLE001  # it wants others
                    continue
                yield name, value
                break


@pytest.mark.filterwarnings("ignore")  # of what is deprecated there
@pytest.mark.parametrize("library", LIBRARIES)
def test_whatever_libraries_make(library, tmp_path):
    count = 0
    for name, value in instances(importlib.import_module(library)):
        count += 1
        _, notes = captured(value, tmp_path)
        assert not [note for note in notes if "is captured alone" in note], name
    assert count >= 2


@pytest.mark.parametrize(
    "value",
    [
        SUMS,
        SUMS.index,
        {"sums": [SUMS.index]},
        SUMS.unstack(),  # noqa: PD010  # as notebooks do
        pd.concat({"p": FRAME, "q": FRAME}, axis=1),
        pd.Series([SUMS, SUMS.index]),
        FRAME.groupby("a"),
        FRAME.style,
    ],
)
def test_indexes_of_several_levels(value, tmp_path):
    assert captured(value, tmp_path) == ([], [])


def test_paths_in_an_index_of_several_levels(notebook):
    (notebook.folder / "a.txt").write_text("1\n")
    notebook.run("import pandas as pd\nfiles = pd.MultiIndex.from_tuples([('a.txt', 1), ('b.txt', 2)])")
    assert notebook.prints("print(open(files[0][0]).read().strip(), files.nlevels)") == "1 2\n"


HOSTILE = {
    "raises for its items": """
class Odd(dict):
    def values(self): raise RuntimeError('not now')
""",
    "raises for its attributes": """
class Odd:
    def __getattribute__(self, name):
        if name in ('shape', 'nbytes', 'dtype'): raise RuntimeError('not now')
        return object.__getattribute__(self, name)
""",
    "says it is a frame": """
class Odd:
    @property
    def __class__(self): return __import__('pandas').DataFrame
    def __reduce__(self): return object.__new__, (Odd,)
""",
    "has no truth": """
class Odd(list):
    __hash__ = None
    def __bool__(self): raise RuntimeError('not now')
    def __eq__(self, other): raise RuntimeError('not now')
""",
    "has a shape of anything": """
class Odd:
    shape = (1,)
    class dtype: shape = __import__('numpy').ones(3)
""",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_value_that_does_not_bear_being_looked_at(notebook, kind):
    (notebook.folder / "oddities.py").write_text(HOSTILE[kind])
    notebook.run("from oddities import Odd\nodd = Odd()")
    assert notebook.prints("print(type(odd).__name__)") == "Odd\n"


def test_a_value_that_makes_what_it_is_asked_for_stays_as_it_is(notebook):
    notebook.run(
        "class Settings(dict):\n    def __getattr__(self, name): return self.setdefault(name, Settings())\n"
        "s = Settings(rate=1)"
    )
    assert notebook.prints("print(s)") == "{'rate': 1}\n"
    assert notebook.value("s") == "{'rate': 1}"


def test_what_only_it_leads_to_is_said_to_be_missing(notebook):
    notebook.run(f"{HOSTILE['raises for its items']}\nodd = Odd()")
    told = notebook.run("%%submit --dry\nprint(odd)")
    assert "odd (line 2) is captured alone, without files and names it leads to: RuntimeError: not now" in told


def test_what_raises_an_error_without_a_text_is_said_by_its_kind(notebook):
    notebook.run("class Odd(dict):\n    def values(self): raise NotImplementedError\nodd = Odd()")
    told = notebook.run("%%submit --dry\nprint(odd)")
    assert "and names it leads to: NotImplementedError\n" in told


@pytest.mark.parametrize(
    "body",
    [
        "def __getattribute__(self, name): raise RuntimeError('not now')",
        "__class__ = property(lambda self: 1 / 0)",
    ],
)
def test_one_that_can_not_even_be_pickled_is_refused(notebook, body):
    notebook.run(f"class Odd:\n    {body}\nodd = Odd()")
    refusal = notebook.refusal("print(odd)")
    assert re.search(
        r"odd \(Odd\) can't be pickled: (RuntimeError: not now|ZeroDivisionError: .*); needed in line 2", refusal
    )


def test_what_cells_put_into_a_local_module(notebook):
    (notebook.folder / "config.py").write_text("from collections import defaultdict\nCACHE = defaultdict(list)\n")
    notebook.run("import config, numpy as np\nconfig.CACHE = np.zeros(3)")
    assert notebook.prints("print(config.CACHE)") == "[0. 0. 0.]\n"


def test_one_that_an_earlier_cell_has_changed_does_not_end_the_capture_of_another(notebook):
    """As Flask's `request`, whose class nobody can be told outside of a request."""
    notebook.run("class Odd:\n    __class__ = property(lambda self: 1 / 0)\nodd = Odd()\nx = 1")
    notebook.run("odd.checked = True")
    assert notebook.prints("print(x)") == "1\n"
