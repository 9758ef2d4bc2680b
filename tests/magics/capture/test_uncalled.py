"""What only methods need that nobody calls doesn't keep a cell from running."""

import pytest

from cellrun.core.errors import InvalidSubmissionError

CLASS = """\
from threading import Lock
lk, n = Lock(), 1
class A:
    def ok(self): return n
    def bad(self):
        with lk: return 0
    @property
    def is_held(self): return lk.locked()
    def __len__(self): return 5 if lk else 0
"""


@pytest.fixture
def with_class(notebook):
    notebook.run(CLASS.replace("    def __len__(self): return 5 if lk else 0\n", ""))
    return notebook


def test_the_run_goes_on_and_it_is_said(with_class):
    printed = with_class.run("%%submit\nprint(A().ok())")
    assert "'lk' (A.bad, line 6) stays behind, as nothing seems to call A.bad, A.is_held" in printed
    assert with_class.prints("print(A().ok())") == "1\n"


@pytest.mark.parametrize(
    "cell",
    [
        "A().bad()",
        "getattr(A(), 'bad')()",
        "print(A().is_held)",
        "f = A.bad",
        "def g(a): return a.bad()\ng(A())",
        "print(A().ok(), lk)",
    ],
)
def test_what_is_called_is_refused(with_class, cell):
    with pytest.raises(InvalidSubmissionError, match="lk is a lock"):
        with_class.run(f"%%submit\n{cell}")


@pytest.mark.parametrize(
    "setup",
    [
        CLASS,  # Python itself calls it
        CLASS.replace("class A:", "import threading\nclass A(threading.local):"),  # its base may
        f"{CLASS.partition('    @')[0]}def call(a): return a.bad()\nclass B(A):\n    def ok(self): call(self)\nA = B",
    ],
)
def test_what_others_may_call_is_refused(notebook, setup):
    notebook.run(setup)
    with pytest.raises(InvalidSubmissionError, match="lk is a lock"):
        notebook.run("%%submit\nprint(A().ok())")
