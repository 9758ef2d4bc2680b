"""Programs with pipelines, as they were written for the old SDK: unchanged, they run and leave the same facts."""

import json
import textwrap
from pathlib import Path

import pytest

from cellrun.core import Workspace
from cellrun.core.store.lists.index import Index
from tests.core.submitted_runs import Runs, runs  # noqa: F401  # a fixture of the tests below

PREPARE = """
import argparse, os
from azureml.core import Run
run = Run.get_context()
parser = argparse.ArgumentParser("prepare")
parser.add_argument("--input", type=str)
parser.add_argument("--output", type=str)
args = parser.parse_args()
rows = open(os.path.join(args.input, "raw.csv")).read().split()
os.makedirs(args.output, exist_ok=True)
with open(os.path.join(args.output, "clean.csv"), "w") as f:
    f.write("\\n".join(rows))
run.log("rows", len(rows))
run.parent.log("rows", len(rows))
"""
TRAIN = """
import argparse, os
from azureml.core import Run, Model
run = Run.get_context()
parser = argparse.ArgumentParser("train")
parser.add_argument("--data", type=str)
parser.add_argument("--rate", type=float)
parser.add_argument("--model", type=str)
args, unknown = parser.parse_known_args()
rows = open(os.path.join(args.data, "clean.csv")).read().split()
os.makedirs(args.model, exist_ok=True)
path = os.path.join(args.model, "model.txt")
open(path, "w").write(str(len(rows) * args.rate))
run.log("accuracy", len(rows) * args.rate)
model = Model.register(workspace=run.experiment.workspace, model_path=path, model_name="sizes")
run.tag("model", model.name)
"""


