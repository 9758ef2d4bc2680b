"""Runs elsewhere, and what stands for their engine."""

import pytest

from cellrun.core.store.record import RunTarget
from cellrun.core.store.status import Status, StatusFile
from tests.core.targets.played_target import PlayedTarget


@pytest.fixture
def played():
    """A target whose engine says what the test wants; every run runs unless it says otherwise."""
    return PlayedTarget()


@pytest.fixture
def away(new_run):
    """Make a run that is elsewhere: `away(status=Status.RUNNING)`."""

    def make(status=Status.RUNNING, **fields):
        layout = new_run(kind="script", target="box")
        RunTarget("box", "played", shares_processes=False).write(layout)
        if status is not Status.NOT_STARTED:
            StatusFile(layout).change(status, **{"there": 1, **fields})
        return layout

    return make
