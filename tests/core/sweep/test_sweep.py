"""Sweeps that really run: what their runs get, which are stopped, how they end, and what is known of them then."""

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cellrun.core import Experiment, Run, ScriptRunConfig
from cellrun.core.run_request import RunRequest
from cellrun.core.store.lists.index import Index
from cellrun.core.sweep.config import HyperDriveConfig
from cellrun.core.sweep.driver import with_parameters
from cellrun.core.sweep.policy import BanditPolicy
from cellrun.core.sweep.primary_metric import PrimaryMetricGoal
from cellrun.core.sweep.run import HyperDriveRun
from cellrun.core.sweep.sampler import BayesianParameterSampling, GridParameterSampling, RandomParameterSampling
from cellrun.core.sweep.space import choice, uniform
from tests.core.submitted_runs import Runs

TRAIN = """
import argparse
from cellrun.core import Run

parser = argparse.ArgumentParser()
parser.add_argument("--data")
parser.add_argument("--reg", type=float)
parser.add_argument("--max_iter", type=int)
given = parser.parse_args()
run = Run.get_context()
run.log("Regularization", given.reg)
for epoch in range(3):
    run.log("Accuracy", 1 - given.reg - (epoch == 2) * 0.1)
"""
WAIT_IF_BAD = """
import sys, time
from cellrun.core import Run

value = float(sys.argv[-1])
Run.get_context().log("Accuracy", value)
time.sleep(600 if value < 0.5 else 0)
"""


@pytest.fixture
def swept(runs: Runs) -> Iterator[Callable[..., HyperDriveRun]]:
    """Submit a sweep over a script's text."""
    experiment = Experiment(runs.workspace, "tests")

    def submit(text: str, sampling: Any, *arguments: Any, **options: Any) -> HyperDriveRun:
        (runs.source / "train.py").write_text(text)
        metric = {"primary_metric_name": "Accuracy", "primary_metric_goal": PrimaryMetricGoal.MAXIMIZE}
        config = ScriptRunConfig(runs.source, "train.py", arguments)
        options = {"max_total_runs": 10, **options}
        run = experiment.submit(HyperDriveConfig(sampling, run_config=config, **metric, **options))
        assert isinstance(run, HyperDriveRun)
        return run

    yield submit
    runs.submitted += [runs.workspace.layout.run(row.id) for row in Index(runs.workspace.layout).runs()]


def log_of(run: HyperDriveRun) -> str:
    return run.layout.log.read_text()


def test_a_sweep_runs_its_script_with_many_hyperparameters_and_knows_the_best(
    swept, runs: Runs, capsys: pytest.CaptureFixture[str]
):
    sampling = RandomParameterSampling({"--reg": uniform(0.01, 0.1), "--max_iter": choice(16, 32, 64)})
    sweep = swept(TRAIN, sampling, "--data", "x", max_total_runs=4, max_concurrent_runs=2)
    assert sweep.type == "hyperdrive"
    assert sweep.wait_for_completion(show_output=True)["status"] == "Completed", log_of(sweep)
    assert "all 4 runs have ended" in capsys.readouterr().out

    children = sweep.children()
    assert [child.status for child in children] == ["Completed"] * 4
    given = {run_id: json.loads(text) for run_id, text in sweep.get_hyperparameters().items()}
    assert list(given) == [child.id for child in children]
    assert all(0.01 <= one["--reg"] <= 0.1 and one["--max_iter"] in {16, 32, 64} for one in given.values())
    assert all(child.tags["hyperparameters"] == child.properties["hyperparameters"] for child in children)

    metrics = sweep.get_metrics()
    assert {run_id: one["Regularization"] for run_id, one in metrics.items()} == {
        run_id: one["--reg"] for run_id, one in given.items()
    }
    best = sweep.get_best_run_by_primary_metric()
    assert best is not None
    family = Run.get_metrics(sweep, recursive=True)  # as a run above it has them: its own is the best value so far
    own = sweep.primary_metric.numbers(family.pop(sweep.id)["Accuracy"])
    assert max(own) == own[-1] == max(best.get_metrics()["Accuracy"])
    assert family == metrics
    assert given[best.id]["--reg"] == min(one["--reg"] for one in given.values())
    arguments = best.get_details()["runDefinition"]["arguments"]
    assert arguments == ["--data", "x", "--reg", str(given[best.id]["--reg"]), "--max_iter", arguments[5]]

    ranked = sweep.get_children_sorted_by_primary_metric()
    assert [set(one) for one in ranked] == [{"run_id", "hyperparameters", "best_primary_metric", "status"}] * 4
    assert ranked[0]["run_id"] == best.id
    assert ranked[0]["best_primary_metric"] == pytest.approx(1 - given[best.id]["--reg"])  # its best, not its last
    assert sweep.get_children_sorted_by_primary_metric(top=1, reverse=True) == ranked[:-2:-1]
    assert sweep.properties["best_child_run_id"] == best.id
    assert float(sweep.properties["score"]) == ranked[0]["best_primary_metric"]

    again = runs.workspace.get_run(sweep.id)  # any process
    assert isinstance(again, HyperDriveRun)
    assert again.hyperdrive_config._sampling.to_json() == sampling.to_json()
    assert copy.deepcopy(again).get_hyperparameters() == sweep.get_hyperparameters()
    assert again.get_diagnostics()["runs"] == {"Completed": 4}


