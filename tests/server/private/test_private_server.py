"""The server behind a link: who comes in, and that it ends by itself."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
import requests
import websocket

from cellrun.core.disk import ownership
from cellrun.core.identity import ProcessIdentity
from cellrun.core.portal import servers
from cellrun.core.portal.private_server import Codes
from cellrun.core.store.status import Status, StatusFile
from tests.server.live_server import PATIENCE_S, wait_until

HOME_PAGE = "/cellrun/"


class Private:
    """A private server in a process of its own."""

    def __init__(self, *program, **environment):
        self.process = subprocess.Popen(
            [sys.executable, *(program or ("-m", "cellrun.server"))],
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    @property
    def file(self):
        """What it says of itself, once it listens."""
        wait_until(lambda: self.mine or self.process.poll() is not None)
        assert self.mine, self.process.communicate()[0]
        return self.mine[0]

    @property
    def mine(self):
        """Its file, if it is there."""
        return [found for found in servers.running() if found.process.pid == self.process.pid]

    def code(self, run=None):
        """Make a code as `get_portal_url` does."""
        return Codes(servers.private_codes()).give(run)

    def get(self, path, session=requests, **options):
        """Ask for a page."""
        return session.get(f"{self.file.url.rstrip('/')}{path}", timeout=PATIENCE_S, allow_redirects=False, **options)

    def enter(self, code, target=HOME_PAGE, session=requests):
        """Open a link."""
        return self.get(f"/cellrun/enter?code={code}&next={quote(target)}", session)

    def end(self):
        """End it; return what it printed."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.communicate(timeout=PATIENCE_S)[0]


@pytest.fixture(scope="module")
def shared_private(tmp_path_factory):
    """Return a private server, its home and its runtime folder. What its user configured for Jupyter isn't for it."""
    folder = tmp_path_factory.mktemp("private")
    (folder / "jupyter_server_config.json").write_text('{"ServerApp": {"ip": "0.0.0.0", "base_url": "/x/"}}')
    places = {"CELLRUN_HOME": str(folder / "home"), "CELLRUN_RUNTIME_DIR": str(folder / "runtime")}
    made = Private(**places, JUPYTER_CONFIG_DIR=str(folder), JUPYTER_TOKEN="known")
    yield made, places
    made.end()


@pytest.fixture
def private(shared_private, monkeypatch):
    """Return a private server that others use too."""
    made, places = shared_private
    for name, folder in places.items():
        monkeypatch.setenv(name, folder)
    return made


@pytest.fixture
def browser():
    """Return a session that keeps cookies."""
    with requests.Session() as session:
        yield session


def test_a_code_lets_one_browser_in_once(private, browser):
    code = private.code()
    answer = private.enter(code, "/cellrun/workspaces/w/runs/r", browser)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/cellrun/workspaces/w/runs/r")
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert code not in str(answer.headers)
    assert private.get("/cellrun/api/workspaces", browser).status_code == 200
    stranger = private.enter(code)
    assert stranger.status_code == 403
    assert "get_portal_url" in stranger.text
    assert "Set-Cookie" not in stranger.headers
    assert private.enter(code, session=browser).status_code == 302  # who is in already needs no code


OPENED_BY_ANOTHER = """
import encodings.idna, http.client, os, sys  # all that is needed: another user may not look into this one's folders
os.setuid(1501)
asking = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]))
asking.request("GET", sys.argv[2], headers={"Cookie": sys.argv[3]} if sys.argv[3:] else {})
answer = asking.getresponse()
print(answer.status, answer.headers["Set-Cookie"], answer.read().decode())
"""
SEES_ANOTHER_THIRD = """
import os, runpy
from cellrun.server.private import peer
uids = iter([os.geteuid(), os.geteuid(), 1501])
peer.uid_at_other_end = lambda _: next(uids, os.geteuid())
runpy.run_module("cellrun.server", run_name="__main__")
"""
SEES_ANOTHER_FIRST = """
import os, runpy
from cellrun.server.private import peer
uids = iter([1501])
peer.uid_at_other_end = lambda _: next(uids, os.geteuid())
runpy.run_module("cellrun.server", run_name="__main__")
"""


