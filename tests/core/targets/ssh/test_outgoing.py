import stat

import pytest

from cellrun.core.targets.ssh.outgoing import Order, Outgoing

SECRET = "hunter2-of-the-user"


@pytest.fixture
def outgoing(ws):
    return Outgoing(ws.layout)


@pytest.fixture
def run(ws, new_run):
    return new_run(kind="script")


def test_an_order_is_there_until_it_is_removed(outgoing, run):
    assert outgoing.get(run) is None
    order = Order({"program": "train.py"}, {"TOKEN": SECRET})
    assert outgoing.add(run, order)
    assert outgoing.get(run) == order
    assert [each.run_id for each in outgoing.runs()] == [run.run_id]
    outgoing.note_asked(run)
    outgoing.remove(run)
    assert outgoing.get(run) is None
    assert not outgoing.was_asked(run)
    assert list(outgoing.runs()) == []
    outgoing.remove(run)


def test_of_two_orders_for_a_run_the_first_stays(outgoing, run):
    assert outgoing.add(run, Order({"program": "first.py"}))
    assert not outgoing.add(run, Order({"program": "second.py"}))
    assert outgoing.get(run).request == {"program": "first.py"}


def test_a_secret_is_in_one_file_that_is_this_user_s_alone(outgoing, run, home):
    outgoing.add(run, Order({}, {"TOKEN": SECRET}))
    (found,) = [path for path in home.rglob("*") if path.is_file() and SECRET in path.read_text(errors="replace")]
    assert stat.S_IMODE(found.stat().st_mode) == 0o600
    assert stat.S_IMODE(found.parent.stat().st_mode) == 0o700
    assert not found.is_relative_to(run.workspace.folder)
    assert SECRET not in repr(outgoing.get(run))


def test_it_is_known_whether_the_far_side_was_asked(outgoing, run):
    outgoing.add(run, Order({}))
    assert not outgoing.was_asked(run)
    outgoing.note_asked(run)
    assert outgoing.was_asked(run)