@pytest.fixture
def steps(runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # noqa: F811  # pytest's way
    """A folder of scripts beside the program, and the workspace that its config.json names."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scripts").mkdir()
    for name, text in (("prepare.py", PREPARE), ("train.py", TRAIN)):
        (tmp_path / "scripts" / name).write_text(text)
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "raw.csv").write_text("a b c")
    runs.workspace.write_config(tmp_path)
    yield runs
    runs.submitted += [runs.workspace.layout.run(row.id) for row in Index(runs.workspace.layout).runs()]


def run_program(text: str) -> dict:
    names: dict = {}
    exec(compile(textwrap.dedent(text), "program.py", "exec"), names)  # the program is the test's own
    return names


def test_a_program_of_two_steps_with_a_parameter_runs_unchanged(steps, capsys):
    done = run_program(
        """
        from azureml.core import Workspace, Experiment, Datastore
        from azureml.core.compute import AmlCompute, ComputeTarget
        from azureml.core.runconfig import RunConfiguration
        from azureml.data.data_reference import DataReference
        from azureml.pipeline.core import Pipeline, PipelineData, StepSequence
        from azureml.pipeline.core.graph import PipelineParameter
        from azureml.pipeline.steps import PythonScriptStep
        from azureml.widgets import RunDetails

        ws = Workspace.from_config()
        def_blob_store = ws.get_default_datastore()
        def_blob_store.upload_files(["./raw/raw.csv"], target_path="raw", overwrite=True)
        aml_run_config = RunConfiguration()

        raw = DataReference(datastore=def_blob_store, data_reference_name="raw_data", path_on_datastore="raw")
        clean = PipelineData("clean", datastore=def_blob_store)
        model = PipelineData("model", datastore=def_blob_store, pipeline_output_name="the_model")
        rate = PipelineParameter(name="rate", default_value=0.5)

        prepare = PythonScriptStep(
            name="Prepare", script_name="prepare.py", arguments=["--input", raw, "--output", clean],
            inputs=[raw], outputs=[clean], compute_target="local", source_directory="./scripts",
            runconfig=aml_run_config, allow_reuse=True,
        )
        train = PythonScriptStep(
            name="Train", script_name="train.py", arguments=["--data", clean, "--rate", rate, "--model", model],
            inputs=[clean], outputs=[model], compute_target="local", source_directory="./scripts",
            runconfig=aml_run_config, allow_reuse=False,
        )
        pipeline = Pipeline(workspace=ws, steps=[train])
        print(pipeline.validate())
        pipeline_run = Experiment(ws, "two_steps").submit(
            pipeline, pipeline_parameters={"rate": 2}, regenerate_outputs=False)
        RunDetails(pipeline_run)
        pipeline_run.wait_for_completion(show_output=True)
        """
    )
    run = done["pipeline_run"]
    assert run.get_status() == "Finished"
    assert {child.name: child.get_metrics() for child in run.get_children()} == {
        "Prepare": {"rows": 3},
        "Train": {"accuracy": 6},
    }
    assert run.get_metrics() == {"rows": 3}
    assert run.experiment.name == "two_steps"
    (train,) = run.find_step_run("Train")
    assert train.get_tags()["model"] == "sizes"
    model = Workspace.from_config().models["sizes"]
    assert model.run_id == train.id
    kept = run.get_pipeline_output("the_model")
    kept.download("here")
    assert Path("here", kept._path_on_datastore, "model.txt").read_text() == "6.0"  # as programs do
    assert "StepRun( Train ) Status: Finished" in capsys.readouterr().out


def test_a_sweep_and_an_estimator_are_steps(steps):
    Path("scripts", "tune.py").write_text(
        """
import argparse, os
from azureml.core import Run
run = Run.get_context()
parser = argparse.ArgumentParser()
parser.add_argument("--data")
parser.add_argument("--lr", type=float)
args = parser.parse_args()
assert os.path.exists(os.path.join(args.data, "clean.csv"))
os.makedirs("outputs", exist_ok=True)
open("outputs/best.txt", "w").write(str(args.lr))
run.log("score", args.lr)
"""
    )
    Path("scripts", "use.py").write_text(
        "import json, sys\nprint('model', open(sys.argv[1]).read())\nprint('runs', len(json.load(open(sys.argv[2]))))"
    )
    done = run_program(
        """
        from azureml.core import Workspace, Experiment, ScriptRunConfig, Dataset
        from azureml.data import OutputFileDatasetConfig
        from azureml.pipeline.core import Pipeline, PipelineData, TrainingOutput
        from azureml.pipeline.steps import EstimatorStep, HyperDriveStep, HyperDriveStepRun, PythonScriptStep
        from azureml.train.estimator import Estimator
        from azureml.train.hyperdrive import GridParameterSampling, HyperDriveConfig, PrimaryMetricGoal, choice

        ws = Workspace.from_config()
        store = ws.get_default_datastore()
        store.upload("./raw", target_path="raw", overwrite=True, show_progress=False)
        raw = Dataset.File.from_files((store, "raw"))
        clean = OutputFileDatasetConfig(name="clean")
        est = Estimator(source_directory="scripts", compute_target="local", entry_script="prepare.py")
        prepare = EstimatorStep(
            name="prepare", estimator=est, compute_target="local", allow_reuse=False,
            estimator_entry_script_arguments=["--input", raw.as_named_input("raw").as_mount(), "--output", clean])
        src = ScriptRunConfig(source_directory="scripts", script="tune.py", compute_target="local")
        hd = HyperDriveConfig(
            run_config=src, hyperparameter_sampling=GridParameterSampling({"--lr": choice(0.1, 0.3)}),
            primary_metric_name="score", primary_metric_goal=PrimaryMetricGoal.MAXIMIZE,
            max_total_runs=2, max_concurrent_runs=2)
        metrics = PipelineData("metrics", datastore=store, training_output=TrainingOutput(type="Metrics"))
        best = PipelineData(
            "best", datastore=store, training_output=TrainingOutput("Model", model_file="outputs/best.txt"))
        tune = HyperDriveStep(
            name="tune", hyperdrive_config=hd, inputs=[],
            estimator_entry_script_arguments=["--data", clean.as_input("clean")],
            outputs=[best], metrics_output=metrics, allow_reuse=False)
        use = PythonScriptStep(
            "use.py", "use", [best, metrics], "local", inputs=[best, metrics], source_directory="scripts")
        run = Experiment(ws, "tuned").submit(Pipeline(ws, [use]))
        run.wait_for_completion(show_output=False)
        tuned = HyperDriveStepRun(step_run=run.find_step_run("tune")[0])
        """
    )
    run, tuned = done["run"], done["tuned"]
    (use,) = run.find_step_run("use")
    assert use.layout.log.read_text().splitlines() == ["model 0.3", "runs 2"]
    best = tuned.get_best_run_by_primary_metric()
    assert best.get_metrics() == {"score": 0.3}
    assert best.parent.id == tuned.id
    assert best.parent.parent.id == run.id
    kept = run.find_step_run("tune")[0].get_output_data("metrics")
    kept.download("here")
    assert json.loads(Path("here", kept.path_on_datastore).read_text())[best.id] == {"score": [0.3]}


def test_what_pipelines_of_a_service_did_is_refused_by_name(steps):
    from azureml.pipeline.core import Pipeline, PublishedPipeline
    from azureml.pipeline.core.schedule import Schedule, ScheduleRecurrence
    from azureml.pipeline.steps import ParallelRunConfig, ParallelRunStep, PythonScriptStep

    from cellrun.core import NotSupportedError

    step = PythonScriptStep("prepare.py", source_directory="scripts", arguments=[])
    pipeline = Pipeline(steps.workspace, [step])
    assert callable(pipeline._set_experiment_name)  # private, and named before publish all the same
    for use in (
        lambda: pipeline.publish(name="p"),
        lambda: PublishedPipeline.list(steps.workspace),
        lambda: Schedule.create(steps.workspace),
        lambda: ScheduleRecurrence(frequency="Day", interval=1),
        lambda: ParallelRunConfig(source_directory="."),
        lambda: ParallelRunStep(name="p"),
    ):
        with pytest.raises(NotSupportedError):
            use()
    assert not hasattr(PublishedPipeline, "submit")
