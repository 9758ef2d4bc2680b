"""A page and the server's live stream: what a viewer holds is what the run logged, whatever happens between."""

import itertools
import json
import random
import shutil
import socket
from unittest.mock import Mock

import pytest
import websocket

from cellrun.core.live import live_run, throttle
from cellrun.core.store.events.metrics import Metrics
from cellrun.core.store.events.reader import EventReader
from cellrun.core.store.status import Status, StatusFile
from cellrun.server.stream import stream, watched_run
from tests.server.live_server import TOKEN, Page, deaf_viewer, reader_threads, wait_until

COUNT = 20


@pytest.fixture
def server(serving):
    """Serve the test's home by a server of its own: what it reads, and for whom, is counted here."""
    with serving() as made:
        yield made


@pytest.fixture
def page(server):
    """Return a page that is closed at the end."""
    made = Page(server)
    yield made
    made.close()


@pytest.fixture
def hurry(monkeypatch):
    """Let frames come as fast as they can."""
    monkeypatch.setattr(throttle, "FRAME_S", 0)
    monkeypatch.setattr(throttle, "STREAM_BYTES_PER_S", 10**12)
    monkeypatch.setattr(live_run, "POLL_S", 0.001)


def test_a_viewer_gets_the_whole_run_and_then_what_is_new(page, open_run):
    run = open_run()
    run.log(0.5, 0.25)
    run.layout.log.write_bytes(b"hello\n")
    page.follow(run.layout).until(lambda: page.points() == [0.5, 0.25])
    assert page.frames[0]["reset"]
    assert page.views[1].log == b"hello\n"
    assert page.views[1].header["run_id"] == run.layout.run_id
    for value in range(5):
        run.log(value)
        page.until(lambda value=value: page.points()[-1] == value)
    assert page.points() == [0.5, 0.25, 0, 1, 2, 3, 4]
    assert [frame["reset"] for frame in page.frames[1:]] == [False] * (len(page.frames) - 1)


def test_the_end_of_a_run_comes_with_all_that_it_logged_and_the_reader_ends(page, open_run):
    run = open_run()
    StatusFile(run.layout).change(Status.RUNNING)
    page.follow(run.layout).until_status("Running")
    run.log(*range(200))
    StatusFile(run.layout).change(Status.COMPLETED)
    page.until_status("Completed")
    assert page.points() == list(range(200))
    wait_until(lambda: not (reader_threads()))
    assert [frame["frame"] for frame in page.frames] == list(range(page.frames[0]["frame"], len(page.frames)))


def test_twenty_viewers_cost_one_reader_and_hold_the_same(server, open_run):
    run = open_run()
    run.log(*range(10))
    pages = [Page(server).follow(run.layout, channel=number % 3) for number in range(COUNT)]
    for number, page in enumerate(pages):
        page.until(lambda page=page, number=number: len(page.points(channel=number % 3)) == 10)
    assert reader_threads() == [f"cellrun reader of {run.layout.run_id}"]
    run.log(*range(10, 20))
    for number, page in enumerate(pages):
        page.until(lambda page=page, number=number: len(page.points(channel=number % 3)) == 20)
        assert page.points(channel=number % 3) == list(range(20))
        assert sum(frame["reset"] for frame in page.frames) == 1
    assert server.hub.open_count == COUNT
    for page in pages:
        page.close()


def test_a_viewer_that_comes_late_does_not_disturb_the_others(server, page, open_run):
    run = open_run()
    run.log(1)
    page.follow(run.layout).until(lambda: page.points() == [1])
    run.log(2)
    page.until(lambda: page.points() == [1, 2])
    late = Page(server).follow(run.layout)
    late.until(lambda: late.points() == [1, 2])
    run.log(3)
    for one in (page, late):
        one.until(lambda one=one: one.points() == [1, 2, 3])
        assert [frame["reset"] for frame in one.frames].count(True) == 1
    assert late.epochs == page.epochs
    late.close()


def test_a_viewer_that_comes_back_gets_what_it_missed_and_nothing_twice(server, open_run):
    run = open_run()
    run.log(1)
    page = Page(server).follow(run.layout)
    page.until(lambda: page.points() == [1])
    watcher = Page(server).follow(run.layout)
    page.close()
    run.log(2)
    watcher.until(lambda: watcher.points() == [1, 2])
    again = Page(server)
    again.views = page.views
    again.follow(run.layout, epoch=page.epochs[1], frame=page.frames[-1]["frame"]).until(
        lambda: again.points() == [1, 2]
    )
    assert not any(frame["reset"] for frame in again.frames)
    assert again.frames[0]["frame"] == page.frames[-1]["frame"] + 1
    for one in (again, watcher):
        one.close()


