"""F3, F4: what a page of another site sends, or a name that leads to this server by a trick, is refused."""

from __future__ import annotations

import re
import socket

import pytest
import requests

from cellrun.core import Experiment, Run
from tests.server.jupyter_process import BASE, TOKEN, Client, JupyterProcess

ROUTES = [
    ("GET", "workspaces"),
    ("GET", "stream"),
    ("POST", "workspaces/{w}/delete"),
    ("POST", "workspaces/{w}/targets"),
    ("POST", "workspaces/{w}/check_target"),
    ("POST", "workspaces/{w}/targets/local/doctor"),
    ("DELETE", "workspaces/{w}/targets/local"),
    ("POST", "workspaces/{w}/runs/{r}/cancel"),
    ("POST", "workspaces/{w}/runs/{r}/again"),
    ("PATCH", "workspaces/{w}/runs/{r}"),
    ("DELETE", "workspaces/{w}/runs/{r}"),
]
FOREIGN = [
    {"Origin": "http://evil.com"},
    {"Origin": "http://{host}.evil.com"},
    {"Origin": "http://{host}@evil.com"},
    {"Origin": "http://evil.com#{host}"},
    {"Origin": "http://evil.com\\@{host}"},
    {"Origin": "null"},
    {"Origin": "file://"},
    {"Origin": "http://127.0.0.1"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Host": "evil.com"},
    {"Host": "{host}.evil.com"},
    {"Host": "127.0.0.1.evil.com:80"},
]


@pytest.fixture
def run(exp: Experiment) -> Run:
    """A run that goes on."""
    return exp.start_logging()


@pytest.fixture
def run_at(run: Run, at: str) -> str:
    """That run's place in the REST routes."""
    return f"{at}/runs/{run.id}"


def filled(text: str, run_at: str) -> str:
    """Return a route with the test's workspace and run."""
    _, workspace, _, run = run_at.split("/")
    return text.format(w=workspace, r=run)


@pytest.fixture
def logged_in(jupyter: JupyterProcess) -> requests.Session:
    """A browser that has logged in: it has cookies and no token."""
    session = requests.Session()
    page = session.get(f"{jupyter.url}login", timeout=30).text
    xsrf = re.search(r'name="_xsrf" value="([^"]+)"', page)
    assert xsrf
    session.post(f"{jupyter.url}login", data={"_xsrf": xsrf[1], "password": TOKEN}, timeout=30)
    assert session.get(f"{jupyter.api}workspaces", timeout=30).status_code == 200
    return session


@pytest.mark.parametrize(("method", "route"), ROUTES)
def test_what_another_site_sends_is_refused(
    api: Client, logged_in: requests.Session, run_at: str, method: str, route: str
) -> None:
    """By a cookie with its XSRF token, and by the server's token."""
    xsrf = {"X-XSRFToken": logged_in.cookies["_xsrf"]}
    address = api.jupyter.api + filled(route, run_at)
    taken = []
    for headers in FOREIGN:
        sent = {name: value.format(host=api.jupyter.host) for name, value in headers.items()}
        for session, more in ((logged_in, xsrf), (api.session, {})):
            answer = session.request(method, address, headers={**sent, **more}, json={}, timeout=30)
            if answer.status_code != 403 or answer.json()["status"] != 403:
                taken.append((sent, more, answer.status_code, answer.text))
    assert taken == []
    assert api.get(run_at)["row"]["status"] == "Running"


@pytest.mark.parametrize(("method", "route"), [route for route in ROUTES if route[0] != "GET"])
def test_a_cookie_alone_changes_nothing(
    api: Client, logged_in: requests.Session, run_at: str, method: str, route: str
) -> None:
    """F4: without the XSRF token, or with another one."""
    address = api.jupyter.api + filled(route, run_at)
    for headers in ({}, {"X-XSRFToken": "2|1|1|1"}, {"X-XSRFToken": ""}):
        assert logged_in.request(method, address, headers=headers, json={}, timeout=30).status_code == 403
    assert api.get(run_at)["row"]["status"] == "Running"


def test_our_own_page_may_do_all(api: Client, logged_in: requests.Session, run: Run, run_at: str) -> None:
    own = {
        "Origin": api.jupyter.url.removesuffix(BASE),
        "Sec-Fetch-Site": "same-origin",
        "X-XSRFToken": logged_in.cookies["_xsrf"],
    }
    address = api.jupyter.api + run_at
    edited = logged_in.patch(address, json={"tags": {"best": None}}, headers=own, timeout=30)
    assert edited.json()["tags"] == {"best": None}
    canceled = logged_in.post(f"{address}/cancel", json={}, headers=own, timeout=30)
    assert canceled.json()["status"] == "Canceled"
    run.cancel()  # so that this process knows, too
    deleted = logged_in.delete(address, headers=own, timeout=30)
    assert [run["refused"] for run in deleted.json()["runs"]] == [None]


def test_the_token_opens_nothing_in_a_body(jupyter: JupyterProcess, at: str) -> None:
    """Jupyter looks for its token in a form, too."""
    answer = requests.post(f"{jupyter.api}{at}/delete", data={"token": TOKEN}, timeout=30)
    assert answer.status_code == 401


def test_two_hosts_are_refused(jupyter: JupyterProcess) -> None:
    request = (
        f"GET {BASE}cellrun/api/workspaces HTTP/1.1\r\nHost: {jupyter.host}\r\nHost: evil.com\r\n"
        f"Authorization: token {TOKEN}\r\nConnection: close\r\n\r\n"
    )
    name, _, port = jupyter.host.partition(":")
    with socket.create_connection((name, int(port)), timeout=30) as connection:
        connection.sendall(request.encode())
        status = connection.makefile("rb").readline()
    assert status.split()[1] in {b"400", b"403"}


def test_answers_are_kept_by_nobody(api: Client) -> None:
    headers = api.ask("GET", "workspaces").headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in headers["Content-Security-Policy"]
    assert "Etag" not in headers


def test_an_unknown_method_is_answered_in_json(api: Client) -> None:
    for method in ("PUT", "BREW"):
        refused = api.ask(method, "workspaces", expect=405)
        assert refused.json()["status"] == 405
        assert "GET" in refused.headers["Allow"]
        assert method not in refused.headers["Allow"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 400),
        ({"Upgrade": "h2c", "Connection": "Upgrade"}, 400),
        ({"Upgrade": "websocket", "Connection": "Upgrade"}, 426),
    ],
)
def test_what_is_no_websocket_is_refused_in_json(api: Client, headers: dict[str, str], status: int) -> None:
    refused = api.ask("GET", "stream", headers=headers, expect=status)
    assert refused.headers["Content-Type"] == "application/json"
    assert refused.json()["status"] == status
