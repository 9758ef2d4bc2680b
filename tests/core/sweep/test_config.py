"""What a sweep's config refuses before there is a run, all at once."""

from pathlib import Path

import pytest

from cellrun.core import Experiment, InvalidSubmissionError, ScriptRunConfig
from cellrun.core.store.lists.index import Index
from cellrun.core.sweep.config import HyperDriveConfig, HyperDriveRunConfig
from cellrun.core.sweep.policy import BanditPolicy
from cellrun.core.sweep.primary_metric import PrimaryMetricGoal
from cellrun.core.sweep.sampler import GridParameterSampling, RandomParameterSampling
from cellrun.core.sweep.space import choice, uniform


@pytest.fixture
def config(here: Path) -> ScriptRunConfig:
    (here / "train.py").write_text("")
    return ScriptRunConfig(here, "train.py")


def refused(exp: Experiment, config: HyperDriveConfig) -> tuple[str, ...]:
    with pytest.raises(InvalidSubmissionError) as caught:
        exp.submit(config)
    assert Index(exp.workspace.layout).runs() == []
    return caught.value.problems


def test_every_mistake_is_named_in_one_error_before_there_is_a_run(exp: Experiment, here: Path):
    problems = refused(
        exp,
        HyperDriveConfig(
            run_config=ScriptRunConfig(here, "gone.py"),
            hyperparameter_sampling=GridParameterSampling({"--lr": uniform(0, 1)}),
            policy=BanditPolicy(),
            primary_metric_name="",
            primary_metric_goal="most",
            max_total_runs=0,
            max_concurrent_runs=0,
            max_duration_minutes=-1,
        ),
    )
    for said in (
        *("gone.py", "uniform", "slack_factor", "primary_metric_name", "primary_metric_goal='most'"),
        *("max_total_runs=0", "max_concurrent_runs=0", "max_duration_minutes=-1"),
    ):
        assert [problem for problem in problems if said in problem], said
    assert len(problems) == 8


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "one of them; got 0"),
        ({"run_config": "train.py"}, "'train.py' is nothing to be run"),
        ({"pipeline": object()}, "pipeline"),
        ({"hyperparameter_sampling": {"--lr": 1}, "estimator": None}, "RandomParameterSampling"),
        ({"resume_from": "hd_1"}, "HyperDriveRun of an earlier sweep"),
        ({"resume_child_runs": ["hd_1"]}, "child run of an earlier sweep"),
    ],
)
def test_a_part_that_is_none_is_named_with_what_to_give(exp: Experiment, config, given, said):
    default = {"hyperparameter_sampling": RandomParameterSampling({"--lr": choice(1, 2)})}
    rest = {} if set(given) <= {"run_config", "pipeline"} else {"run_config": config}
    made = HyperDriveConfig(
        **{**default, **rest, **given},
        primary_metric_name="loss",
        primary_metric_goal=PrimaryMetricGoal.MINIMIZE,
        max_total_runs=2,
    )
    assert [problem for problem in refused(exp, made) if said in problem]


def test_the_first_name_of_the_config_takes_its_estimator_first(config):
    sampling = RandomParameterSampling({"--lr": choice(1, 2)})
    made = HyperDriveRunConfig(config, sampling, "loss", PrimaryMetricGoal.MINIMIZE, 4, 2)
    assert made.estimator is config
    assert made.request().type == "hyperdrive"
    assert made.source_directory == config.source_directory


def test_goals_are_known_by_their_texts():
    assert PrimaryMetricGoal("maximize") is PrimaryMetricGoal.MAXIMIZE
    assert PrimaryMetricGoal.from_str("MINIMIZE") is PrimaryMetricGoal.MINIMIZE