def test_a_viewer_that_comes_back_after_the_last_one_left_goes_on(server, open_run):
    run = open_run()
    run.log(1)
    page = Page(server).follow(run.layout)
    page.until(lambda: page.points() == [1])
    page.close()
    run.log(2)
    again = Page(server)
    again.views = page.views
    again.follow(run.layout, epoch=page.epochs[1], frame=page.frames[-1]["frame"]).until(
        lambda: again.points() == [1, 2]
    )
    assert not any(frame["reset"] for frame in again.frames)
    again.close()


def test_a_viewer_that_comes_and_goes_holds_what_the_events_say(server, open_run, hurry, monkeypatch):
    monkeypatch.setattr(watched_run, "KEPT_FRAMES", 3)
    run = open_run()
    dice, steps = random.Random(5), itertools.count()
    page = Page(server).follow(run.layout)
    for _ in range(20):
        for _ in range(dice.randrange(5)):
            run.log(dice.random())
            run.events.row("curve", {"x": next(steps), "y": dice.random()})
            with run.layout.log.open("ab") as log:
                log.write(b"line %d\n" % dice.randrange(1000))
            if dice.random() < 0.5:
                page.receive()
        page.close()
        held, page = page, Page(server)
        page.views, page.epochs = held.views, held.epochs
        page.follow(run.layout, epoch=held.epochs.get(1), frame=held.views[1].number if held.views else -1)
    run.log(7)
    page.until(lambda: page.points()[-1:] == [7])
    truth = Metrics(EventReader(run.layout))
    truth.update()
    assert set(page.views[1].columns) == set(truth.metrics) == {"loss", "curve"}
    for name, columns in page.views[1].columns.items():
        for column, values in truth.metrics[name].columns.items():
            assert columns[column].tolist() == list(values.numbers(0))
    assert page.views[1].log == run.layout.log.read_bytes()
    page.close()


def test_a_frame_that_is_no_longer_kept_and_one_that_never_was_are_answered_whole(server, page, open_run, monkeypatch):
    monkeypatch.setattr(watched_run, "KEPT_FRAMES", 2)
    run = open_run()
    page.follow(run.layout)
    for value in range(5):
        run.log(value)
        page.until(lambda value=value: page.points()[-1:] == [value])
    for frame in (0, 10**6):
        again = Page(server).follow(run.layout, epoch=page.epochs[1], frame=frame)
        again.until(lambda again=again: again.points() == [0, 1, 2, 3, 4])
        assert again.frames[0]["reset"]
        again.close()


def test_after_a_restart_of_the_server_there_is_no_gap_and_no_repeat(serving, open_run):
    run = open_run()
    run.log(*range(10))
    with serving() as server:
        page = Page(server).follow(run.layout)
        page.until(lambda: len(page.points()) == 10)
        page.close()
    run.log(*range(10, 15))
    with serving() as server:
        again = Page(server)
        again.views = page.views
        again.follow(run.layout, epoch=page.epochs[1], frame=page.frames[-1]["frame"])
        again.until(lambda: len(again.points()) == 15)
        run.log(*range(15, 20))
        again.until(lambda: len(again.points()) == 20)
        assert again.points() == list(range(20))
        assert again.frames[0]["reset"]
        assert again.epochs != page.epochs
        again.close()


def test_a_viewer_that_lags_gets_a_whole_frame_and_others_wait_for_nothing(server, page, open_run, hurry):
    run = open_run()
    run.log(0)
    slow = Page(server).follow(run.layout)
    for one in (slow, page.follow(run.layout)):
        one.until(lambda one=one: one.points() == [0])
    block = b"x" * 60_000 + b"\n"
    for number in range(1, 200):  # 12 MB: more than sockets hold
        run.log(number)
        with run.layout.log.open("ab") as log:
            log.write(block)
        page.until(lambda number=number: page.points()[-1] == number)
    (channel,) = [viewer for run in server.hub._runs.values() for viewer in run._lagging]
    assert channel._outbox._waiting_bytes == 0  # nothing is kept for it
    slow.until(lambda: slow.points()[-1] == 199)
    assert slow.points() == page.points() == list(range(200))
    assert [sum(frame["reset"] for frame in one.frames) for one in (page, slow)] == [1, 2]
    slow.close()


def test_viewers_that_never_read_and_half_open_requests_cost_the_others_nothing(server, page, open_run, hurry):
    run = open_run()
    page.follow(run.layout)
    deaf = [deaf_viewer(server, run.layout) for _ in range(400)]
    wait_until(lambda: server.hub.open_count == 401)
    lorises = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(100)]
    for loris in lorises:
        loris.send(b"GET /user/ada/cellrun/api/stream HTTP/1.1\r\nHost: 127")
    for number in range(20):
        run.log(number)
        with run.layout.log.open("ab") as log:
            log.write(b"x" * 60_000 + b"\n")
        page.until(lambda number=number: page.points()[-1:] == [number])
    assert len(reader_threads()) == 1
    for one in [*deaf, *lorises]:
        one.close()
    run.log(20)
    page.until(lambda: page.points() == list(range(21)))


