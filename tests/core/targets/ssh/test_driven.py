"""Runs that others start, on a machine reached by ssh: what drives them is here, they are there."""

from cellrun.core import Experiment, ScriptRunConfig
from cellrun.core.pipelines.pipeline import Pipeline
from cellrun.core.pipelines.script_steps import PythonScriptStep
from cellrun.core.sweep.config import HyperDriveConfig
from cellrun.core.sweep.primary_metric import PrimaryMetricGoal
from cellrun.core.sweep.sampler import GridParameterSampling
from cellrun.core.sweep.space import choice

LOGS_ITS_RATE = """
import sys
from cellrun.core import Run
Run.get_context().log('loss', float(sys.argv[sys.argv.index('--lr') + 1]))
"""


def test_the_steps_of_a_pipeline_run_there_one_after_the_other(runs, box):
    runs.workspace.attach("box", "ssh", host="box")
    (runs.source / "train.py").write_text("import sys; print(sys.executable, sys.argv[1:])")
    first, second = (
        PythonScriptStep(
            "train.py", name=name, arguments=[name], source_directory=str(runs.source), compute_target="box"
        )
        for name in ("first", "second")
    )
    second.run_after(first)
    run = Experiment(runs.workspace, "tests").submit(Pipeline(runs.workspace, [second]))
    assert run.wait_for_completion(show_output=False) == "Finished"
    logs = sorted(child.layout.log.read_text() for child in run.get_children())
    assert logs == [f"/usr/bin/python3 ['{name}']\n" for name in ("first", "second")]


def test_the_runs_of_a_sweep_run_there_and_the_best_is_found_by_what_came_home(runs, box):
    runs.workspace.attach("box", "ssh", host="box")
    (runs.source / "train.py").write_text(LOGS_ITS_RATE)
    config = HyperDriveConfig(
        GridParameterSampling({"--lr": choice(0.1, 0.2)}),
        run_config=ScriptRunConfig(runs.source, "train.py", compute_target="box"),
        primary_metric_name="loss",
        primary_metric_goal=PrimaryMetricGoal.MINIMIZE,
        max_total_runs=2,
    )
    run = Experiment(runs.workspace, "tests").submit(config)
    assert run.wait_for_completion(show_output=False)["status"] == "Completed"
    best = run.get_best_run_by_primary_metric()
    assert best.get_metrics() == {"loss": 0.1}
    assert {child.get_details()["target"] for child in run.get_children()} == {"box"}
