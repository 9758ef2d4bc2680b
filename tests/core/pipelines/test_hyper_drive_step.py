"""A sweep as a step: its runs read what the steps before made, and the steps after get its best model and metrics."""

import json

import pytest

from cellrun.core import ScriptRunConfig
from cellrun.core.errors import UserErrorException
from cellrun.core.pipelines.hyper_drive_step import HyperDriveStep, HyperDriveStepRun
from cellrun.core.pipelines.pipeline import Pipeline
from cellrun.core.pipelines.pipeline_data import PipelineData, TrainingOutput
from cellrun.core.pipelines.script_steps import PythonScriptStep
from cellrun.core.sweep.config import HyperDriveConfig
from cellrun.core.sweep.primary_metric import PrimaryMetricGoal
from cellrun.core.sweep.sampler import GridParameterSampling
from cellrun.core.sweep.space import choice

TRAIN = """
import argparse, os
from cellrun.core import Run
parser = argparse.ArgumentParser()
parser.add_argument("--data")
parser.add_argument("--logs")
parser.add_argument("--lr")
args = parser.parse_args()
words = open(os.path.join(args.data, "data.csv")).read()
assert "written" in words
os.makedirs("outputs", exist_ok=True)
open("outputs/model.txt", "w").write("model of " + args.lr)
open(os.path.join(args.logs, args.lr + ".txt"), "w").write("done")
Run.get_context().log("acc", float(args.lr))
"""
REGISTER = """
import json, os, sys
model, metrics, logs = sys.argv[1:]
values = sorted(one["acc"] for one in json.load(open(metrics)).values())
print("got", open(model).read(), sorted(os.listdir(logs)), values)
"""


def sweep(runs):
    return HyperDriveConfig(
        run_config=ScriptRunConfig(runs.source, "train.py"),
        hyperparameter_sampling=GridParameterSampling({"--lr": choice(0.3, 0.1)}),
        primary_metric_name="acc",
        primary_metric_goal=PrimaryMetricGoal.MAXIMIZE,
        max_total_runs=2,
        max_concurrent_runs=2,
    )


def test_a_sweep_stands_between_other_steps(step_runs, experiment, script, tmp_path):
    store = step_runs.workspace.get_default_datastore()
    script("train.py", TRAIN)
    script("register.py", REGISTER)
    data, logs = PipelineData("prepared", datastore=store), PipelineData("logs", datastore=store)
    metrics = PipelineData("metrics", datastore=store, pipeline_output_name="metrics_output")
    model = PipelineData(
        "model", datastore=store, training_output=TrainingOutput("Model", model_file="outputs/model.txt")
    )
    source = {"source_directory": str(step_runs.source)}
    prepare = PythonScriptStep("write.py", "prepare", ["--out", data], outputs=[data], **source)
    tune = HyperDriveStep(
        "tune",
        sweep(step_runs),
        estimator_entry_script_arguments=["--data", data, "--logs", logs],
        inputs=[data],
        outputs=[logs, model],
        metrics_output=[metrics],
    )
    register = PythonScriptStep(
        "register.py", arguments=[model, metrics, logs], inputs=[model, metrics, logs], **source
    )

    def ended():
        run = experiment.submit(Pipeline(step_runs.workspace, [prepare, tune, register]))
        status = run.wait_for_completion(show_output=False, raise_on_error=False)
        assert status == "Completed", [one.layout.log.read_text() for one in (run, *run.get_steps())]
        return run

    run = ended()
    (last,) = run.find_step_run("register.py")
    told = last.layout.log.read_text()
    assert "got model of 0.3 ['0.1.txt', '0.3.txt'] [[0.1], [0.3]]" in told

    (step,) = run.find_step_run("tune")
    assert (step.type, step.display_name, step.properties["StepType"]) == ("azureml.StepRun", "tune", "HyperDriveStep")
    tuned = HyperDriveStepRun(step_run=step)
    assert json.loads(tuned.get_hyperparameters()[tuned.get_best_run_by_primary_metric().id]) == {"--lr": 0.3}
    output = run.get_pipeline_output("metrics_output")
    assert output.download(str(tmp_path)) == 1
    kept = json.loads((tmp_path / output.path_on_datastore).read_text())
    assert kept == {run_id: {"acc": [each["acc"]]} for run_id, each in tuned.get_metrics().items()}

    again = ended()
    assert [one.is_reused for one in again.get_steps()] == [True] * 3


def test_a_step_that_is_given_no_sweep_says_what_to_give():
    with pytest.raises(UserErrorException, match="HyperDriveConfig"):
        HyperDriveStep("tune", "config")


def test_a_best_run_without_the_file_that_others_read_fails_the_step(step_runs, experiment, script):
    script("train.py", "import sys; from cellrun.core import Run; Run.get_context().log('acc', float(sys.argv[-1]))")
    model = PipelineData("model", training_output=TrainingOutput("Model", model_file="outputs/gone.pkl"))
    run = experiment.submit(
        Pipeline(step_runs.workspace, HyperDriveStep("tune", hyperdrive_run_config=sweep(step_runs), outputs=[model]))
    )
    assert run.wait_for_completion(show_output=False, raise_on_error=False) == "Failed"
    (step,) = run.find_step_run("tune")
    assert "has no file 'outputs/gone.pkl'" in step.get_details()["error"]["error"]["message"]