def test_a_viewer_that_gives_no_sign_of_life_is_let_go(server, open_run, monkeypatch):
    monkeypatch.setattr(stream, "PING_S", 0.1)
    deaf = Page(server).follow(open_run().layout)
    while deaf.socket.recv_frame().opcode != websocket.ABNF.OPCODE_CLOSE:  # pings are not answered
        pass
    deaf.close()


def test_a_run_that_is_renamed_after_its_end_is_shown_so_and_a_deleted_one_is_gone(page, open_run):
    run = open_run()
    StatusFile(run.layout).change(Status.COMPLETED)
    page.follow(run.layout).until_status("Completed")
    run.events.rename("the best one")
    page.until(lambda: page.views[1].header["name"] == "the best one")
    shutil.rmtree(run.layout.folder)
    page.until(lambda: page.texts)
    assert (page.texts[0]["type"], page.texts[0]["channel"], page.texts[0]["status"]) == ("error", 1, 404)


def test_a_run_that_is_deleted_while_it_is_watched_is_gone(page, open_run):
    run = open_run()
    page.follow(run.layout).until(lambda: page.views)
    shutil.rmtree(run.layout.folder)
    page.until(lambda: page.texts)
    assert (page.texts[0]["status"], run.layout.run_id in page.texts[0]["message"]) == (404, True)


def test_a_run_that_cannot_be_read_is_said_and_read_again_when_it_can(page, open_run, monkeypatch):
    run = open_run()
    record = run.layout.record.read_bytes()
    run.layout.record.write_bytes(b"{}")
    page.follow(run.layout, channel=1).until(lambda: page.texts)
    assert (page.texts[0]["channel"], page.texts[0]["status"]) == (1, 409)
    assert str(run.layout.folder) in page.texts[0]["message"]
    run.layout.record.write_bytes(record)
    monkeypatch.setattr(live_run, "events_mark", Mock(side_effect=RuntimeError("zero")))  # ours, at the run's end
    page.follow(run.layout, channel=2).until(lambda: 2 in page.views)
    StatusFile(run.layout).change(Status.COMPLETED)
    page.until(lambda: len(page.texts) == 2)
    assert (page.texts[1]["channel"], page.texts[1]["status"]) == (2, 500)
    assert "zero" not in page.texts[1]["message"]


def test_what_an_ended_run_needed_is_let_go_and_read_again_when_it_is_asked_for(server, page, open_run, monkeypatch):
    monkeypatch.setattr(watched_run, "LINGER_S", 0)
    monkeypatch.setattr(watched_run, "ROUND_S", 0.05)
    run = open_run()
    run.log(1, 2)
    StatusFile(run.layout).change(Status.COMPLETED)
    page.follow(run.layout).until_status("Completed")
    (watched,) = server.hub._runs.values()
    wait_until(lambda: not (watched._final or watched._kept))
    late = Page(server).follow(run.layout)
    late.until(lambda: late.points() == [1, 2])
    for one in (page, late):
        one.send("leave", 1)
    wait_until(lambda: not (server.hub._runs))
    late.close()


def test_a_run_that_nobody_watches_any_more_is_not_read(server, page, open_run, monkeypatch):
    monkeypatch.setattr(watched_run, "LINGER_S", 0)
    monkeypatch.setattr(watched_run, "ROUND_S", 0.05)
    run = open_run()
    page.follow(run.layout).until(lambda: page.views)
    page.send("leave", 1)
    wait_until(lambda: not (reader_threads()))
    assert server.hub._runs == {}


def test_one_connection_serves_many_runs_each_on_its_channel(page, open_run):
    runs = [open_run() for _ in range(5)]
    for number, run in enumerate(runs):
        run.log(number)
        page.follow(run.layout, channel=number)
    page.until(lambda: all(page.points(channel=number) == [number] for number in range(5)))
    page.send("leave", 3)
    page.follow(runs[0].layout, channel=9).until(lambda: page.points(channel=9) == [0])  # so it has left
    runs[3].log(33)
    runs[4].log(44)
    page.until(lambda: page.points(channel=4) == [4, 44])
    assert page.points(channel=3) == [3]


