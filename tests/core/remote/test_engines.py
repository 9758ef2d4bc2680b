import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from cellrun.core.layout import RunLayout
from cellrun.core.remote.engines import Engines
from cellrun.core.remote.link import Link, LinkError, OrderError
from cellrun.core.remote.protocol import Message
from cellrun.core.remote.refusal import BadOrderError
from cellrun.core.remote.remote_workspace import RemoteWorkspace
from cellrun.core.remote.run_orders import RunOrders
from cellrun.core.store.record import RunTarget
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.targets.local.target import LocalTarget
from tests.core.remote.boxes import Box, Made, Nowhere
from tests.core.remote.test_run_orders import WAITS, deliver, observed
from tests.core.targets.slurm.fake_slurm import FakeSlurm

pytestmark = pytest.mark.usefixtures("warm_agents")

CLUSTER = {"kind": "amlcompute", "name": "cluster", "settings": {"max_nodes": 1}}
"""An engine that shares files with whoever is on its machine, and isn't the queue: of its runs one runs at a time."""


def engine(**changed: Any) -> dict[str, Any]:
    return {"engine": {**CLUSTER, **changed}}


def test_an_order_without_an_engine_is_for_the_queue():
    assert type(Engines().of({})) is LocalTarget


def test_an_engine_is_made_once_for_all_orders():
    engines = Engines()
    made = engines.of(engine())
    assert (made.kind, made.name, made.settings["max_nodes"]) == ("amlcompute", "cluster", 1)
    assert engines.of(engine()) is made
    assert engines.of(engine(settings={"max_nodes": 2})) is not made


def test_an_engine_whose_runs_are_elsewhere_is_refused():
    with pytest.raises(BadOrderError, match="has no runs on this machine"):
        Engines().of(engine(kind="ssh", settings={"host": "box"}))


def test_what_cannot_be_an_engine_is_refused_and_the_link_goes_on(box: Box):
    link = box.link()
    for named, words in (
        (engine(kind="abacus"), "no kind of compute target 'abacus'"),
        (engine(settings={"max_nodes": -1}), "max_nodes"),
        (engine(settings={"speed": 3}), "has no setting 'speed'"),
        ({"engine": {"kind": "amlcompute"}}, "KeyError"),
    ):
        with pytest.raises(OrderError, match=words):
            link.ask("describe", **named)
    assert link.ask("describe").facts["running"] == 0


def test_runs_are_started_watched_and_canceled_by_the_engine_of_the_link(
    box: Box, make_run: Callable[..., Made], tmp_path: Path
):
    link: Link = box.link(engine=CLUSTER)
    runs = [make_run(WAITS, tmp_path / "go") for _ in range(3)]
    for run in runs:
        run.launch(link)
    target = RunTarget.read(box.there(runs[0].layout))
    assert target
    assert (target.name, target.kind) == ("cluster", "amlcompute")
    (first, _), (second, why), _ = observed(link, *runs)
    assert (first, second) == ("running", "waiting")
    assert "node" in why
    assert deliver(link, runs[2]) == "Canceled"
    (tmp_path / "go").touch()
    assert [box.ended(run.layout).status for run in runs] == [Status.COMPLETED, Status.COMPLETED, Status.CANCELED]


def test_what_the_machine_is_comes_with_what_its_engine_has(box: Box):
    assert box.link(engine=CLUSTER).ask("hello").facts["engine"] == {}


class Forgetful(Nowhere):
    """An engine that has lost all of its runs."""

    def holds(self, run: RunLayout) -> bool:
        return False

    def observe(self, runs: Any) -> dict[str, Any]:
        return {}


class Only(Engines):
    """Leads to one target, whatever is asked for."""

    def __init__(self, target: Nowhere) -> None:
        self.target = target

    def of(self, facts: Any) -> Nowhere:
        return self.target

    def of_run(self, layout: RunLayout) -> Nowhere:
        return self.target


@pytest.fixture
def begun(box: Box, make_run: Callable[..., Made], monkeypatch: pytest.MonkeyPatch) -> RunLayout:
    """A run there that an engine had begun, looked at by this process."""
    run = make_run("print(1)")
    run.send(box.link())
    monkeypatch.setenv("CELLRUN_HOME", str(box.home))
    [workspace] = RemoteWorkspace.all()
    there = workspace.run(run.layout.run_id)
    workspace.draft(run.layout.run_id).folder.rename(there.folder)
    StatusFile(there).change(Status.RUNNING)
    there.claim.touch()
    return there


def test_a_run_that_its_engine_has_lost_is_failed_there_once_it_is_known_at_home(begun: RunLayout):
    [there] = RemoteWorkspace.all()
    order = Message({"workspace": there.id, "runs": [begun.run_id]})
    RunOrders(Only(Nowhere())).home(order)  # its engine has it still
    assert StatusFile(begun).read().status is Status.RUNNING
    assert not there.home_mark(begun.run_id).exists()
    RunOrders(Only(Forgetful())).home(order)
    assert StatusFile(begun).read().status is Status.FAILED
    assert "its engine has it no more" in str(StatusFile(begun).read().reason)
    assert there.home_mark(begun.run_id).exists()


def test_nothing_is_said_of_a_run_of_which_the_engine_says_nothing(begun: RunLayout):
    [there] = RemoteWorkspace.all()
    order = Message({"workspace": there.id, "runs": [begun.run_id, "gone"]})
    told = RunOrders(Only(Forgetful())).observe(order).facts["runs"]
    assert told == {"gone": {"state": "unknown", "reason": ""}}


@pytest.mark.parametrize("after_ms", [0, 30, 100, 250])
def test_an_agent_that_is_killed_while_it_hands_a_run_over_leaves_it_to_the_next(
    new_box: Callable[..., Box], make_run: Callable[..., Made], tmp_path: Path, after_ms: int
):
    (tmp_path / "slurm").mkdir()
    slurm = FakeSlurm(tmp_path / "slurm")
    box, run = new_box(variables={"PATH": f"{slurm.bin}:{os.environ['PATH']}"}), make_run("print('once')")
    cluster = {"kind": "slurm", "name": "cluster", "settings": {}}
    link = box.link(engine=cluster)
    run.send(link)
    killer = threading.Timer(after_ms / 1000, os.kill, (link.ask("hello").facts["pid"], signal.SIGKILL))
    killer.start()
    with suppress(LinkError):
        run.order(link)
    killer.join()
    assert run.order(box.link(engine=cluster)).facts["status"] not in {"NotStarted", "Failed"}
    assert box.ended(run.layout).status is Status.COMPLETED
    assert box.there(run.layout).log.read_text() == "once\n"
    assert slurm.jobs() == 1
