"""The example notebooks, run from top to bottom in a kernel, without a front end."""

from __future__ import annotations

import runpy
import shutil
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from cellrun.core import Experiment, Model, Run, Workspace
from tests.wheels import packages  # noqa: F401  # a fixture

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.filterwarnings("ignore:Kernel is running over TCP"),  # ours run on this machine alone
]
NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def executed(name: str, folder: Path) -> nbformat.NotebookNode:
    """Run a copy of a notebook in a folder of its own."""
    shutil.copy(NOTEBOOKS / name, folder)
    notebook = nbformat.read(folder / name, as_version=4)
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": folder}}).execute()
    return notebook


def outputs(notebook: nbformat.NotebookNode, cell_id: str) -> list[nbformat.NotebookNode]:
    (cell,) = (cell for cell in notebook.cells if cell.id == cell_id)
    return cell.outputs


def assert_is_finished_still(
    found: list[nbformat.NotebookNode], run: Run, shows: str = "chart of ", status: str = "✓ Completed"
) -> None:
    """Assert that what a cell shows of a run can be read by whoever opens the saved notebook, with no kernel."""
    (view,) = (out for out in found if out.output_type == "display_data")
    assert set(view.data) == {"application/vnd.cellrun.run.v1+json", "text/html", "image/png", "text/plain"}
    assert view.data["application/vnd.cellrun.run.v1+json"]["run_id"] == run.id
    assert f"{status} <b>{run.name}</b>" in view.data["text/html"]
    assert shows in view.data["text/html"]


def printed(notebook: nbformat.NotebookNode, cell_id: str) -> str:
    """Return what a cell has printed."""
    return "".join(out.text for out in outputs(notebook, cell_id) if out.output_type == "stream")


def newest(experiment: str):
    return next(iter(Experiment(Workspace.from_config(), experiment).get_runs()))


def test_the_demo_runs_two_notebooks_and_prints_their_runs_metrics_and_where_they_are(capfd, monkeypatch):
    run_by_demo = []

    def execute(client):
        run_by_demo.append(client.nb)
        return original(client)

    original = NotebookClient.execute
    monkeypatch.setattr(NotebookClient, "execute", execute)
    runpy.run_path(str(NOTEBOOKS / "demo.py"), run_name="__main__")
    said = capfd.readouterr().out
    sine, digits = run_by_demo
    assert_is_sine(sine, newest("example"))
    assert_is_digits(digits, newest("digits"))
    for run in (newest("example"), newest("digits")):
        assert f"{run.name}  Completed" in said
        assert str(run.layout.folder) in said
    assert f"loss       {newest('digits').get_metrics()['loss'][-1]}" in said


def assert_is_sine(notebook: nbformat.NotebookNode, run: Run) -> None:
    assert run.get_status() == "Completed"
    sine = run.get_metrics()["sine"]
    assert (len(sine["x"]), sine["x"][-1]) == (50, 10.0)
    assert_is_finished_still(outputs(notebook, "sine"), run)
    assert run.layout.log.read_text() == "the curve is complete\n"
    (figure,) = outputs(notebook, "plot")
    assert len(figure.data["application/vnd.plotly.v1+json"]["data"]) == 1
    (table,) = outputs(notebook, "list")
    assert run.name in table.data["text/html"]


def assert_is_digits(notebook: nbformat.NotebookNode, run: Run) -> None:
    metrics = run.get_metrics()
    assert run.get_status() == "Completed"
    assert metrics["n_train"] == 1437
    assert len(metrics["loss"]) == len(metrics["accuracy"]) == 60
    assert metrics["loss"][-1] < 0.5 < metrics["loss"][0]
    assert metrics["accuracy"][-1] > 0.9
    assert_is_finished_still(outputs(notebook, "train"), run)
    log = printed(notebook, "wait")
    assert "epoch  59" in log
    assert "Execution Summary" in log
    assert f"accuracy {metrics['accuracy'][-1]:.3f}" in printed(notebook, "metrics")


