import shutil
import stat

import pytest

from cellrun.core.run_request import RunRequest
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.targets.pending_launch import Order, PendingLaunch

SECRET = "hunter2-of-the-user"
ORDER = Order.of(RunRequest("script", "train.py", variables={"TOKEN": SECRET}, experiment="digits"))


@pytest.fixture
def pending(ws):
    return PendingLaunch(ws.layout)


@pytest.fixture
def run(ws, new_run):
    return new_run(kind="script")


def test_an_order_is_there_until_it_is_removed(pending, run):
    assert pending.get(run) is None
    assert pending.add(run, ORDER)
    assert pending.get(run) == ORDER
    pending.note_asked(run)
    pending.remove(run)
    assert pending.get(run) is None
    assert not pending.was_asked(run)
    pending.remove(run)


def test_of_two_orders_for_a_run_the_first_stays(pending, run):
    assert pending.add(run, ORDER)
    assert not pending.add(run, ORDER._replace(experiment="second"))
    assert pending.get(run) == ORDER


def test_a_secret_is_in_one_file_that_is_this_user_s_alone(pending, run, home):
    pending.add(run, ORDER)
    (found,) = [path for path in home.rglob("*") if path.is_file() and SECRET in path.read_text(errors="replace")]
    assert stat.S_IMODE(found.stat().st_mode) == 0o600
    assert stat.S_IMODE(found.parent.stat().st_mode) == 0o700
    assert not found.is_relative_to(run.workspace.folder)
    assert SECRET not in repr(pending.get(run))


def test_it_is_known_whether_the_far_side_was_asked(pending, run):
    pending.add(run, ORDER)
    assert not pending.was_asked(run)
    pending.note_asked(run)
    assert pending.was_asked(run)


def test_what_was_never_sent_of_a_run_that_ended_goes(pending, run, new_run):
    other = new_run(kind="script")
    for each in (run, other):
        pending.add(each, ORDER)
    pending.note_asked(run)
    StatusFile(run).change(Status.CANCELED)
    pending.sweep()
    assert pending.get(run) is None
    assert not pending.was_asked(run)
    assert pending.get(other) == ORDER
    shutil.rmtree(other.folder)
    pending.sweep()
    assert pending.get(other) is None
