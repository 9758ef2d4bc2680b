"""Azure ML's clusters, which are names for this machine."""

import pytest

from cellrun.core import ComputeTargetException, Experiment, UserErrorException, Workspace, unsupported
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.submission.configuration.parts import MpiConfiguration
from cellrun.core.targets.contract import ComputeTarget
from cellrun.core.targets.local.cluster import AmlCompute, ComputeInstance
from cellrun.core.targets.local.target import LocalTarget
from tests.core.submitted_runs import Runs


@pytest.fixture(autouse=True)
def said(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """What was said by this process: nothing yet."""
    told: set[str] = set()
    monkeypatch.setattr(unsupported, "_said", told)
    return told


def cluster(ws: Workspace, name: str = "cpu-cluster", **options: object) -> AmlCompute:
    with pytest.warns(UserWarning, match=rf"{name}.* is a name for this machine"):
        made = ComputeTarget.create(ws, name, AmlCompute.provisioning_configuration("STANDARD_D2_V2", **options))  # type: ignore[arg-type]
    assert type(made) is AmlCompute
    return made


def test_a_name_that_isnt_there_is_said_as_azure_ml_does(ws: Workspace):
    for kind in (ComputeTarget, AmlCompute):
        with pytest.raises(ComputeTargetException, match=r"ComputeTargetNotFound.*cpu-cluster"):
            kind(workspace=ws, name="cpu-cluster")


def test_one_that_isnt_there_is_no_key_and_says_how_to_have_it(ws: Workspace):
    targets = ws.compute_targets
    assert "cpu-cluster" not in targets
    assert targets.get("cpu-cluster") is None
    for error in (KeyError, ComputeTargetException):
        with pytest.raises(error, match=r"no compute target 'cpu-cluster'.*ws\.attach\(.*amlcompute"):
            targets["cpu-cluster"]


def test_one_that_was_made_is_found_again_by_its_name(ws: Workspace, said: set[str]):
    cluster(ws, min_nodes=1, max_nodes=4, tags={"for": "tests"}, admin_user_password="a secret")
    assert "a secret" not in (ws.layout.targets / "cpu-cluster.json").read_text()
    for found in (
        ComputeTarget(ws, "cpu-cluster"),
        AmlCompute(ws, name="cpu-cluster"),
        ws.compute_targets["cpu-cluster"],
    ):
        assert isinstance(found, AmlCompute)
        assert (found.type, found.provisioning_state, found.vm_size) == ("AmlCompute", "Succeeded", "STANDARD_D2_V2")
        assert (found.scale_settings.maximum_node_count, found.tags) == (4, {"for": "tests"})
        assert found.workspace == ws
    status = AmlCompute(ws, "cpu-cluster").get_status().serialize()
    assert status["scaleSettings"] == {"minNodeCount": 1, "maxNodeCount": 4, "nodeIdleTimeBeforeScaleDown": "PT1800S"}
    assert (status["currentNodeCount"], status["nodeStateCounts"]["idleNodeCount"]) == (1, 1)
    assert (status["allocationState"], status["errors"]) == ("Steady", None)
    assert {one.name for one in ComputeTarget.list(ws)} == {"local", "cpu-cluster"}
    assert ComputeTarget(ws, "cpu-cluster").serialize()["properties"]["computeType"] == "AmlCompute"


def test_local_is_a_target_by_name_as_well(ws: Workspace):
    assert isinstance(ComputeTarget(ws, "local"), LocalTarget)
    with pytest.raises(ComputeTargetException, match="no AmlCompute"):
        AmlCompute(ws, "local")


def test_it_is_ready_at_once_and_says_so_in_azure_mls_words(ws: Workspace, capsys: pytest.CaptureFixture[str]):
    made = cluster(ws)
    made.wait_for_completion(show_output=True, min_node_count=None, timeout_in_minutes=20)
    words = (
        "Succeeded\nAmlCompute wait for completion finished\n\nMinimum number of nodes requested have been provisioned"
    )
    assert capsys.readouterr().out == f"Creating\n{words}\n"
    ComputeTarget(ws, "cpu-cluster").wait_for_completion(show_output=True)
    assert capsys.readouterr().out == f"{words}\n"
    made.wait_for_completion()
    assert not capsys.readouterr().out


def test_making_it_again_changes_it_and_another_kind_of_the_name_is_refused(ws: Workspace):
    cluster(ws)
    with pytest.warns(UserWarning, match="3 of its runs"):
        again = ComputeTarget.create(ws, "cpu-cluster", AmlCompute.provisioning_configuration("OTHER", max_nodes=3))
    assert (again.vm_size, again.nodes) == ("OTHER", 3)
    again.update(max_nodes=5)
    assert AmlCompute(ws, "cpu-cluster").nodes == 5
    with pytest.raises(ComputeTargetException, match="already"):
        ComputeTarget.create(ws, "cpu-cluster", ComputeInstance.provisioning_configuration("STANDARD_DS3_V2"))
    again.delete()
    assert set(ws.compute_targets) == {"local"}


@pytest.mark.parametrize("options", [{"max_nodes": 0}, {"min_nodes": -1}, {"min_nodes": 3, "max_nodes": 2}])
def test_numbers_of_nodes_that_cant_be_are_refused(options: dict[str, int]):
    with pytest.raises(UserErrorException, match="_nodes"):
        AmlCompute.provisioning_configuration("STANDARD_D2_V2", **options)  # type: ignore[arg-type]


def test_as_many_of_its_runs_run_at_once_as_it_has_nodes(runs: Runs, until, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("cellrun.core.resources.cores", lambda: 8)
    ws = runs.workspace
    made = cluster(ws, max_nodes=1)
    waits = "import pathlib, time\nwhile not pathlib.Path('outputs/go').exists():\n    time.sleep(0.02)\n"
    first = runs.running(runs.script(waits, compute_target=made))
    second = runs.script("", compute_target="cpu-cluster")
    assert StatusFile(second).read().status is Status.QUEUED
    assert runs.status(second).reason == "waits for a node of its cluster"
    beside = runs.script("")  # of no cluster: it doesn't wait behind those
    assert runs.end(beside).status is Status.COMPLETED
    assert made.get_status().node_state_counts.running_node_count == 1
    assert (made.describe().running, made.describe().waiting) == (1, 1)
    assert [node["runId"] for node in made.list_nodes()] == [first.run_id]
    assert [run.id for run in made.get_active_runs(status="Running")] == [first.run_id]
    assert runs.status(second).status is Status.QUEUED
    first.outputs.mkdir(exist_ok=True)
    (first.outputs / "go").touch()
    assert [runs.end(one).status for one in (first, second)] == [Status.COMPLETED] * 2
    assert made.get_status().current_node_count == 0


def test_nodes_of_a_distributed_run_are_processes_here(runs: Runs):
    made = cluster(runs.workspace, max_nodes=2)
    with pytest.warns(UserWarning, match="on this machine"):
        layout = runs.script(
            "import os\nprint(os.environ['OMPI_COMM_WORLD_NODE_RANK'], os.environ['OMPI_COMM_WORLD_LOCAL_RANK'])",
            compute_target=made,
            distributed_job_config=MpiConfiguration(process_count_per_node=1, node_count=2),
        )
    assert runs.end(layout).status is Status.COMPLETED
    assert [layout.log.read_text(), layout.rank_log(1).read_text()] == ["0 0\n", "1 0\n"]


def test_a_compute_instance_is_a_name_too(ws: Workspace, exp: Experiment):
    with pytest.warns(UserWarning, match="is a name for this machine"):
        made = ComputeTarget.create(ws, "mine", ComputeInstance.provisioning_configuration(vm_size="STANDARD_DS3_V2"))
    assert (ComputeInstance(ws, "mine").type, made.get_status().state) == ("ComputeInstance", "Running")
    assert made.get_status().serialize()["vmSize"] == "STANDARD_DS3_V2"