def test_environments(tmp_path, packages, monkeypatch):  # noqa: F811
    """Its package is one of PyPI; here it is made by the test, and nothing else is to be had."""
    monkeypatch.setenv("UV_NO_INDEX", "1")
    monkeypatch.setenv("UV_FIND_LINKS", str(packages.folder))
    packages.wheel("cowsay", "6.1", text="def get_output_string(who, text):\n    return f'{who}: {text}'\n")
    notebook = executed("environments.ipynb", tmp_path)
    runs = list(Experiment(Workspace.from_config(), "environments").get_runs())[::-1]
    assert [run.get_status() for run in runs] == ["Completed"] * 3
    assert runs[0].layout.log.read_text() == "cow: not in the notebook\n"
    assert runs[2].layout.log.read_text() == "fox: I said so myself\n"
    built = [run.layout.preparation_log.exists() for run in runs]
    assert built == [True, True, False]
    (listed,) = outputs(notebook, "list")
    assert listed.data["text/html"].count("cowsay") == 2
    (said,) = outputs(notebook, "details")
    assert said.data["text/plain"] == "(['cowsay==6.1'], '6.1')"
    assert "is built before" in str(outputs(notebook, "own"))


def test_data(tmp_path):
    notebook = executed("data.ipynb", tmp_path)
    counted, trained = Experiment(Workspace.from_config(), "flowers").get_runs()
    assert (counted.get_status(), trained.get_status()) == ("Completed", "Completed")
    assert trained.get_metrics()["rows"] == 150
    assert 0.35 < trained.get_metrics()["slope"] < 0.45
    assert counted.get_metrics()["rows"] == [50, 50, 50]
    assert trained.get_details()["inputDatasets"][0]["dataset"]["name"] == "flowers"
    assert printed(notebook, "model") == f"1 {trained.get_metrics()['slope']}\n"
    told = printed(notebook, "details").splitlines()
    assert told[0] == "flowers:1 → counts"
    assert trained.display_name in told[1]


def test_migrating(tmp_path):
    notebook = executed("migrating.ipynb", tmp_path)
    workspace = Workspace.from_config()
    alphas = list(Experiment(workspace, "diabetes-experiment").get_runs())[::-1]
    assert {run.get_status() for run in alphas} == {"Completed"}
    metrics = [run.get_metrics() for run in alphas]
    assert [each["alpha_value"] for each in metrics] == [n / 10 for n in range(1, 11)]
    best = min(alphas, key=lambda run: run.get_metrics()["rmse"])
    assert best.get_metrics()["rmse"] == pytest.approx(57.2348, abs=0.01)
    assert f"Best run_id: {best.id}\n" in printed(notebook, "best_run")
    model = f"model_alpha_{best.get_metrics()['alpha_value']}.pkl"
    assert {model, f"outputs/{model}"} <= set(best.get_file_names())
    assert (tmp_path / model).read_bytes() == (best.layout.outputs / model).read_bytes()

    script = newest("diabetes-script")
    assert script.get_status() == "Completed"
    assert script.get_metrics()["alpha"] == [0.05, 0.1, 0.2, 0.4, 0.8]
    assert script.get_metrics()["best_mse"] == min(script.get_metrics()["mse"])
    assert_is_finished_still(outputs(notebook, "submit"), script)
    assert "alpha is 0.80, and mse is" in printed(notebook, "wait")
    (registered,) = Model.list(workspace)
    assert (registered.name, registered.version, registered.run_id) == ("diabetes-ridge", 1, script.id)
    assert registered.properties["mse"] == str(script.get_metrics()["best_mse"])
    assert registered.properties["r2"] == str(script.get_metrics()["r2"])
    assert "diabetes-ridge version: 1\n" in printed(notebook, "models")

    pipeline = newest("diabetes-pipeline")
    train, prepare = pipeline.get_children()
    assert [run.get_status() for run in (pipeline, train, prepare)] == ["Completed"] * 3
    assert [run.name for run in (train, prepare)] == ["train", "prepare"]
    assert pipeline.get_metrics()["r2"] == train.get_metrics()["r2"]
    assert len(train.get_metrics()["fold_r2"]) == 5
    assert_is_finished_still(outputs(notebook, "steps"), pipeline, shows=f"completed: {train.id}")
    assert f"train Completed {train.get_metrics()}" in printed(notebook, "children")
    (data,) = (tmp_path / "from-prepare").rglob("*.csv")
    assert len(data.read_text().splitlines()) == 1 + prepare.get_metrics()["rows"]
    assert printed(notebook, "output").strip() == str(data.relative_to(tmp_path))
