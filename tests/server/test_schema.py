"""Whatever the OpenAPI file allows, and much that it doesn't: no request makes the server fail, answers are as told."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from cellrun.core import Experiment, Run
from cellrun.core.mirror.run_token import new_token
from tests.server.described import DESCRIBED
from tests.server.jupyter_process import TOKEN, Client, JupyterProcess

if TYPE_CHECKING:  # loaded by the process that runs these tests, not by each that lists them
    from schemathesis import Case
    from schemathesis.schemas import BaseSchema

EXAMPLES = 8
STREAM = "/cellrun/api/stream"  # a websocket: tests of its own
OPERATIONS = [
    (method, path)
    for path, methods in DESCRIBED["paths"].items()
    for method in methods
    if path != STREAM and method in {"get", "post", "put", "patch", "delete"}
]


@pytest.fixture(scope="module")
def schema() -> BaseSchema:
    """What openapi.yaml says, as schemathesis reads it."""
    import schemathesis  # noqa: PLC0415

    return schemathesis.openapi.from_dict(DESCRIBED)


@pytest.fixture
def run(exp: Experiment) -> Run:
    """A run that goes on and has logged a little."""
    made = exp.start_logging()
    made.log_list("loss", [1.0, 0.5, float("nan")])
    made.layout.outputs.mkdir(parents=True, exist_ok=True)
    (made.layout.outputs / "model.pt").write_bytes(b"x")
    return made


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_no_request_makes_the_server_fail(
    method: str, path: str, schema: BaseSchema, jupyter: JupyterProcess, api: Client, run: Run
) -> None:
    from schemathesis import GenerationMode, checks  # noqa: PLC0415
    from schemathesis.specs.openapi import checks as of_openapi  # noqa: PLC0415

    operation = schema[path][method]
    expected = [
        checks.not_a_server_error,
        of_openapi.status_code_conformance,
        of_openapi.content_type_conformance,
        of_openapi.response_schema_conformance,
    ]
    token = f"Bearer {new_token(run.layout)}" if path.endswith("/frames") else f"token {TOKEN}"
    real = {"w": run.experiment.workspace.id, "r": run.id, "path": "outputs/model.pt", "t": "local"}
    is_real = cycle([True, True, False])  # two of three requests find a run

    def ask(case: Case) -> None:
        if next(is_real):
            case.path_parameters = {name: real[name] for name in case.path_parameters or {}}
        case.headers = {**(case.headers or {}), "Authorization": token}
        case.cookies = {}
        answer = case.call(base_url=jupyter.url.removesuffix("/"), timeout=30)
        case.validate_response(answer, checks=expected)

    no_request_is_wrong = not (operation.query or operation.body)
    for mode in [GenerationMode.POSITIVE] if no_request_is_wrong else list(GenerationMode):
        some = settings(
            max_examples=EXAMPLES,
            phases=[
                Phase.explicit,
                Phase.generate,
            ],  # to make a failure smaller costs minutes
            suppress_health_check=list(HealthCheck),
        )
        some(given(operation.as_strategy(generation_mode=mode))(ask))()
