"""A run that was sent to a machine with a bare Python is started there by `local`'s own queue."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from uv import find_uv_bin

from cellrun.core import ScriptRunConfig
from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.run_request import RunRequest
from cellrun.core.store.events.metrics import Metrics
from cellrun.core.store.events.reader import EventReader
from tests.core.bare.far_programs import FarMachine

TO_ITS_END = """
launch()
wait_for(lambda: status().status.is_terminal)
print(json.dumps([status().status.value, status().reason, layout.log.read_text()]))
"""


@pytest.fixture
def far(bare_python, tmp_path):
    """Another machine, with nothing but its Python."""
    return FarMachine(bare_python, tmp_path / "far")


@pytest.fixture
def request_of(tmp_path, ws):
    """`request_of(script, …)`: the request of a script of its own text."""

    def make(text, *arguments, **wanted):
        (tmp_path / "source").mkdir(exist_ok=True)
        (tmp_path / "source" / "train.py").write_text(text)
        request = ScriptRunConfig(tmp_path / "source", "train.py", arguments).request()
        assert not request.code.problems(ws.layout)
        return replace(request, **wanted)

    return make


SCRIPT = """
import os, sys, cellrun.core
from cellrun.core import Run
Run.get_context().log("x", 2**70)
print(sys.argv[1], os.environ["TOKEN"][::-1], os.environ["AZUREML_ARM_WORKSPACE_NAME"])
print(cellrun.core.__file__, sys.executable)
"""


def test_a_script_runs_to_its_end(far, ws, request_of):
    request = request_of(SCRIPT, "one", variables={"TOKEN": "hunter2"})
    there = far.sent(ws.layout, request)
    status, reason, log = far.run(TO_ITS_END, there, request)
    assert status == "Completed", (reason, log)
    argument, token, name, core, python = log.split()
    assert (argument, token, name) == ("one", "hunter2"[::-1], "tests")
    assert Path(core).is_relative_to(far.library)
    assert Path(python).resolve() == Path(far.python).resolve()
    assert not [path for path in there.folder.rglob("*.json") if "hunter2" in path.read_text()]
    metrics = Metrics(EventReader(there))
    metrics.update()
    assert metrics.plain() == {"x": 2**70}


def test_a_command_finds_cellrun_too(far, ws):
    request = RunRequest("command", f"{far.python} -c 'import cellrun.core; print(cellrun.core.__file__)'")
    status, reason, log = far.run(TO_ITS_END, far.sent(ws.layout, request), request)
    assert (status, reason) == ("Completed", None), log
    assert log.startswith(str(far.library))


CANCELED = """
launch()
wait_for(lambda: layout.log.exists() and "begun" in layout.log.read_text())
full = target.describe()
target.cancel(layout)
wait_for(lambda: status().status.is_terminal)
print(json.dumps([status().status.value, full.running, full.in_use.cpus]))
"""


def test_one_that_runs_is_described_and_canceled(far, ws, request_of):
    request = request_of("import time\nprint('begun', flush=True)\nwhile True: time.sleep(0.1)")
    there = far.sent(ws.layout, request)
    assert far.run(CANCELED, there, request, CELLRUN_GRACE_S="1") == ["Canceled", 1, 1]


def test_a_second_launch_starts_nothing(far, ws, request_of):
    request = request_of("print('once')")
    assert far.run("launch()\n" + TO_ITS_END, far.sent(ws.layout, request), request) == ["Completed", None, "once\n"]


@pytest.mark.parametrize("spec", [EnvironmentSpec(), EnvironmentSpec(python=">=3.10,<4", is_lenient=True, packages=())])
def test_an_environment_is_built_there_by_the_uv_that_its_user_has(far, ws, request_of, spec):
    uv = far.home / ".local" / "bin" / "uv"
    uv.parent.mkdir(parents=True)
    uv.symlink_to(find_uv_bin())
    request = request_of("import sys, cellrun.core; print(sys.prefix)", environment=spec)
    status, reason, log = far.run(TO_ITS_END, far.sent(ws.layout, request), request, PATH="/usr/bin:/bin")
    assert (status, reason) == ("Completed", None), log
    is_built = not spec.is_lenient  # that machine's Python has all that is asked for
    assert Path(log.strip()).is_relative_to(far.home / "environments") is is_built


REFUSED = """
from cellrun.core.errors import ExperimentExecutionException
try:
    launch()
except ExperimentExecutionException as error:
    print(json.dumps([str(error), status().status.value]))
"""


def test_without_uv_there_it_is_said_what_to_install(far, ws, request_of):
    request = request_of("print(1)", environment=EnvironmentSpec())
    words, status = far.run(REFUSED, far.sent(ws.layout, request), request, PATH="/nothing")
    assert words.startswith(f"{os.uname().nodename} has no uv, which builds environments")
    assert "install it there" in words
    assert status == "NotStarted"
