"""Any request to REST, any bytes as a run's frames: all are answered, none by a failure of the server's."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from hypothesis import example, given
from hypothesis import strategies as st

from cellrun.core import Experiment, Run
from cellrun.core.mirror.run_key import keep_key
from cellrun.core.mirror.run_token import new_token
from tests.fuzz.any_json import TEXTS
from tests.fuzz.effort import effort
from tests.fuzz.test_frames import BODIES, KEY
from tests.server.jupyter_process import Client

HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "Content-Type": st.sampled_from(["application/json", "application/octet-stream", "", "\xff", "a;b"]),
        "Content-Encoding": st.sampled_from(["gzip", "identity", "br", ""]),
        "Accept-Encoding": st.sampled_from(["gzip", "identity", "*"]),
        "If-None-Match": st.sampled_from(["*", "x", '"x"']),
        "Range": st.sampled_from(["bytes=0-", "bytes=5-1", "bytes=-1", "x", "bytes=0-0,2-3", f"bytes={10**20}-"]),
    },
)
ROUTES = [
    *(
        "",
        "openapi.yaml",
        "workspaces",
        "target_kinds",
        "{w}/targets",
        "{w}/check_target",
        "{w}/targets/local",
        "{w}/targets/%2e%2e",
        "{w}/targets/local/doctor",
        "{w}/experiments",
        "{w}/runs",
        "{w}/delete",
        "{w}/compare",
        "{r}",
        "{r}/cancel",
    ),
    *(
        "{r}/metrics",
        "{r}/metric",
        "{r}/log",
        "{r}/log/search",
        "{r}/outputs",
        "{r}/outputs/x.txt",
        "{r}/outputs/%2e%2e/x",
    ),
    *("{r}/snapshot", "{r}/snapshot/train.py", "{r}/archive", "{w}/runs/none", "{r}/outputs/%2e%2e/x", "{w}/runs/%00"),
]
NAMES = (
    *("limit", "offset", "status", "tag", "text", "notebook", "spark", "x", "low", "high", "points", "start", "count"),
    *("run", "name", "from", "bytes", "have", "as", "rows", "query", "before"),
)
QUERIES = st.dictionaries(
    st.sampled_from(NAMES) | TEXTS,
    st.sampled_from(["0", "2", "-1", "1e999", "nan", "9" * 30, "step", "loss", "Failed", "x\0", "%", "a=b", "a:1"]),
    max_size=4,
)


@pytest.fixture
def run(exp: Experiment) -> Run:
    """A run that goes on."""
    made = exp.start_logging()
    made.log_list("loss", [1.0, 0.5, float("nan")])
    made.layout.outputs.mkdir(parents=True, exist_ok=True)
    (made.layout.outputs / "x.txt").write_text("x")
    return made


@given(
    method=st.sampled_from(["GET", "POST", "PATCH", "DELETE", "PUT", "HEAD", "OPTIONS"]),
    route=st.sampled_from(ROUTES),
    query=QUERIES,
    headers=HEADERS,
    body=BODIES,
)
@example(method="GET", route="{r}/metric", query={"name": "loss", "points": "2"}, headers={}, body=b"")
@effort(60)
def test_any_request_is_answered(
    api: Client, run: Run, method: str, route: str, query: dict[str, str], headers: dict[str, str], body: bytes
) -> None:
    workspace = f"workspaces/{run.experiment.workspace.id}"
    path = route.format(w=workspace, r=f"{workspace}/runs/{run.id}")
    answered(api, method, api.jupyter.api + path, params=query, headers=headers, data=body)


@given(query=QUERIES, headers=HEADERS, body=BODIES)
@effort(40)
def test_anything_that_comes_as_frames_is_answered(
    api: Client, run: Run, query: dict[str, str], headers: dict[str, str], body: bytes
) -> None:
    keep_key(run.layout, KEY)
    url = f"{api.jupyter.api}workspaces/{run.experiment.workspace.id}/runs/{run.id}/frames"
    head = {"Content-Type": "application/octet-stream", **headers, "Authorization": f"Bearer {new_token(run.layout)}"}
    answered(api, "POST", url, params=query, headers=head, data=body)


def answered(api: Client, method: str, url: str, **options: Any) -> None:
    """Send a request: it is answered, by no failure of the server's, which goes on."""
    try:
        answer = api.session.request(method, url, timeout=60, **options)
    except (UnicodeError, requests.exceptions.InvalidHeader):  # nothing that can be sent
        return
    assert answer.status_code < 500, answer.text
    assert api.jupyter.process.poll() is None
