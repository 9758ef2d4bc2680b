"""Runs that wait when nobody is left who would start them: a server that starts does."""

import os
import subprocess
import sys

import pytest

from cellrun.core.store.status import Status, StatusFile
from cellrun.core.supervision.process_file import ProcessFile
from tests.core.submitted_runs import runs, until  # noqa: F401  # fixtures

ASLEEP = "print('up'); import time; time.sleep(600)"
LOAD = "from IPython.testing.globalipapp import start_ipython as s; s().run_line_magic('load_ext', 'cellrun.magics')"


@pytest.fixture
def waiting(runs, until, monkeypatch):  # noqa: F811  # the fixtures
    """Return a run that waits behind one whose supervisor, and all the rest of it, was killed."""
    monkeypatch.setenv("CELLRUN_LOCAL_CPUS", "1")
    first = runs.printed(runs.running(runs.script(ASLEEP)), "up")
    layout = runs.script("print('ran')")
    for identity in ProcessFile(first).read():
        os.kill(identity.pid, 9)
        until(lambda identity=identity: not identity.is_alive(), "its death")
    assert StatusFile(layout).read().status is Status.QUEUED
    return layout


def test_a_starting_server_starts_them(waiting, serving, until):  # noqa: F811  # the fixture
    with serving():
        until(lambda: StatusFile(waiting).read().status is Status.COMPLETED, "the end of what waited")


def test_a_kernel_that_loads_the_magics_starts_them(waiting, until):  # noqa: F811  # the fixture
    kernel = subprocess.Popen([sys.executable, "-c", f"{LOAD}; input()"], stdin=subprocess.PIPE)
    until(lambda: StatusFile(waiting).read().status is Status.COMPLETED, "the end of what waited")
    kernel.communicate(b"\n")