def test_a_policy_cancels_what_promises_little_and_says_why(swept):
    policy = BanditPolicy(slack_factor=0.1)
    sampling = GridParameterSampling({"acc": choice(0.9, 0.2)})
    # One after the other: what reports before all others is the best so far.
    sweep = swept(WAIT_IF_BAD, sampling, policy=policy, max_concurrent_runs=1)
    sweep.wait_for_completion()
    good, bad = sweep.children()
    assert (good.status, bad.status) == ("Completed", "Canceled"), log_of(sweep)
    (warning,) = [each for each in bad.get_details()["warnings"] if "stopped early" in each["message"]]
    assert "0.2" in warning["message"]
    assert sweep.status == "Completed"
    assert sweep.get_best_run_by_primary_metric().id == good.id
    with_canceled = sweep.get_children_sorted_by_primary_metric()
    assert [one["best_primary_metric"] for one in with_canceled] == [0.9, 0.2]


def test_a_script_that_always_fails_ends_its_sweep_after_three_runs(swept):
    sweep = swept("raise SystemExit(3)", GridParameterSampling({"x": choice(range(8))}), max_concurrent_runs=1)
    sweep.wait_for_completion(raise_on_error=False)
    assert sweep.status == "Failed"
    assert "the first 3 runs failed, tests-2: exit code 3" in sweep.get_details()["error"]["error"]["message"]
    assert [child.status for child in sweep.children()] == ["Failed"] * 3
    assert sweep.get_best_run_by_primary_metric() is None
    assert sweep.get_children_sorted_by_primary_metric(discard_no_metric=True) == []
    with pytest.raises(Exception, match="can't be made to fail"):
        sweep.fail()


def test_when_its_time_is_over_a_sweep_cancels_what_goes_on(swept):
    sampling = GridParameterSampling({"acc": choice(0.1, 0.2, 0.3)})
    sweep = swept(WAIT_IF_BAD, sampling, max_concurrent_runs=1, max_duration_minutes=0.02)
    sweep.wait_for_completion()
    assert [child.status for child in sweep.children()] == ["Canceled"], log_of(sweep)
    assert sweep.status == "Completed"
    assert "the time is over" in log_of(sweep)


def test_a_sweep_goes_on_from_an_earlier_one(swept):
    first = swept(WAIT_IF_BAD, GridParameterSampling({"acc": choice(0.7, 0.9)}))
    first.wait_for_completion()
    best = first.get_best_run_by_primary_metric()
    second = swept(
        WAIT_IF_BAD,
        BayesianParameterSampling({"acc": uniform(0.5, 0.6)}),
        max_total_runs=2,
        resume_from=first,
        resume_child_runs=[first.children()[0]],
    )
    second.wait_for_completion()
    resumed, new = [json.loads(text)["acc"] for text in second.get_hyperparameters().values()]
    assert resumed == 0.7
    assert 0.5 <= new <= 0.6
    assert second.get_best_run_by_primary_metric().id == best.id
    assert second.get_best_run_by_primary_metric(include_resume_from_runs=False).id == second.children()[0].id


def test_hyperparameters_follow_what_a_script_or_a_command_has_of_its_own():
    parameters = {"--lr": 0.1, "kind": "a b", "deep": True}
    script = with_parameters(RunRequest("script", "train.py", ("--data", "x")), parameters)
    assert script.arguments == ("--data", "x", "--lr", "0.1", "--kind", "a b", "--deep", "True")
    command = with_parameters(RunRequest("command", "python train.py"), parameters)
    assert command.program == "python train.py --lr 0.1 --kind 'a b' --deep True"
