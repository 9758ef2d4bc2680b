"""From what a run's folder holds to what its views hold."""

import json

import pytest

from cellrun.core.live.feed import METRICS_SHOWN, POINTS, Feed
from cellrun.core.live.run_poller import RunPoller
from cellrun.core.live.throttle import QUIET_S, Throttle
from cellrun.core.store.events.event_log import EventLog
from cellrun.core.store.status import Status, StatusFile
from tests.core.live.view_model import ViewModel


class Watched:
    """A run, its feed and a view, with a clock that the test moves."""

    def __init__(self, layout):
        self.layout = layout
        self.events = EventLog(layout)
        self.poller = RunPoller(layout)
        self.feed = Feed(self.poller.read_log, self.poller.read_image)
        self.view = ViewModel()
        self.now = 0.0
        self.frames = []

    def step(self, seconds=0.1, *, lose=False):
        """Let time pass, look, and bring a frame to the view unless it is to get lost. Return its content or None."""
        self.now += seconds
        self.feed.take(self.poller.poll())
        frame = self.feed.frame(self.now)
        if frame is None:
            return None
        content, buffers = frame.message()
        self.frames.append((content, buffers))
        if not lose:
            self.view.apply(content, buffers)
        return content


@pytest.fixture
def watched(layout):
    run = Watched(layout)
    yield run
    run.events.close()


def note_hello(watched):
    """Bring the view up to date as a page does that has just loaded."""
    watched.step()
    watched.feed.hello(-1)
    watched.step()
    return watched


def test_the_first_frame_is_whole(watched):
    watched.events.log("loss", 0.5)
    watched.layout.log.write_bytes(b"hello\n")
    content = watched.step()
    assert (content["frame"], content["reset"]) == (0, True)
    assert watched.view.header["experiment"] == "example"
    assert watched.view.header["workspace"] == "mine"
    assert watched.view.header["interactive"] is True
    assert watched.view.columns["loss"]["loss"].tolist() == [0.5]
    assert watched.view.log == b"hello\n"


def test_then_only_what_is_new(watched):
    note_hello(watched)
    watched.events.row("sine", {"x": 0.0, "y": 1.0})
    assert watched.step()["metrics"][0]["at"] == 0
    watched.events.row("sine", {"x": 1.0, "y": 2.0})
    content = watched.step()
    assert not content["reset"]
    assert "header" not in content
    assert "log" not in content
    assert content["metrics"][0]["at"] == 1
    assert watched.view.columns["sine"]["y"].tolist() == [1.0, 2.0]


def test_ten_new_points_are_less_than_a_kilobyte(watched):
    note_hello(watched)
    for step in range(2000):
        watched.events.log("loss", step / 7)
    watched.step()
    for step in range(10):
        watched.events.log("loss", step / 3)
    watched.step(0.2)
    content, buffers = watched.frames[-1]
    assert content["metrics"][0]["rows"] == 2010
    assert len(json.dumps(content)) + sum(map(len, buffers)) < 1000


def test_a_frame_waits_for_its_turn_and_then_brings_all(watched):
    note_hello(watched)
    watched.events.log("loss", 1.0)
    assert watched.step(0.1) is not None
    for value in (2.0, 3.0, 4.0):
        watched.events.log("loss", value)
        assert watched.step(0.02) is None
    assert watched.step(0.1)["metrics"][0]["rows"] == 4
    assert watched.view.columns["loss"]["loss"].tolist() == [1.0, 2.0, 3.0, 4.0]


def test_nothing_new_is_nothing_to_tell_but_a_sign_of_life(watched):
    note_hello(watched)
    assert [watched.step(0.1) for _ in range(int(QUIET_S * 10) - 2)] == [None] * (int(QUIET_S * 10) - 2)
    sign = watched.step(0.3)
    assert (sign["metrics"], sign["images"], sign["reset"]) == ([], [], False)


def test_a_view_that_lost_frames_is_whole_again_after_hello(watched):
    note_hello(watched)
    for value in range(5):
        watched.events.log("loss", float(value))
        watched.step(lose=True)
    watched.feed.hello(-1)
    assert watched.step()["reset"]
    assert watched.view.columns["loss"]["loss"].tolist() == [0.0, 1.0, 2.0, 3.0, 4.0]


