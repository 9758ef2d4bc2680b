"""A program of the old SDK that tunes hyperparameters, as public ones do, unchanged."""

import textwrap
from pathlib import Path

from tests.azureml.test_finder import INSTALL, python

SCRIPT = """
import argparse
import os
import joblib
from azureml.core.run import Run

parser = argparse.ArgumentParser()
parser.add_argument("--input-data", type=str)
parser.add_argument("--C", type=float, default=1.0, help="Inverse of regularization strength")
parser.add_argument("--max_iter", type=int, default=100)
args = parser.parse_args()

run = Run.get_context()
run.log("Regularization Strength:", float(args.C))
run.log("Max iterations:", int(args.max_iter))
os.makedirs("outputs", exist_ok=True)
joblib.dump({"C": args.C}, "outputs/model.joblib")
run.log("Accuracy", 0.5 + args.C / 10)
"""
PROGRAM = """
from azureml.core import Experiment, ScriptRunConfig, Workspace
from azureml.train.hyperdrive import GridParameterSampling, HyperDriveConfig, PrimaryMetricGoal
from azureml.train.hyperdrive.parameter_expressions import choice
from azureml.train.hyperdrive.policy import BanditPolicy
from azureml.train.hyperdrive.run import HyperDriveRun
from azureml.train.hyperdrive.sampling import RandomParameterSampling
from azureml.widgets import RunDetails

ws = Workspace.from_config()
script_config = ScriptRunConfig(source_directory="training", script="train.py", arguments=["--input-data", "diabetes"])
hyperdrive = HyperDriveConfig(
    run_config=script_config,
    hyperparameter_sampling=GridParameterSampling({"--C": choice(0.1, 1.0), "--max_iter": choice(50)}),
    policy=BanditPolicy(evaluation_interval=2, slack_factor=0.1),
    primary_metric_name="Accuracy",
    primary_metric_goal=PrimaryMetricGoal.MAXIMIZE,
    max_total_runs=6,
    max_concurrent_runs=2,
)
experiment = Experiment(workspace=ws, name="diabetes_training_hyperdrive")
run = experiment.submit(config=hyperdrive, show_output=True)
RunDetails(run).show()
run.wait_for_completion(show_output=True)
assert run.get_status() == "Completed"

for child_run in run.get_children_sorted_by_primary_metric():
    print(child_run)
best_run = run.get_best_run_by_primary_metric()
best_run_metrics = best_run.get_metrics()
parameter_values = best_run.get_details()["runDefinition"]["arguments"]
print("Best Run Id: ", best_run.id)
print(" -Accuracy:", best_run_metrics["Accuracy"])
print(" -Arguments:", parameter_values)
print(" -Files:", [name for name in best_run.get_file_names() if name.startswith("outputs")])
again = HyperDriveRun(experiment=experiment, run_id=run.id)
print(" -Same:", again.get_hyperparameters()[best_run.id])
"""


def test_a_program_that_tunes_hyperparameters_runs_unchanged(tmp_path: Path):
    training = tmp_path / "training"
    training.mkdir()
    (training / "train.py").write_text(SCRIPT)
    program = f"import os; os.chdir({str(tmp_path)!r})\n{INSTALL}{textwrap.dedent(PROGRAM)}"
    told = python(program, CELLRUN_HOME=str(tmp_path / "home"), HOME=str(tmp_path))
    assert " -Accuracy: 0.6" in told
    assert " -Arguments: ['--input-data', 'diabetes', '--C', '1.0', '--max_iter', '50']" in told
    assert " -Files: ['outputs/model.joblib']" in told
    assert ' -Same: {"--C": 1.0, "--max_iter": 50}' in told
    assert told.count("'best_primary_metric'") == 2


def test_a_sweep_takes_an_estimator_with_its_parameters(tmp_path: Path):
    (tmp_path / "train.py").write_text("")
    told = python(
        f"""
{INSTALL}
from azureml.train.dnn import TensorFlow
from azureml.train.hyperdrive import HyperDriveRunConfig, PrimaryMetricGoal, RandomParameterSampling, loguniform
estimator = TensorFlow({str(tmp_path)!r}, script_params={{"--data": "x"}}, entry_script="train.py", user_managed=True)
sampling = RandomParameterSampling({{"--learning-rate": loguniform(-6, -1)}})
config = HyperDriveRunConfig(estimator, sampling, "acc", PrimaryMetricGoal.MAXIMIZE, 8, max_concurrent_runs=4)
print(config.base.request().arguments, config.request().type)
"""
    )
    assert told.endswith("('--data', 'x') hyperdrive")


def test_every_public_name_of_the_old_package_is_there():
    told = python(
        INSTALL
        + """
from azureml.train import hyperdrive
from azureml.train.hyperdrive import *
from azureml.train.hyperdrive import exceptions, parameter_expressions, policy, run, runconfig, sampling
from azureml.train.hyperdrive.exceptions import HyperDriveConfigException
from azureml.train.hyperdrive.runconfig import HyperDriveRunConfig, PrimaryMetricGoal
assert parameter_expressions.choice is choice is hyperdrive.choice
print(*hyperdrive.__all__)
"""
    )
    expected = """
        BanditPolicy BayesianParameterSampling EarlyTerminationPolicy GridParameterSampling HyperDriveConfig
        HyperDriveRun HyperDriveRunConfig HyperParameterSampling MedianStoppingPolicy NoTerminationPolicy
        PrimaryMetricGoal RandomParameterSampling TruncationSelectionPolicy choice lognormal loguniform normal
        qlognormal qloguniform qnormal quniform randint uniform
    """
    assert set(told.split()) == set(expected.split())
