"""Requests as plain values: what goes to another machine is all that was wanted."""

import json
from dataclasses import MISSING, fields

import pytest

from cellrun.core.distributed.distribution import Distribution
from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.kept_request import KeptCode, request_from_json, request_to_json
from cellrun.core.layout import RunLayout
from cellrun.core.resources import Resources
from cellrun.core.run_data import DataPlaceholder, Registration, RunInput, RunOutput
from cellrun.core.run_request import RunCode, RunRequest

SECRET = "hunter2"


class Linked(RunCode):
    def links(self):
        return {"data": "/big/data"}


SPEC = EnvironmentSpec(
    name="e",
    version="2",
    python="3.11",
    packages=("numpy==1.26",),
    constraints=("scipy<2",),
    options=("--pre",),
    conda_packages=("cudatoolkit=11",),
    channels=("conda-forge",),
    variables={"OMP": "1"},
    is_lenient=True,
    notices=("said",),
)
REQUEST = RunRequest(
    kind="cell",
    program="cell.py",
    arguments=("--data", DataPlaceholder("rows"), "1"),
    inputs=(RunInput("rows", {"paths": [{"datastore": "d", "path": "p"}]}, "id", "rows", 3, "mount", "in"),),
    outputs=(
        RunOutput("model", "d", "p/{run-id}", "upload", True, "out", ("*.pt",), Registration("m", tags={"a": "b"})),
    ),
    code=Linked(),
    source_directory="/home/me/project",
    cell={"source": "1", "id": "c"},
    target="box",
    environment=SPEC,
    variables={"OMP": "1", "TOKEN": SECRET},
    env_in_engine=True,
    options={"partition": "gpu"},
    resources=Resources(4, 1, 1 << 30, 2),
    max_run_duration_seconds=60.0,
    distribution=Distribution("tensorflow", 2, 1, 1),
    name="a name",
    type="cellrun.cell",
    parent="parent_1",
    properties={"p": "q"},
    experiment="digits",
    workspace="tests",
    repeats="digits_1",
    trust=True,
    signed="ab" * 32,
)


def there(request, variables):
    sent = json.dumps(request_to_json(request))
    assert SECRET not in sent
    return request_from_json(json.loads(sent), RunLayout("/there"), variables)


def test_each_field_comes_through():
    """A new field has to be in the request above, and to be sent."""
    for each in fields(RunRequest):
        default = each.default_factory() if each.default_factory is not MISSING else each.default
        assert getattr(REQUEST, each.name) != default, f"{each.name} is to have another value here than its default"
    came = there(REQUEST, {"TOKEN": SECRET})
    assert came == REQUEST
    assert isinstance(came.code, KeptCode)
    assert came.code.links() == {"data": "/big/data"}


@pytest.mark.parametrize("environment", [None, "/opt/python"])
def test_one_that_asks_for_little_comes_through(environment):
    request = RunRequest("command", "echo", environment=environment)
    assert there(request, {}) == request


def test_one_that_an_earlier_version_kept_is_read():
    kept = request_to_json(REQUEST)
    for name in ("parent", "experiment", "workspace", "repeats", "trust", "signed", "options", "env_in_engine"):
        del kept[name]
    came = request_from_json(kept, RunLayout("/there"), {})
    assert (came.program, came.parent, came.experiment, came.trust) == ("cell.py", None, "", False)