def test_a_view_that_has_everything_is_told_nothing_again(watched):
    note_hello(watched)
    watched.events.log("loss", 1.0)
    content = watched.step()
    assert not watched.feed.hello(content["frame"])
    assert watched.step() is None
    assert watched.feed.hello(content["frame"] - 1)
    assert watched.step()["reset"]


def test_a_view_that_cannot_ask_is_whole_again_after_a_while(watched):
    watched.step(lose=True)
    for value in range(150):
        watched.events.log("loss", float(value))
        frame = watched.step(lose=True)
        if value >= 50 and frame and frame["reset"]:
            watched.view.apply(*watched.frames[-1])
            break
    assert watched.view.columns["loss"]["loss"].tolist() == [float(step) for step in range(value + 1)]


def test_status_tags_and_name_are_news_of_the_header(watched):
    note_hello(watched)
    watched.events.tag("stage", "warm-up")
    watched.events.rename("second try")
    watched.step()
    assert (watched.view.header["tags"], watched.view.header["name"]) == ({"stage": "warm-up"}, "second try")
    StatusFile(watched.layout).change(Status.RUNNING)
    watched.step()
    assert watched.view.header["status"] == "Running"
    assert watched.view.header["started_at"] > 0
    assert watched.view.header["elapsed_s"] >= 0
    assert watched.view.header["cancelable"] is True
    StatusFile(watched.layout).change(Status.CANCEL_REQUESTED, reason="canceled: sent SIGINT")
    watched.step()
    assert watched.view.header["notes"] == ["canceled: sent SIGINT"]
    assert watched.view.header["cancelable"] is True, "one more goes to the next step"


def test_a_run_that_ended_is_told_to_its_last_event(watched):
    StatusFile(watched.layout).change(Status.RUNNING)
    note_hello(watched)
    watched.events.log("loss", 1.0)
    StatusFile(watched.layout).change(Status.FAILED, reason="exit code 1: ValueError: no", exit_code=1)
    watched.step()
    assert not watched.poller.has_ended
    watched.step()
    assert watched.poller.has_ended
    assert watched.view.columns["loss"]["loss"].tolist() == [1.0]
    error = watched.view.header["error"]
    assert error["message"] == "exit code 1: ValueError: no"
    assert watched.view.header["cancelable"] is False


def test_a_flood_of_output_sends_a_bounded_part_and_never_too_much_a_second(watched):
    note_hello(watched)
    with watched.layout.log.open("ab") as log:
        for _ in range(100):
            log.write(b"x" * 99 + b"\n" * 1 + b"y" * 299_900)
            log.flush()
            watched.events.log("loss", 1.0)
            watched.step(0.1)
    assert max(len(buffer) for _, buffers in watched.frames for buffer in buffers) <= 64 * 1024
    assert sum(len(buffer) for _, buffers in watched.frames for buffer in buffers) < 300_000 * 10
    watched.step(1.0)
    assert len(watched.view.columns["loss"]["loss"]) == 100


def test_an_image_is_sent_once_and_again_on_hello(watched):
    note_hello(watched)
    image = watched.layout.files / "plot.png"
    image.parent.mkdir(exist_ok=True)
    image.write_bytes(b"\x89PNG data")
    watched.events.image("plot", "plot.png")
    watched.step()
    assert watched.view.images == {"plot.png": b"\x89PNG data"}
    watched.events.log("loss", 1.0)
    assert watched.step()["images"] == []
    watched.feed.hello(-1)
    listed = watched.step()["images"]
    assert listed[0]["mime"] == "image/png"
    assert listed[0]["buffer"] is not None


def test_a_page_that_a_cell_displays_is_sent_and_again_when_it_is_updated(watched):
    note_hello(watched)
    page = watched.layout.files / "displayed" / "html_1.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    for content in (b"<b>0 %</b>", b"<b>100 %</b>"):
        page.write_bytes(content)
        watched.events.page("html_1", "displayed/html_1.html")
        [told] = watched.step()["images"]
        assert told["mime"] == "text/html"
        assert watched.view.images == {"displayed/html_1.html": content}
    watched.feed.hello(-1)
    assert len(watched.step()["images"]) == 1