@pytest.mark.skipif(os.geteuid() != 0 or not Path("/proc/net/tcp").exists(), reason="only root can become another user")
def test_another_user_of_the_machine_is_refused_and_uses_no_code_up(private, browser):
    code = private.code()
    link = f"/cellrun/enter?code={code}&next={HOME_PAGE}"
    command = [sys.executable, "-c", OPENED_BY_ANOTHER, str(urlsplit(private.file.url).port), link]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert told.startswith("403 None")
    assert "uid 1501" in told
    assert ownership.user(os.geteuid()) in told
    assert "get_portal_url" not in told  # a new link wouldn't let him in either
    assert private.enter(code, session=browser).status_code == 302
    assert private.get("/cellrun/api/workspaces", browser).status_code == 200


def test_who_is_seen_as_another_user_is_refused_and_uses_no_code_up(workspace, browser):
    """As above, for those who aren't root: the server sees another user where there is none."""
    private = Private("-c", SEES_ANOTHER_FIRST)
    code = private.code()
    refused = private.enter(code)
    assert refused.status_code == 403
    assert "Set-Cookie" not in refused.headers
    assert "uid 1501" in refused.text
    assert ownership.user(os.geteuid()) in refused.text
    assert private.enter(code, session=browser).status_code == 302
    private.end()


@pytest.mark.skipif(os.geteuid() != 0 or not Path("/proc/net/tcp").exists(), reason="only root can become another user")
def test_another_user_of_the_machine_gets_nowhere_with_a_cookie(private, browser):
    """A browser sends it to whatever listens at another port of 127.0.0.1."""
    private.enter(private.code(), session=browser)
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    port = str(urlsplit(private.file.url).port)
    for path, refused in (("/cellrun/api/workspaces", "401"), (HOME_PAGE, "302"), ("/cellrun/api/stream", "401")):
        command = [sys.executable, "-c", OPENED_BY_ANOTHER, port, path, cookie]
        assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.startswith(refused)
    assert private.get("/cellrun/api/workspaces", headers={"Cookie": cookie}).status_code == 200


def test_who_is_seen_as_another_user_gets_nowhere_with_a_cookie(workspace, browser):
    """As above, for those who aren't root."""
    private = Private("-c", SEES_ANOTHER_THIRD)
    private.enter(private.code(), session=browser)
    statuses = [private.get("/cellrun/api/workspaces", browser).status_code for _ in range(3)]
    assert statuses == [200, 401, 200]
    private.end()


def test_it_listens_on_loopback_and_serves_nothing_else(private, browser):
    private.enter(private.code(), session=browser)
    for path in ("/api/contents", "/api/kernels", "/api/kernelspecs", "/api/terminals", "/files/x", "/tree", "/lab"):
        assert private.get(path, browser).status_code == 404
    host, port = urlsplit(private.file.url).hostname, urlsplit(private.file.url).port
    assert host == "127.0.0.1"
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.2", port)):
        pass
    assert private.get("/cellrun/api/workspaces", browser, headers={"Host": f"evil.com:{port}"}).status_code == 403


@pytest.mark.parametrize("code", ["wrong", "", "x" * 10_000, "é", "../x", "%00"])
def test_what_is_no_code_lets_nobody_in(private, code):
    answer = private.enter(code)
    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers


def test_a_code_or_a_token_opens_no_other_door(private):
    for token in (private.code(), "known"):
        headers = {"Authorization": f"token {token}"}
        assert private.get("/cellrun/api/workspaces", headers=headers).status_code == 401
        assert private.get(f"/cellrun/api/workspaces?token={token}").status_code == 401
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        websocket.create_connection(
            f"{private.file.url.replace('http', 'ws')}cellrun/api/stream", header=headers, suppress_origin=True
        )
    assert refused.value.status_code == 401


def test_a_page_without_a_login_says_how_to_come_in(private):
    for path in ("", "cellrun/", "cellrun/workspaces/w/runs/r", "login"):
        answer = requests.get(f"{private.file.url}{path}", timeout=PATIENCE_S)
        assert answer.status_code == 403
        assert "get_portal_url" in answer.text


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.com/",
        "//evil.com/cellrun/",
        "/\\evil.com",
        "/cellrun/../login",
        "/cellrun/%2e%2e/login",
        "/cellrun//evil.com",
        "/cellrunx/",
        "/login",
        "cellrun/",
        "/cellrun/\r\nSet-Cookie: a=b",
        "javascript:alert(1)",
        "",
    ],
)
def test_a_link_leads_to_our_pages_alone_and_keeps_its_code_else(private, target):
    code = private.code()
    refused = private.enter(code, target)
    assert refused.status_code == 403
    assert "Location" not in refused.headers
    assert private.enter(code).status_code == 302