BAD_MESSAGES = [
    ("no json", None, "JSON object"),
    ("[" * 60_000, None, "JSON object"),
    ("[1]", None, "JSON object"),
    ("{}", None, "`channel`"),
    ('{"type": "follow", "channel": true}', None, "`channel`"),
    ('{"type": "follow", "channel": -1}', None, "`channel`"),
    ('{"type": "dance", "channel": 1}', 1, "dance"),
    ('{"type": "follow", "channel": 1}', 1, "`workspace`"),
    ('{"type": "follow", "channel": 1, "workspace": "default", "run": 5}', 1, "`run`"),
    ('{"type": "follow", "channel": 1, "workspace": "default", "run": "r", "protocol": 9}', 1, "protocol 1"),
    ('{"type": "follow", "channel": 1, "workspace": "default", "run": "r", "epoch": 5}', 1, "`epoch`"),
    ('{"type": "list", "channel": 1, "workspace": "default", "cursor": "x"}', 1, "`cursor`"),
    ('{"type": "list", "channel": 1, "workspace": "default", "sparks": [1]}', 1, "`sparks`"),
]


def test_a_message_that_is_none_is_answered_in_words(page):
    for message, channel, says in BAD_MESSAGES:
        page.socket.send(message)
        error = page.receive()
        assert (error["type"], error["status"], error["channel"]) == ("error", 400, channel), message
        assert says in error["message"]
    page.socket.send_binary(b"{}")
    assert "JSON text" in page.receive()["message"]


def test_a_run_that_is_not_there_is_said_to_be_missing(page, workspace):
    for run in ("nothing_1_00000000", "../../etc", "a/b", ".", "x" * 300, "a\0b"):
        page.send("follow", 7, workspace="default", run=run, protocol=1, epoch=None, frame=-1)
        error = page.receive()
        assert (error["type"], error["channel"], error["status"]) == ("error", 7, 404), run


def test_a_workspace_that_is_not_there_is_said_to_be_missing(page):
    page.send("follow", 7, workspace="nowhere", run="r", protocol=1, epoch=None, frame=-1)
    page.send("list", 8, workspace="nowhere", sparks=[], epoch=None, cursor=-1)
    assert {(page.receive()["status"]) for _ in range(2)} == {404}
    assert {text["channel"] for text in page.texts} == {7, 8}


def test_a_sign_of_life_is_answered(page):
    page.socket.send('{"type": "ping"}')
    assert page.receive() == {"type": "pong"}


def test_too_many_channels_are_refused_and_the_rest_go_on(page, workspace):
    for number in range(257):
        page.list(number)
    page.until(lambda: len(page.texts) == 257)
    (refused,) = [text for text in page.texts if text["type"] == "error"]
    assert (refused["channel"], refused["status"]) == (256, 400)


def test_a_message_that_is_too_long_ends_the_connection_alone(server, page, open_run):
    run = open_run()
    page.follow(run.layout).until(lambda: page.views)
    other = Page(server)
    other.socket.send(json.dumps({"type": "x" * 100_000}))
    assert other.socket.recv_frame().opcode == websocket.ABNF.OPCODE_CLOSE
    other.close()
    run.log(1)
    page.until(lambda: page.points() == [1])


UNKNOWN = [
    ({"token": ""}, ""),
    ({"token": "wrong"}, ""),
    ({"token": ""}, "?token=the-secret-token"),
    ({}, "?token=the-secret-token"),
]
FORGED = [
    ({"Origin": "http://evil.com"}, ""),
    ({"Origin": "http://127.0.0.1:{port}.evil.com"}, ""),
    ({"Origin": "http://evil.com/127.0.0.1:{port}"}, ""),
    ({"Origin": "null"}, ""),
    ({"Sec_Fetch_Site": "cross-site"}, ""),
    ({"Sec_Fetch_Site": "same-site"}, ""),
    ({"host": "evil.com"}, ""),
]


def test_who_may_not_watch_is_refused_before_the_upgrade(server, caplog):
    cases = [(401, *case) for case in UNKNOWN] + [(403, *case) for case in FORGED]
    for status, headers, query in cases:
        given = {name: text.replace("{port}", str(server.port)) for name, text in headers.items()}
        with pytest.raises(websocket.WebSocketBadStatusException) as refused:
            Page(server, query=query, **given)
        assert refused.value.status_code == status, given
        assert set(json.loads(refused.value.resp_body)) == {"message", "status"}
    assert server.hub.open_count == 0
    assert "cellrun/api/stream" in caplog.text
    assert TOKEN not in caplog.text


def test_a_page_of_the_server_itself_is_let_in(server):
    page = Page(server, Origin=f"http://127.0.0.1:{server.port}", Sec_Fetch_Site="same-origin")
    page.socket.send('{"type": "ping"}')
    assert page.receive() == {"type": "pong"}
    page.close()
