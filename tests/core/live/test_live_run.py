"""The thread that feeds a run's views."""

import shutil
import threading

import pytest

from cellrun.core.errors import RunNotFoundError
from cellrun.core.live.live_run import LiveRun, events_mark
from cellrun.core.store.events.event_log import EventLog
from cellrun.core.store.status import Status, StatusFile
from tests.core.live.view_model import ViewModel


class Page:
    """Receives what is sent, and waits for what it should show."""

    def __init__(self):
        self.view = ViewModel()
        self.errors = []
        self.mark = None
        self._changed = threading.Condition()

    def polled(self, feed, frame, mark):
        with self._changed:
            if frame:
                self.view.apply(*frame.message())
            self.mark = mark or self.mark
            self._changed.notify_all()

    def failed(self, error):
        with self._changed:
            self.errors.append(error)
            self._changed.notify_all()

    def wait_until(self, condition):
        with self._changed:
            assert self._changed.wait_for(lambda: condition(self), timeout=60)


@pytest.fixture
def page():
    return Page()


def thread_of(layout):
    return [thread for thread in threading.enumerate() if layout.run_id in thread.name]


def wait_for_end_of_thread(layout):
    for thread in thread_of(layout):
        thread.join(20)
    assert thread_of(layout) == []


def test_it_follows_a_run_and_ends_with_it(layout, page):
    live = LiveRun(layout, page)
    live.start()
    status, events = StatusFile(layout), EventLog(layout)
    status.change(Status.RUNNING)
    for step in range(10):
        events.row("sine", {"x": step, "y": step / 2})
        page.wait_until(lambda page, rows=step + 1: page.view.metrics.get("sine", {}).get("rows") == rows)
        layout.log.write_bytes(b"line\n" * (step + 1))
    (thread,) = thread_of(layout)
    assert thread.daemon
    events.close()
    status.change(Status.COMPLETED)
    wait_for_end_of_thread(layout)
    assert page.view.header["status"] == "Completed"
    assert page.view.columns["sine"]["x"].tolist() == list(range(10))
    assert page.view.log == b"line\n" * 10
    assert page.mark == events_mark(layout)


def test_it_looks_while_somebody_watches(layout, page):
    live = LiveRun(layout, page)
    live.start()
    page.wait_until(lambda page: page.view.header)
    live.watch(is_watched=False)
    StatusFile(layout).change(Status.COMPLETED)
    assert page.mark is None
    live.watch(is_watched=True)
    wait_for_end_of_thread(layout)
    assert page.view.header["status"] == "Completed"


def test_a_page_that_asks_after_the_end_gets_everything(layout, page):
    events = EventLog(layout)
    events.log("loss", 0.25)
    events.close()
    StatusFile(layout).change(Status.COMPLETED)
    live = LiveRun(layout, page)
    live.start()
    wait_for_end_of_thread(layout)
    page.view = ViewModel()
    live.hello(-1)
    assert page.view.columns["loss"]["loss"].tolist() == [0.25]
    assert page.view.header["status"] == "Completed"


def test_it_can_be_stopped_before_the_run_ends(layout, page):
    live = LiveRun(layout, page)
    live.start()
    page.wait_until(lambda page: page.view.header)
    live.stop()
    wait_for_end_of_thread(layout)
    assert page.errors == []


def test_a_run_whose_folder_goes_away_is_said_to_be_gone(layout, page):
    live = LiveRun(layout, page)
    live.start()
    page.wait_until(lambda page: page.view.header)
    shutil.rmtree(layout.folder)
    page.wait_until(lambda page: page.errors)
    wait_for_end_of_thread(layout)
    assert isinstance(page.errors[0], (FileNotFoundError, RunNotFoundError))


def test_an_interactive_run_of_a_dead_kernel_fails_in_the_view(make_run, page, dead_process):
    layout = make_run()
    StatusFile(layout).change(Status.RUNNING, owner=dead_process.to_json())
    live = LiveRun(layout, page)
    live.start()
    wait_for_end_of_thread(layout)
    assert page.view.header["status"] == "Failed"
    assert page.view.header["error"]["message"] == "the kernel went away without complete()"


def test_a_long_history_is_shown_part_by_part(layout, page):
    events = EventLog(layout)
    for start in range(0, 200_000, 10_000):
        events.list_("values", [float(value) for value in range(start, start + 10_000)])
    events.close()
    live = LiveRun(layout, page)
    live.start()
    page.wait_until(lambda page: page.view.metrics.get("values", {}).get("rows") == 200_000)
    assert page.view.metrics["values"]["length"] <= 4000
    StatusFile(layout).change(Status.COMPLETED)
    wait_for_end_of_thread(layout)
