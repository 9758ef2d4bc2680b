"""What a submission wants."""

import dataclasses
import json
from dataclasses import MISSING, fields
from typing import Any

import pytest

from cellrun.core.distributed.distribution import Distribution
from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.errors import UserErrorException
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.resources import Resources
from cellrun.core.run_data import DataPlaceholder, Registration, RunInput, RunOutput
from cellrun.core.run_request import KeptCode, RunCode, RunRequest, request_from_json, request_to_json
from cellrun.core.submission.script_run_config import ScriptRunConfig


def test_it_never_changes():
    request = RunRequest("command", "true")
    for name in [each.name for each in dataclasses.fields(RunRequest)]:
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(request, name, None)


def test_in_print_it_tells_no_variable():
    request = RunRequest("command", "true", variables={"TOKEN": "hush-hush"})
    assert "hush-hush" not in f"{request} {request!r} {[request]}"
    assert "'true'" in repr(request)


def test_a_config_says_all_that_it_wants(tmp_path):
    (tmp_path / "train.py").touch()
    options = {"compute_target": "cluster", "environment": tmp_path, "max_run_duration_seconds": 9, "name": "first"}
    size = {"cpus": 2, "gpus": 1, "memory": "1K"}
    config = ScriptRunConfig(tmp_path, "train.py", ["--lr", 0.1], environment_variables={"A": 1}, **options, **size)
    request = config.request()
    assert (request.kind, request.program, request.arguments) == ("script", "train.py", ("--lr", "0.1"))
    assert (request.target, request.environment, request.name) == ("cluster", str(tmp_path), "first")
    assert (request.resources, request.max_run_duration_seconds) == (Resources(2, 1, 1000, threads=2), 9)
    assert request.source_directory == str(tmp_path)
    assert request.variables["A"] == "1"
    assert (request.experiment, request.workspace, request.repeats) == ("", "", None)
    config.arguments.append("more")
    assert request.arguments == ("--lr", "0.1")
    assert config.request() != request


def test_two_that_want_the_same_are_equal():
    assert RunRequest("command", "true") == RunRequest("command", "true") != RunRequest("command", "false")


def test_a_command_needs_no_code(tmp_path):
    code, workspace = RunRequest("command", "true").code, WorkspaceLayout(tmp_path)
    assert isinstance(code, RunCode)
    assert [*code.problems(workspace), *code.warnings()] == []
    code.copy_to(RunLayout(tmp_path / "run"))
    code.abandon(workspace)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("given", "fact"),
    [
        ({"kind": "commando"}, "kind is 'script', 'command' or 'cell', got 'commando'"),
        ({"program": None}, "program is a text, got None"),
        ({"arguments": (1,)}, r"arguments is a tuple of texts, got \(1,\)"),
        ({"arguments": "--lr"}, "arguments is a tuple of texts, got '--lr'"),
        ({"resources": {"cpus": 1}}, r"resources is Resources\(cpus, gpus, memory_bytes\), got {'cpus': 1}"),
        ({"variables": {"TOKEN": 7}}, "variables are a dict of texts$"),
        ({"code": "src"}, "code is a RunCode, got 'src'"),
    ],
)
def test_what_is_not_of_its_type_is_named_when_a_request_is_made(given, fact):
    with pytest.raises(UserErrorException, match=fact):
        RunRequest(**{"kind": "script", "program": "train.py", **given})


def test_a_request_has_a_type_a_parent_and_properties() -> None:
    request = RunRequest("command", "true", parent="digits_1_a", properties={"a": "1"}, type="azureml.StepRun")
    assert (request.parent, request.properties, request.type) == ("digits_1_a", {"a": "1"}, "azureml.StepRun")
    assert (RunRequest("command", "true").type, RunRequest("command", "true").parent) == ("azureml.scriptrun", None)


@pytest.mark.parametrize("given", [{"parent": 1}, {"properties": {"a": 1}}, {"type": None}])
def test_what_is_no_such_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(UserErrorException, match=next(iter(given))):
        RunRequest("command", "true", **given)


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
