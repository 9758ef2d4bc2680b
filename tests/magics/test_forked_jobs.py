"""A cell whose job is a fork finds what it finds with a supervisor."""

from cellrun.core.store.record import RunRecord
from tests.magics.forked_jobs import in_forks
from tests.magics.notebook_shell import log

LOOK = """
import os, sys, __main__
print(__name__, sys.argv, os.getcwd() == os.path.dirname(sys.argv[0]), os.listdir())
own = ('CELLRUN_RUN_SIGNED', 'PYTEST_CURRENT_TEST')  # the first is a hash of the run's files
print(sorted((name, name in own or value) for name, value in os.environ.items()))
print(sys.path[0] == os.getcwd(), sys.path[1:], __main__.__spec__.name, vars(__main__) is globals())
print(sorted(sys.modules))
"""


def without_id(text, run):
    return text.replace(run.id, "<id>")


def test_it_finds_what_a_submitted_one_finds(notebook, cell_forks):
    notebook.run("k = 3")
    real = notebook.submit(f"k{LOOK}", "digits --env A=1 -- --rate 0.5")
    with in_forks(cell_forks):
        fork = notebook.submit(f"k{LOOK}", "digits --env A=1 -- --rate 0.5")
    here, there = (without_id(log(each), each).splitlines() for each in (fork, real))
    assert here[:-1] == there[:-1]
    assert len(here) == len(there) == 4
    assert set(eval(here[-1])) <= set(eval(there[-1]))
    mine, others = (
        RunRecord.read(run.layout)._replace(id="", name="", number=0, created_at=0, cell={}) for run in (fork, real)
    )
    assert mine == others


def test_it_fails_as_a_submitted_one(notebook, cell_forks):
    for cell, words in (("1 / 0", "ZeroDivisionError"), ("import sys\nsys.exit(3)", "exit code 3")):
        real = notebook.submit(cell)
        with in_forks(cell_forks):
            fork = notebook.submit(cell)
        said = [run.get_details()["error"]["error"]["message"] for run in (fork, real)]
        assert (fork.get_status(), said[0]) == ("Failed", said[1])
        assert words in said[0]