def test_an_image_that_is_gone_is_named_without_its_data(watched):
    note_hello(watched)
    watched.events.image("plot", "plot.png")
    assert watched.step()["images"] == [
        {"name": "plot", "path": "plot.png", "mime": "image/png", "bytes": 0, "buffer": None}
    ]


def test_many_metrics_are_bounded_and_the_rest_is_named(watched):
    note_hello(watched)
    for number in range(METRICS_SHOWN + 25):
        watched.events.list_(f"m{number}", [float(value) for value in range(400)])
    watched.step()
    assert len(watched.view.metrics) == METRICS_SHOWN
    assert any(note.startswith("25 more metrics") for note in watched.view.header["notes"])
    sent = sum(map(len, watched.frames[-1][1]))
    assert sent < 16 * POINTS * 32


def test_a_damaged_record_is_told(watched):
    watched.events.log("loss", 1.0)
    watched.events.log("loss", 2.0)
    file = next(watched.layout.events.glob("*.jsonl"))
    damaged = file.read_bytes().replace(b'"v":1.0', b'"v":9.0')
    file.write_bytes(damaged)
    watched.step()
    assert watched.view.columns["loss"]["loss"].tolist() == [2.0]
    assert any("1 damaged record at byte" in note for note in watched.view.header["notes"])


def apply(view, frame):
    """Bring a frame to a view."""
    view.apply(*frame.message())


def test_a_view_that_comes_late_gets_what_was_told_and_goes_on_with_the_next_frame(watched):
    note_hello(watched)
    image = watched.layout.files / "plot.png"
    image.parent.mkdir(exist_ok=True)
    image.write_bytes(b"\x89PNG data")
    watched.events.image("plot", "plot.png")
    watched.events.log("loss", 1.0)
    watched.layout.log.write_bytes(b"one\n")
    watched.step()
    watched.events.log("loss", 2.0)
    watched.layout.log.write_bytes(b"one\ntwo\n")
    watched.feed.take(watched.poller.poll())  # not told yet: it comes with the next frame, to all
    late = ViewModel()
    apply(late, watched.feed.present())
    assert late.number == watched.view.number == watched.feed.last_number
    assert late.columns["loss"]["loss"].tolist() == [1.0]
    assert late.log == b"one\n"
    assert late.images == {"plot.png": b"\x89PNG data"}
    content = watched.step()
    assert not content["reset"]
    late.apply(*watched.frames[-1])
    for view in (late, watched.view):
        assert view.columns["loss"]["loss"].tolist() == [1.0, 2.0]
        assert view.log == b"one\ntwo\n"


def lossless(watched):
    """Feed a view that loses nothing."""
    watched.feed = Feed(watched.poller.read_log, watched.poller.read_image, Throttle(is_lossless=True))
    return watched


def test_what_is_left_at_the_end_comes_at_once_and_then_nothing_is_left(watched):
    lossless(watched).step()
    watched.events.log("loss", 1.0)
    watched.step()
    watched.events.log("loss", 2.0)
    watched.feed.take(watched.poller.poll())
    assert watched.feed.frame(watched.now) is None  # too early
    rest = watched.feed.last(watched.now)
    assert not rest.reset
    apply(watched.view, rest)
    assert watched.view.columns["loss"]["loss"].tolist() == [1.0, 2.0]
    assert watched.feed.last(watched.now) is None


def test_the_rest_of_what_was_never_told_is_all(watched):
    watched.events.log("loss", 1.0)
    watched.feed.take(watched.poller.poll())
    rest = lossless(watched).feed.last(0.0)
    assert (rest.number, rest.reset) == (0, True)


def test_where_frames_may_be_lost_the_last_one_is_all(watched):
    note_hello(watched)
    watched.events.log("loss", 1.0)
    watched.step()
    assert [watched.feed.last(watched.now).reset for _ in range(2)] == [True, True]


def test_over_a_stream_nothing_is_told_twice(watched):
    lossless(watched)
    resets = []
    for value in range(300):
        watched.events.log("loss", float(value))
        resets.append(watched.step()["reset"])
    assert resets == [True] + [False] * 299
    assert watched.step(QUIET_S + 0.1) is not None  # a sign of life
