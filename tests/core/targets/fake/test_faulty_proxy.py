"""What becomes of requests that a job sends to a server through a link with faults."""

import threading
from http.client import HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import pytest

from cellrun.core.targets.fake.faults import Faults
from cellrun.core.targets.fake.faulty_link import FaultyLink
from cellrun.core.targets.fake.faulty_proxy import FaultyProxy


@pytest.fixture
def served():
    """A server that keeps what it is sent."""
    kept = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            kept.append(
                (self.path, self.headers["Authorization"], self.rfile.read(int(self.headers["Content-Length"])))
            )
            self.send_response(429 if self.path.endswith("full") else 200)
            self.send_header("Retry-After", "7")
            self.end_headers()
            self.wfile.write(b"answer")

        def log_message(self, *_):
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{http.server_port}/user/ada", kept
    http.shutdown()
    http.server_close()
    thread.join()


def send(proxy, body, path=""):
    """Send something; return the answer, None if there is none."""
    try:
        with urlopen(Request(f"{proxy.url}/frames{path}", body, {"Authorization": "Bearer t"}), timeout=20) as answer:
            return answer.read()
    except HTTPError as refused:
        return refused.code, refused.headers["Retry-After"], refused.read()
    except (URLError, HTTPException, OSError):
        return None


def test_without_faults_a_request_and_its_answer_go_through(tmp_path, served):
    url, kept = served
    proxy = FaultyProxy(url, FaultyLink(tmp_path))
    assert send(proxy, b"one") == b"answer"
    assert send(proxy, b"two", "/full") == (429, "7", b"answer")
    assert kept == [("/user/ada/frames", "Bearer t", b"one"), ("/user/ada/frames/full", "Bearer t", b"two")]


def test_of_a_lost_one_either_the_request_or_its_answer_is_lost(tmp_path, served):
    url, kept = served
    Faults(loss=1, seed=3).write(tmp_path)
    proxy = FaultyProxy(url, FaultyLink(tmp_path))
    for number in range(12):
        send(proxy, b"%d" % number)
    assert 0 < len(kept) < 12


def test_one_may_come_twice_or_after_the_next(tmp_path, served):
    url, kept = served
    proxy = FaultyProxy(url, FaultyLink(tmp_path))
    Faults(repetition=1).write(tmp_path)
    assert send(proxy, b"1") == b"answer"
    Faults(reordering=1).write(tmp_path)
    assert send(proxy, b"2") is None
    Faults().write(tmp_path)
    assert send(proxy, b"3") == b"answer"
    assert [body for _, _, body in kept] == [b"1", b"1", b"3", b"2"]


def test_nothing_goes_through_while_it_is_cut_off_or_nobody_serves(tmp_path, served):
    url, kept = served
    Faults(unreachable=True).write(tmp_path)
    assert send(FaultyProxy(url, FaultyLink(tmp_path)), b"1") is None
    assert kept == []
    Faults().write(tmp_path)
    assert send(FaultyProxy("http://127.0.0.1:9", FaultyLink(tmp_path)), b"1") is None


def test_who_cuts_it_off_may_wait_for_what_is_on_its_way(tmp_path):
    order, arrived, go_on = [], threading.Event(), threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            arrived.set()
            go_on.wait(20)
            order.append("taken")
            self.send_error(400)

        def log_message(self, *_):
            pass

    def cut_off():
        FaultyLink(tmp_path).until_quiet()
        order.append("quiet")

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        proxy = FaultyProxy(f"http://127.0.0.1:{http.server_port}/", FaultyLink(tmp_path))
        threads = [threading.Thread(target=each) for each in (http.serve_forever, lambda: send(proxy, b"1"), cut_off)]
        for thread in threads[:2]:
            thread.start()
        assert arrived.wait(20)
        Faults(unreachable=True).write(tmp_path)
        threads[2].start()
        go_on.set()
        threads[2].join()
        assert send(proxy, b"2") is None
        http.shutdown()
        threads[1].join()
    assert order == ["taken", "quiet"]
