"""A cell that is loaded in a fork is as one that is submitted."""

import pytest

from cellrun.core.errors import InvalidSubmissionError
from tests.magics.loaded_cell import loaded
from tests.magics.notebook_shell import log

LOOK = """
import os, sys, __main__
print(__name__, sys.argv, os.getcwd() == os.path.dirname(sys.argv[0]), os.listdir())
# of a run in Azure's words, and its order: its submission tells
others = ('AZUREML_', 'PYTEST_', 'CELLRUN_RUN_SIGNED')
print(sorted(name for name in os.environ if not name.startswith(others)))
print(sys.path[0] == os.getcwd(), sys.path[1:], __main__.__spec__.name, vars(__main__) is globals())
print(sorted(sys.modules))
"""


def without_folder(text, run):
    return text.replace(run.id, "<id>")


def test_it_finds_what_a_submitted_one_finds(notebook, cell_forks):
    notebook.run("k = 3")
    fork, run = loaded(notebook, f"k{LOOK}", cell_forks), notebook.submit(f"k{LOOK}")
    here, there = (without_folder(log(each), each).splitlines() for each in (fork, run))
    assert here[:-1] == there[:-1]
    assert len(here) == len(there) == 4
    assert set(eval(here[-1])) <= set(eval(there[-1]))


def test_its_failure_is_no_success(notebook, cell_forks):
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        loaded(notebook, "1 / 0", cell_forks)
    with pytest.raises(AssertionError):
        loaded(notebook, "import sys\nsys.exit(3)", cell_forks)


def test_what_cannot_travel_is_refused(notebook, cell_forks):
    notebook.run("import threading\nlk = threading.Lock()")
    with pytest.raises(InvalidSubmissionError, match="lk is a lock"):
        loaded(notebook, "print(lk)", cell_forks)
