"""A driver's run starts its children from its own snapshot, and ends them with itself."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from cellrun.core import Workspace
from cellrun.core.driving.driver_request import driver_request
from cellrun.core.driving.plan import Plan
from cellrun.core.errors import InvalidSubmissionError
from cellrun.core.layout import RunLayout
from cellrun.core.runs.control import control_of
from cellrun.core.store.lists.index import Index
from cellrun.core.store.record import RunRecord
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.submission.script_run_config import ScriptRunConfig
from cellrun.core.submission.submission import submit
from tests.core.submitted_runs import Runs, wait_for
from tests.files_below import files_with

ONE_BY_ONE = "tests.core.driving.one_by_one:OneByOne"
ROOT = Path(__file__).parents[3]


class Config:
    """A driver's request as a config."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    def request(self):
        return driver_request(
            ONE_BY_ONE, self.plan, type="azureml.PipelineRun", properties={"runType": "SDK"}, name="driver"
        )


@pytest.fixture
def source(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The children's folder; the driver's job finds the driver of these tests."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    yield runs.source
    runs.submitted += [runs.workspace.layout.run(row.id) for row in Index(runs.workspace.layout).runs()]


def script(source: Path, name: str, text: str, *arguments: str, **options):
    (source / name).write_text(text)
    return ScriptRunConfig(source, name, arguments, name=name, **options).request()


def driven(runs: Runs, requests: dict, *, at_once: bool = False) -> RunLayout:
    layout = submit(runs.workspace, "tests", Config(Plan({"at_once": at_once}, requests)))
    runs.submitted.append(layout)
    return layout


def children(runs: Runs, driver: RunLayout) -> list[RunRecord]:
    rows = Index(runs.workspace.layout).runs(parent=driver.run_id)
    return [RunRecord.read(runs.workspace.layout.run(row.id)) for row in reversed(rows)]


def test_children_run_from_the_drivers_snapshot_with_their_parent_and_their_variables(runs: Runs, source: Path):
    say = "import os, sys; print(sys.argv[1], os.environ['GIVEN'], os.environ.get('CELLRUN_DRIVER_VARIABLES'))"
    requests = {
        "a": script(source, "a.py", say, "one", environment_variables={"GIVEN": "secret-1"}),
        "b": script(source, "b.py", say, "two", environment_variables={"GIVEN": "secret-2"}),
    }
    driver = driven(runs, requests)
    (source / "b.py").write_text("raise SystemExit('edited after the submission')")
    assert runs.end(driver).status is Status.COMPLETED, driver.log.read_text()
    first, second = children(runs, driver)
    assert [first.parent, second.parent] == [driver.run_id] * 2
    assert [first.display_name, second.display_name] == ["a.py", "b.py"]
    logs = [runs.workspace.layout.run(one.id).log.read_text().split() for one in (first, second)]
    assert logs == [["one", "secret-1", "None"], ["two", "secret-2", "None"]]
    record = RunRecord.read(driver)
    assert (record.type, record.resources["cpus"]) == ("azureml.PipelineRun", 0)
    assert record.initial_properties["runType"] == "SDK"
    assert files_with(driver.folder, "secret-") == []


def test_a_driver_holds_no_room_of_the_queue(runs: Runs, source: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CELLRUN_LOCAL_CPUS", "1")
    driver = driven(runs, {"a": script(source, "a.py", "print('a ran')")})
    assert runs.end(driver).status is Status.COMPLETED, driver.log.read_text()
    assert driver.log.read_text().splitlines().count("the target warns") == 1  # in a line of its own, once


def test_a_failed_child_fails_its_driver_with_the_reason(runs: Runs, source: Path):
    driver = driven(runs, {"a": script(source, "a.py", "raise SystemExit(3)"), "b": script(source, "b.py", "")})
    end = runs.end(driver)
    (child,) = children(runs, driver)
    assert end.status is Status.FAILED
    assert f"{child.id} failed" in end.reason


def test_canceling_a_driver_cancels_its_children(runs: Runs, source: Path):
    wait = "import time\nprint('waiting', flush=True)\ntime.sleep(600)"
    driver = driven(runs, {"a": script(source, "a.py", wait), "b": script(source, "b.py", wait)}, at_once=True)
    wait_for(lambda: len(children(runs, driver)) == 2, "two children")
    layouts = [runs.workspace.layout.run(child.id) for child in children(runs, driver)]
    for layout in layouts:
        runs.seen(layout, "waiting")
    runs.target(driver).cancel(driver)
    assert runs.end(driver).status is Status.CANCELED
    assert [runs.end(layout).status for layout in layouts] == [Status.CANCELED] * 2


def test_a_driver_whose_children_are_canceled_before_it_hears_of_it_is_canceled_too(runs: Runs, source: Path):
    wait = "import time\nprint('waiting', flush=True)\ntime.sleep(600)"
    driver = driven(runs, {"a": script(source, "a.py", wait)})
    wait_for(lambda: children(runs, driver), "a child")
    (child,) = (runs.workspace.layout.run(one.id) for one in children(runs, driver))
    runs.seen(child, "waiting")
    processes = json.loads(driver.processes.read_text())
    os.kill(processes["supervisor"]["pid"], signal.SIGSTOP)  # slower than all others
    control_of(driver).cancel()
    assert runs.end(child).status is Status.CANCELED
    job = processes["job"]["pid"]
    wait_for(lambda: "canceled: the children" in driver.log.read_text() or is_zombie(job), "what its driver does")
    os.kill(processes["supervisor"]["pid"], signal.SIGCONT)
    assert runs.end(driver).status is Status.CANCELED


def is_zombie(pid: int) -> bool:
    """Whether a process has ended, and its parent hasn't asked how."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def test_children_of_a_driver_that_is_killed_go_on_to_their_own_end(runs: Runs, source: Path):
    wait = (
        "import pathlib, time\nprint('waiting', flush=True)\nwhile not pathlib.Path(r'{}').exists(): time.sleep(0.02)"
    )
    go = source.parent / "go"
    driver = driven(runs, {"a": script(source, "a.py", wait.format(go)), "b": script(source, "b.py", "")})
    wait_for(lambda: children(runs, driver), "a child")
    (child,) = (runs.workspace.layout.run(one.id) for one in children(runs, driver))
    runs.seen(child, "waiting")
    os.kill(json.loads(driver.processes.read_text())["job"]["pid"], signal.SIGKILL)
    assert runs.end(driver).status is Status.FAILED
    assert not StatusFile(child).read().status.is_terminal
    go.touch()
    assert runs.end(child).status is Status.COMPLETED
    assert len(children(runs, driver)) == 1


def test_what_no_child_could_ever_do_is_refused_before_there_is_a_run(runs: Runs, source: Path):
    requests = {"a": script(source, "a.py", "", cpus=100_000), "b": script(source, "b.py", "")}
    with pytest.raises(InvalidSubmissionError, match=r"a\.py: cpus=100000"):
        driven(runs, requests)
    assert Index(runs.workspace.layout).runs() == []


def test_a_driver_is_run_again_with_all_its_children(runs: Runs, source: Path):
    driver = driven(runs, {"a": script(source, "a.py", "print('ran')")})
    assert runs.end(driver).status is Status.COMPLETED
    again = runs.workspace.get_run(driver.run_id).submit_again().layout
    runs.submitted.append(again)
    record = RunRecord.read(again)
    assert (record.type, record.initial_properties["runType"]) == ("azureml.PipelineRun", "SDK")
    assert runs.end(again).status is Status.COMPLETED, again.log.read_text()
    assert len(children(runs, again)) == 1


def test_a_disk_that_takes_no_child_fails_its_driver(runs: Runs, source: Path, small_disk):
    disk, elsewhere = small_disk(), runs.workspace
    runs.workspace = Workspace.create("small", disk.folder / "ws")
    go = source.parent / "go"
    wait = "import pathlib, time\nprint('waiting', flush=True)\n"
    wait += f"while not pathlib.Path(r'{go}').exists(): time.sleep(0.02)"
    driver = driven(runs, {"a": script(source, "a.py", wait), "b": script(source, "b.py", "")})
    wait_for(lambda: children(runs, driver), "a child")
    (child,) = (runs.workspace.layout.run(one.id) for one in children(runs, driver))
    runs.seen(child, "waiting")
    disk.fill()
    go.touch()
    assert runs.end(driver).status is Status.FAILED
    disk.free()
    assert runs.end(child).status.is_terminal
    assert len(children(runs, driver)) == 1
    runs.workspace = elsewhere  # that disk goes first
    runs.submitted.clear()
