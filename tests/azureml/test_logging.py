"""What programs of the old SDK log and keep, from a notebook and in a submitted run: the same facts are left behind."""

import json
import warnings
from pathlib import Path

import pytest

CONFUSION = {
    "schema_type": "confusion_matrix",
    "schema_version": "v1",
    "data": {"class_labels": ["0", "1"], "matrix": [[5, 1], [2, 7]]},
}
SCRIPT = """
import argparse, os, warnings
from azureml.core import Run

run = Run.get_context()
parser = argparse.ArgumentParser()
parser.add_argument("--reg", type=float)
run.log("Regularization", parser.parse_args().reg)
warnings.simplefilter("ignore")
run.log_row("ranges", span=[1, 2])
run.log_table("ragged", {"a": [1, 2], "b": [3]})
run.log_accuracy_table("accuracies", '{"schema_type": "accuracy_table", "schema_version": "v1", "data": {}}')
os.makedirs("outputs", exist_ok=True)
with open("outputs/model.pkl", "w") as model, open("logs/train.log", "w") as log:
    model.write("model")
    log.write("line")
run.upload_file(name="outputs/copy.pkl", path_or_stream="outputs/model.pkl")
run.complete()
run.log("after", 1)
"""


@pytest.fixture
def exp(tmp_path, monkeypatch):
    from azureml.core import Experiment, Workspace

    (tmp_path / "code").mkdir()
    monkeypatch.chdir(tmp_path)
    Path("code/train.py").write_text(SCRIPT)
    return Experiment(workspace=Workspace.from_config(), name="old")


def test_a_loop_in_a_notebook(exp):
    run = exp.start_logging(name="alphas", snapshot_directory=None)
    for alpha in (0.1, 0.2):
        run.log("alpha", alpha)
        model = Path("outputs") / f"model_{alpha}.pkl"
        model.write_text("model")
        run.upload_file(name=model.name, path_or_stream=str(model))
    run.log_confusion_matrix("confusion", json.dumps(CONFUSION))
    with pytest.warns(UserWarning, match="is kept as text"):
        run.log_row("ranges", span=[1, 2])
    run.complete()
    run.description = "the first alphas"
    run.upload_folder("after", "outputs")

    (found,) = exp.get_runs()
    assert found.get_metrics(populate=True) == {
        "alpha": [0.1, 0.2],
        "ranges": {"span": "[1, 2]"},
        "confusion": CONFUSION,
    }
    assert {"model_0.1.pkl", "outputs/model_0.2.pkl", "after/model_0.1.pkl", "confusion"} <= {*found.get_file_names()}
    assert found.description == "the first alphas"


def test_a_submitted_script(exp, tmp_path):
    from azureml.core import Run, ScriptRunConfig

    config = ScriptRunConfig(source_directory="code", script="train.py", arguments=["--reg", 0.1])
    exp.submit(config).wait_for_completion()
    (run,) = Run.list(exp)
    assert run.get_metrics() == {
        "Regularization": 0.1,
        "ranges": {"span": "[1, 2]"},
        "ragged": "{'a': [1, 2], 'b': [3]}",
        "accuracies": f"aml://artifactId/ExperimentRun/dcid.{run.id}/accuracies",
        "after": 1,
    }
    details = run.get_details()
    assert details["runDefinition"]["arguments"] == ["--reg", "0.1"]
    assert run.get_details_with_logs()["logFiles"]["logs/train.log"] == "line"
    run.download_files(prefix="outputs", output_directory="got", append_prefix=False)
    assert sorted(path.name for path in Path("got").iterdir()) == ["copy.pkl", "model.pkl"]
    assert Path(run.restore_snapshot(path=tmp_path)).suffix == ".zip"


def test_outside_a_run(capsys):
    from azureml.core.run import Run, _OfflineRun

    run = Run.get_context()
    assert isinstance(run, _OfflineRun)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run.log_row("ranges", span=[1, 2])
        run.log_table("ragged", {"a": [1, 2], "b": [3]})
    run.log_confusion_matrix("confusion", CONFUSION)
    assert run.get_metrics()["ragged"] == "{'a': [1, 2], 'b': [3]}"
    assert "Attempted to log confusion matrix metric confusion:" in capsys.readouterr().out
