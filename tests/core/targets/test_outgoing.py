import shutil
import stat

import pytest

from cellrun.core.run_request import RunRequest
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.targets.outgoing import Order, Outgoing

SECRET = "hunter2-of-the-user"
ORDER = Order.of(RunRequest("script", "train.py", variables={"TOKEN": SECRET}, experiment="digits"))


@pytest.fixture
def outgoing(ws):
    return Outgoing(ws.layout)


@pytest.fixture
def run(ws, new_run):
    return new_run(kind="script")


def test_an_order_is_there_until_it_is_removed(outgoing, run):
    assert outgoing.get(run) is None
    assert outgoing.add(run, ORDER)
    assert outgoing.get(run) == ORDER
    outgoing.note_asked(run)
    outgoing.remove(run)
    assert outgoing.get(run) is None
    assert not outgoing.was_asked(run)
    outgoing.remove(run)


def test_of_two_orders_for_a_run_the_first_stays(outgoing, run):
    assert outgoing.add(run, ORDER)
    assert not outgoing.add(run, ORDER._replace(experiment="second"))
    assert outgoing.get(run) == ORDER


def test_a_secret_is_in_one_file_that_is_this_user_s_alone(outgoing, run, home):
    outgoing.add(run, ORDER)
    (found,) = [path for path in home.rglob("*") if path.is_file() and SECRET in path.read_text(errors="replace")]
    assert stat.S_IMODE(found.stat().st_mode) == 0o600
    assert stat.S_IMODE(found.parent.stat().st_mode) == 0o700
    assert not found.is_relative_to(run.workspace.folder)
    assert SECRET not in repr(outgoing.get(run))


def test_it_is_known_whether_the_far_side_was_asked(outgoing, run):
    outgoing.add(run, ORDER)
    assert not outgoing.was_asked(run)
    outgoing.note_asked(run)
    assert outgoing.was_asked(run)


def test_what_was_never_sent_of_a_run_that_ended_goes(outgoing, run, new_run):
    other = new_run(kind="script")
    for each in (run, other):
        outgoing.add(each, ORDER)
    outgoing.note_asked(run)
    StatusFile(run).change(Status.CANCELED)
    outgoing.sweep()
    assert outgoing.get(run) is None
    assert not outgoing.was_asked(run)
    assert outgoing.get(other) == ORDER
    shutil.rmtree(other.folder)
    outgoing.sweep()
    assert outgoing.get(other) is None