def test_no_page_sends_a_browser_out_again(private, browser):
    private.enter(private.code(), session=browser)
    assert private.get("/logout", browser, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 404
    assert private.get("/cellrun/api/workspaces", browser).status_code == 200


def test_the_stream_works_for_who_came_in(private, browser):
    private.enter(private.code(), session=browser)
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    origin = private.file.url.rstrip("/")
    page = websocket.create_connection(
        f"{origin.replace('http', 'ws')}/cellrun/api/stream", cookie=cookies, origin=origin, timeout=PATIENCE_S
    )
    page.send(json.dumps({"type": "list", "channel": 1, "workspace": "default", "cursor": -1}))
    assert json.loads(page.recv())["reset"] is True
    page.close()


def test_two_that_start_at_once_are_one(workspace):
    several = [Private() for _ in range(3)]
    wait_until(lambda: sum(one.process.poll() is None for one in several) == 1)
    (winner,) = [one for one in several if one.process.poll() is None]
    assert winner.enter(winner.code()).status_code == 302
    assert [one.process.returncode for one in several if one is not winner] == [0, 0]
    assert [found.process.pid for found in servers.running()] == [winner.process.pid]
    for one in several:
        one.end()


def test_it_ends_when_nobody_is_there_and_not_before(workspace):
    private = Private(CELLRUN_PORTAL_IDLE_S="0.6")
    with requests.Session() as browser:
        private.enter(private.code(), session=browser)
        cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    stream = f"{private.file.url.replace('http', 'ws')}cellrun/api/stream"
    page = websocket.create_connection(stream, cookie=cookies, suppress_origin=True, timeout=PATIENCE_S)
    with pytest.raises(subprocess.TimeoutExpired):
        private.process.wait(1.5)
    page.close()
    assert private.process.wait(PATIENCE_S) == 0
    assert servers.running() == []
    private.process.communicate()


def test_it_lasts_while_a_run_goes_on_whose_link_was_given(new_run):
    run = new_run()
    StatusFile(run).change(Status.RUNNING)
    private = Private(CELLRUN_PORTAL_IDLE_S="0.4")
    assert private.enter(private.code(run)).status_code == 302
    with pytest.raises(subprocess.TimeoutExpired):
        private.process.wait(1.5)
    StatusFile(run).change(Status.COMPLETED)
    assert private.process.wait(PATIENCE_S) == 0
    private.process.communicate()


def test_a_file_of_a_dead_server_is_no_server_and_the_next_one_starts(workspace):
    killed = Private()
    assert killed.file
    killed.process.kill()
    killed.process.communicate()
    assert servers.running() == []
    following = Private()
    assert following.enter(following.code()).status_code == 302
    following.end()


def test_nothing_secret_is_printed_shown_or_readable_by_others(workspace, browser):
    private = Private()
    code = private.code()
    private.enter(code, session=browser)
    private.enter("wrong-code-of-somebody")
    assert private.get(f"/cellrun/enter?code={code}&next=%ff").status_code == 400
    requests.get(f"{private.file.url}cellrun/api/workspaces?token=a-secret-in-the-address", timeout=PATIENCE_S)
    file = private.file
    process = Path(f"/proc/{private.process.pid}")
    seen = [(process / name).read_bytes().decode(errors="replace") for name in ("cmdline", "environ")]
    modes = [path.stat().st_mode & 0o777 for path in servers.servers_folder().rglob("*")]
    assert modes
    assert [mode for mode in modes if mode & 0o077] == []
    (cookie,) = [text for name, text in browser.cookies.items() if name.startswith("username-")]
    printed = private.end()
    for secret in (code, "wrong-code-of-somebody", "a-secret-in-the-address", cookie):
        assert not any(secret in text for text in (printed, *seen, json.dumps(file.to_json())))


def test_it_compiles_no_grammar_of_addresses(tmp_path):
    (tmp_path / "rfc3987_syntax.py").write_text("print('compiled'); is_valid_syntax = None")
    private = Private(PYTHONPATH=str(tmp_path), CELLRUN_PORTAL_IDLE_S="0.1")
    assert private.process.communicate(timeout=PATIENCE_S)[0] == ""


def test_its_file_names_its_process(private):
    assert private.file.is_private
    assert private.file.process == ProcessIdentity.of(private.process.pid)
