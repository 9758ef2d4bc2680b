"""Whatever the OpenAPI file allows, and much that it doesn't: no request makes the server fail, answers are as told."""

from __future__ import annotations

from itertools import cycle

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from cellrun.core import Experiment, Run
from cellrun.core.mirror.run_token import new_token
from tests.server.described import DESCRIBED
from tests.server.jupyter_process import TOKEN, Client, JupyterProcess

EXAMPLES = 8
SCHEMA = schemathesis.openapi.from_dict(DESCRIBED)
NO_STREAM = SCHEMA.exclude(path="/cellrun/api/stream")  # a websocket: tests of its own
EXPECTED = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
IS_REAL = cycle([True, True, False])  # two of three requests find a run


@pytest.fixture
def run(exp: Experiment) -> Run:
    """A run that goes on and has logged a little."""
    made = exp.start_logging()
    made.log_list("loss", [1.0, 0.5, float("nan")])
    made.layout.outputs.mkdir(parents=True, exist_ok=True)
    (made.layout.outputs / "model.pt").write_bytes(b"x")
    return made


@NO_STREAM.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],  # a failure is shown as it was met: to make it smaller costs minutes
    suppress_health_check=list(HealthCheck),
)
def test_no_request_makes_the_server_fail(case: Case, jupyter: JupyterProcess, api: Client, run: Run) -> None:
    takes_run_token = case.path.endswith("/frames")
    token = f"Bearer {new_token(run.layout)}" if takes_run_token else f"token {TOKEN}"
    real = {"w": run.experiment.workspace.id, "r": run.id, "path": "outputs/model.pt", "t": "local"}
    if next(IS_REAL):
        case.path_parameters = {name: real[name] for name in case.path_parameters or {}}
    case.headers = {**(case.headers or {}), "Authorization": token}
    case.cookies = {}
    answer = case.call(base_url=jupyter.url.removesuffix("/"), timeout=30)
    case.validate_response(answer, checks=EXPECTED)
