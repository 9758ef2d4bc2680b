"""Every route is in the OpenAPI file, refuses strangers, and takes no parameter that isn't said."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from cellrun.server.base_handler import ApiHandler
from cellrun.server.routes import routes
from tests.server.described import DESCRIBED
from tests.server.jupyter_process import Client, JupyterProcess

OPEN_TO_ALL = {  # scripts, styles and an empty page, the same for everyone
    "/cellrun/static/(.+)$",
    r"/cellrun/static/(plotly\.min\.js)$",
    "/cellrun/figure$",
}
PAGES = {
    "/cellrun/?$",
    "/cellrun/workspaces/([^/]+)/runs/([^/]+)$",
    "/cellrun/workspaces/([^/]+)/compare$",
    "/cellrun/workspaces/([^/]+)/targets$",
}
NOT_THE_TOKEN = "a-wrong-token"


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The routes of a real server's router."""
    home = tmp_path_factory.mktemp("walk")
    script = Path(__file__).with_name("routes_in_use.py")
    done = subprocess.run(
        [sys.executable, script], env={"HOME": str(home), "PATH": "/usr/bin:/bin"}, capture_output=True, check=True
    )
    return list(json.loads(done.stdout))


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    """The OpenAPI file."""
    return DESCRIBED


def plain(path: str) -> str:
    """Return a router's pattern or a path of the OpenAPI file without the names of its parts."""
    return re.sub(r"\([^)]*\)|\{[^}]*\}", "{}", path.removesuffix("$").replace("/?", "/"))


def example(pattern: str) -> str:
    """Return an address that a pattern fits."""
    return re.sub(r"\([^)]*\)", "x", pattern.removesuffix("$").removesuffix("/?")).removeprefix("/")


def test_the_router_and_the_openapi_file_agree(walked: list[dict[str, Any]], described: dict[str, Any]) -> None:
    served = {
        (plain(route["pattern"]), method.lower())
        for route in walked
        for method in route["methods"]
        if route["pattern"] not in OPEN_TO_ALL | PAGES
    }
    methods = {"get", "post", "patch", "delete", "put"}
    told = {(plain(path), method) for path, item in described["paths"].items() for method in methods & set(item)}
    assert served == told


def test_parameters_and_the_openapi_file_agree(described: dict[str, Any]) -> None:
    described_names = {
        plain(path): {
            parameter["name"]
            for parameter in (item.get("get") or item.get("post") or item["delete"]).get("parameters", [])
            if "$ref" not in parameter
        }
        | {"preview" for parameter in item.get("get", {}).get("parameters", []) if "preview" in str(parameter)}
        for path, item in described["paths"].items()
    }
    known = {f"/{plain(route[0])}": set(route[1].query_known) for route in routes() if issubclass(route[1], ApiHandler)}
    assert known == {path: described_names[path] for path in known}


def test_only_the_static_files_answer_a_stranger(jupyter: JupyterProcess, walked: list[dict[str, Any]]) -> None:
    """F1: no token, a wrong one, one in the query: the same refusal on every route and method."""
    refusals: dict[tuple[str, str], set[tuple[int, str]]] = {}
    for route in walked:
        if route["pattern"] in OPEN_TO_ALL:
            continue
        address = jupyter.url + example(route["pattern"])
        for method in route["methods"]:
            for sent in (
                {},
                {"headers": {"Authorization": f"token {NOT_THE_TOKEN}"}},
                {"headers": {"Authorization": f"Bearer {NOT_THE_TOKEN}"}},
                {"headers": {"Cookie": "username-x=2|1:0|10:17|4:user|8:bm9ib2R5|00"}},
                {"params": {"token": NOT_THE_TOKEN}},
            ):
                answer = requests.request(method, address, allow_redirects=False, timeout=30, **sent)  # type: ignore[arg-type]
                if route["pattern"] in PAGES:
                    assert (answer.status_code, "/login" in answer.headers["Location"]) == (302, True)
                else:
                    refusals.setdefault((method, address), set()).add((answer.status_code, answer.text))
                    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert {status for bodies in refusals.values() for status, _ in bodies} == {401}
    assert [bodies for bodies in refusals.values() if len(bodies) != 1] == []
    assert len({body for bodies in refusals.values() for _, body in bodies}) == 2  # of users' routes and of a run's


def test_jupyters_token_in_the_query_is_refused(api: Client, walked: list[dict[str, Any]]) -> None:
    """F1: Jupyter itself would take it; it would stand in logs and histories."""
    token = str(api.session.headers["Authorization"]).removeprefix("token ")
    for route in walked:
        if route["pattern"] in OPEN_TO_ALL | PAGES:
            continue
        for method in route["methods"]:
            address = api.jupyter.url + example(route["pattern"])
            answer = requests.request(method, address, params={"token": token}, timeout=30)
            assert (answer.status_code, "Set-Cookie" in answer.headers) == (401, False), address


def test_the_openapi_file_is_served(api: Client, described: dict[str, Any]) -> None:
    assert yaml.safe_load(api.ask("GET", "openapi.yaml").text) == described


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        ("workspaces", "colour=red", "unknown parameter 'colour'; known here: none"),
        ("workspaces/default/runs", "limit=ten", "parameter 'limit' is a whole number from 0 to 1000; got 'ten'"),
        ("workspaces/default/runs", "limit=1001", "from 0 to 1000; got '1001'"),
        ("workspaces/default/runs", "limit=1&limit=2", "parameter 'limit' is given 2 times"),
        ("workspaces/default/runs", "status=Happy", "one of NotStarted, Preparing"),
        ("workspaces/default/runs", "offset=-1", "parameter 'offset' is a whole number from 0"),
        ("workspaces/default/runs", "text=%ff", "parameter 'text' is a text"),
        ("workspaces/default/runs/x/log", "offset=1e3", "parameter 'offset' is a whole number"),
        ("workspaces/default/runs/x/log", "download=yes", "parameter 'download' is true or false; got 'yes'"),
    ],
)
def test_a_wrong_parameter_is_told(api: Client, path: str, query: str, expected: str) -> None:
    answer = api.ask("GET", f"{path}?{query}", expect=400).json()
    assert expected in answer["message"]
    assert answer["status"] == 400
