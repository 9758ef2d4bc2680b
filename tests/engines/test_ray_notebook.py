"""The example notebook of a run on a cluster, run from top to bottom against a real Ray."""

from __future__ import annotations

from pathlib import Path

import pytest

from cellrun.core import Experiment, Workspace
from tests.engines.ray_cluster import NODES, RayCluster
from tests.engines.runs_there import end_keepers
from tests.notebooks.test_notebooks import assert_is_finished_still, executed, outputs, printed


@pytest.mark.timeout(600)
@pytest.mark.filterwarnings("ignore:Kernel is running over TCP")  # ours run on this machine alone
def test_the_digits_are_trained_on_a_cluster_canceled_and_trained_again(
    ray: RayCluster, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("CELLRUN_EXAMPLE_RAY", ray.address)
    (tmp_path / "notebook").mkdir()
    try:
        notebook = executed("cluster.ipynb", tmp_path / "notebook")
    finally:
        end_keepers(home)
    again, first = Experiment(Workspace.from_config(), "cluster").get_runs()
    assert (first.get_status(), again.get_status()) == ("Canceled", "Completed")
    assert 3 <= len(first.get_metrics()["loss"]) < 60
    assert len(again.get_metrics()["loss"]) == 60
    first_line, second_line = again.layout.log.read_text().splitlines()[:2]
    assert first_line in {f"on {name}" for name in NODES}
    assert second_line.startswith("epoch   0  loss ")
    (card,) = outputs(notebook, "card")
    assert "to cluster" in card.data["text/plain"]
    assert "refusal" not in card.data["text/plain"]
    (looked,) = outputs(notebook, "look")
    assert "✕" not in looked.data["text/plain"]
    assert_is_finished_still(outputs(notebook, "train"), first, status="– Canceled")  # noqa: RUF001  # its mark
    assert "Execution Summary" in printed(notebook, "repeat")
    accuracy = again.get_metrics()["accuracy"][-1]
    assert "outputs/confusion.csv" in printed(notebook, "results")
    assert f"accuracy there {accuracy:.4f}, here {accuracy:.4f}" in printed(notebook, "results")
    (listed,) = outputs(notebook, "list")
    assert again.name in listed.data["text/html"]
